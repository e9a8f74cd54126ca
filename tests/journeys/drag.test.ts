import { beforeEach, describe, expect, test } from 'vitest';
import {
	cardOf,
	countMoves,
	dealsIn,
	dialog,
	drag,
	dragOver,
	dropOn,
	headOf,
	openBoard,
	seeDeals,
	seeFocus,
	seeHead,
	seeToast,
	toast,
} from './board.ts';
import { dealNow, inHours, makeDeal, makePeople, STAGES, seeStored } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const { interest, needs, won, lost } = STAGES;
const office = await openOffice();
const { db } = office.database;
await makePeople(db);

let page: Desk;
let early: number;
let mine: number;
let late: number;

// Mine is due between the other two, which wait in the next column: its place there is the middle.
beforeEach(async () => {
	await office.empty();
	mine = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(3), amount: '250000.00' });
	early = await makeDeal(db, 'anna', { title: 'Утро', stageId: needs, plan: inHours(1) });
	late = await makeDeal(db, 'anna', { title: 'Вечер', stageId: needs, plan: inHours(6) });
	page = await office.sit('anna');
	await openBoard(page);
});

describe('dragging to another open column', () => {
	test('the card stands in its column before the answer, and in its place after it', async () => {
		const answer = Promise.withResolvers<void>();
		await page.route('**/moves', async (route) => {
			await answer.promise;
			await route.continue();
		});
		await drag(page, mine, needs);
		await expect.poll(() => dealsIn(page, interest)).toEqual([]);
		await expect.poll(() => dealsIn(page, needs)).toContain(mine);
		await expect.poll(() => headOf(page, interest)).toMatch(/^0/);
		await expect.poll(() => headOf(page, needs)).toMatch(/^3/);
		await seeStored(db, mine, interest);
		answer.resolve();
		await seeDeals(page, needs, [early, mine, late]);
		await seeHead(page, interest, '0');
		await seeHead(page, needs, '3 · 450 000 ₽');
		await seeToast(page, '«Касса»: Первичный интерес → Выявление потребностей');
		await seeFocus(page, mine);
		await seeStored(db, mine, needs);
	});

	test('the whole column takes the card: its head, a group line, the space below', async () => {
		const places = [
			page.locator(`#name-${needs}`),
			page.locator(`#when-${needs}-today`),
			page.locator(`#stage-${STAGES.proposal} .empty`),
			page.locator(`#stage-${needs} .cards`),
		];
		for (const [n, place] of places.entries()) {
			await dropOn(page, mine, place);
			const stageId = n === 2 ? STAGES.proposal : needs;
			await seeFocus(page, mine);
			await seeStored(db, mine, stageId);
			if (n === 3) break;
			await toast(page).getByRole('button', { name: 'Отменить' }).click();
			await seeDeals(page, interest, [mine]);
		}
	});

	test('the toast takes the move back', async () => {
		await drag(page, mine, needs);
		await toast(page).getByRole('button', { name: 'Отменить' }).click();
		await seeDeals(page, interest, [mine]);
		await seeDeals(page, needs, [early, late]);
		await seeHead(page, needs, '2 · 200 000 ₽');
		await seeToast(page, 'Выявление потребностей → Первичный интерес');
		await seeStored(db, mine, interest);
	});

	test('a card is dragged on at once, without loading the page anew', async () => {
		await drag(page, mine, needs);
		await seeDeals(page, needs, [early, mine, late]);
		await drag(page, mine, STAGES.proposal);
		await seeDeals(page, STAGES.proposal, [mine]);
		await drag(page, mine, interest);
		await seeDeals(page, interest, [mine]);
		await seeStored(db, mine, interest);
	});

	test('twenty quick drops of three cards all arrive', async () => {
		const columns = [needs, STAGES.proposal, STAGES.closing, interest];
		for (let n = 0; n < 20; n += 1) {
			const deal = [mine, early, late][n % 3] as number;
			await drag(page, deal, columns[(n + Math.floor(n / 3)) % 4] as number);
		}
		const shown = async () =>
			await Promise.all(
				[interest, needs, STAGES.proposal, STAGES.closing].map((id) => dealsIn(page, id)),
			);
		const stored = async (id: number) => (await dealNow(db, id)).stageId;
		await expect.poll(async () => (await shown()).flat().length).toBe(3);
		for (const deal of [mine, early, late])
			await expect
				.poll(async () => await cardOf(page, deal).evaluate((card) => card.closest('section')?.id))
				.toBe(`stage-${await stored(deal)}`);
	});
});

