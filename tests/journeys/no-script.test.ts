import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import { cardOf, dealsIn, seeToast } from './board.ts';
import { dealNow, inHours, makeDeal, makePeople, STAGES, seeStored } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const { interest, needs, won, lost } = STAGES;
const office = await openOffice();
const { db } = office.database;
await makePeople(db);

const BACK = '/board?period=today';
let page: Desk;
let deal: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', client: 'ООО «Ромашка»', plan: inHours(1) });
	page = await office.sit('anna', { javaScriptEnabled: false });
	await page.goto(BACK);
});

/** Follows one of the links of the card's menu. */
async function fromCard(name: string): Promise<void> {
	await cardOf(page, deal).getByRole('link', { name: 'Действия' }).click();
	await page.getByRole('main').getByRole('link', { name, exact: true }).click();
}
const press = async (name: string) =>
	await page.getByRole('main').getByRole('button', { name, exact: true }).click();
const fill = async (label: string | RegExp, text: string) =>
	await page.getByRole('main').getByLabel(label).fill(text);

/** After a change a person stands where they came from, and reads what happened. */
async function seeBack(words: string | RegExp, address = BACK): Promise<void> {
	await seeToast(page, words);
	await expect.poll(() => page.url()).toBe(office.url + address);
}

describe('coming and going', () => {
	test('sign in, and sign out', async () => {
		const door = await office.visit({ javaScriptEnabled: false });
		await door.goto('/deals?stage=6');
		await door.getByRole('button', { name: 'Анна Соколова' }).click();
		await expect.poll(() => door.url()).toBe(`${office.url}/deals?stage=6`);
		await door.locator('.me summary').click();
		await door.getByRole('button', { name: 'Выйти' }).click();
		await door.getByRole('heading', { name: 'Вход' }).waitFor();
		await door.goto('/board');
		await expect.poll(() => door.url()).toContain('/sign-in');
	});
});

describe('finding', () => {
	test('by text, by phone, by chip, by period; the address keeps it', async () => {
		await makeDeal(db, 'anna', { title: 'Весы', plan: null });
		await page.goto('/board');
		await page.getByRole('searchbox').fill('ромашка');
		await page.getByRole('searchbox').press('Enter');
		await expect.poll(() => dealsIn(page, interest)).toEqual([deal]);
		await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('ромашка');
		await expect.poll(() => page.getByRole('searchbox').inputValue()).toBe('ромашка');
		await page.getByRole('link', { name: 'Сбросить' }).click();
		await expect.poll(() => dealsIn(page, interest)).toHaveLength(2);
		await page.getByRole('link', { name: /Без шага/ }).click();
		await expect.poll(() => dealsIn(page, interest)).toHaveLength(1);
		await page.getByLabel('Период').selectOption('сегодня');
		await page.getByRole('button', { name: 'Показать', exact: true }).click();
		await expect.poll(() => dealsIn(page, interest)).toEqual([deal]);
	});

	test('«Показать ещё» goes on through a column, no deal twice, and back to its start', async () => {
		for (let n = 0; n < 27; n += 1)
			await makeDeal(db, 'anna', { title: `Ещё ${n}`, plan: inHours(2 + n / 10) });
		await page.goto('/board');
		const above = await dealsIn(page, interest);
		expect(above).toHaveLength(25);
		await page.getByRole('link', { name: 'Показать ещё' }).click();
		const below = await dealsIn(page, interest);
		expect(below).toHaveLength(3);
		expect(new Set([...above, ...below]).size).toBe(28);
		await page.getByRole('link', { name: 'К началу столбца' }).click();
		await expect.poll(() => dealsIn(page, interest)).toEqual(above);
	});
});

