import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь' })).id;
});

const url = () => `/deals/${id}/moves`;
/** A raw request, as no browser would send it. */
const raw = (type: string | undefined, payload: string, to = url()) =>
	served.app.inject({
		...{ method: 'POST', url: to, payload },
		headers: { cookie: anna.cookie, ...(type === undefined ? {} : { 'content-type': type }) },
	});
const FORM = 'application/x-www-form-urlencoded';

const AMOUNTS: [string, string | null][] = [
	['0,1', '0.10'],
	['.5', null],
	['1 234 567,89', '1234567.89'],
	['1\u00a0234\u202f567,8 ₽', '1234567.80'],
	['00012', '12.00'],
	['9999999999999,99', '9999999999999.99'],
	['10000000000000', null],
	['1000000000000000', null],
	['-1', null],
	['-0', null],
	['1e3', null],
	['1e309', null],
	['NaN', null],
	['Infinity', null],
	['1,234,567.89', null],
	['0.001', null],
	['١٢٣', null],
	['0x10', null],
];

test('amounts are exact at the edges, and what is none is refused', async () => {
	for (const [typed, kept] of AMOUNTS) {
		const fresh = (await makeDeal(db, cast, 'anna', { title: 'Сумма' })).id;
		const answer = await anna.json(`/deals/${fresh}`, {
			version: 1,
			title: 'Сумма',
			amount: typed,
		});
		expect(answer.statusCode, typed).toBe(kept === null ? 422 : 200);
		const { rows } = await pool.query('select amount from deals where id = $1', [fresh]);
		expect(rows[0].amount, typed).toBe(kept);
	}
});

test('a tenth and two tenths are three tenths in the head of the column', async () => {
	for (const amount of ['0.10', '0.20'])
		await makeDeal(db, cast, 'anna', { title: 'Копейки', amount, stageId: cast.open[4].id });
	const page = read((await anna.get('/board')).body);
	const head = page.byClass('totals', page.byId(`stage-${cast.open[4].id}`) ?? undefined)[0];
	expect(textOf(head as never).replaceAll('\u00a0', ' ')).toContain('0,30 ₽');
});

const DAYS: [string, number][] = [
	...(
		[
			'31.02.2026',
			'2026-02-29',
			'29.02.2027',
			'0001-01-01',
			'9999-12-31',
			'10000-01-01',
			'2026-13-01',
		] as const
	).map((day): [string, number] => [day, 422]),
	...(
		[
			'24.11.26',
			'2026-11-24T10:00',
			'11/24/2026',
			'вчера',
			'+002026-11-24',
			'20261124',
			'2026-11-24+14:00',
		] as const
	).map((day): [string, number] => [day, 422]),
	...(['2028-02-29', '29.02.2028', '1.1.2027', '1900-01-01', '2199-12-31'] as const).map(
		(day): [string, number] => [day, 200],
	),
];

test('days exist or are refused', async () => {
	for (const [expectedCloseOn, status] of DAYS) {
		const fresh = (await makeDeal(db, cast, 'anna', { title: 'День' })).id;
		const answer = await anna.json(`/deals/${fresh}`, {
			version: 1,
			title: 'День',
			expectedCloseOn,
		});
		expect(answer.statusCode, expectedCloseOn).toBe(status);
	}
	const far = (
		await makeDeal(db, cast, 'anna', { title: 'Далеко', plan: { plannedOn: '2199-12-31' } })
	).id;
	const past = (
		await makeDeal(db, cast, 'anna', { title: 'Давно', plan: { plannedOn: '1900-01-01' } })
	).id;
	for (const path of ['/board', '/board/print', `/deals/${far}`, `/deals/${past}`])
		expect((await anna.get(path)).statusCode, path).toBe(200);
});

test('ids beyond every number, doubled slashes, dots and NUL in an address are refused, the next request is fine', async () => {
	const odd = [
		'/deals/0',
		'/deals/-1',
		'/deals/1e3',
		'/deals/99999999999999999999',
		'/deals/9007199254740993',
		'/deals/%00',
		'/deals/1%00',
		'/deals/..%2f1',
		'//deals',
		'/deals//1',
		'/deals/1.',
		`/deals/${'9'.repeat(5000)}`,
		'/deals/%ff',
		'/%',
		'/interactions/x/completion/new',
		'/board/more',
		'/board/more?after=1',
		`/deals?after=${TODAY}.99999999999999999999`,
		'/deals?stage=999',
		'/deals?month=2026-13',
		'/deals?month=1e9',
		'/assets/x/../../package.json',
	];
	for (const path of odd) {
		const answer = await anna.get(path);
		expect([400, 404, 414], `${path} ${answer.statusCode}`).toContain(answer.statusCode);
		expect(answer.body, path).not.toMatch(/at .*\.ts:\d+|select .* from/i);
	}
	expect((await anna.get('/deals')).statusCode).toBe(200);
});

