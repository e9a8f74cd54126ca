import type { BrowserContextOptions } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { setRequiredFields } from '#src/features/deals/pipelines/stages.ts';
import { seeAccessible } from './axe.ts';
import { cardOf, column, dialog, drag, openBoard, seeDeals, seeToast } from './board.ts';
import { by, dealNow, inHours, makeDeal, makePeople, STAGES, seeStored } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);
await setRequiredFields(db, await by(db, 'ada'), STAGES.closing, ['amount', 'source']);

let deal: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Печь', amount: null, plan: inHours(3) });
});

async function open(options?: BrowserContextOptions): Promise<Desk> {
	const page = await office.sit('anna', options);
	await page.goto(`/deals/${deal}`);
	return page;
}
const compose = (page: Desk) => page.locator('#compose');
const field = (page: Desk) => compose(page).locator('textarea');
const history = (page: Desk) => page.locator('#timeline');
const plain = async (text: Promise<string | null>) =>
	((await text) ?? '').replace(/[\s\u00a0\u202f]+/g, ' ').trim();

describe('the one field for whatever happened', () => {
	test('a kind, words, Ctrl+Enter: it is done, the field is empty; what is typed outlives other changes', async () => {
		const page = await open();
		await compose(page).getByText('Встреча').click();
		await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('c-text');
		await page.keyboard.type('Показали образцы');
		await page.keyboard.press('Enter');
		await page.keyboard.type('Берут две');
		await page.keyboard.press('Control+Enter');
		await history(page).getByText('Встреча: Показали образцы').waitFor();
		await history(page).getByText('Берут две').waitFor();
		await expect.poll(() => field(page).inputValue()).toBe('');
		await compose(page).getByText('Заметка').click();
		await page.keyboard.type('Недописанное');
		await page.locator('#stages').getByRole('button', { name: 'Выявление' }).click();
		await history(page).getByText('Первичный интерес → Выявление потребностей').waitFor();
		await expect.poll(() => field(page).inputValue()).toBe('Недописанное');
		await expect.poll(() => compose(page).getByLabel('Заметка').isChecked()).toBe(true);
		await compose(page).getByRole('button', { name: 'Сохранить заметку' }).click();
		await history(page).getByText('Недописанное').waitFor();
	});

	test('a server that does not answer takes nothing that was typed', async () => {
		const page = await open();
		page.watch.allow('offline');
		await field(page).fill('Долго писали');
		await page.route('**/entries', (route) => route.abort());
		await page.keyboard.press('Control+Enter');
		await seeToast(page, 'Сервер не ответил');
		await expect.poll(() => field(page).inputValue()).toBe('Долго писали');
	});
});

test('the parts of the history stand in the address, and Back brings the one before', async () => {
	const page = await open();
	await page.locator('#history-panel').getByRole('link', { name: 'Заметки' }).click();
	await page.getByText('Заметок пока нет').waitFor();
	await expect.poll(() => page.url()).toBe(`${office.url}/deals/${deal}?part=notes`);
	await page.goBack();
	await history(page).getByText('Интерес создан').waitFor();
	await expect.poll(() => page.url()).toBe(`${office.url}/deals/${deal}`);
});

test('a fact is edited in its place, by keyboard alone', async () => {
	const page = await open();
	await page.getByRole('link', { name: 'Изменить: Сумма' }).focus();
	await page.keyboard.press('Enter');
	await page.locator('#fact-amount input[name=amount]').waitFor();
	await page.keyboard.type('1500');
	await page.keyboard.press('Enter');
	await history(page).getByText('Изменены сведения').waitFor();
	await expect.poll(() => dealNow(db, deal)).toMatchObject({ amount: '1500.00', version: 2 });
});

test('products are counted while one types, rows come and go, and the sum becomes the amount', async () => {
	const page = await open();
	await page.getByRole('link', { name: 'Добавить товары' }).click();
	const box = dialog(page);
	const cell = (row: number, name: string) => box.getByLabel(`Строка ${row}, ${name}`);
	await cell(1, 'Товар').fill('Сервер');
	await cell(1, 'Количество').fill('2,5');
	await cell(1, 'Цена').fill('1 000,01');
	const total = box.locator('[data-total]');
	await expect.poll(() => plain(total.textContent())).toBe('2 500,03 ₽');
	await box.getByRole('button', { name: 'Ещё строки' }).click();
	await cell(4, 'Товар').fill('Монтаж');
	await cell(4, 'Цена').fill('100');
	await expect.poll(() => plain(total.textContent())).toBe('2 600,03 ₽');
	await box.getByLabel('Сумма по товарам').check();
	await cell(4, 'Цена').press('Enter');
	await page.locator('#products').getByText('Монтаж').waitFor();
	await expect.poll(async () => (await dealNow(db, deal)).amount).toBe('2600.03');
	await page.getByRole('link', { name: 'Изменить товары' }).click();
	await box.locator('.remove').first().click();
	await expect.poll(() => plain(total.textContent())).toBe('100 ₽');
	await cell(3, 'Товар').pressSequentially('сер');
	await expect
		.poll(() => box.locator('#product-names option').evaluateAll((all) => all.length))
		.toBe(1);
	await box.getByRole('button', { name: 'Сохранить' }).click();
	await expect.poll(async () => (await dealNow(db, deal)).version).toBe(3);
});

