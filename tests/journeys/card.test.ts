import type { Locator } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import {
	cardOf,
	column,
	dialog,
	dragOver,
	focusedDeal,
	openBoard,
	seeFocus,
	seeToast,
} from './board.ts';
import { by, inHours, makeDeal, makePeople, STAGES, seeStored } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

/* The card says what is to be done, and nothing covers what it says; one toolbar serves them all. */
const office = await openOffice();
const { db } = office.database;
await makePeople(db);

const LONG = 'Складские стеллажи и линия розлива, вторая очередь для двенадцати магазинов';
let deal: number;
let next: number;
let bare: number;
let theirs: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', {
		...{ title: LONG, client: 'ООО «Муниципальное учреждение «Лицей № 14»', plan: inHours(-50) },
		...{ summary: 'Договориться о встрече', amount: '1234567890.50' },
	});
	next = await makeDeal(db, 'anna', { title: 'Касса', client: 'АО «Ромашка»', plan: inHours(1) });
	bare = await makeDeal(db, 'anna', { title: 'Весы', plan: null });
	theirs = await makeDeal(db, 'boris', { title: 'Сканер', stageId: STAGES.needs });
});

const hand = (page: Desk) => page.getByRole('toolbar', { name: 'Действия с карточкой' });
const lines = async (card: Locator) =>
	(await card.locator('h3, .client > *, .step, .at > *').allInnerTexts()).map((text) =>
		text.replace(/\s+/g, ' ').trim(),
	);

/** What of the words of a card lies under something that is not its own: what one sees in their middle is they. */
const covered = (id: number) => `(() => {
	const LINE = 'h3, .client > *, .step > span, .at';
	const words = document.createTreeWalker(document.getElementById('deal-${id}'), NodeFilter.SHOW_TEXT);
	const found = [];
	while (words.nextNode()) {
		const { data, parentElement } = words.currentNode;
		const line = parentElement.closest(LINE);
		if (data.trim() === '' || !line) continue;
		const range = document.createRange();
		range.selectNodeContents(words.currentNode);
		const room = line.getBoundingClientRect();
		for (const { left, right, top, height } of range.getClientRects()) {
			const [from, to, y] = [Math.max(left, room.left) + 1, Math.min(right, room.right) - 1, top + height / 2];
			if (y > Math.min(room.bottom, innerHeight)) continue;
			for (const x of [from, (from + to) / 2, to])
				if (document.elementFromPoint(x, y)?.closest(LINE) !== line) found.push(data);
		}
	}
	return found;
})()`;
async function seeWhole(page: Desk, id: number): Promise<void> {
	await expect.poll(() => page.evaluate<string[]>(covered(id))).toEqual([]);
}

test('says the deal, the client and the money, what to do, when; whose it is only where that is not plain', async () => {
	const page = await office.sit('anna');
	await openBoard(page);
	await expect
		.poll(() => lines(cardOf(page, next)))
		.toEqual([...['Касса', 'Ромашка', '100 000 ₽', 'Позвонить', 'сегодня, 13:00']]);
	await expect
		.poll(async () => (await lines(cardOf(page, deal)))[3])
		.toBe('Договориться о встрече');
	await expect.poll(async () => (await lines(cardOf(page, bare)))[3]).toBe('Нет следующего шага');
	await expect.poll(() => page.getByRole('img', { name: /Ответственный/ }).count()).toBe(0);
	const head = await office.sit('vera');
	await openBoard(head);
	for (const [id, name, initials] of [
		[deal, 'Анна Соколова', 'АС'],
		[theirs, 'Борис Лунин', 'БЛ'],
	] as const) {
		const owner = cardOf(head, id).getByRole('img', { name: `Ответственный: ${name}` });
		await expect.poll(() => owner.textContent()).toBe(initials);
	}
});

test('by dates it says its state; no chip repeats the columns', async () => {
	const page = await office.sit('vera');
	await openBoard(page, '/board?view=dates');
	await expect
		.poll(async () => (await lines(cardOf(page, theirs))).at(-1))
		.toBe('Выявление потребностей');
	await expect.poll(async () => (await lines(cardOf(page, bare))).at(-1)).toBe('Первичный интерес');
	await expect.poll(() => page.locator('#chips .chip').count()).toBe(0);
	await openBoard(page);
	await expect.poll(() => lines(cardOf(page, theirs))).not.toContain('Выявление потребностей');
	await expect.poll(() => page.locator('#chips .chip').count()).toBe(3);
});