test('cursors of our form but beyond every calendar are refused or lead nowhere', async () => {
	const stage = cast.open[0].id;
	for (const place of [
		'1770000000000.1.999999999999.1',
		'1770000000000.1.-999999999999.1',
		'1770000000000.3.999999999999.1',
		'99999999999999.3.0.1',
		'100000000000.1.0.999999999999999',
	])
		for (const path of ['/board/more', '/board']) {
			const { statusCode } = await anna.get(`${path}?after=${stage}:${place}`);
			expect([200, 400, 404], `${path} ${place} ${statusCode}`).toContain(statusCode);
		}
	for (const place of [
		'2026-99-99.1',
		'2026-02-30.1',
		'0000-00-00.1',
		'9999-12-31.999999999999999',
	])
		for (const at of [stage, cast.won.id]) {
			const { statusCode } = await anna.get(`/deals?stage=${at}&after=${place}`);
			expect([200, 400], `${place} ${statusCode}`).toContain(statusCode);
		}
});

test('doubled, nested, listed and inherited parameters are a bad request', async () => {
	const before = await ledgerOf(database);
	const bodies = [
		'stageId=2&stageId=3&version=1',
		'stageId[]=2&version=1',
		'stageId[a]=2&version=1',
		'stageId=2&version=1&version=1',
		'__proto__[x]=1&stageId=2&version=1',
		'__proto__=1&stageId=2&version=1',
		'constructor=1&stageId=2&version=1',
	];
	for (const body of bodies) expect((await raw(FORM, body)).statusCode, body).toBe(400);
	const json = [
		'{"stageId":[2],"version":1}',
		'{"stageId":{"$ne":1},"version":1}',
		'{"stageId":true,"version":1}',
		'[]',
		'"x"',
		'1',
		'{"stageId":2,"version":1,"__proto__":{"x":1}}',
		'{"stageId":2,"version":1,"constructor":{"prototype":{"x":1}}}',
		`${'['.repeat(1000)}${']'.repeat(1000)}`,
		'{"stageId":2,',
		'{"stageId":2,"version":1}}',
	];
	for (const body of json)
		expect((await raw('application/json', body)).statusCode, body.slice(0, 60)).toBe(400);
	expect(({} as Record<string, unknown>).x).toBeUndefined();
	expect(await ledgerOf(database)).toEqual(before);
});

test('a wrong content type is refused or read as what it says, never taken unread', async () => {
	const before = await ledgerOf(database);
	const good = `{"stageId":${cast.open[1].id},"version":99}`;
	const statuses: [string | undefined, number[]][] = [
		['text/plain', [400, 415, 428]],
		['application/xml', [400, 415]],
		['multipart/form-data; boundary=x', [400, 415]],
		['application/json\t;', [400, 409, 415]],
		['APPLICATION/JSON', [409]],
		['application/json; charset=utf-8', [409]],
		['application/json; charset=utf-16', [400, 409, 415]],
		['application/jsonp', [400, 415]],
		['application/x-www-form-urlencoded', [400]],
		[undefined, [400, 415, 428]],
		['', [400, 415, 428]],
		['garbage', [400, 415]],
	];
	for (const [type, allowed] of statuses) {
		const { statusCode } = await raw(type, good);
		expect(allowed, `${type}: ${statusCode}`).toContain(statusCode);
	}
	expect((await raw(FORM, '')).statusCode).toBe(428);
	expect((await raw('application/json', '')).statusCode).toBe(400);
	expect((await raw('application/json', 'null')).statusCode).toBe(428);
	expect(await ledgerOf(database)).toEqual(before);
});

test('numbers where JSON has numbers are taken like the same numbers as text, and no others', async () => {
	const fresh = (await makeDeal(db, cast, 'anna', { title: 'Число' })).id;
	const send = (stageId: unknown, version: unknown) =>
		anna.json(`/deals/${fresh}/moves`, { stageId, version });
	for (const odd of [1.5, -1, 0, 1e21])
		expect((await send(odd, 1)).statusCode, String(odd)).toBe(422);
	expect((await send(cast.open[1].id, 1)).statusCode).toBe(200);
	expect((await send(String(cast.open[2].id), '2')).statusCode).toBe(200);
});

test('no answer tells of the inside: neither stack nor SQL', async () => {
	for (const answer of [
		await anna.get('/absent'),
		await raw('application/json', '{'),
		await anna.get('/board?after=x'),
		await anna.json(url(), { version: 1, stageId: 999 }),
	]) {
		expect(answer.statusCode).toBeLessThan(500);
		expect(answer.body).not.toMatch(/\.ts:\d+|\bselect\b.*\bfrom\b|node_modules|Error:/);
		expect(answer.headers).not.toHaveProperty('x-powered-by');
	}
});
