import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { editClient } from '#src/features/clients/actions.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { cardOf, column, dealsIn, drag, dragOver, seeDeals, seeHead } from './board.ts';
import { by, inHours, makeDeal, makePeople, moveBehind, STAGES } from './company.ts';
import { type Desk, type Login, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);

/** What is hidden may be older: closed menus, lists that offer words. */
const SHOWN = `document.querySelector('[data-page]').innerText`;

let deal: number;
let other: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(1), amount: '100000.00' });
	other = await makeDeal(db, 'anna', { title: 'Весы', plan: inHours(2), amount: '50000.00' });
});

/** A page of somebody who hears of changes. */
async function sitLive(login: Login, address: string): Promise<Desk> {
	const page = await office.sit(login);
	await goLive(page, address);
	return page;
}
async function goLive(page: Desk, address: string): Promise<void> {
	await page.goto(address);
	await page.locator('#live[data-state=ok]').waitFor({ state: 'attached' });
}

const rename = async (title: string, id = deal) => {
	await db.execute(sql`update deals set title = ${title}, version = version + 1 where id = ${id}`);
	await noteDeal(db, await by(db, 'vera'), id, 'Переименовано');
};
const see = async (page: Desk, words: string) =>
	await page.locator('main, .board').getByText(words).first().waitFor();

describe('what others change shows by itself', () => {
	test('on the board by states: the card goes, both heads follow, it is marked for a moment', async () => {
		const vera = await sitLive('vera', '/board');
		// The mark is there for a moment: whoever looks only after all the rest may come too late.
		const marked = cardOf(vera, deal).and(vera.locator('.fresh')).waitFor();
		await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.needs });
		await marked;
		await seeDeals(vera, STAGES.needs, [deal]);
		await seeHead(vera, STAGES.interest, '1 · 50 000 ₽');
		await seeHead(vera, STAGES.needs, '1 · 100 000 ₽');
		await expect.poll(() => vera.locator('#toasts .toast').count()).toBe(0);
		await vera.locator('.fresh').waitFor({ state: 'detached' });
	});

	test('on the board by dates, the lists, the card, the client, the agenda, the calendar', async () => {
		const { rows } = await db.execute<{ client_id: number }>(
			sql`select client_id::int from deals where id = ${deal}`,
		);
		const client = rows[0]?.client_id as number;
		const pages = await Promise.all(
			['/board?view=dates', '/deals', `/deals/${deal}`, `/clients/${client}`, '/agenda'].map(
				async (address) => await sitLive('anna', address),
			),
		);
		await rename('Касса с лентой');
		for (const page of pages) await see(page, 'Касса с лентой');
		const clients = await sitLive('anna', '/clients');
		await editClient(db, await by(db, 'vera'), client, 1, { name: 'ООО «Переименовано»' });
		await see(clients, 'ООО «Переименовано»');
		const calendar = await sitLive('anna', '/calendar');
		await planInteraction(db, await by(db, 'vera'), deal, {
			...{ kindId: 2, summary: 'Встреча на складе', plan: inHours(0.5) },
			ownerId: (await by(db, 'anna')).actor.id,
		});
		await calendar.locator('#calendar').getByText('Встреча на складе').first().waitFor();
	});

	test('a deal that is given to another team disappears, and its page says so', async () => {
		const board = await sitLive('vera', '/board');
		const page = await sitLive('vera', `/deals/${deal}`);
		const acting = await by(db, 'ada');
		const gleb = await by(db, 'gleb');
		const { rows } = await db.execute<{ version: number }>(
			sql`select version from deals where id = ${deal}`,
		);
		await reassignDeal(db, acting, deal, rows[0]?.version ?? 0, gleb.actor.id);
		await seeDeals(board, STAGES.interest, [other]);
		await page.getByText('Этого здесь больше нет').waitFor();
		await expect.poll(() => page.locator('main').textContent()).not.toContain('Касса');
	});

	test('who looks at the deal is told quietly, and goes when they leave', async () => {
		const vera = await sitLive('vera', `/deals/${deal}`);
		const anna = await sitLive('anna', `/deals/${deal}`);
		await anna.getByText('Сейчас смотрит: Вера Павлова').waitFor();
		await vera.getByText('Сейчас смотрит: Анна Соколова').waitFor();
		await vera.goto('/board');
		await anna.locator('#viewers').getByText('Вера').waitFor({ state: 'detached' });
	});
});