describe('nothing covers what it says', () => {
	test.each(['light', 'dark'] as const)('under the mouse, %s', async (colorScheme) => {
		const page = await office.sit('anna', { colorScheme });
		await openBoard(page);
		for (const id of [deal, next, bare]) {
			const box = await cardOf(page, id).boundingBox();
			await page.mouse.move((box?.x ?? 0) + 40, (box?.y ?? 0) + (box?.height ?? 0) - 8);
			await cardOf(page, id).getByRole('toolbar').waitFor();
			await seeWhole(page, id);
		}
		await expect.poll(() => hand(page).count()).toBe(1);
	});

	test('while several are chosen', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('x');
		await cardOf(page, next).getByRole('checkbox').waitFor();
		for (const id of [deal, next, bare]) await seeWhole(page, id);
	});

	test('without scripts, where each has its box and a way to its menu', async () => {
		const page = await office.sit('anna', { javaScriptEnabled: false });
		await page.goto('/board');
		for (const id of [deal, next, bare]) {
			const card = cardOf(page, id);
			const boxes = await card.locator('.pick, .do').all();
			expect(boxes).toHaveLength(2);
			for (const box of boxes) await expect.poll(() => box.isVisible()).toBe(true);
			// Their room is their own: no line of words reaches into it.
			const [pick, menu] = await Promise.all(boxes.map((one) => one.boundingBox()));
			for (const words of await card.locator('.at').all()) {
				const line = await words.boundingBox();
				expect((line?.x ?? 0) + (line?.width ?? 0)).toBeLessThanOrEqual((pick?.x ?? 0) + 1);
			}
			expect(pick?.height).toBe(28);
			expect(menu?.height).toBe(28);
			const title = await page.evaluate<number>(`(() => {
				const words = document.createRange();
				words.selectNodeContents(document.querySelector('#deal-${id} h3'));
				return Math.max(...[...words.getClientRects()].map(({ right }) => right));
			})()`);
			expect(title).toBeLessThanOrEqual((pick?.x ?? 0) + 6);
		}
	});

	test('under a finger, whose tap opens the tools below its words', async () => {
		const touch = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
		const page = await office.sit('anna', touch);
		await openBoard(page);
		for (const id of [deal, next, bare]) {
			await cardOf(page, id).locator('.step').tap();
			await cardOf(page, id).getByRole('toolbar').waitFor();
			await seeWhole(page, id);
		}
		await cardOf(page, bare).locator('.step').tap();
		await hand(page).waitFor({ state: 'detached' });
		await cardOf(page, next).locator('.step').tap();
		await hand(page).getByRole('link', { name: 'Переместить…' }).tap();
		await dialog(page).getByRole('button', { name: 'Выявление потребностей' }).tap();
		await seeStored(db, next, STAGES.needs);
	});

	test('while a finger chooses: the box stands above the amount, not upon it', async () => {
		const touch = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
		const page = await office.sit('anna', touch);
		await openBoard(page);
		await cardOf(page, next).locator('.step').tap();
		await hand(page).getByRole('button', { name: 'Выбрать' }).tap();
		for (const id of [deal, next, bare]) {
			const [pick, amount] = await Promise.all(
				['.pick input', '.client'].map((one) => cardOf(page, id).locator(one).boundingBox()),
			);
			expect((pick?.y ?? 99) + (pick?.height ?? 0)).toBeLessThanOrEqual((amount?.y ?? 0) + 1);
		}
	});

	test('over a field that finishes: its words stand alone, the card is in the hand', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		for (const stageId of [STAGES.won, STAGES.lost]) {
			await dragOver(page, next, stageId);
			const ghost = column(page, stageId).locator('.ghost');
			await ghost.waitFor({ state: 'attached' });
			await expect.poll(() => ghost.isVisible()).toBe(false);
			await expect
				.poll(() => column(page, stageId).locator('h2, strong').first().isVisible())
				.toBe(true);
			await expect.poll(() => hand(page).isVisible()).toBe(false);
			await page.keyboard.press('Escape');
			await page.locator('body:not(.dragging)').waitFor();
			await page.mouse.up();
		}
	});
});