test('a drag into a demanding state asks; Cancel leaves the card at home, the form moves it', async () => {
	const page = await office.sit('anna');
	page.watch.allow(422);
	await openBoard(page);
	await drag(page, deal, STAGES.closing);
	await dialog(page).getByText('Чтобы перейти в «Предложение и закрытие», заполните').waitFor();
	await seeDeals(page, STAGES.interest, [deal]);
	await dialog(page).getByRole('link', { name: 'Отмена' }).click();
	await dialog(page).waitFor({ state: 'hidden' });
	await expect.poll(() => column(page, STAGES.interest).locator('.card').count()).toBe(1);
	await drag(page, deal, STAGES.closing);
	await dialog(page).getByLabel('Сумма').fill('5000');
	await dialog(page).getByLabel('Источник').fill('Сайт');
	await page.keyboard.press('Enter');
	await seeDeals(page, STAGES.closing, [deal]);
	await cardOf(page, deal).getByText('5 000 ₽').waitFor();
	await seeStored(db, deal, STAGES.closing);
});

test('all of it works without scripts', async () => {
	const page = await open({ javaScriptEnabled: false });
	page.watch.allow(422);
	await compose(page).getByText('Заметка').click();
	await field(page).fill('Решает директор');
	await compose(page).getByRole('button', { name: 'Сохранить заметку' }).click();
	await history(page).getByText('Решает директор').waitFor();
	await page.getByRole('link', { name: 'Добавить товары' }).click();
	await page.getByLabel('Строка 1, Товар').fill('Сервер');
	await page.getByRole('button', { name: 'Ещё строки' }).click();
	await page.getByLabel('Строка 4, Товар').fill('Кабель');
	// Without prices their sum says nothing.
	await page.getByLabel('Сумма по товарам').uncheck();
	await page.getByRole('button', { name: 'Сохранить' }).click();
	await page.locator('#products').getByText('Кабель').waitFor();
	await page.getByRole('link', { name: 'Добавить соисполнителя' }).click();
	await page.getByLabel('Соисполнитель').selectOption({ label: 'Глеб Астахов' });
	await page.getByRole('button', { name: 'Добавить соисполнителя' }).click();
	await page.locator('#facts').getByText('Глеб Астахов').waitFor();
	await page.locator('#stages').getByRole('button', { name: 'Предложение и закрытие' }).click();
	await page.getByLabel('Сумма').fill('7');
	await page.getByLabel('Источник').fill('Сайт');
	await page.getByRole('button', { name: 'Сохранить и перейти' }).click();
	await history(page).getByText('Первичный интерес → Предложение и закрытие').waitFor();
	await expect.poll(() => page.url()).toBe(`${office.url}/deals/${deal}`);
});

test.each([
	['on a desk', { viewport: { width: 1366, height: 768 }, colorScheme: 'light' }],
	['on a phone', { viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'dark' }],
] as [string, BrowserContextOptions][])('everybody can use it %s', async (where, screen) => {
	const page = await open(screen);
	page.watch.allow(422);
	await field(page).fill('Заметили\nважное');
	await page.keyboard.press('Control+Enter');
	await history(page).getByText('важное').waitFor();
	await page.keyboard.press('Escape');
	await seeAccessible(page, `${where}: the page`);
	for (const address of [`/deals/${deal}/products`, `/deals/${deal}/collaborators/new`]) {
		await page.goto(address);
		await seeAccessible(page, `${where}: ${address}`);
	}
	await page.goto(`/deals/${deal}`);
	await page.locator('#stages').getByRole('button', { name: 'Предложение и закрытие' }).click();
	await dialog(page).getByLabel('Сумма').waitFor();
	await seeAccessible(page, `${where}: the state asks`);
	const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
	await expect.poll(() => page.evaluate(wide)).toBe(false);
});

test('an administrator’s page of states can be used by everybody', async () => {
	const page = await office.sit('ada');
	await page.goto('/admin/stages');
	await seeAccessible(page, 'states');
});
