import { sql } from 'drizzle-orm';
import type { Locator } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { addDays, dayOf } from '#src/platform/i18n/dates.ts';
import {
	cardOf,
	dialog,
	focusedDeal,
	openBoard,
	seeDeals,
	seeFocus,
	seeHead,
	seeToast,
	toast,
} from './board.ts';
import { dealNow, inHours, makeDeal, makePeople, STAGES, seeStored } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const { interest, needs, won, lost } = STAGES;
const office = await openOffice();
const { db } = office.database;
await makePeople(db);

let page: Desk;
let first: number;
let second: number;
let beside: number;

beforeEach(async () => {
	await office.empty();
	first = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(1) });
	second = await makeDeal(db, 'anna', { title: 'Весы', plan: inHours(2) });
	beside = await makeDeal(db, 'anna', { title: 'Сканер', stageId: needs, plan: inHours(4) });
	page = await office.sit('anna');
	await openBoard(page);
	await page.evaluate(
		`for (const kind of ['pointerdown', 'mousedown', 'touchstart'])
			addEventListener(kind, () => console.error('the pointer was used'), true)`,
	);
});

const press = async (...keys: string[]) => {
	for (const key of keys) await page.keyboard.press(key);
};
const held = (what: string, where = page) => where.evaluate(`document.activeElement.${what}`);
const type = async (text: string) => await page.keyboard.insertText(text);

/** Walks to a control as a keyboard does, and fails where it cannot be reached. */
async function tabTo(wanted: Locator, where: Desk = page): Promise<void> {
	for (let n = 0; n < 20; n += 1) {
		if (await wanted.evaluate((one) => one.matches(':focus'))) return;
		await where.keyboard.press('Tab');
	}
	throw new Error('out of the keyboard’s reach');
}

const field = (label: string) => dialog(page).getByLabel(label, { exact: true });
const button = (name: string) => dialog(page).getByRole('button', { name });

async function stepOf(dealId: number) {
	const { rows } = await db.execute<{ day: string | null; at: string | null; summary: string }>(sql`
		select planned_on as day, planned_at as at, summary from interactions
		where id = (select next_interaction_id from deals where id = ${dealId})`);
	return rows[0] ?? null;
}

describe('walking', () => {
	test('the sign-in, the skip link and the first card take no pointer', async () => {
		const door = await office.visit();
		await door.goto('/sign-in');
		await tabTo(door.getByRole('button', { name: 'Анна' }), door);
		await door.keyboard.press('Enter');
		await door.waitForURL('**/board');
		await door.keyboard.press('Tab');
		await expect.poll(() => held('textContent', door)).toBe('К содержанию');
		await door.keyboard.press('Enter');
		await door.keyboard.press('Tab');
		await expect.poll(() => held('closest("main") !== null', door)).toBe(true);
	});

	test('arrows walk the cards, and Enter opens the deal', async () => {
		await press('ArrowDown');
		await seeFocus(page, first);
		await press('ArrowDown');
		await seeFocus(page, second);
		await press('ArrowRight');
		await seeFocus(page, beside);
		await press('ArrowLeft');
		await seeFocus(page, first);
		await press('Enter');
		await page.waitForURL(`**/deals/${first}`);
		await page.goBack();
		await cardOf(page, first).waitFor();
	});

	test('the card in focus is never hidden behind a head', async () => {
		for (let n = 0; n < 12; n += 1)
			await makeDeal(db, 'anna', { title: `Ещё ${n}`, plan: inHours(3 + n / 10) });
		await openBoard(page);
		for (const key of [...Array(13).fill('ArrowDown'), ...Array(13).fill('ArrowUp')]) {
			await press(key);
			const covered = await page.evaluate(`(() => {
				const box = document.activeElement.closest('.card').getBoundingClientRect();
				const hit = [box.top + 2, box.bottom - 2].map((y) => document.elementFromPoint(box.left + 20, y));
				return hit.some((one) => one?.closest('.card') !== document.activeElement.closest('.card'));
			})()`);
			expect(covered).toBe(false);
		}
	});
});