describe('drags that change nothing', () => {
	test('a drop in the same column sends nothing', async () => {
		const moves = countMoves(page);
		await drag(page, early, needs);
		await openBoard(page);
		expect(moves()).toBe(0);
		await expect.poll(() => dealsIn(page, needs)).toEqual([early, late]);
	});

	test('Esc during a drag takes the card home', async () => {
		const moves = countMoves(page);
		await dragOver(page, mine, needs);
		await page.keyboard.press('Escape');
		await page.locator('body:not(.dragging)').waitFor();
		await page.mouse.up();
		await seeDeals(page, interest, [mine]);
		await expect.poll(() => dealsIn(page, needs)).toEqual([early, late]);
		await expect.poll(() => page.locator('.drag, .ghost').count()).toBe(0);
		expect(moves()).toBe(0);
	});
});

describe('the drop fields', () => {
	test('won asks for amount and day before anything is saved, and Cancel leaves the card', async () => {
		const moves = countMoves(page);
		await drag(page, mine, won);
		await dialog(page).getByRole('heading', { name: '«Касса»: завершить успешно' }).waitFor();
		await expect.poll(() => dialog(page).getByLabel(/Сумма/).inputValue()).toMatch(/^250\s000$/);
		await expect.poll(() => dialog(page).getByLabel('Когда завершили').inputValue()).not.toBe('');
		await expect.poll(() => dealsIn(page, interest)).toEqual([mine]);
		await dialog(page).getByRole('link', { name: 'Отмена' }).click();
		await dialog(page).waitFor({ state: 'hidden' });
		await seeFocus(page, mine);
		await expect.poll(() => dealsIn(page, interest)).toEqual([mine]);
		expect(moves()).toBe(0);
	});

	test('won closes the deal, and its page takes it back to work', async () => {
		await drag(page, mine, won);
		await dialog(page).getByLabel(/Сумма/).fill('300 000,50');
		await dialog(page).getByRole('button', { name: 'Завершить успешно' }).click();
		await seeToast(page, '«Касса»: Завершено успешно');
		await seeDeals(page, interest, []);
		await expect
			.poll(async () => await page.locator(`#stage-${won} strong`).textContent())
			.toBe('1');
		await expect.poll(() => dealNow(db, mine)).toMatchObject({ stageId: won, amount: '300000.50' });
		await page.goto(`/deals/${mine}`);
		await page.getByRole('button', { name: 'Вернуть в работу' }).click();
		await seeToast(page, 'Первичный интерес');
		await seeStored(db, mine, interest);
		await expect.poll(() => page.getByRole('button', { name: 'Вернуть в работу' }).count()).toBe(0);
	});

	test('won is taken back by its toast', async () => {
		await drag(page, mine, won);
		await dialog(page).getByRole('button', { name: 'Завершить успешно' }).click();
		await toast(page).getByRole('button', { name: 'Отменить' }).click();
		await seeDeals(page, interest, [mine]);
		await seeStored(db, mine, interest);
	});

	test('lost asks for the reason, and says so where it is missing', async () => {
		page.watch.allow(422);
		await drag(page, mine, lost);
		await dialog(page).getByLabel('Комментарий').fill('Дорого для них');
		await dialog(page).getByRole('button', { name: 'Завершить неудачно' }).click();
		await dialog(page).getByRole('alert').getByText('Выберите причину').waitFor();
		await expect
			.poll(() => dialog(page).getByLabel('Комментарий').inputValue())
			.toBe('Дорого для них');
		await seeStored(db, mine, interest);
		await dialog(page).getByLabel('Причина неудачи').selectOption('Нет бюджета');
		await dialog(page).getByRole('button', { name: 'Завершить неудачно' }).click();
		await seeToast(page, '«Касса»: Завершено неудачно');
		await seeStored(db, mine, lost);
	});
});
