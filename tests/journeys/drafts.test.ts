import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeAccessible } from './axe.ts';
import { dialog, openBoard, seeToast, toast } from './board.ts';
import { by, inHours, makeDeal, makePeople } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db, pool } = office.database;
await makePeople(db);
let deal: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(3) });
});

const leaving = (page: Page) => page.locator('#leaving');
const restored = (page: Page) => page.getByText('Восстановлен черновик');
const drafts = async (page: Page) =>
	await page.evaluate<number>(
		`Object.keys(sessionStorage).filter((key) => key.startsWith('draft ')).length`,
	);
async function openNew(page: Page): Promise<void> {
	await page.locator('header').getByRole('link', { name: 'Новый интерес' }).click();
	await dialog(page).locator('[name=title]').waitFor();
}

describe('a dialog with something typed', () => {
	test.each([
		['Esc', async (page: Desk) => await page.keyboard.press('Escape')],
		['«Отмена»', async (page: Desk) => await dialog(page).locator('[data-close]').first().click()],
		['a click beside it', async (page: Desk) => await page.mouse.click(5, 300)],
	])('asks at %s, and closed, has its draft when it is opened again', async (_how, leave) => {
		const page = await office.sit('anna');
		await openBoard(page);
		await openNew(page);
		await dialog(page).locator('[name=title]').fill('Долго писали');
		await leave(page);
		await leaving(page).getByText('Черновик останется').waitFor();
		await seeAccessible(page, 'whether to close a form');
		// Nothing is the first choice: one is back at the form.
		await page.keyboard.press('Enter');
		await leaving(page).waitFor({ state: 'hidden' });
		await expect.poll(() => dialog(page).locator('[name=title]').inputValue()).toBe('Долго писали');
		await leave(page);
		await leaving(page).getByRole('button', { name: 'Закрыть' }).click();
		await dialog(page).waitFor({ state: 'hidden' });
		await openNew(page);
		await restored(page).waitFor();
		await expect.poll(() => dialog(page).locator('[name=title]').inputValue()).toBe('Долго писали');
		await seeAccessible(page, 'a form with a draft');
		await dialog(page).getByRole('button', { name: 'Начать заново' }).click();
		await expect.poll(() => dialog(page).locator('[name=title]').inputValue()).toBe('');
		await expect.poll(() => restored(page).count()).toBe(0);
		await expect.poll(() => drafts(page)).toBe(0);
	});

	test('asks for a changed choice, too, and forgets it when told to', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		await openNew(page);
		await dialog(page).locator('select').first().selectOption({ index: 1 });
		await page.keyboard.press('Escape');
		await leaving(page).getByRole('button', { name: 'Забыть введённое' }).click();
		await dialog(page).waitFor({ state: 'hidden' });
		await expect.poll(() => drafts(page)).toBe(0);
		await openNew(page);
		await page.keyboard.press('Escape');
		await dialog(page).waitFor({ state: 'hidden' });
	});

	test('is sent by Ctrl+Enter, and leaves no draft; what comes back for a mistake keeps it', async () => {
		const page = await office.sit('anna');
		page.watch.allow(422);
		await openBoard(page);
		await openNew(page);
		await dialog(page).locator('[name=title]').fill('Долго писали');
		await page.keyboard.press('Control+Enter');
		await dialog(page).locator('#form-problem[role=alert]').waitFor();
		await expect.poll(() => drafts(page)).toBe(1);
		await page.keyboard.press('Escape');
		await leaving(page).getByRole('button', { name: 'Вернуться' }).click();
		await dialog(page).getByLabel('Клиент').fill('ООО «Новый»');
		await dialog(page).locator('[name=title]').press('Control+Enter');
		await seeToast(page, 'интерес создан');
		await expect.poll(() => drafts(page)).toBe(0);
		await openNew(page);
		await expect.poll(() => restored(page).count()).toBe(0);
	});
});

describe('a form that is a page', () => {
	test('has all that was typed after going elsewhere and Back, and after a reload', async () => {
		const page = await office.sit('anna');
		await page.goto('/clients/new');
		await page.getByLabel('Название').fill('ООО «Гранит»');
		await page.getByLabel('ИНН').fill('7707083893');
		await page.locator('textarea[name=note]').fill('Длинная заметка');
		await page.locator('header').getByRole('link', { name: 'Доска' }).click();
		await page.waitForURL('**/board**');
		await page.goBack();
		await restored(page).waitFor();
		for (const how of ['Back', 'reload']) {
			await expect
				.poll(() => page.getByLabel('Название').inputValue(), { message: how })
				.toBe('ООО «Гранит»');
			await expect
				.poll(() => page.getByLabel('ИНН').inputValue(), { message: how })
				.toBe('7707083893');
			await expect
				.poll(() => page.locator('textarea[name=note]').inputValue(), { message: how })
				.toBe('Длинная заметка');
			await page.reload();
			await restored(page).waitFor();
		}
		await page.locator('main button.primary').click();
		await page.waitForURL(/\/clients\/\d+$/);
		await expect.poll(() => drafts(page)).toBe(0);
	});

	test('that no script sends is dropped when it is saved, and only then', async () => {
		const page = await office.sit('anna');
		page.watch.allow(422);
		await page.goto('/settings');
		await page.locator('[name=workFrom]').fill('');
		await page.locator('[name=theme]').selectOption('dark');
		await page.locator('#settings-own button.primary').click();
		await page.locator('#settings-own [role=alert]').waitFor();
		await expect.poll(() => drafts(page)).toBe(1);
		await page.locator('[name=workFrom]').fill('09:00');
		await page.locator('#settings-own button.primary').click();
		await seeToast(page, 'Настройки сохранены');
		await expect.poll(() => drafts(page)).toBe(0);
		await expect.poll(() => page.locator('[name=theme]').inputValue()).toBe('dark');
	});
});

