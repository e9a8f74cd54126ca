import { beforeAll, expect, test } from 'vitest';
import { foldTallies } from '#src/features/deals/board/tallies.ts';
import { testApp } from '../app.ts';
import { companyOf, DIRECTOR, loadCompany } from '../bench/company.ts';
import { explainWork } from '../bench/plans.ts';
import { recordStatements, type Script } from '../bench/statements.ts';
import { NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { SORTS } from './lines.ts';

const DEALS = 20_000;
/** Most of it are the company's tallies: a row a state, day and reason, however many deals there are. */
const MOST_READ = 18_000;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const database = await testDatabase();
const recorder = recordStatements(database.pool);
const { app } = await testApp(database);
const cookies = new Map<string, string>();

beforeAll(async () => {
	const client = await database.pool.connect();
	await loadCompany(client, companyOf(DEALS), NOW);
	client.release();
	await foldTallies(database.db);
	await database.pool.query('vacuum (analyze) deal_tallies');
	for (const login of ['seller1', DIRECTOR]) {
		const payload = `login=${login}`;
		const answer = await app.inject({ method: 'POST', url: '/sign-in', headers: FORM, payload });
		cookies.set(login, String(answer.headers['set-cookie']).split(';')[0] as string);
	}
});

async function watch(login: string, url: string): Promise<{ body: string; script: Script }> {
	recorder.start();
	const answer = await app.inject({ url, headers: { cookie: cookies.get(login) as string } });
	const script = recorder.stop();
	expect(answer.statusCode, url).toBe(200);
	return { body: answer.body, script };
}

const moreIn = (body: string) =>
	/hx-get="([^"]*after=[^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');

/** Pages deep in the list, of any order, read what they show and no more. */
async function expectLittle(login: string, url: string, most: number): Promise<string> {
	const { body, script } = await watch(login, url);
	expect(script.flat().length, url).toBeLessThanOrEqual(5);
	const { bigScans, rowsRead } = await explainWork(database.pool, script);
	expect(bigScans, `${login} ${url}`).toEqual([]);
	expect(rowsRead, `${login} ${url}`).toBeLessThan(most);
	return body;
}

test('everybody’s deals in any order: five statements, no table read from end to end, on any page', async () => {
	// One way up, the next one down: both ways of an index are the same to it.
	for (const [n, key] of SORTS.entries()) {
		const sort = n % 2 ? key : `-${key}`;
		const more = moreIn(await expectLittle(DIRECTOR, `/deals?kind=all&sort=${sort}`, MOST_READ));
		await expectLittle(DIRECTOR, more as string, MOST_READ);
	}
	await expectLittle(DIRECTOR, '/deals', MOST_READ);
	await expectLittle(DIRECTOR, '/deals?stage=7', MOST_READ);
});

test('one’s own deals in any order are read once and sorted', async () => {
	for (const sort of ['title', 'client', 'stage', 'next', 'owner'])
		await expectLittle('seller1', `/deals?kind=all&sort=${sort}`, MOST_READ);
});

test('the board by dates takes four statements and reads what it shows', async () => {
	for (const login of ['seller1', DIRECTOR]) {
		const { body, script } = await watch(login, '/board?view=dates');
		expect(script.flat().length).toBeLessThanOrEqual(4);
		const { bigScans, rowsRead } = await explainWork(database.pool, script);
		expect(bigScans).toEqual([]);
		expect(rowsRead).toBeLessThan(10_000);
		const more = /hx-get="(\/board\/more[^"]+)"/.exec(body)?.[1] as string;
		const next = await watch(login, more.replaceAll('&amp;', '&'));
		expect((await explainWork(database.pool, next.script)).bigScans).toEqual([]);
	}
});