describe('what nobody asked for touches no work', () => {
	test('a half-typed note, its caret and the focus stay', async () => {
		const anna = await sitLive('anna', `/deals/${deal}`);
		const text = anna.locator('#c-text');
		await text.fill('Договорились о скидке');
		await text.press('Home');
		await rename('Касса новая');
		await see(anna, 'Касса новая');
		await anna.keyboard.type('Итак: ');
		await expect.poll(() => text.inputValue()).toBe('Итак: Договорились о скидке');
	});

	test('a fact that is being edited keeps what is typed; the rest of the page follows', async () => {
		const anna = await sitLive('anna', `/deals/${deal}`);
		await anna.locator('#fact-source a[data-inline]').click();
		const field = anna.locator('#fact-source input[name=source]');
		await field.fill('Выста');
		await rename('Касса чужая');
		await see(anna, 'Касса чужая');
		await anna.keyboard.type('вка');
		await expect.poll(() => field.inputValue()).toBe('Выставка');
	});

	test('an open dialog, an open menu, the choice of several and the unfolded cards stay', async () => {
		for (let n = 0; n < 30; n += 1)
			await makeDeal(db, 'anna', { title: `Ещё ${n}`, stageId: STAGES.needs, plan: null });
		const vera = await sitLive('vera', '/board');
		await column(vera, STAGES.needs).getByRole('link', { name: 'Показать ещё' }).click();
		await expect.poll(async () => (await dealsIn(vera, STAGES.needs)).length).toBe(30);
		await cardOf(vera, other).locator('h3 a').focus();
		await vera.keyboard.press('x');
		await vera.locator('#more-filter > summary').click();
		await rename('Касса под рукой');
		await see(vera, 'Касса под рукой');
		await expect.poll(async () => (await dealsIn(vera, STAGES.needs)).length).toBe(30);
		await expect.poll(() => cardOf(vera, other).locator('.pick input').isChecked()).toBe(true);
		await expect.poll(() => vera.locator('#more-filter').getAttribute('open')).not.toBeNull();
		await vera.keyboard.press('Escape');
		await cardOf(vera, other).locator('.step').hover();
		await cardOf(vera, other).locator('[data-do=postpone]').click();
		const dialog = vera.locator('#dialog');
		await dialog.waitFor();
		await rename('Касса за окном');
		await see(vera, 'Касса за окном');
		await expect.poll(() => dialog.isVisible()).toBe(true);
	});

	test('a drag goes on; what changed meanwhile shows when it has ended', async () => {
		const vera = await sitLive('vera', '/board');
		await dragOver(vera, other, STAGES.proposal);
		await rename('Касса во время переноса');
		const asked = vera.waitForRequest('**/live/page');
		await vera.locator('.ghost').first().waitFor();
		await vera.mouse.up();
		await asked;
		await see(vera, 'Касса во время переноса');
		await seeDeals(vera, STAGES.proposal, [other]);
		await drag(vera, other, STAGES.closing);
		await seeDeals(vera, STAGES.closing, [other]);
	});

	test('the page that made the change does not fetch again', async () => {
		const anna = await sitLive('anna', '/board');
		const vera = await sitLive('vera', '/board');
		let fetched = 0;
		anna.on('request', (request) => {
			if (request.url().endsWith('/live/page')) fetched += 1;
		});
		await drag(anna, deal, STAGES.needs);
		await seeDeals(vera, STAGES.needs, [deal]);
		await rename('Касса потом');
		await see(anna, 'Касса потом');
		expect(fetched).toBe(1);
	});
});

describe('many changes at once', () => {
	test('cost each viewer at most two looks a second', async () => {
		const vera = await sitLive('vera', '/board');
		const began = Date.now();
		let looks = 0;
		vera.on('request', (request) => {
			if (request.url().endsWith('/live/page')) looks += 1;
		});
		for (let n = 0; n < 100; n += 1) await noteDeal(db, await by(db, 'anna'), deal, `Раз ${n}`);
		await rename('Касса после бури');
		await see(vera, 'Касса после бури');
		expect(looks).toBeLessThanOrEqual(2 + (2 * (Date.now() - began)) / 1000);
	});

	test('leave every open page as a fresh one is', async () => {
		const { rows } = await db.execute<{ client_id: number }>(
			sql`select client_id::int from deals where id = ${deal}`,
		);
		const addresses = [
			...['/board', '/board?view=dates', '/deals', '/clients', '/agenda', '/calendar'],
			...[`/deals/${deal}`, `/clients/${rows[0]?.client_id}`],
		];
		const pages = await Promise.all(addresses.map((address) => sitLive('anna', address)));
		const vera = await by(db, 'vera');
		for (const [n, stageId] of [2, 3, 4, 1, 2].entries()) {
			await moveBehind(db, 'vera', { dealId: deal, stageId });
			await makeDeal(db, 'anna', { title: `Новый ${n}`, plan: inHours(n + 1) });
			await noteDeal(db, vera, other, `Замечание ${n}`);
			await planInteraction(db, vera, other, {
				...{ kindId: 1, summary: `Звонок ${n}`, plan: inHours(n) },
				ownerId: (await by(db, 'anna')).actor.id,
			});
		}
		await moveBehind(db, 'vera', {
			...{ dealId: other, stageId: STAGES.won, amount: '1.00', closedOn: '2026-01-01' },
		});
		const said = async (page: Desk) => (await page.evaluate<string>(SHOWN)).split(/\s*\n\s*/);
		const fresh = await office.sit('anna');
		for (const [at, address] of addresses.entries()) {
			await goLive(fresh, address);
			const expected = await said(fresh);
			await expect.poll(() => said(pages[at] as Desk), { message: address }).toEqual(expected);
		}
	});
});

describe('what is open grows old by itself', () => {
	test('at the moment of its next step, and at midnight, a page asks for itself, and not before', async () => {
		for (const address of ['/board', '/agenda', '/calendar']) {
			const anna = await office.sit('anna');
			await anna.clock.install();
			await goLive(anna, address);
			// Who wakes after an hour hears anew, and that draws the page too: here nobody answers.
			await anna.route(/\/live(\?.*)?$/, () => {});
			// What the hello of the stream asked for.
			await anna.clock.runFor(5_000);
			let asked = 0;
			anna.on('request', (request) => {
				if (request.url().endsWith('/live/page')) asked += 1;
			});
			await anna.clock.fastForward('50:00');
			await anna.clock.runFor(2_000);
			expect([address, asked]).toEqual([address, 0]);
			await anna.clock.fastForward('10:00');
			await anna.clock.runFor(4_000);
			// Once; twice where no answer came while its clock ran on.
			await expect.poll(() => [address, asked > 0]).toEqual([address, true]);
			const due = asked;
			// The other step, and then only the end of the day.
			await anna.clock.fastForward('15:00:00');
			await anna.clock.runFor(4_000);
			await expect.poll(() => [address, asked > due]).toEqual([address, true]);
			await anna.close();
		}
	});
});
