import { beforeAll, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Answer, type Browser, browser, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';
import { rulesOfNouns } from './rights-nouns.ts';
import { JSON_ANSWER, type Open, type Rule, type Target, type Tools } from './rights-rules.ts';

/*
 * Every route of the application × everybody, signed out included × one's own record, a team-mate's, a
 * foreign one, one that is not there. A route that this file does not know fails the first test.
 */
const database = await testDatabase();
const served = await testApp(database);
const ABSENT = 999_999;
/** Whose deals each person sees. */
const SEES: Record<Login, readonly Login[]> = {
	anna: ['anna'],
	boris: ['boris'],
	vera: ['anna', 'boris', 'vera'],
	gleb: ['gleb'],
	ada: LOGINS,
};
const HIDDEN = 'Тайна Глеба';

let cast: Cast;
const tools: Tools = { database, cast: () => cast };
const NOUNS = rulesOfNouns(tools);

/** Routes that stand for one record. */
const RECORDS: Record<string, Rule> = {
	...Object.assign({}, ...NOUNS.map(({ records }) => records)),
};

/** Routes of no record: what a signed-in person gets. */
const SIGNED_IN: Record<string, Open> = {
	...Object.assign({}, ...NOUNS.map(({ signedIn }) => signedIn)),
	'GET /': { call: (person) => person.get('/', JSON_ANSWER), status: 303 },
	'GET /board': { call: (person) => person.get('/board', JSON_ANSWER), status: 200 },
	'GET /board/more': {
		call: (person) =>
			person.get(`/board/more?after=${cast.open[0].id}:${NOW.getTime()}.1.0.0`, JSON_ANSWER),
		status: 200,
	},
	'GET /board/print': { call: (person) => person.get('/board/print', JSON_ANSWER), status: 200 },
	'GET /deals': { call: (person) => person.get('/deals', JSON_ANSWER), status: 200 },
	'GET /deals/new': { call: (person) => person.get('/deals/new', JSON_ANSWER), status: 200 },
	'GET /clients/suggestions': {
		call: (person) => person.get('/clients/suggestions?clientName=кли', JSON_ANSWER),
		status: 200,
	},
	'POST /deals': {
		call: (person) =>
			person.json('/deals', {
				stageId: cast.open[0].id,
				title: 'Новый',
				clientName: 'ООО «Новый»',
			}),
		status: 200,
	},
};

/** Routes for administrators alone. */
const ADMINISTRATORS: Record<string, Open> = Object.assign(
	{},
	...NOUNS.map(({ administrators }) => administrators),
);

/** Routes that are open to everybody: no person's records behind them. */
const PUBLIC = [
	'GET /assets/:fingerprint/*',
	// The secret in the address is the key: tests/calendar/feed.test.ts.
	'GET /calendar/feeds/:secret.ics',
	'GET /healthz',
	'GET /metrics',
	'GET /readyz',
	'GET /sign-in',
	'GET /sign-in/callback',
	'GET /sign-in/local',
	'GET /sign-in/oidc',
	'POST /sign-in',
	'POST /sign-in/local',
	'POST /sign-out',
	// The token in it is the key: tests/auth/oidc-logout.test.ts.
	'POST /sign-out/directory',
];

const browsers = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(database.db);
	for (const login of LOGINS) browsers[login] = await signIn(served, login);
	for (const { prepare } of NOUNS) await prepare?.();
});

test('every route of the application stands in this matrix, under the access that it declares', () => {
	const known = [RECORDS, SIGNED_IN, ADMINISTRATORS].flatMap(Object.keys).concat(PUBLIC).sort();
	const registered = served.routes
		.filter(({ method }) => method !== 'HEAD')
		.map(({ method, url }) => `${method} ${url}`);
	expect(registered.sort()).toEqual(known);
	const open = served.routes.filter(
		({ method, config }) => method !== 'HEAD' && config.access === 'public',
	);
	expect(open.map(({ method, url }) => `${method} ${url}`).sort()).toEqual([...PUBLIC].sort());
});

/** One call of the matrix: what it must answer. */
type Expected = { status: number; call: () => Promise<Answer>; before?: () => Promise<void> };

/** Makes all calls, refused ones first, and holds that no refusal wrote anything. */
async function expectStatuses(calls: Expected[]): Promise<void> {
	const isRefused = ({ status }: Expected) => status >= 400;
	const ledger = await ledgerOf(database);
	for (const one of calls.filter(isRefused)) await expectStatus(one);
	expect(await ledgerOf(database)).toEqual(ledger);
	for (const one of calls.filter((each) => !isRefused(each))) {
		await one.before?.();
		await expectStatus(one);
	}
}

async function expectStatus({ status, call }: Expected): Promise<void> {
	const answer = await call();
	expect(answer.statusCode, answer.body.slice(0, 300)).toBe(status);
}

// A finished step cannot be finished again: every call that changes one gets one of its own.
async function targetOf(owner: Login, route: string): Promise<Target> {
	const dealId = cast.deals[owner];
	if (!route.startsWith('POST /interactions/')) return { dealId, stepId: cast.steps[owner] };
	const stepId = await planInteraction(database.db, by(cast.people[owner]), dealId, {
		kindId: 1,
		summary: 'Позвонить',
		plan: { plannedOn: '2026-11-30' },
	});
	return { dealId, stepId };
}

// Giving a deal away changes whose it is; it goes back to where the matrix expects it.
async function giveBack(owner: Login): Promise<void> {
	await database.pool.query('update deals set owner_id = $1 where id = $2', [
		cast.people[owner].id,
		cast.deals[owner],
	]);
}

