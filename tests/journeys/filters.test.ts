import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
	cardOf,
	column,
	dealsIn,
	drag,
	focusedDeal,
	openBoard,
	seeDeals,
	seeHead,
	seeToast,
	typeAtOnce,
} from './board.ts';
import { inHours, makeDeal, makePeople, STAGES } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const { interest, needs } = STAGES;
const office = await openOffice();
const { db } = office.database;
const many: number[] = [];
let scales: number;
let bare: number;
let page: Desk;

beforeAll(async () => {
	await makePeople(db);
	for (let n = 0; n < 60; n += 1)
		many.push(
			await makeDeal(db, 'anna', {
				title: `Касса ${n}`,
				plan: inHours(1 + n / 100),
				amount: '1000.00',
			}),
		);
	scales = await makeDeal(db, 'anna', { title: 'Весы', client: 'ООО «Ёлка»', stageId: needs });
	bare = await makeDeal(db, 'boris', { title: 'Терминал', stageId: needs, plan: null });
});

beforeEach(async () => {
	page = await office.sit('vera');
	await openBoard(page);
});

const address = () => decodeURIComponent(new URL(page.url()).search);
const search = () => page.getByRole('searchbox');
const shown = async () => (await dealsIn(page, interest)).length;

describe('search', () => {
	test('answers while one types, once for all of it, and the address follows', async () => {
		let asked = 0;
		page.on('request', (request) => {
			if (request.url().includes('/board?')) asked += 1;
		});
		await typeAtOnce(search(), 'елка');
		await seeDeals(page, needs, [scales]);
		await seeDeals(page, interest, []);
		await expect.poll(address).toBe('?q=елка');
		expect(asked).toBe(1);
		await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('search');
		await seeHead(page, interest, '0');
		await expect
			.poll(() => column(page, interest).getByText('По этому отбору ничего нет').count())
			.toBe(1);
	});

	test('Back brings the отбор before it, in the fields and on the board', async () => {
		await search().fill('елка');
		await expect.poll(address).toBe('?q=елка');
		await search().press('Enter');
		await search().fill('терминал');
		await seeDeals(page, needs, [bare]);
		await page.goBack();
		await seeDeals(page, needs, [scales]);
		await expect.poll(address).toBe('?q=елка');
		await expect.poll(async () => await search().inputValue()).toBe('елка');
		await page.goBack();
		await seeDeals(
			page,
			needs,
			[bare, scales].sort((a, b) => Number(a === bare) - Number(b === bare)),
		);
		await expect.poll(async () => await search().inputValue()).toBe('');
		await page.goForward();
		await seeDeals(page, needs, [scales]);
	});

	test('is one step of Back, however often one paused while typing', async () => {
		for (const [path, field] of [
			['/board', page.locator('.search input')],
			['/clients', page.locator('.search input')],
			['/agenda', page.locator('#agenda-bar [type=search]')],
		] as const) {
			await page.goto(path);
			const before = await page.evaluate<number>('history.length');
			for (const more of ['ел', 'ка', ' ещё']) {
				await field.pressSequentially(more);
				await expect.poll(address).toContain(more.trim());
			}
			await expect
				.poll(() => page.evaluate<number>('history.length'), { message: path })
				.toBe(before + 1);
			await page.goBack();
			await expect.poll(address).toBe('');
			await expect.poll(async () => await field.inputValue()).toBe('');
			// Another search is another entry.
			await field.fill('весы');
			await expect.poll(address).toBe('?q=весы');
			await page.goBack();
			await expect.poll(address).toBe('');
		}
	});

	test('is kept by a reload, by a link that is sent on, and on coming back from a deal', async () => {
		await search().fill('елка');
		await seeDeals(page, needs, [scales]);
		await page.reload();
		await seeDeals(page, needs, [scales]);
		await expect.poll(() => search().inputValue()).toBe('елка');
		await cardOf(page, scales).getByRole('link', { name: 'Весы' }).click();
		await page.waitForURL('**/deals/*');
		await page.goBack();
		await seeDeals(page, needs, [scales]);
		await expect.poll(() => search().inputValue()).toBe('елка');
	});
});

describe('chips and lists', () => {
	test('narrow, tell that they do, and are taken off again', async () => {
		await page.getByRole('link', { name: /Без шага/ }).click();
		await seeDeals(page, needs, [bare]);
		await expect.poll(address).toBe('?period=none');
		await expect.poll(async () => await page.locator('.chip[aria-current]').count()).toBe(1);
		await page.getByRole('combobox', { name: 'Ответственный' }).selectOption('Анна Соколова');
		await seeDeals(page, needs, []);
		await page.getByRole('link', { name: /Без шага/ }).click();
		await seeDeals(page, needs, [scales]);
		await page.getByRole('link', { name: 'Сбросить' }).click();
		await expect.poll(async () => (await dealsIn(page, needs)).length).toBe(2);
		await expect.poll(address).toBe('');
	});

	test('a move out of a narrowed board takes the card away, and says where it went', async () => {
		await search().fill('терминал');
		await seeDeals(page, needs, [bare]);
		await drag(page, bare, STAGES.proposal);
		await seeDeals(page, STAGES.proposal, [bare]);
		await drag(page, bare, needs);
		await seeDeals(page, needs, [bare]);
		await expect.poll(address).toBe('?q=терминал');
	});
});

