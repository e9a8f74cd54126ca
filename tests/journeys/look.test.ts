import { beforeEach, expect, test } from 'vitest';
import { cardOf, column, countMoves, dealsIn, openBoard, seeDeals } from './board.ts';
import { inHours, makeDeal, makePeople, STAGES } from './company.ts';
import { openOffice } from './desk.ts';

/* What a person has set for themselves, and what a role leaves them, in a real browser. */
const office = await openOffice();
const { pool } = office.database;
const { db } = office.database;
await makePeople(db);

let mine: number;
let theirs: number;

beforeEach(async () => {
	await office.empty();
	mine = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(-3) });
	theirs = await makeDeal(db, 'boris', { title: 'Весы', plan: inHours(3) });
	await pool.query(`update people set role = 'manager', theme = 'system', density = 'normal'
		where login = 'anna'`);
	await pool.query('delete from default_filters');
});

const SEEN = `(() => {
	const { backgroundColor } = getComputedStyle(document.body);
	return [backgroundColor, document.querySelector('meta[name=color-scheme]').content];
})()`;
const [LIGHT, DARK] = ['rgb(244, 245, 243)', 'rgb(22, 25, 26)'];

test('the theme that was chosen is there before any script, whatever the system says', async () => {
	const page = await office.sit('anna', { javaScriptEnabled: false });
	for (const scheme of ['light', 'dark'] as const) {
		await page.emulateMedia({ colorScheme: scheme });
		const system = scheme === 'light' ? LIGHT : DARK;
		for (const [theme, colour, told] of [
			['system', system, 'light dark'],
			['light', LIGHT, 'light'],
			['dark', DARK, 'dark'],
		]) {
			await pool.query(`update people set theme = $1 where login = 'anna'`, [theme]);
			await page.goto('/board');
			await expect
				.poll(() => page.evaluate(SEEN), { message: `${theme} on ${scheme}` })
				.toEqual([colour, told]);
		}
	}
	// Paper is white whoever prints.
	await page.emulateMedia({ media: 'print' });
	await expect
		.poll(() => page.evaluate('getComputedStyle(document.documentElement).colorScheme'))
		.toBe('light');
});

test('compact shows more on a desk, and leaves a finger its room', async () => {
	const height = async (options = {}) => {
		const page = await office.sit('anna', options);
		await openBoard(page);
		return (await cardOf(page, mine).boundingBox())?.height ?? 0;
	};
	const phone = { hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } };
	const normal = [await height(), await height(phone)];
	await pool.query(`update people set density = 'compact' where login = 'anna'`);
	const compact = [await height(), await height(phone)];
	expect(compact[0]).toBeLessThan(normal[0] as number);
	expect(compact[1]).toBe(normal[1]);
});

test('the board begins with the filter that was chosen; without it everything stays, also after a reload', async () => {
	const { rows } = await pool.query(`
		insert into saved_filters (owner_id, screen, name, query)
		select id, 'board', 'Срочные', 'period=overdue' from people where login = 'anna' returning id`);
	await pool.query(
		`insert into default_filters select id, 'board', $1 from people where login = 'anna'`,
		[rows[0].id],
	);
	const later = await makeDeal(db, 'anna', { title: 'Потом', plan: inHours(30) });
	const page = await office.sit('anna');
	await openBoard(page, '/');
	await expect.poll(() => page.url()).toContain('/board?period=overdue');
	await expect.poll(() => dealsIn(page, STAGES.interest)).toEqual([mine]);
	await page.getByRole('link', { name: 'Сбросить' }).click();
	await seeDeals(page, STAGES.interest, [mine, later]);
	await page.reload();
	await seeDeals(page, STAGES.interest, [mine, later]);
	await page.goto('/deals');
	await page
		.getByRole('navigation', { name: 'Разделы' })
		.getByRole('link', { name: 'Доска' })
		.click();
	await seeDeals(page, STAGES.interest, [mine]);
});

test('a card that one only reads stays where it is, however it is dragged', async () => {
	await pool.query(`
		insert into roles (code, name, view_scope, edit_scope, permissions)
		values ('reader', 'Читатель', 'all', 'own', '{}') on conflict do nothing`);
	await pool.query(`update people set role = 'reader' where login = 'anna'`);
	const page = await office.sit('anna');
	await openBoard(page);
	const moves = countMoves(page);
	const [from, to] = [
		await cardOf(page, theirs).boundingBox(),
		await column(page, STAGES.needs).boundingBox(),
	];
	await page.mouse.move((from?.x ?? 0) + 60, (from?.y ?? 0) + 20);
	await page.mouse.down();
	await page.mouse.move((to?.x ?? 0) + 60, (to?.y ?? 0) + 120, { steps: 12 });
	await page.mouse.up();
	await expect.poll(() => dealsIn(page, STAGES.needs)).toEqual([]);
	await expect.poll(() => dealsIn(page, STAGES.interest)).toContain(theirs);
	expect(moves()).toBe(0);
	await expect.poll(() => cardOf(page, theirs).locator('[type=checkbox]').count()).toBe(0);
	await expect.poll(() => cardOf(page, mine).locator('[type=checkbox]').count()).toBe(1);
});

test('the board fills the window to the pixel, and the page does not scroll', async () => {
	const page = await office.sit('anna');
	for (const [width, height] of [
		[1366, 768],
		[1920, 1080],
	] as const) {
		await page.setViewportSize({ width, height });
		for (const address of ['/board', '/board?view=dates']) {
			await openBoard(page, address);
			const heights = await page.evaluate<number[]>(
				`[document.documentElement.scrollHeight, document.documentElement.clientHeight]`,
			);
			expect(heights, `${address} ${width}`).toEqual([height, height]);
		}
	}
});
