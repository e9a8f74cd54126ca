import { beforeAll, beforeEach, expect, test } from 'vitest';
import { saveFilter } from '#src/features/saved-filters/actions.ts';
import { type Browser, browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read } from '../html.ts';

const database = await testDatabase();
const { pool } = database;
const served = await testApp(database);
let cast: Cast;
let anna: Browser;
let urgent: number;
let big: number;

const CHOICES = {
	...{ language: 'ru', timeZone: 'Europe/Moscow', workFrom: '09:00', workUntil: '18:00' },
	...{ remindMinutes: '15', mailReminders: '1', mailDigest: '1' },
};

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
	const acting = by(cast.people.anna);
	const filter = { name: 'Срочные', shared: false } as const;
	urgent = await saveFilter(database.db, acting, {
		...{ ...filter, screen: 'board', query: 'period=overdue' },
	});
	big = await saveFilter(database.db, acting, {
		...{ ...filter, screen: 'deals', query: 'amountFrom=1000.00' },
	});
});

beforeEach(async () => {
	await pool.query('delete from default_filters');
	await pool.query(`update people set language = 'ru', theme = 'system', density = 'normal',
		shortcuts = true, board_view = 'stages', version = 7`);
});

const save = async (fields: Record<string, string>) =>
	await anna.post('/settings', { ...CHOICES, version: 7, ...fields });
const rootOf = (html: string) => /<html[^>]*>/.exec(html)?.[0];
const schemeOf = (html: string) => /<meta name="color-scheme" content="([^"]*)">/.exec(html)?.[1];

test('theme and density stand on the page itself, before any style or script; signed out only the system’s', async () => {
	const plain = (await anna.get('/board')).body;
	expect([rootOf(plain), schemeOf(plain)]).toEqual(['<html lang="ru">', 'light dark']);
	expect((await save({ theme: 'dark', density: 'compact' })).statusCode).toBe(303);
	for (const url of ['/board', '/settings', `/deals/${cast.deals.late}`, '/nowhere']) {
		const { body } = await anna.get(url);
		expect(rootOf(body)).toBe('<html lang="ru" data-theme="dark" data-density="compact">');
		expect(schemeOf(body)).toBe('dark');
	}
	await pool.query('update people set version = 7');
	await save({ theme: 'light' });
	const light = (await anna.get('/board')).body;
	// What a form does not hold stays as it is.
	expect(rootOf(light)).toBe('<html lang="ru" data-theme="light" data-density="compact">');
	const out = (await browser(served.app).get('/sign-in')).body;
	expect([rootOf(out), schemeOf(out)]).toEqual(['<html lang="ru">', 'light dark']);
});

test('single keys are switched off for the person, on whatever machine', async () => {
	await save({ keysOff: '1' });
	expect(rootOf((await anna.get('/board')).body)).toContain('data-shortcuts="off"');
	expect(rootOf((await (await signIn(served, 'anna')).get('/deals')).body)).toContain(
		'data-shortcuts',
	);
	await pool.query('update people set version = 7');
	await save({});
	expect(rootOf((await anna.get('/board')).body)).not.toContain('data-shortcuts');
});

test('board and deals begin with the filter and the view that were chosen, from wherever one comes', async () => {
	await save({ boardView: 'dates', boardFilterId: String(urgent), dealsFilterId: String(big) });
	const board = '/board?period=overdue&view=dates';
	const deals = '/deals?amountFrom=1000.00';
	for (const [url, home] of [
		['/', board],
		['/board', board],
		['/deals', deals],
	] as const) {
		const answer = await anna.get(url);
		expect([answer.statusCode, answer.headers.location]).toEqual([303, home]);
	}
	const page = read((await anna.get(board)).body);
	const ways = page.byTag('a').map((link) => attribute(link, 'href'));
	expect(ways).toContain(board);
	expect(ways).toContain(deals);
	expect(page.byTag('select').map((one) => attribute(one, 'name'))).toContain('period');
});

test('from the board itself its bare address means everything, for a page and for a script', async () => {
	await save({ boardFilterId: String(urgent) });
	const referer = 'http://localhost/board?period=overdue';
	expect((await anna.get('/board', { referer })).statusCode).toBe(200);
	expect((await anna.htmx('/board?period=overdue', '/board')).statusCode).toBe(200);
	expect(
		(await anna.get('/board?q=печь'.replace('печь', encodeURIComponent('печь')))).statusCode,
	).toBe(200);
	const elsewhere = { referer: 'http://localhost/deals' };
	expect((await anna.get('/board', elsewhere)).statusCode).toBe(303);
});

test('only a filter of that screen that one can choose; one that is gone, or no longer shared, is forgotten', async () => {
	const theirs = await saveFilter(database.db, by(cast.people.boris), {
		...{ name: 'Моё', screen: 'board', query: 'idle=1', shared: false },
	});
	for (const wrong of [
		{ boardFilterId: String(theirs) },
		{ boardFilterId: String(big) },
		{ dealsFilterId: '999999' },
		{ boardView: 'x' },
		{ theme: 'x' },
	])
		expect((await save(wrong)).statusCode, JSON.stringify(wrong)).toBe(422);
	await pool.query('update saved_filters set shared = true where id = $1', [theirs]);
	expect((await save({ boardFilterId: String(theirs) })).statusCode).toBe(303);
	expect((await anna.get('/board')).headers.location).toBe('/board?idle=1');
	await pool.query('update saved_filters set shared = false where id = $1', [theirs]);
	expect((await anna.get('/board')).statusCode).toBe(200);
	await pool.query('update saved_filters set shared = true where id = $1', [theirs]);
	await pool.query('delete from saved_filters where id = $1', [theirs]);
	expect((await anna.get('/board')).statusCode).toBe(200);
});

test('a filter of a colleague whom one sees no more is left aside', async () => {
	await pool.query(`update saved_filters set query = $2 where id = $1`, [
		urgent,
		`owner=${cast.people.gleb.id}`,
	]);
	await save({ boardFilterId: String(urgent) });
	expect((await anna.get('/board')).statusCode).toBe(200);
	await pool.query(`update saved_filters set query = 'period=overdue' where id = $1`, [urgent]);
});

test('the form shows what is stored, in the person’s language, and the log tells what changed', async () => {
	await save({ theme: 'dark', boardView: 'dates', boardFilterId: String(urgent), keysOff: '1' });
	const page = read((await anna.get('/settings')).body);
	const form = page.byTag('form', page.byId('settings-own') ?? undefined)[0];
	expect(form && fieldsOf(page, form)).toMatchObject({
		...{ theme: 'dark', density: 'normal', boardView: 'dates', keysOff: '1' },
		...{ boardFilterId: String(urgent), dealsFilterId: '' },
	});
	const ada = await signIn(served, 'ada');
	const { body } = await ada.get('/admin/audit?kind=settings');
	for (const words of ['Тёмная', 'Срочные', 'Отбор на доске', 'Вид доски'])
		expect(body).toContain(words);
});