for (const [route, { call, seen }] of Object.entries(RECORDS))
	test(`${route}: own, a team-mate's, foreign and absent records`, async () => {
		const calls: Expected[] = [];
		for (const me of LOGINS) {
			for (const owner of LOGINS) {
				let target = await targetOf(owner, route);
				const status = typeof seen === 'function' ? seen(me) : seen;
				calls.push({
					status: SEES[me].includes(owner) ? status : 404,
					// What somebody did before is undone: a record of one's own again.
					before: async () => {
						await giveBack(owner);
						target = await targetOf(owner, route);
					},
					call: () => call(browsers[me], target, me),
				});
			}
			const nowhere = { dealId: ABSENT, stepId: ABSENT };
			calls.push({ status: 404, call: () => call(browsers[me], nowhere, me) });
		}
		const target = await targetOf('anna', route);
		const stranger = browser(served.app);
		calls.push({ status: 401, call: () => call(stranger, target, 'anna') });
		await expectStatuses(calls);
		for (const owner of LOGINS) await giveBack(owner);
	});

for (const [route, { call, status }] of Object.entries(SIGNED_IN))
	test(`${route}: everybody who is signed in, and nobody else`, async () => {
		await expectStatuses([
			...LOGINS.map((me) => ({ status, call: () => call(browsers[me]) })),
			{ status: 401, call: () => call(browser(served.app)) },
		]);
	});

for (const [route, { call, status }] of Object.entries(ADMINISTRATORS))
	test(`${route}: administrators, and nobody else`, async () => {
		await expectStatuses([
			...LOGINS.map((me) => ({
				status: me === 'ada' ? status : 403,
				call: () => call(browsers[me]),
			})),
			{ status: 401, call: () => call(browser(served.app)) },
		]);
	});

test('who is signed out is sent to the sign-in, by page, form and htmx alike', async () => {
	const stranger = browser(served.app);
	const page = await stranger.get('/board?q=печь');
	expect(page.statusCode).toBe(303);
	const here = encodeURIComponent(encodeURI('/board?q=печь'));
	expect(page.headers.location).toBe(`/sign-in?returnTo=${here}`);
	const form = await stranger.post(`/deals/${cast.deals.anna}`, { version: 1, title: 'x' });
	expect([form.statusCode, form.headers.location]).toEqual([303, '/sign-in?returnTo=%2Fboard']);
	const fragment = await stranger.htmx('/board', '/board');
	const back = '/sign-in?returnTo=%2Fboard';
	expect([fragment.statusCode, fragment.headers['hx-redirect']]).toEqual([401, back]);
	const elsewhere = { 'hx-current-url': 'https://evil.example//evil.example' };
	const forged = await stranger.htmx('/board', '/board', undefined, elsewhere);
	expect(String(forged.headers['hx-redirect'])).not.toContain('evil');
});

test('no list, search or print tells of what the person may not see', async () => {
	for (const me of ['anna', 'boris', 'vera'] as const)
		for (const url of [
			'/board',
			'/board?q=Тайна',
			'/board/print',
			`/deals?stage=${cast.open[0].id}`,
			'/deals/new',
			'/clients/suggestions?clientName=Тайна',
			'/clients',
			'/clients?q=Тайна',
			'/clients/export?format=csv',
			'/clients/print',
			'/deals/print?kind=all',
		]) {
			const answer = await browsers[me].get(encodeURI(url));
			expect(answer.statusCode).toBe(200);
			expect(answer.body, `${me} ${url}`).not.toContain(`${HIDDEN}<`);
			expect(answer.body, `${me} ${url}`).not.toContain(`Клиент: ${HIDDEN}`);
		}
});

test('a head sees the team with its sub-teams; a team beside it stays closed', async () => {
	const { pool } = database;
	await pool.query(`
		insert into teams (name, parent_id)
		select 'Ключевые клиенты', team_id from people where login = 'vera'`);
	await pool.query(`
		insert into teams (name, parent_id) select 'Стажёры', id from teams where name = 'Ключевые клиенты'`);
	await pool.query(`
		insert into people (login, name, role, team_id)
		select 'dina', 'Дина Орлова', 'manager', id from teams where name = 'Стажёры'`);
	const { rows } = await pool.query(`
		insert into deals (pipeline_id, stage_id, title, owner_id, stage_entered_at)
		select s.pipeline_id, s.id, 'Сделка стажёра', p.id, now()
		from stages s, people p where s.position = 1 and p.login = 'dina' returning id`);
	expect((await browsers.vera.get(`/deals/${rows[0].id}`)).statusCode).toBe(200);
	expect((await browsers.anna.get(`/deals/${rows[0].id}`)).statusCode).toBe(404);
	expect((await browsers.gleb.get(`/deals/${rows[0].id}`)).statusCode).toBe(404);
});

test('HEAD and GET of a changing address, and methods forged by headers, change nothing', async () => {
	const before = await ledgerOf(database);
	const { cookie } = browsers.anna;
	const changing = [
		`/deals/${cast.deals.anna}/moves`,
		`/interactions/${cast.steps.late}/completion`,
	];
	for (const url of changing)
		for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const) {
			const answer = await served.app.inject({ method, url, headers: { cookie } });
			expect(answer.statusCode, `${method} ${url}`).toBe(405);
		}
	const forged = { 'x-http-method-override': 'POST', 'x-method-override': 'POST' };
	const answer = await browsers.anna.get(`/deals/${cast.deals.anna}?_method=POST`, forged);
	expect(answer.statusCode).toBe(200);
	expect(await ledgerOf(database)).toEqual(before);
});