describe('on the page of a deal', () => {
	test('the field has its words and its kind after a reload, until they are saved', async () => {
		const page = await office.sit('anna');
		await page.goto(`/deals/${deal}`);
		await page.locator('#compose').getByText('Заметка').click();
		await page.locator('#c-text').fill('Недописанное');
		await page.reload();
		await restored(page).waitFor();
		await expect.poll(() => page.locator('#c-text').inputValue()).toBe('Недописанное');
		await expect.poll(() => page.locator('#compose').getByLabel('Заметка').isChecked()).toBe(true);
		await page.locator('#c-text').press('Control+Enter');
		await page.locator('#timeline').getByText('Недописанное').waitFor();
		await expect.poll(() => drafts(page)).toBe(0);
		await expect.poll(() => restored(page).count()).toBe(0);
		await expect.poll(() => page.locator('#c-text').inputValue()).toBe('');
	});

	test('a fact that was left by Esc has its words when it is opened again', async () => {
		const page = await office.sit('anna');
		await page.goto(`/deals/${deal}`);
		const amount = page.locator('#fact-amount input[name=amount]');
		await page.getByRole('link', { name: 'Изменить: Сумма' }).click();
		await amount.fill('777');
		await amount.press('Escape');
		await amount.waitFor({ state: 'detached' });
		await page.getByRole('link', { name: 'Изменить: Сумма' }).click();
		await restored(page).waitFor();
		await expect.poll(() => amount.inputValue()).toBe('777');
		await amount.press('Enter');
		await page.locator('#fact-amount').getByText('777').waitFor();
		await expect.poll(() => drafts(page)).toBe(0);
	});

	test('products that were typed come back with all their rows', async () => {
		const page = await office.sit('anna');
		await page.goto(`/deals/${deal}`);
		const open = async () => {
			await page.locator(`a[href^="/deals/${deal}/products"]`).first().click();
			await dialog(page).locator('.lines-form').waitFor();
		};
		await open();
		const rows = dialog(page).locator('.lines-form tbody tr');
		const before = await rows.count();
		await dialog(page).locator('[name^=product]').first().fill('Весы');
		await dialog(page).locator('[data-more-lines]').click();
		await expect.poll(() => rows.count()).toBeGreaterThan(before);
		const typed = await rows.count();
		await dialog(page).locator('[name^=product]').last().fill('Лампа');
		await page.keyboard.press('Escape');
		await leaving(page).getByRole('button', { name: 'Закрыть' }).click();
		await dialog(page).waitFor({ state: 'hidden' });
		await open();
		await restored(page).waitFor();
		await expect.poll(() => rows.count()).toBe(typed);
		await expect
			.poll(() => dialog(page).locator('[name^=product]').last().inputValue())
			.toBe('Лампа');
	});
});

describe('drafts are of one person', () => {
	const type = async (page: Desk) => {
		await page.goto(`/deals/${deal}`);
		await page.locator('#c-text').fill('Недописанное');
		await expect.poll(() => drafts(page)).toBe(1);
	};

	test('and go with the sign-out', async () => {
		const page = await office.sit('anna');
		await type(page);
		await page.locator('details.me summary').click();
		await page.getByRole('button', { name: 'Выйти' }).click();
		await page.waitForURL('**/sign-in**');
		await expect.poll(() => drafts(page)).toBe(0);
	});

	test('whoever comes after them on the same browser sees none', async () => {
		const page = await office.sit('anna');
		await type(page);
		await pool.query(`update sessions set person_id = $1`, [(await by(db, 'vera')).actorId]);
		await page.goto(`/deals/${deal}`);
		await expect.poll(() => page.locator('#c-text').inputValue()).toBe('');
		await expect.poll(() => drafts(page)).toBe(0);
	});

	test('a password, a file and what a form hides are never kept', async () => {
		const page = await office.sit('anna');
		await page.goto(`/deals/${deal}`);
		await page.evaluate(`{
			const form = document.getElementById('compose');
			form.insertAdjacentHTML('beforeend', '<input type=password name=secret><input type=hidden name=was>');
			form.querySelector('[name=was]').value = 'hidden-value';
		}`);
		await page.locator('#compose [name=secret]').fill('geheim');
		await page.locator('#c-text').fill('Недописанное');
		const kept = await page.evaluate<string>('JSON.stringify({ ...sessionStorage })');
		expect(kept).toContain('Недописанное');
		expect(kept).not.toMatch(/geheim|hidden-value|version|key 1/);
		await expect.poll(() => toast(page).count()).toBe(0);
	});
});