describe('«Показать ещё»', () => {
	const more = () => column(page, interest).getByRole('link', { name: 'Показать ещё' });

	test('adds the next ones, each once, up to the last, and counts all from the start', async () => {
		await seeHead(page, interest, '60 · 60 000 ₽');
		await expect.poll(shown).toBe(25);
		await more().click();
		await expect.poll(shown).toBe(50);
		await more().click();
		await expect.poll(shown).toBe(60);
		await expect.poll(() => more().count()).toBe(0);
		await expect.poll(() => dealsIn(page, interest)).toEqual(many);
		await expect.poll(() => column(page, interest).locator('.when').count()).toBe(1);
	});

	test('leaves the focus on the first card that it brought', async () => {
		await more().focus();
		await page.keyboard.press('Enter');
		await expect.poll(shown).toBe(50);
		await expect.poll(async () => await focusedDeal(page)).toBe(many[25]);
	});

	test('stays unfolded when a card is moved, and brings no card twice', async () => {
		await more().click();
		await expect.poll(shown).toBe(50);
		const moved = many[0] as number;
		await drag(page, moved, needs);
		await seeToast(page, '«Касса 0»');
		await expect.poll(shown).toBe(49);
		await more().click();
		await expect.poll(shown).toBe(59);
		await expect.poll(async () => new Set(await dealsIn(page, interest)).size).toBe(59);
		await page.locator('#toasts button').click();
		await expect.poll(async () => (await dealsIn(page, interest)).slice(0, 1)).toEqual([moved]);
	});
});

test('Back from a deal brings the list with its отбор, order, all that was unfolded and the place', async () => {
	const rows = () => page.locator('table.list tbody th a').count();
	await page.goto('/deals');
	await page.getByRole('combobox', { name: 'Ответственный' }).selectOption('Анна Соколова');
	await expect.poll(address).toMatch(/^\?owner=\d+$/);
	await page.getByRole('link', { name: 'Интерес', exact: true }).click();
	await expect.poll(address).toMatch(/^\?owner=\d+&sort=title$/);
	await page.getByRole('link', { name: 'Показать ещё' }).click();
	await expect.poll(rows).toBe(61);
	const last = page.getByRole('link', { name: 'Касса 58', exact: true });
	await last.scrollIntoViewIfNeeded();
	const place = await page.evaluate<number>('scrollY');
	expect(place).toBeGreaterThan(500);
	await last.click();
	await page.waitForURL('**/deals/*');
	await page.goBack();
	await expect.poll(rows).toBe(61);
	await expect.poll(async () => await page.evaluate<number>('scrollY')).toBe(place);
	await expect
		.poll(() => page.getByRole('combobox', { name: 'Ответственный' }).inputValue())
		.toMatch(/^\d+$/);
});

test('Back from a client brings the list with its отбор, order, all that was unfolded and the place', async () => {
	const rows = () => page.locator('table.list tbody th a').count();
	await page.goto('/clients');
	await page.getByRole('link', { name: 'Сумма в работе', exact: true }).click();
	await expect.poll(address).toBe('?sort=amount');
	await page.getByRole('link', { name: 'Показать ещё' }).click();
	await expect.poll(rows).toBe(62);
	const last = page.locator('table.list tbody th a').nth(58);
	const name = await last.textContent();
	await last.scrollIntoViewIfNeeded();
	const place = await page.evaluate<number>('scrollY');
	expect(place).toBeGreaterThan(500);
	await last.click();
	await page.getByRole('heading', { name: name ?? '', exact: true }).waitFor();
	await page.goBack();
	await expect.poll(rows).toBe(62);
	await expect.poll(async () => await page.evaluate<number>('scrollY')).toBe(place);
});

test('Back from a deal brings the board with the cards that were unfolded, scrolled to the same', async () => {
	const list = column(page, interest).locator('.cards');
	await column(page, interest).getByRole('link', { name: 'Показать ещё' }).click();
	await expect.poll(shown).toBe(50);
	const deep = cardOf(page, many[45] as number).getByRole('link', { name: 'Касса 45' });
	await deep.scrollIntoViewIfNeeded();
	const topOf = async () => Math.round(await list.evaluate((one) => one.scrollTop));
	const top = await topOf();
	expect(top).toBeGreaterThan(500);
	await deep.click();
	await page.waitForURL('**/deals/*');
	await page.goBack();
	await expect.poll(shown).toBe(50);
	await expect.poll(topOf).toBe(top);
});
