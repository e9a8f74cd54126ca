import { sql } from 'drizzle-orm';
import type { BrowserContextOptions } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import { seeAccessible } from './axe.ts';
import { dialog, seeToast } from './board.ts';
import { by, inHours, makeDeal, makePeople } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);
await addExtraField(db, await by(db, 'ada'), {
	...{ noun: 'client', name: 'Канал продаж', kind: 'choice', choices: ['Дилер', 'Тендер'] },
});

let client: number;

beforeEach(async () => {
	await office.empty();
	const deal = await makeDeal(db, 'anna', {
		title: 'Печь',
		client: 'ООО «Ромашка»',
		plan: inHours(-3),
	});
	const { rows } = await db.execute<{ id: number }>(
		sql`select client_id as id from deals where id = ${deal}`,
	);
	client = rows[0]?.id as number;
	await makeDeal(db, 'boris', { title: 'Чужая' });
});

const column = async (name: string): Promise<unknown> => {
	const { rows } = await db.execute(
		sql`select ${sql.identifier(name)} as value from clients where id = ${client}`,
	);
	return rows[0]?.value;
};
const fact = (page: Desk, name: string) => page.locator(`#fact-${name}`);
const focused = (page: Desk) =>
	page.evaluate('document.activeElement.getAttribute("aria-label") ?? document.activeElement.id');

describe('with the keyboard alone', () => {
	test('a fact is edited in its place: Enter saves, Escape leaves it, the focus comes back', async () => {
		const page = await office.sit('anna');
		await page.goto(`/clients/${client}`);
		await page.getByRole('link', { name: 'Изменить: ИНН' }).focus();
		await page.keyboard.press('Enter');
		await fact(page, 'inn').getByLabel('ИНН', { exact: true }).waitFor();
		await expect.poll(() => focused(page)).toBe('in-f-inn');
		await page.keyboard.type('7707083894');
		await page.keyboard.press('Enter');
		await fact(page, 'inn').getByText('Контрольная сумма не сходится').waitFor();
		await expect.poll(() => focused(page)).toBe('Изменить: ИНН');
		await expect.poll(() => column('inn')).toBe('7707083894');
		await page.keyboard.press('Enter');
		await expect.poll(() => focused(page)).toBe('in-f-inn');
		await page.keyboard.type('брошено');
		await page.keyboard.press('Escape');
		await expect.poll(() => focused(page)).toBe('Изменить: ИНН');
		await expect.poll(() => fact(page, 'inn').textContent()).toContain('7707083894');
		await expect.poll(() => column('version')).toBe(2);
	});

	test('what somebody else has changed meanwhile is told there, and nothing typed is lost', async () => {
		const page = await office.sit('anna');
		page.watch.allow(409);
		await page.goto(`/clients/${client}`);
		await page.getByRole('link', { name: 'Изменить: Регион' }).focus();
		await page.keyboard.press('Enter');
		await expect.poll(() => focused(page)).toBe('in-f-region');
		await db.execute(
			sql`update clients set region = 'Орёл', version = version + 1 where id = ${client}`,
		);
		await page.keyboard.type('Тверь');
		await page.keyboard.press('Enter');
		await fact(page, 'region').getByText('Сейчас: Орёл').waitFor();
		await expect.poll(() => focused(page)).toBe('in-f-region');
		await expect
			.poll(() => fact(page, 'region').getByLabel('Регион', { exact: true }).inputValue())
			.toBe('Тверь');
		await seeAccessible(page, 'a conflict in its place');
		await page.keyboard.press('Enter');
		await expect.poll(() => focused(page)).toBe('Изменить: Регион');
		await expect.poll(() => column('region')).toBe('Тверь');
	});
});

test('another fact that is clicked saves the one that is open', async () => {
	const page = await office.sit('anna');
	await page.goto(`/clients/${client}`);
	await fact(page, 'segment').locator('dd').click();
	await fact(page, 'segment').getByLabel('Сегмент', { exact: true }).fill('Опт');
	await fact(page, 'note').locator('dd').click();
	await fact(page, 'note').getByLabel('Заметка', { exact: true }).waitFor();
	await expect.poll(() => fact(page, 'segment').textContent()).toContain('Опт');
	await expect.poll(() => column('segment')).toBe('Опт');
});

