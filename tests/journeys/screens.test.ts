import { sql } from 'drizzle-orm';
import type { BrowserContextOptions, CDPSession } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { cardOf, column, countMoves, dialog, openBoard, seeToast } from './board.ts';
import { seeStored } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
let deal: number;
beforeAll(async () => {
	await makeDemoCompany(db, NOON);
	const { rows } = await db.execute<{ id: number }>(sql`
		select d.id from deals d join people p on p.id = d.owner_id
		where p.login = 'anna' and d.stage_id = 1 order by d.next_planned_at limit 1`);
	deal = Number(rows[0]?.id);
	// The longest words that people type: they must not push anything aside.
	await db.execute(sql`
		update deals set title = ${'Многофункциональноесверхдлинноеоборудование '.repeat(4)}, amount = 9999999999.99
		where id = ${deal}`);
});

const PHONE: BrowserContextOptions = {
	viewport: { width: 390, height: 844 },
	hasTouch: true,
	isMobile: true,
};
const at = (width: number, height: number) => ({ viewport: { width, height } });

/** Nothing makes the page itself scroll sideways. */
async function seeNoSideways(page: Desk, where: string): Promise<void> {
	const [wide, screen] = await page.evaluate<[number, number]>(
		'[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
	);
	expect(wide, where).toBeLessThanOrEqual(screen);
}

const PAGES = () => [
	'/board',
	`/deals/${deal}`,
	'/deals?stage=1',
	'/deals?stage=7',
	`/deals/${deal}/edit`,
	`/deals/${deal}/moves/new`,
	'/deals/new',
	'/board/print',
	'/import',
];

describe('a desk', () => {
	test('of 1366×768 shows all six columns, and no page scrolls sideways', async () => {
		const page = await office.sit('anna', at(1366, 768));
		for (const address of PAGES()) {
			await page.goto(address);
			await seeNoSideways(page, address);
		}
		await openBoard(page);
		for (const stage of [1, 2, 3, 4, 5, 6, 7]) {
			const box = await column(page, stage).boundingBox();
			expect(
				(box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 1366,
				`state ${stage}`,
			).toBe(true);
			expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(768);
		}
	});

	test('of 1366×768 has all columns of deals and of clients without scrolling', async () => {
		const page = await office.sit('anna', at(1366, 768));
		for (const address of ['/deals', '/deals?kind=all', '/deals?kind=won&month=all', '/clients']) {
			await page.goto(address);
			const [wide, room] = await page
				.locator('.scroll')
				.evaluateAll((all) => all.flatMap((one) => [one.scrollWidth, one.clientWidth]));
			expect(wide ?? 0, address).toBeLessThanOrEqual(room ?? 0);
		}
	});

	test('of 1366×768 keeps what a set отбор finds beside it, and a line of a list low', async () => {
		const page = await office.sit('vera', at(1366, 768));
		for (const address of [
			'/board',
			'/board?owner=1&period=overdue',
			'/deals?owner=1&period=overdue',
		]) {
			await page.goto(address);
			const [chip, sum] = await Promise.all(
				['.switch', '#sum'].map((one) => page.locator(one).boundingBox()),
			);
			expect((sum?.y ?? 99) - (chip?.y ?? 0), address).toBeLessThan(20);
		}
		const lines = page.locator('tbody tr:not(.more)');
		const heights = await lines.evaluateAll((rows) => rows.map((row) => row.clientHeight));
		// Two lines and one of tags at most, however long a title is.
		expect(Math.max(...heights)).toBeLessThan(75);
		// Red says that it is late; in bold as well, one column would be all that is seen.
		const weight = `getComputedStyle(document.querySelector('td.step.late time')).fontWeight`;
		await expect.poll(() => page.evaluate(weight)).toBe('400');
	});

	test('of 1920×1080 and of 3840×2160 is filled, of 1280×720 cuts no label', async () => {
		const page = await office.sit('anna', at(1920, 1080));
		for (const [width, height] of [
			[1920, 1080],
			[3840, 2160],
			[1280, 720],
		] as const) {
			await page.setViewportSize({ width, height });
			await openBoard(page);
			await seeNoSideways(page, `${width}`);
			const last = await column(page, 7).boundingBox();
			expect((last?.x ?? 0) + (last?.width ?? 0)).toBeGreaterThan(width * 0.9);
			const cut = await page
				.locator('.stage h2, .drop h2, .chip, .top a, .totals')
				.evaluateAll((all) =>
					all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent),
				);
			expect(cut, `${width}`).toEqual([]);
		}
	});

	test('with letters twice as large does not scroll sideways', async () => {
		const page = await office.sit('anna', at(1366, 768));
		for (const address of PAGES()) {
			await page.goto(address);
			await page.evaluate('document.documentElement.style.fontSize = "200%"');
			await seeNoSideways(page, address);
		}
	});
});