describe('moving', () => {
	test('M, Enter moves to the next state; focus stays on the card and the toast tells it', async () => {
		await press('ArrowDown', 'm');
		await dialog(page).getByRole('heading', { name: 'переместить' }).waitFor();
		await press('Enter');
		await seeToast(page, '«Касса»: Первичный интерес → Выявление потребностей');
		await seeDeals(page, needs, [first, beside]);
		await seeFocus(page, first);
		await seeHead(page, needs, '2 · 200 000 ₽');
		await expect
			.poll(() => page.locator('[role=status]').textContent())
			.toContain('Выявление потребностей');
		await seeStored(db, first, needs);
	});

	test('M and a digit move to any state; Enter alone goes forward, never back', async () => {
		await press('ArrowDown', 'm');
		await dialog(page).getByRole('heading').waitFor();
		await press('4');
		await seeToast(page, 'Первичный интерес → Предложение и закрытие');
		await seeFocus(page, first);
		await press('m');
		await dialog(page).getByRole('heading').waitFor();
		await press('Enter');
		await seeToast(page, 'Предложение и закрытие → Выполнение договора');
		await press('m');
		await dialog(page).getByRole('heading').waitFor();
		await press('ArrowDown', 'ArrowUp', 'Enter');
		await dialog(page).getByRole('heading', { name: 'завершить успешно' }).waitFor();
	});

	test('Esc in the menu leaves the card, with the focus on it', async () => {
		await press('ArrowDown', 'm');
		await dialog(page).getByRole('heading').waitFor();
		await press('Escape');
		await dialog(page).waitFor({ state: 'hidden' });
		await seeFocus(page, first);
		await seeStored(db, first, interest);
	});

	test('the undo of the toast is in the keyboard’s reach', async () => {
		await press('ArrowDown', 'm');
		await dialog(page).getByRole('heading').waitFor();
		await press('Enter');
		await toast(page).getByRole('button', { name: 'Отменить' }).focus();
		await press('Enter');
		await seeDeals(page, interest, [first, second]);
		await seeToast(page, 'Выявление потребностей → Первичный интерес');
		await seeStored(db, first, interest);
	});

	test('win: M, the last states, amount and day, Enter', async () => {
		await press('ArrowDown', 'm');
		await dialog(page).getByRole('heading').waitFor();
		await tabTo(dialog(page).getByRole('link', { name: 'Завершено успешно' }));
		await press('Enter');
		await dialog(page).getByRole('heading', { name: 'завершить успешно' }).waitFor();
		await press('Control+a');
		await type('77 000');
		await press('Enter');
		await seeToast(page, 'Завершено успешно');
		await seeDeals(page, interest, [second]);
		await expect.poll(() => dealNow(db, first)).toMatchObject({ stageId: won, amount: '77000.00' });
	});

	test('lose: M, the last state, a reason by the arrow, Enter', async () => {
		await press('ArrowDown', 'm');
		await dialog(page).getByRole('heading').waitFor();
		await tabTo(dialog(page).getByRole('link', { name: 'Завершено неудачно' }));
		await press('Enter');
		await dialog(page).getByRole('heading', { name: 'завершить неудачно' }).waitFor();
		await tabTo(field('Причина неудачи'));
		await press('ArrowDown');
		await tabTo(button('Завершить неудачно'));
		await press('Enter');
		await seeToast(page, 'Завершено неудачно');
		await seeStored(db, first, lost);
	});
});

