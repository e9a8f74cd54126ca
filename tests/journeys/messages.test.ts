import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { cardOf, column, dialog, drag, openBoard, seeFocus, seeToast, toast } from './board.ts';
import { dealNow, inHours, makeDeal, makePeople, moveBehind, STAGES } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const { interest, needs } = STAGES;
const office = await openOffice();
const { db, pool } = office.database;
await makePeople(db);
let first: number;

beforeEach(async () => {
	await office.empty();
	first = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(-2) });
});

/** So many deals that come before whatever is planned for later. */
async function fill(stageId: number, n = 30): Promise<void> {
	for (let i = 0; i < n; i += 1)
		await makeDeal(db, 'anna', { title: `Интерес ${i}`, stageId, plan: inHours(1) });
}
const below = (page: Page, stageId: number) => column(page, stageId).locator('li.below .card');
const open = (page: Page) => toast(page).getByRole('link', { name: 'Открыть' });
const last = async () =>
	(await pool.query<{ id: number }>('select max(id)::int as id from deals')).rows[0]?.id as number;

async function seeBelow(page: Desk, stageId: number, id: number): Promise<void> {
	await below(page, stageId).waitFor();
	await expect.poll(() => below(page, stageId).getAttribute('id')).toBe(`deal-${id}`);
	await column(page, stageId).getByText('ниже в столбце').waitFor();
	await seeFocus(page, id);
	const inSight = `(() => {
		const { top, bottom } = document.getElementById('deal-${id}').getBoundingClientRect();
		return top >= 0 && bottom <= innerHeight;
	})()`;
	await expect.poll(() => page.evaluate<boolean>(inSight)).toBe(true);
	await expect.poll(() => open(page).getAttribute('href')).toBe(`/deals/${id}`);
}

describe('a card that comes after those that are shown', () => {
	test('is shown at the end when it was made, has the focus, stays, and shows once', async () => {
		await fill(interest);
		const page = await office.sit('anna');
		await openBoard(page);
		await page.locator('header').getByRole('link', { name: 'Новый интерес' }).click();
		await dialog(page).getByLabel('Клиент').fill('ООО «Завод Гранит»');
		await dialog(page).locator('[name=title]').fill('Станок');
		await dialog(page).getByRole('button', { name: 'Создать' }).click();
		await seeToast(page, '«Станок»: интерес создан');
		const made = await last();
		await seeBelow(page, interest, made);
		// What others change draws the column anew: the card stays, and the focus with it.
		await moveBehind(db, 'vera', { dealId: first, stageId: needs });
		await column(page, needs).locator(`#deal-${first}`).waitFor();
		await expect.poll(() => below(page, interest).getAttribute('id')).toBe(`deal-${made}`);
		await seeFocus(page, made);
		await column(page, interest).locator('.more a').click();
		await expect.poll(() => column(page, interest).locator('.more').count()).toBe(0);
		await expect.poll(() => page.locator(`#deal-${made}`).count()).toBe(1);
		await expect.poll(() => below(page, interest).count()).toBe(0);
		await expect.poll(() => column(page, interest).locator('.below-line').count()).toBe(0);
		await open(page).click();
		await page.waitForURL(`**/deals/${made}`);
	});

	test('is shown at the end of the column that it was dragged to', async () => {
		await fill(needs);
		const late = await makeDeal(db, 'anna', { title: 'Весы', plan: inHours(24 * 20) });
		const page = await office.sit('anna');
		await openBoard(page);
		await drag(page, late, needs);
		await seeToast(page, 'Выявление потребностей');
		await seeBelow(page, needs, late);
	});

	test('is shown on the board by dates, too', async () => {
		for (let i = 0; i < 30; i += 1)
			await makeDeal(db, 'anna', { title: `Интерес ${i}`, plan: inHours(24 * 30) });
		const page = await office.sit('anna');
		await openBoard(page, '/board?view=dates');
		await cardOf(page, first).locator('h3 a').focus();
		await page.keyboard.press('p');
		await dialog(page).locator('[name=plannedDay]').fill('2031-05-05');
		await page.keyboard.press('Control+Enter');
		await seeToast(page, /Перенесено на .*5 мая 2031.*: Позвонить · Касса/);
		await page.locator(`[data-stretch=later] li.below #deal-${first}`).waitFor();
		await seeFocus(page, first);
	});
});

describe.each([[true], [false]])('with scripts: %s, a form that is a page', (javaScriptEnabled) => {
	test('leads to the deal that it made', async () => {
		const page = await office.sit('anna', { javaScriptEnabled });
		await page.goto('/deals/new');
		await page.getByLabel('Клиент').fill('ООО «Завод Гранит»');
		await page.locator('[name=title]').fill('Станок');
		await page.getByRole('button', { name: 'Создать' }).click();
		await page.waitForURL(/\/deals\/\d+$/);
		await expect.poll(() => page.url()).toBe(`${office.url}/deals/${await last()}`);
		await seeToast(page, '«Станок»: интерес создан');
		// The page is what it tells of.
		await expect.poll(() => open(page).count()).toBe(0);
	});

	test('leads to the deal that it planned a step of', async () => {
		const page = await office.sit('anna', { javaScriptEnabled });
		await page.goto(`/deals/${first}/interactions/new`);
		await page.locator('main [name=summary]').fill('Показать');
		await page.locator('main button.primary').click();
		await page.waitForURL(`**/deals/${first}`);
		await seeToast(page, /Запланировано на .+: Показать · Касса/);
	});
});

test('what was done to several says what, and leads to them', async () => {
	await fill(interest, 2);
	const page = await office.sit('anna');
	await page.goto('/deals');
	for (const box of await page.locator('.pick input').all()) await box.check();
	await page.locator('#bulk').getByRole('button', { name: 'Состояние' }).click();
	await dialog(page).getByRole('button', { name: 'Выявление потребностей' }).click();
	await seeToast(page, 'Состояние «Выявление потребностей» – 3 из 3 интересов');
	await open(page).click();
	await page.waitForURL(`**/deals?stage=${needs}`);
	await expect.poll(() => page.locator('table.list tbody tr').count()).toBe(3);
	await expect.poll(async () => (await dealNow(db, first)).stageId).toBe(needs);
});
