import { sql } from 'drizzle-orm';
import { beforeEach, describe, expect, test } from 'vitest';
import {
	cardOf,
	column,
	drag,
	dragOver,
	openBoard,
	seeDeals,
	seeFocus,
	seeHead,
	seeToast,
	toast,
} from './board.ts';
import { by, inHours, makeDeal, makePeople, moveBehind, STAGES, seeStored } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const { interest, needs, proposal } = STAGES;
const office = await openOffice();
const { db, pool } = office.database;
await makePeople(db);

let page: Desk;
let deal: number;

beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(3) });
	page = await office.sit('anna');
	await openBoard(page);
});

/** The card is back where it was, with its headers, and the focus is on it. */
async function seeHome() {
	await seeDeals(page, interest, [deal]);
	await seeDeals(page, needs, []);
	await seeHead(page, interest, '1 · 100 000 ₽');
	await expect.poll(() => column(page, needs).locator('.totals').textContent()).toMatch(/^0/);
	await seeFocus(page, deal);
}

describe('a move without an answer', () => {
	test('comes home with a toast when the network is cut, and goes through once it is back', async () => {
		page.watch.allow('offline');
		// The last of the scripts: what is still on its way then would fail too.
		await page.locator('#live[data-state=ok]').waitFor({ state: 'attached' });
		await page.context().setOffline(true);
		await drag(page, deal, needs);
		await seeToast(page, 'Нет связи с сервером: интерес «Касса» вернулся на место');
		await seeHome();
		await page.context().setOffline(false);
		await drag(page, deal, needs);
		await seeDeals(page, needs, [deal]);
		await seeToast(page, 'Первичный интерес → Выявление потребностей');
		await seeStored(db, deal, needs);
	});

	test('comes home when the connection breaks half-way', async () => {
		page.watch.allow('offline');
		await page.route('**/moves', async (route) => await route.abort('connectionreset'));
		await drag(page, deal, needs);
		await seeToast(page, 'Нет связи с сервером');
		await seeHome();
		await seeStored(db, deal, interest);
	});

	test('comes home when something on the way answers with a page of its own', async () => {
		page.watch.allow(502, 'offline');
		await page.route(
			'**/moves',
			async (route) => await route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' }),
		);
		await drag(page, deal, needs);
		await seeHome();
		// A fault of the server's side is no fault of the person's network.
		await seeToast(page, 'Сбой на стороне сервера');
		await expect.poll(() => toast(page).textContent()).not.toContain('сеть');
		await expect.poll(() => page.locator('h1', { hasText: 'Bad gateway' }).count()).toBe(0);
	});
});

describe('a move that the server refuses', () => {
	test('shows where another person has put the card, with both states in the toast', async () => {
		page.watch.allow(409);
		// Taken before the other's change, which a card in the hand is not redrawn by.
		await dragOver(page, deal, needs);
		await moveBehind(db, 'vera', { dealId: deal, stageId: proposal });
		await page.mouse.up();
		await seeToast(
			page,
			/«Касса».*изменили \(Вера Павлова\).*«Подготовка предложения».*«Выявление потребностей»/,
		);
		await seeDeals(page, proposal, [deal]);
		await seeDeals(page, needs, []);
		await seeDeals(page, interest, []);
		await seeHead(page, proposal, '1 · 100 000 ₽');
		await seeFocus(page, deal);
		await drag(page, deal, needs);
		await seeDeals(page, needs, [deal]);
		await seeStored(db, deal, needs);
	});

	test('leaves the board of one who lost the deal to another, and says so', async () => {
		page.watch.allow(404);
		const boris = await by(db, 'boris');
		// Past the verb: what it tells open boards would take the card away before it is dragged.
		await db.execute(
			sql`update deals set owner_id = ${boris.actor.id}, version = version + 1 where id = ${deal}`,
		);
		await drag(page, deal, needs);
		await seeToast(page, 'не для вас');
		await seeHome();
		await seeStored(db, deal, interest);
	});

	test('brings the card home when its state is gone, and says why', async () => {
		page.watch.allow(422);
		await page.evaluate(`document.querySelector('#stage-${needs}').dataset.stage = '999'`);
		await drag(page, deal, needs);
		await seeToast(page, 'Интерес «Касса» остался в состоянии «Первичный интерес»');
		await seeHome();
	});

	test('leads to the sign-in when the session has ended, and back to the same board', async () => {
		page.watch.allow(401);
		await openBoard(page, '/board?q=Касса');
		await pool.query('delete from sessions');
		await drag(page, deal, needs);
		await page.waitForURL('**/sign-in**');
		await seeStored(db, deal, interest);
		await page.getByRole('button', { name: 'Анна Соколова' }).click();
		await page.waitForURL('**/board**');
		await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('Касса');
	});
});

describe('leaving the page right after a drop', () => {
	test('keeps the move', async () => {
		await drag(page, deal, needs);
		await page.goto('about:blank');
		await seeStored(db, deal, needs);
	});

	// Here the request is at the server before the page is gone; over a slow line only keepalive brings it.
	test('asks in a way that outlives the page', async () => {
		await page.addInitScript(`{
			const ask = window.fetch;
			window.fetch = (url, how) => {
				if (how.method === 'POST') window.outlives = how.keepalive;
				return ask(url, how);
			};
		}`);
		await openBoard(page);
		await drag(page, deal, needs);
		await seeStored(db, deal, needs);
		await expect.poll(() => page.evaluate('window.outlives')).toBe(true);
	});

	test('keeps the move when the window is closed', async () => {
		const sent = page.waitForRequest('**/moves');
		await drag(page, deal, needs);
		await sent;
		await page.close();
		await seeStored(db, deal, needs);
	});
});

describe('the toast', () => {
	test('of an undo that comes too late says what stands now', async () => {
		page.watch.allow(409);
		await drag(page, deal, needs);
		await toast(page).getByRole('button', { name: 'Отменить' }).waitFor();
		await moveBehind(db, 'vera', { dealId: deal, stageId: proposal });
		await toast(page).getByRole('button', { name: 'Отменить' }).click();
		await seeToast(page, 'Сейчас: «Подготовка предложения»');
		await seeDeals(page, proposal, [deal]);
	});

	test('goes by Esc', async () => {
		await drag(page, deal, needs);
		await seeToast(page, 'Касса');
		await page.keyboard.press('Escape');
		await toast(page).waitFor({ state: 'detached' });
		await expect.poll(() => cardOf(page, deal).isVisible()).toBe(true);
	});
});
