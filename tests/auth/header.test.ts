import { request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

/* The identity that a proxy in front vouches for: from its address, with its secret, once. */
const database = await testDatabase();
const SECRET = 'the secret of the proxy, 0123456789';
const ENV = {
	...{
		LOGIN_HEADER: 'X-Remote-User',
		NAME_HEADER: 'X-Remote-Name',
		EMAIL_HEADER: 'X-Remote-Email',
	},
	...{ GROUPS_HEADER: 'X-Remote-Groups', PROXY_SECRET: SECRET, REALMS: 'EXAMPLE.RU, EXAMPLE' },
	...{ TRUSTED_PROXIES: '127.0.0.1', NEW_PEOPLE: 'active', LINK_BY_LOGIN: 'on' },
};
const behind = await testApp(database, { env: ENV, now: () => new Date() });
const elsewhere = await testApp(database, {
	env: { ...ENV, TRUSTED_PROXIES: '10.0.0.0/8 192.168.7.1' },
	now: () => new Date(),
});

type Line = [name: string, value: string];
type Answer = { status: number; location: string; cookie: string; body: string };

/** Header lines exactly as they are, doubled ones too: fetch would tidy them up. */
function ask({ app }: typeof behind, path: string, lines: Line[]): Promise<Answer> {
	const { port } = app.server.address() as AddressInfo;
	const headers = [['Host', `127.0.0.1:${port}`], ...lines].flat();
	return new Promise((resolve, reject) => {
		send({ port, host: '127.0.0.1', path, headers }, (answer) => {
			let body = '';
			answer.setEncoding('utf8').on('data', (piece: string) => {
				body += piece;
			});
			answer.on('end', () => {
				const cookie = answer.headers['set-cookie']?.find((line) => line.startsWith('session='));
				resolve({
					...{ status: answer.statusCode ?? 0, location: answer.headers.location ?? '', body },
					cookie: cookie?.split(';')[0] ?? '',
				});
			});
		})
			.on('error', reject)
			.end();
	});
}

const proved: Line = ['X-Proxy-Secret', SECRET];
const user = (login: string): Line => ['X-Remote-User', login];
const bytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

beforeAll(async () => {
	await makeCast(database.db);
	for (const { app } of [behind, elsewhere]) await app.listen({ host: '127.0.0.1', port: 0 });
	await database.pool.query(`insert into group_mappings (pattern, role, team_id)
		select 'CN=Heads*', 'head', id from teams where name = 'Отдел продаж'`);
});

test('whom the proxy vouches for is in: the person is made, with name, address and groups', async () => {
	const lines: Line[] = [
		...[user('Nina@EXAMPLE.RU'), proved, ['X-Remote-Email', 'nina@example.ru'] as Line],
		...([
			['X-Remote-Name', bytes('Нина Орлова')],
			['X-Remote-Groups', 'CN=Heads of sales, CN=All'],
		] as Line[]),
	];
	const page = await ask(behind, '/board', lines);
	expect([page.status, page.location]).toEqual([303, '/sign-in?returnTo=%2Fboard']);
	const entered = await ask(behind, page.location, lines);
	expect([entered.status, entered.location]).toEqual([303, '/board']);
	const board = await ask(behind, '/board', [...lines, ['Cookie', entered.cookie]]);
	expect([board.status, board.body.includes('Нина Орлова')]).toEqual([200, true]);
	const { rows } = await database.pool.query(
		`select name, email, role from people where login = 'nina'`,
	);
	expect(rows).toEqual([{ name: 'Нина Орлова', email: 'nina@example.ru', role: 'head' }]);
});

test('the session is worth nothing without the proxy’s word, and under its word for somebody else', async () => {
	const lines = [user('nina'), proved];
	const { cookie } = await ask(behind, '/sign-in?returnTo=%2Fboard', lines);
	const own: Line = ['Cookie', cookie];
	expect((await ask(behind, '/board', [...lines, own])).status).toBe(200);
	expect((await ask(behind, '/board', [own])).status).toBe(303);
	expect((await ask(behind, '/board', [user('anna'), proved, own])).status).toBe(303);
	expect((await ask(behind, '/board', [user(''), proved, own])).status).toBe(303);
});

test('realms of the company are taken off, others stay: nobody from outside becomes a namesake', async () => {
	const logins: [told: string, login: string][] = [
		['anna@example.ru', 'anna'],
		['EXAMPLE\\anna', 'anna'],
		['anna@evil.example', 'anna@evil.example'],
		['EVIL\\anna', 'evil\\anna'],
		['anna@example.ru@evil.example', 'anna@example.ru@evil.example'],
	];
	for (const [told, login] of logins) {
		const { status } = await ask(behind, '/sign-in?returnTo=%2Fboard', [user(told), proved]);
		expect(status, told).toBe(303);
		const { rows } = await database.pool.query(
			`select p.login from sessions s join people p on p.id = s.person_id order by s.created_at desc limit 1`,
		);
		expect(rows[0].login, told).toBe(login);
	}
});

const FORGED: [name: string, lines: Line[]][] = [
	['without the secret', [user('ada')]],
	['with a wrong secret', [user('ada'), ['X-Proxy-Secret', 'x']]],
	['with an empty secret', [user('ada'), ['X-Proxy-Secret', '']]],
	['told twice', [user('anna'), user('ada'), proved]],
	['told twice in another case', [user('anna'), ['x-remote-user', 'ada'], proved]],
	['by a look-alike', [['X_Remote_User', 'ada'], proved]],
	['by a look-alike beside the true one', [user('anna'), ['X_Remote-User', 'ada'], proved]],
	['with the secret twice', [user('ada'), proved, proved]],
	[
		'groups told twice',
		[user('anna'), ['X-Remote-Groups', 'CN=All'], ['X-Remote-Groups', 'CN=Heads'], proved],
	],
	['groups of nobody’s', [['X-Remote-Groups', 'CN=Heads']]],
	['eight kilobytes long', [user('a'.repeat(8_000)), proved]],
	['no login at all', [user('../../etc'), proved]],
	['with spaces', [user('ada, anna'), proved]],
	['broken UTF-8', [user('ада\xff'.replace(/[^\xff]/g, 'a')), proved]],
];

for (const [name, lines] of FORGED)
	test(`a forged identity is refused with 400 and opens nothing: ${name}`, async () => {
		await database.pool.query('delete from sign_in_refusals');
		const before = await state();
		for (const path of ['/sign-in?returnTo=%2Fboard', '/board', '/sign-in']) {
			const answer = await ask(behind, path, lines);
			expect([answer.status, answer.cookie], path).toEqual([400, '']);
		}
		expect(await state()).toEqual({ ...before, refused: before.refused + 1 });
	});

test('a login of a wrong form is told by itself, with what came and what to set; it is no forgery', async () => {
	const answer = await ask(behind, '/board', [
		user('8f14e45f@https://sso.example.ru/realms/x'),
		proved,
	]);
	expect([answer.status, answer.cookie]).toEqual([400, '']);
	expect(answer.body).toContain('8f14e45f@https://sso.example.ru/realms/x');
	expect(answer.body).toContain('OIDCRemoteUserClaim');
	expect(answer.body).not.toContain('не ручается');
	const { rows } = await database.pool.query(
		`select data from events where type = 'session.refused' order by id desc limit 1`,
	);
	expect(rows[0].data).toMatchObject({
		...{ why: 'signIn.unfitLogin', login: '8f14e45f@https://sso.example.ru/realms/x' },
		detail: 'x-remote-user',
	});
});

test('groups come as distinguished names too, and a name in Latin-1 keeps its letters', async () => {
	const groups =
		'CN=Heads of sales\\, north,OU=Groups,DC=example,DC=ru,cn=All,OU=Groups,DC=example';
	const lines: Line[] = [
		user('joern'),
		proved,
		['X-Remote-Groups', groups],
		['X-Remote-Name', 'J\xf6rn M\xfcller'],
	];
	expect((await ask(behind, '/sign-in?returnTo=%2Fboard', lines)).status).toBe(303);
	const { pool } = database;
	const found = async (login: string) =>
		(
			await pool.query(
				'select name, role, team_id is not null as team from people where login = $1',
				[login],
			)
		).rows[0];
	expect(await found('joern')).toEqual({ name: 'Jörn Müller', role: 'head', team: true });
	// By its name alone a mapping knows it as well.
	await pool.query(`update group_mappings set pattern = 'Heads of sales, *'`);
	const other: Line[] = [user('lena'), proved, ['X-Remote-Groups', groups]];
	expect((await ask(behind, '/sign-in?returnTo=%2Fboard', other)).status).toBe(303);
	expect(await found('lena')).toMatchObject({ role: 'head' });
	await pool.query(`update group_mappings set pattern = 'CN=Heads*'`);
});

const state = async () =>
	(
		await database.pool.query(`select (select count(*)::int from people) as people,
			(select count(*)::int from sessions) as sessions,
			(select count(*)::int from events where type = 'session.refused') as refused`)
	).rows[0];

test('from any other address the right secret is no use, whatever forwarded headers say', async () => {
	const claimed: Line[] = [
		['X-Forwarded-For', '10.0.0.1'],
		['Forwarded', 'for=10.0.0.1'],
		['X-Real-IP', '10.0.0.1'],
	];
	for (const line of claimed) {
		const answer = await ask(elsewhere, '/sign-in?returnTo=%2Fboard', [user('ada'), proved, line]);
		expect([answer.status, answer.cookie], line[0]).toEqual([400, '']);
	}
	const { rows } = await database.pool.query(
		`select data->>'address' as address from events where type = 'session.refused' order by id desc limit 1`,
	);
	expect(rows[0].address).toBe('127.0.0.1');
});

test('who comes without any word of the proxy is told so, and the demo is closed', async () => {
	const answer = await ask(behind, '/sign-in?returnTo=%2Fboard', []);
	expect([answer.status, answer.body.includes('не сообщил, кто вы')]).toEqual([403, true]);
	expect((await ask(behind, '/sign-in', [])).body).not.toContain('Ада');
	const demo = await behind.app.inject({
		method: 'POST',
		url: '/sign-in',
		payload: { login: 'ada' },
	});
	expect(demo.statusCode).toBe(404);
});

test('where no header is set up, one that comes is nothing', async () => {
	const plain = await testApp(database);
	const answer = await plain.app.inject({
		url: '/board',
		headers: { 'x-remote-user': 'ada', 'x-proxy-secret': SECRET },
	});
	expect(answer.statusCode).toBe(303);
});

test('forwarded addresses count from listed proxies alone, and from the right', async () => {
	const seen = async (app: typeof behind, forwarded: string) => {
		await database.pool.query('delete from sign_in_refusals');
		await ask(app, '/sign-in?returnTo=%2Fboard', [['X-Forwarded-For', forwarded]]);
		const { rows } = await database.pool.query(
			`select data->>'address' as address from events where type = 'session.refused' order by id desc limit 1`,
		);
		return rows[0].address;
	};
	expect(await seen(behind, '1.2.3.4, 172.16.0.9')).toBe('172.16.0.9');
	expect(await seen(elsewhere, '1.2.3.4, 172.16.0.9')).toBe('127.0.0.1');
});