describe('working with a deal', () => {
	test('create, with what was typed kept after an error', async () => {
		page.watch.allow(422);
		await page.getByRole('link', { name: 'Новый интерес' }).click();
		await fill('Клиент', 'АО «Гранит»');
		await fill('Сумма', 'много');
		await press('Создать');
		const problem = page.locator('#form-problem');
		await problem.getByText('Интерес: Заполните поле').waitFor();
		await expect
			.poll(() => page.getByRole('main').getByLabel('Клиент').inputValue())
			.toBe('АО «Гранит»');
		await expect.poll(() => page.getByRole('main').getByLabel('Сумма').inputValue()).toBe('много');
		await fill('Интерес', 'Станок');
		await fill('Сумма', '12,50');
		await press('Создать');
		await page.waitForURL(/deals\/\d+$/);
		const { rows } = await db.execute<{ id: number; amount: string }>(sql`
			select id::int, amount from deals where title = 'Станок'`);
		expect(rows.map(({ amount }) => amount)).toEqual(['12.50']);
		// It leads to what was made.
		await seeBack('«Станок»: интерес создан', `/deals/${rows[0]?.id}`);
	});

	test('open and edit, with a conflict that loses nothing', async () => {
		page.watch.allow(409);
		await cardOf(page, deal).getByRole('link', { name: 'Касса' }).click();
		await page.getByRole('link', { name: 'Изменить', exact: true }).click();
		await fill('Интерес', 'Касса и весы');
		await db.execute(
			sql`update deals set title = 'Касса с весами', version = version + 1 where id = ${deal}`,
		);
		await press('Сохранить');
		await page.getByText('Сейчас: Касса с весами').waitFor();
		await press('Сохранить моё');
		await seeBack('«Касса и весы»: изменения сохранены', `/deals/${deal}`);
		await expect.poll(async () => (await dealNow(db, deal)).title).toBe('Касса и весы');
	});

	test('move by «Переместить…», and take it back', async () => {
		await fromCard('Переместить…');
		await press('Выявление потребностей');
		await seeBack('«Касса»: Первичный интерес → Выявление потребностей');
		await seeStored(db, deal, needs);
		await page.getByRole('button', { name: 'Отменить' }).click();
		await seeToast(page, 'Выявление потребностей → Первичный интерес');
		await seeStored(db, deal, interest);
	});

	test('win, and put back to work', async () => {
		await fromCard('Переместить…');
		await page.getByRole('link', { name: 'Завершено успешно' }).click();
		await fill(/Сумма/, '90 000');
		await press('Завершить успешно');
		await seeBack('«Касса»: Завершено успешно');
		await expect.poll(() => dealNow(db, deal)).toMatchObject({ stageId: won, amount: '90000.00' });
		await page.goto(`/deals/${deal}`);
		await press('Вернуть в работу');
		await seeToast(page, 'Первичный интерес');
		await seeStored(db, deal, interest);
	});

	test('lose: the reason is asked for, and the comment is kept', async () => {
		page.watch.allow(422);
		await fromCard('Переместить…');
		await page.getByRole('link', { name: 'Завершено неудачно' }).click();
		await fill('Комментарий', 'Взяли у соседей');
		await press('Завершить неудачно');
		await page.locator('#form-problem').getByText('Выберите причину').waitFor();
		await expect.poll(() => page.getByLabel('Комментарий').inputValue()).toBe('Взяли у соседей');
		await page.getByLabel('Причина неудачи').selectOption('Выбрали конкурента');
		await press('Завершить неудачно');
		await seeBack('«Касса»: Завершено неудачно');
		await seeStored(db, deal, lost);
	});
});

describe('steps', () => {
	test('finish with a result and the next step', async () => {
		await fromCard('Сделано');
		await fill('Результат', 'Ждут договор');
		await fill('Что сделать', 'Отправить договор');
		await press('Сделано');
		await seeBack('Сделано: Позвонить');
		await page.goto(`/deals/${deal}`);
		await page.getByText('Ждут договор').waitFor();
		await page.locator('#next').getByText('Отправить договор').waitFor();
	});

	test('postpone by an hour', async () => {
		await fromCard('Перенести');
		await press('На час');
		await seeBack(': Позвонить · ');
	});

	test('plan on the deal’s page', async () => {
		await page.goto(`/deals/${deal}`);
		await page.locator('#compose').getByLabel('Что сделать').fill('Показать образцы');
		await page.locator('#compose').getByRole('button', { name: 'Запланировать' }).click();
		await seeBack(': Показать образцы', `/deals/${deal}`);
	});
});

test('the page to print opens with the same отбор', async () => {
	await page.getByRole('link', { name: 'Печать' }).click();
	await expect.poll(() => page.url()).toBe(`${office.url}/board/print?period=today`);
	await page.getByRole('cell', { name: 'Касса' }).waitFor();
	await expect.poll(() => page.getByRole('button').count()).toBe(0);
	await page.getByRole('link', { name: 'Назад на доску' }).click();
	await expect.poll(() => page.url()).toBe(office.url + BACK);
});
