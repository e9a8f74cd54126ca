import { beforeAll, expect, test } from 'vitest';
import { CARDS_A_COLUMN } from '#src/features/deals/board/queries.ts';
import { foldTallies } from '#src/features/deals/board/tallies.ts';
import { type Answer, testApp } from '../app.ts';
import { companyOf, DIRECTOR, loadCompany } from '../bench/company.ts';
import { weighFirstVisit } from '../bench/first-visit.ts';
import { explainWork } from '../bench/plans.ts';
import { insideTransaction, recordStatements, type Script } from '../bench/statements.ts';
import { NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';

const DEALS = 20_000;
const KB = 1024;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const FRAGMENTS = { 'hx-request': 'true', 'hx-current-url': 'http://localhost/board' };

const database = await testDatabase();
const recorder = recordStatements(database.pool);
const { app } = await testApp(database);

beforeAll(async () => {
	const client = await database.pool.connect();
	await loadCompany(client, companyOf(DEALS), NOW);
	client.release();
	await foldTallies(database.db);
	await database.pool.query('vacuum (analyze) deal_tallies');
});

/** The people who look at the board: one seller, the head of five of them, who sees everything. */
const WATCHERS = ['seller1', 'head1', DIRECTOR];

async function cookieOf(login: string): Promise<string> {
	const answer = await app.inject({
		method: 'POST',
		url: '/sign-in',
		headers: FORM,
		payload: `login=${login}`,
	});
	return String(answer.headers['set-cookie']).split(';')[0] as string;
}

type Watched = { answer: Answer; script: Script };

async function watch(login: string, url: string, form?: string): Promise<Watched> {
	const headers = { cookie: await cookieOf(login), 'accept-encoding': 'gzip' };
	recorder.start();
	const answer = await app.inject(
		form === undefined
			? { url, headers }
			: { method: 'POST', url, payload: form, headers: { ...headers, ...FORM, ...FRAGMENTS } },
	);
	const script = recorder.stop();
	expect(answer.statusCode).toBe(200);
	return { answer, script };
}

async function pageOf(login: string, url = '/board'): Promise<string> {
	return (await app.inject({ url, headers: { cookie: await cookieOf(login) } })).body;
}

test.each(WATCHERS)('the board of %s takes four statements', async (login) => {
	const { script } = await watch(login, '/board');
	expect(script.flat().length).toBeLessThanOrEqual(4);
});

test.each(WATCHERS)(
	'the board of %s reads no table of many rows from end to end',
	async (login) => {
		for (const url of [
			'/board',
			'/board?period=week',
			`/board?q=${encodeURIComponent('насосов')}`,
		]) {
			const { script } = await watch(login, url);
			const { bigScans, rowsRead } = await explainWork(database.pool, script);
			expect(bigScans).toEqual([]);
			// A search of the whole company reads what it finds; all else reads what it shows.
			if (login === 'seller1' || !url.includes('q=')) expect(rowsRead).toBeLessThan(10_000);
		}
	},
);

test('more of a column takes four statements and reads no more than the board', async () => {
	for (const login of WATCHERS) {
		const link = /hx-get="(\/board\/more[^"]+)"/.exec(await pageOf(login))?.[1] as string;
		const { script } = await watch(login, link.replaceAll('&amp;', '&'));
		expect(script.flat().length).toBeLessThanOrEqual(4);
		const { bigScans, rowsRead } = await explainWork(database.pool, script);
		expect(bigScans).toEqual([]);
		expect(rowsRead).toBeLessThan(10_000);
	}
});

test('a board of five hundred deals weighs at most 40 KB, and draws 25 cards a column', async () => {
	const { answer } = await watch('seller1', '/board');
	expect(answer.headers['content-encoding']).toBe('gzip');
	expect(answer.rawPayload.length).toBeLessThan(40 * KB);
	const page = await pageOf('seller1');
	expect(page).toContain('500 интересов');
	const columns = page.split('<section').filter((part) => part.includes('class="cards"'));
	for (const column of columns)
		expect(column.match(/<article/g)?.length ?? 0).toBeLessThanOrEqual(CARDS_A_COLUMN);
	expect(page.match(/<article/g)).toHaveLength(5 * CARDS_A_COLUMN);
	expect(page.match(/<[a-z]/g)?.length).toBeLessThan(5_000);
});

test('a move is one transaction of at most six statements, its answer the two columns', async () => {
	const { rows } = await database.pool.query<{ id: number; version: number; to: number }>(
		`select d.id, d.version, (select id from stages where position = 2) as to from deals d
		join people p on p.id = d.owner_id join stages s on s.id = d.stage_id
		where p.login = 'seller1' and s.position = 1 limit 1`,
	);
	const [{ id, version, to }] = rows as [(typeof rows)[number]];
	const form = `version=${version}&stageId=${to}`;
	const { script } = await watch('seller1', `/deals/${id}/moves`, form);
	const texts = script.flat().map(({ query }) => query.text);
	expect(texts.filter((text) => text === 'begin')).toHaveLength(1);
	expect(insideTransaction(script).length).toBeGreaterThan(2);
	expect(insideTransaction(script).length).toBeLessThanOrEqual(6);
	// The session before; the frame, the totals and the cards of the answer after it.
	// What others are told of it follows the commit, in a statement of its own.
	expect(texts.length).toBeLessThanOrEqual(6 + 2 + 4 + 1);
});

test('a first visit brings little, and what it brings is compressed and kept for ever', async () => {
	const { answer } = await watch('seller1', '/board');
	const page = { text: await pageOf('seller1'), wire: answer.rawPayload.length };
	const visit = await weighFirstVisit(page, async (url) => {
		const headers = { 'accept-encoding': 'gzip' };
		const got = await app.inject({ url, headers });
		const bare = await app.inject({ url });
		return { headers: got.headers, text: bare.body, wire: got.rawPayload.length };
	});
	expect(visit.js).toBeGreaterThan(KB);
	expect(visit.js).toBeLessThan(45 * KB);
	expect(visit.css).toBeGreaterThan(KB);
	expect(visit.css).toBeLessThan(15 * KB);
	expect(visit.all).toBeLessThan(120 * KB);
	expect(visit.notKept).toEqual([]);
	expect(visit.notCompressed).toEqual([]);
});