describe('steps', () => {
	test('D finishes a step with its result and plans the next one', async () => {
		await press('ArrowDown', 'd');
		await dialog(page).getByLabel('Результат').waitFor();
		await type('Договорились о встрече');
		await tabTo(field('Что сделать'));
		await type('Привезти договор');
		await press('Enter');
		await seeToast(page, 'Сделано: Позвонить');
		await seeFocus(page, first);
		await expect.poll(async () => (await stepOf(first))?.summary).toBe('Привезти договор');
		// Its place is now among the later ones.
		await seeDeals(page, interest, [second, first]);
	});

	test('P puts a step off until tomorrow', async () => {
		await press('ArrowDown', 'p');
		await dialog(page).getByRole('heading', { name: 'Перенести' }).waitFor();
		await tabTo(button('На завтра'));
		await press('Enter');
		await seeToast(page, 'Перенесено на');
		await seeFocus(page, first);
		const tomorrow = addDays(dayOf(NOON, 'Europe/Moscow'), 1);
		await expect
			.poll(async () => dayOf(new Date((await stepOf(first))?.at ?? 0), 'Europe/Moscow'))
			.toBe(tomorrow);
	});

	test('S plans a step where there is none', async () => {
		const bare = await makeDeal(db, 'anna', {
			title: 'Терминал',
			stageId: STAGES.proposal,
			plan: null,
		});
		await openBoard(page);
		await press('ArrowDown', 'ArrowRight', 'ArrowRight');
		await seeFocus(page, bare);
		await press('s');
		await dialog(page).getByRole('heading', { name: 'запланировать' }).waitFor();
		await tabTo(field('Что сделать'));
		await type('Позвонить снова');
		await press('Enter');
		await seeToast(page, ': Позвонить снова');
		await seeFocus(page, bare);
		await expect.poll(async () => (await stepOf(bare))?.summary).toBe('Позвонить снова');
	});
});

describe('single keys', () => {
	test('N makes an interest out of three fields and Enter', async () => {
		await press('n');
		await dialog(page).getByRole('heading', { name: 'Новый интерес' }).waitFor();
		await type('ООО «Ромашка»');
		await press('Tab');
		await type('Касса самообслуживания');
		await press('Tab');
		await type('1 250 000,50');
		await press('Enter');
		await seeToast(page, '«Касса самообслуживания»: интерес создан');
		await page.getByRole('link', { name: 'Касса самообслуживания' }).waitFor();
		const { rows } = await db.execute(sql`select amount from deals where title like 'Касса само%'`);
		expect(rows).toEqual([{ amount: '1250000.50' }]);
	});

	test('/ searches, ? helps, and both give the focus back by Esc', async () => {
		await press('ArrowDown', '?');
		await page.locator('#keys h2').waitFor();
		await press('Escape');
		await seeFocus(page, first);
		await press('/');
		await type('весы');
		await seeDeals(page, interest, [second]);
		await expect.poll(() => held('type')).toBe('search');
	});

	test('work on a Russian keyboard too', async () => {
		await press('ArrowDown');
		await page.evaluate(
			`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'ь', bubbles: true }))`,
		);
		await dialog(page).getByRole('heading', { name: 'переместить' }).waitFor();
	});

	test('are switched off, stay off, and then do nothing; the arrows go on', async () => {
		await press('?');
		await page.locator('#keys a[href="/settings#keys-setting"]').focus();
		await press('Enter');
		const box = page.getByLabel('Выключить односимвольные клавиши');
		await box.focus();
		await press('Space', 'Enter');
		await page.getByText('Настройки сохранены').waitFor();
		await openBoard(page);
		await press('ArrowDown', 'm', 'n', 'd', '/');
		await expect.poll(() => dialog(page).isVisible()).toBe(false);
		await expect.poll(() => focusedDeal(page)).toBe(first);
		await page.goto('/settings');
		await page.getByLabel('Выключить односимвольные клавиши').uncheck();
		await page.getByRole('button', { name: 'Сохранить' }).first().click();
		await page.getByText('Настройки сохранены').waitFor();
		await openBoard(page);
	});

	test('do nothing while somebody writes', async () => {
		await press('/');
		await page.keyboard.type('mn');
		await expect.poll(() => dialog(page).isVisible()).toBe(false);
		await expect.poll(() => held('value')).toBe('mn');
	});
});