describe('a phone', () => {
	test('shows one column at a time, and no page scrolls sideways', async () => {
		const page = await office.sit('anna', PHONE);
		for (const address of PAGES()) {
			await page.goto(address);
			await seeNoSideways(page, address);
		}
		await openBoard(page);
		const box = await column(page, 1).boundingBox();
		expect(box?.width).toBeGreaterThan(330);
		// The next one peeks in: otherwise nothing tells that there are more.
		const next = (await column(page, 2).boundingBox())?.x;
		expect(next).toBeGreaterThanOrEqual(350);
		expect(next).toBeLessThan(385);
	});

	test('has the places and the search in two rows, whatever the page', async () => {
		for (const width of [390, 320]) {
			const page = await office.sit('anna', { ...PHONE, viewport: { width, height: 844 } });
			for (const address of ['/board', '/agenda', '/calendar', '/deals', '/clients', '/settings']) {
				await page.goto(address);
				const box = await page.locator('.top').boundingBox();
				expect(box?.height, `${address} ${width}`).toBeLessThan(110);
				await page.locator('.top').getByRole('link', { name: 'Новый интерес' }).waitFor();
			}
		}
	});

	test('shows each deal as a card with all that the table says', async () => {
		const page = await office.sit('anna', PHONE);
		await page.goto('/deals');
		const card = page.locator('tr[data-version]').first();
		const box = await card.boundingBox();
		expect(box?.width).toBeLessThanOrEqual(390);
		for (const cell of await card.locator('th, td:visible').all()) {
			const inner = await cell.boundingBox();
			expect((inner?.x ?? 0) + (inner?.width ?? 0)).toBeLessThanOrEqual(390);
		}
		const tick = await card.locator('.tick').boundingBox();
		const title = await card.locator('th').boundingBox();
		expect(Math.abs((tick?.y ?? 0) - (title?.y ?? 99))).toBeLessThan(12);
	});

	test('of 320 px reflows', async () => {
		const page = await office.sit('anna', at(320, 640));
		for (const address of PAGES()) {
			await page.goto(address);
			await seeNoSideways(page, address);
		}
	});

	test('has targets of 44 px', async () => {
		const page = await office.sit('anna', PHONE);
		for (const address of [
			'/board',
			`/deals/${deal}`,
			'/deals?stage=1',
			`/deals/${deal}/moves/new`,
			'/deals/new',
			'/import',
		]) {
			await page.goto(address);
			const small = await page
				.locator('a, button, select, input:not([type=hidden]), summary')
				.evaluateAll((all) =>
					all
						.filter(
							(one) =>
								one.checkVisibility() && !one.matches('.skip, .skip *, td a, h3 a, noscript *'),
						)
						.map((one) => [one, (one.closest('label') ?? one).getBoundingClientRect()])
						.filter(([, box]) => box.width > 1 && (box.height < 43.5 || box.width < 43.5))
						.map(
							([one, box]) =>
								`${one.outerHTML.slice(0, 60)} ${Math.round(box.width)}×${Math.round(box.height)}`,
						),
				);
			expect([...new Set(small)], address).toEqual([]);
		}
	});

	test('moves a card by its toolbar', async () => {
		const page = await office.sit('anna', PHONE);
		await openBoard(page);
		await cardOf(page, deal).locator('.step').tap();
		await cardOf(page, deal).getByRole('link', { name: 'Переместить…' }).tap();
		await dialog(page).getByRole('button', { name: 'Выявление потребностей' }).tap();
		await seeToast(page, 'Выявление потребностей');
		await seeStored(db, deal, 2);
	});

	test('a long press takes a card, a swipe scrolls the page', async () => {
		const page = await office.sit('anna', PHONE);
		await openBoard(page);
		const moves = countMoves(page);
		const card = page.locator('#stage-1 .card').nth(1);
		const id = Number((await card.getAttribute('id'))?.replace('deal-', ''));
		const box = await card.boundingBox();
		const from = { x: (box?.x ?? 0) + 60, y: (box?.y ?? 0) + 20 };
		const touch = await page.context().newCDPSession(page);
		await send(touch, 'touchStart', from);
		for (let n = 1; n < 6; n += 1)
			await send(touch, 'touchMove', { x: from.x, y: from.y - 30 * n });
		await expect.poll(async () => await page.evaluate<number>('scrollY')).toBeGreaterThan(20);
		await expect.poll(() => page.locator('body.dragging').count()).toBe(0);
		await send(touch, 'touchEnd');
		await openBoard(page);
		await send(touch, 'touchStart', from);
		await page.locator('.sortable-chosen').waitFor();
		for (let n = 1; n < 6; n += 1)
			await send(touch, 'touchMove', { x: from.x + 5 * n, y: from.y + 6 * n });
		await page.locator('body.dragging').waitFor();
		// Held at the edge, the board goes on to the next column.
		await send(touch, 'touchMove', { x: 384, y: from.y + 40 });
		await expect.poll(async () => (await column(page, 2).boundingBox())?.x).toBeLessThan(200);
		await send(touch, 'touchMove', { x: 300, y: from.y + 50 });
		await page.locator('#stage-2 .ghost').waitFor();
		await send(touch, 'touchEnd');
		await page.locator('body:not(.dragging)').waitFor();
		await seeStored(db, id, 2);
		expect(moves()).toBe(1);
	});
});

async function send(
	touch: CDPSession,
	type: 'touchStart' | 'touchMove' | 'touchEnd',
	point?: { x: number; y: number },
) {
	await touch.send('Input.dispatchTouchEvent', { type, touchPoints: point ? [point] : [] });
}