test('a step is finished and a contact added without leaving the card', async () => {
	const page = await office.sit('anna');
	await page.goto(`/clients/${client}`);
	await page.locator('#steps').getByRole('link', { name: 'Сделано' }).click();
	await dialog(page).getByLabel('Результат').fill('Ждут договор');
	await dialog(page).getByRole('button', { name: 'Сделано', exact: true }).click();
	await page.locator('#history').getByText('Ждут договор').waitFor();
	if (await dialog(page).isVisible()) await page.keyboard.press('Escape');
	await page.locator('#contacts').getByRole('link', { name: 'Добавить' }).click();
	await dialog(page).getByLabel('Имя').fill('Иван Новый');
	await dialog(page).getByLabel('Телефон 2').fill('8 (921) 000-11-22');
	await page.keyboard.press('Enter');
	await seeToast(page, 'Иван Новый: контакт сохранён');
	const phone = page.locator('#contacts').getByRole('link', { name: '+7 921 000-11-22' });
	await expect.poll(() => phone.getAttribute('href')).toBe('tel:+79210001122');
});

test('without JavaScript: a client is made, edited, given a contact and a deal', async () => {
	const page = await office.sit('anna', { javaScriptEnabled: false });
	const main = page.getByRole('main');
	await page.goto('/clients/new');
	await main.getByLabel('Название').fill('АО «Гранит»');
	await main.getByLabel('Канал продаж').selectOption('Тендер');
	await main.getByRole('button', { name: 'Создать' }).click();
	await page.getByRole('heading', { name: 'АО «Гранит»' }).waitFor();
	const home = page.url();
	await page.getByRole('link', { name: 'Изменить: ИНН' }).click();
	await main.getByLabel('ИНН').fill('7736050003');
	await main.getByLabel('Метки').fill('опт, сети');
	await main.getByRole('button', { name: 'Сохранить' }).click();
	await expect.poll(() => page.url()).toBe(home);
	await main.getByText('7736050003').first().waitFor();
	await page.getByRole('link', { name: 'Добавить' }).click();
	await main.getByLabel('Имя').fill('Пётр');
	await main.getByLabel('Почта', { exact: true }).fill('p@granit.ru');
	await main.getByRole('button', { name: 'Сохранить' }).click();
	await page.getByRole('link', { name: 'p@granit.ru' }).waitFor();
	await page.locator('#client-page').getByRole('link', { name: 'Новый интерес' }).click();
	await expect.poll(() => main.getByLabel('Клиент').inputValue()).toBe('АО «Гранит»');
	await main.getByLabel('Интерес').fill('Станок');
	await main.getByRole('button', { name: 'Создать' }).click();
	await page.goto(home);
	await page.locator('#client-deals').getByRole('link', { name: 'Станок' }).waitFor();
});

const SCREENS: Record<string, BrowserContextOptions> = {
	'on a desk': { viewport: { width: 1366, height: 768 } },
	'on a phone, dark': {
		...{ viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
		...{ hasTouch: true, isMobile: true },
	},
};

describe.each(Object.entries(SCREENS))('%s', (_, screen) => {
	test('the card, its forms and the own fields can be used by everybody', async () => {
		await createClient(db, await by(db, 'anna'), { name: 'ООО «Пустой»' });
		const page = await office.sit('anna', screen);
		await page.goto(`/clients/${client + 2}`);
		await seeAccessible(page, 'empty card');
		await page.goto(`/clients/${client}`);
		await seeAccessible(page, 'card');
		const wide = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
		expect(wide).toBeLessThanOrEqual(0);
		await page.getByRole('link', { name: 'Изменить: Метки' }).click();
		await fact(page, 'tags').getByLabel('Метки', { exact: true }).waitFor();
		await seeAccessible(page, 'a fact in its place');
		await page.keyboard.press('Escape');
		await page.getByRole('link', { name: 'Изменить', exact: true }).click();
		await dialog(page).locator('h2').waitFor();
		await seeAccessible(page, 'edit');
		await page.keyboard.press('Escape');
		await page.locator('#contacts').getByRole('link', { name: 'Добавить' }).click();
		await dialog(page).getByLabel('Имя').waitFor();
		await seeAccessible(page, 'new contact');
		await page.goto('/clients/new');
		await seeAccessible(page, 'new client');
		const admin = await office.sit('ada', screen);
		await admin.goto('/admin/extra-fields');
		await seeAccessible(admin, 'own fields');
	});
});