describe('the toolbar', () => {
	test('is reached by Tab, walked by its arrows, and gives the focus back to its card', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		const named = async () =>
			await page.evaluate<string>('document.activeElement.getAttribute("aria-label")');
		await page.keyboard.press('ArrowDown');
		await page.keyboard.press('Tab');
		await expect.poll(named).toBe('Сделано');
		await page.keyboard.press('ArrowLeft');
		await expect.poll(named).toBe('Действия');
		await page.keyboard.press('ArrowRight');
		await page.keyboard.press('ArrowRight');
		await expect.poll(named).toBe('Перенести');
		await page.keyboard.press('Enter');
		await dialog(page).getByRole('heading', { name: 'Перенести' }).waitFor();
		await page.keyboard.press('Escape');
		await seeFocus(page, deal);
		await page.keyboard.press('ArrowDown');
		await seeFocus(page, next);
	});

	test('offers what the card can do: to plan where nothing is planned', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		const offered = async (id: number) => {
			await cardOf(page, id).locator('h3 a').focus();
			await cardOf(page, id).hover({ position: { x: 30, y: 60 } });
			await cardOf(page, id).getByRole('toolbar').waitFor();
			return await hand(page)
				.locator('> :not([hidden])')
				.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
		};
		const rest = ['Переместить…', 'Выбрать', 'Действия'];
		await expect.poll(() => offered(next)).toEqual(['Сделано', 'Перенести', ...rest]);
		await expect.poll(() => offered(bare)).toEqual(['Запланировать', ...rest]);
		await hand(page).getByRole('link', { name: 'Запланировать' }).click();
		await dialog(page).getByLabel('Что сделать').fill('Показать весы');
		await dialog(page).getByRole('button', { name: 'Запланировать' }).click();
		await seeToast(page, 'Показать весы');
	});

	test('begins a choice of several, which then has boxes in its place', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		await expect.poll(() => page.getByRole('checkbox', { name: /Выбрать/ }).count()).toBe(0);
		await cardOf(page, next).hover({ position: { x: 30, y: 60 } });
		await hand(page).getByRole('button', { name: 'Выбрать' }).click();
		await expect.poll(() => cardOf(page, next).getByRole('checkbox').isChecked()).toBe(true);
		await expect.poll(() => page.getByRole('checkbox', { name: /Выбрать/ }).count()).toBe(3);
		await expect.poll(() => hand(page).isVisible()).toBe(false);
		await expect.poll(() => page.locator('#bulk .count').textContent()).toContain('1');
	});

	test('stays, with the focus in it, when a colleague changes the card', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		await page.locator('#live[data-state=ok]').waitFor({ state: 'attached' });
		await cardOf(page, bare).locator('h3 a').focus();
		await page.keyboard.press('Tab');
		const step = { kindId: 1, summary: 'Взвесить', plan: inHours(2) };
		await planInteraction(db, await by(db, 'vera'), bare, step);
		await cardOf(page, bare).getByText('Взвесить').waitFor();
		await expect.poll(() => focusedDeal(page)).toBe(bare);
		await expect.poll(() => cardOf(page, bare).getByRole('toolbar').count()).toBe(1);
	});

	test('shows that a form is on its way', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		const answer = Promise.withResolvers<void>();
		await page.route(/\/(?:moves|deals)\/new/, async (route) => {
			await answer.promise;
			await route.continue();
		});
		await cardOf(page, next).hover({ position: { x: 30, y: 60 } });
		await hand(page).getByRole('link', { name: 'Переместить…' }).click();
		const busy = cardOf(page, next).locator('h3 a[aria-busy=true]');
		await busy.waitFor();
		await expect
			.poll(() =>
				page.evaluate(`getComputedStyle(document.querySelector('[aria-busy]')).animationName`),
			)
			.toBe('busy');
		answer.resolve();
		await dialog(page).getByRole('heading', { name: 'переместить' }).waitFor();
		await expect.poll(() => page.locator('[aria-busy]').count()).toBe(0);
	});
});
