import type { Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { askings, calm } from './askings.ts';
import { column, dialog, drag, seeDeals, toast } from './board.ts';
import { by, inHours, makeDeal, makePeople, STAGES } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);
const deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(1) });
const other = await makeDeal(db, 'anna', { title: 'Весы', plan: inHours(2) });
const step = await planInteraction(db, await by(db, 'anna'), deal, {
	...{ kindId: 2, summary: 'Показ', lengthMinutes: 60, plan: { plannedAt: NOON } },
});

/** What comes instead of our answer where a portal's session has ended. */
const PAGE = '<!doctype html><title>Вход</title><h1>Портал: вход</h1><form>Логин</form>';
const ANSWERS: Record<string, (route: Route) => Promise<void>> = {
	'a page': (route) => route.fulfill({ contentType: 'text/html', body: PAGE }),
	'the way elsewhere': (route) =>
		route.fulfill({ status: 302, headers: { location: 'http://127.0.0.1:9/sign-in' } }),
	'204': (route) => route.fulfill({ status: 204 }),
	nothing: (route) => route.fulfill({ contentType: 'text/html', body: '' }),
	'JSON of another': (route) =>
		route.fulfill({ contentType: 'application/json', body: '{"deals":["1.1"],"login":"/"}' }),
};
const SAID = 'Вы вышли из портала: войдите и повторите';

async function seeTold(page: Desk, where: 'toast' | 'form' | 'line'): Promise<void> {
	const open = (await dialog(page).isVisible()) ? '#dialog ' : '';
	const place = page.locator(
		{ toast: '#toasts .toast', form: `${open}#form-problem`, line: '#live' }[where],
	);
	await place.getByText(SAID).waitFor();
	const { pathname, search } = new URL(page.url());
	await expect.poll(() => place.getByRole('link').getAttribute('href')).toBe(pathname + search);
}

/** Takes away what was told, as if it had not been. */
const forget = async (page: Desk) =>
	await page.evaluate(`document.getElementById('toasts').replaceChildren();
		for (const box of document.querySelectorAll('#form-problem')) box.replaceChildren();
		document.dispatchEvent(new CustomEvent('answered', { detail: null }))`);

for (const [what, asking] of Object.entries(askings({ db, deal, other, step })))
	test(`${what}: an answer of the portal's is none`, { timeout: 600_000 }, async () => {
		const { at, login = 'anna', asked, begin, act, told = 'toast', kept } = asking;
		const page = await office.sit(login);
		page.watch.allow('offline');
		await Promise.all([told === 'line' ? calm(page) : null, page.goto(at())]);
		await begin?.(page);
		for (const [how, answer] of Object.entries(ANSWERS)) {
			let answered = 0;
			const portal = async (route: Route) => {
				answered += 1;
				await answer(route);
			};
			await page.route(asked, portal);
			await act(page);
			await seeTold(page, told);
			await kept?.(page);
			expect(answered, how).toBeGreaterThan(0);
			await expect.poll(() => page.getByText('Портал: вход').count()).toBe(0);
			await page.unroute(asked, portal);
			await forget(page);
		}
	});

test('the link asks for the page anew, and there the work goes on', async () => {
	const page = await office.sit('anna');
	page.watch.allow('offline');
	await page.goto('/board?q=Касса');
	await page.route(/\/moves$/, ANSWERS['a page'] as (route: Route) => Promise<void>);
	await drag(page, deal, STAGES.needs);
	await seeTold(page, 'toast');
	await page.unroute(/\/moves$/);
	const loaded = page.waitForEvent('domcontentloaded');
	await toast(page).getByRole('link').click();
	await loaded;
	await page.locator('html.scripted').waitFor();
	await drag(page, deal, STAGES.needs);
	await seeDeals(page, STAGES.needs, [deal]);
	await expect.poll(() => column(page, STAGES.interest).locator('.card').count()).toBe(0);
});
