import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makePassword, removePassword } from '#src/features/access/sign-in/password/passwords.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { browser, testApp } from '../app.ts';
import { makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { startProgram } from '../platform/program.ts';

const database = await testDatabase();
let clock = NOW;
const served = await testApp(database, {
	now: () => clock,
	env: { BREAK_GLASS: 'on', TRUSTED_PROXIES: '127.0.0.1' },
});
const closed = await testApp(database, { now: () => clock });
const by = { door: 'form', now: NOW } as const;
const make = (login: string) => transact(database.db, (tx) => makePassword(tx, login, by));
let password = '';

beforeAll(async () => {
	await makeCast(database.db);
	password = await make('ada');
});

beforeEach(async () => {
	clock = NOW;
	await database.pool.query('delete from sign_in_refusals');
});

const tryIn = (fields: Record<string, string>, from = '10.0.0.1', { app } = served) =>
	browser(app).post('/sign-in/local', fields, { 'x-forwarded-for': from });
const guess = (login: string, from?: string) => tryIn({ login, password: 'guessed' }, from);
const refusals = async () =>
	(
		await database.pool.query<{ why: string; login: string; address: string }>(
			`select data->>'why' as why, data->>'login' as login, data->>'address' as address
			from events where type = 'session.refused' order by id`,
		)
	).rows;

test('the password is long, kept nowhere, and opens the door of the administrator alone', async () => {
	expect(password).toMatch(/^([a-z2-9]{1,5}-){4}[a-z2-9]{1,5}$/);
	const { rows } = await database.pool.query('select hash from local_passwords');
	expect(rows.map(({ hash }) => hash.includes(password))).toEqual([false]);
	const answer = await tryIn({ login: ' ADA ', password });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/board']);
	const cookie = answer.cookies[0];
	const ada = browser(served.app, `${cookie?.name}=${cookie?.value}`);
	expect((await ada.get('/board')).body).toContain('Ада Миронова');
	// Where the setting is off the session is worth nothing, and the door is not there.
	expect((await browser(closed.app, ada.cookie).get('/board')).statusCode).toBe(303);
	expect((await tryIn({ login: 'ada', password }, '10.0.0.1', closed)).statusCode).toBe(404);
	expect((await browser(closed.app).get('/sign-in/local')).statusCode).toBe(404);
	expect((await browser(served.app).post('/sign-in', { login: 'ada' })).statusCode).toBe(404);
});

test('only active administrators have one; a login that nobody has becomes one', async () => {
	await expect(make('anna')).rejects.toMatchObject({ key: 'signIn.notAdministrator' });
	const own = await make('rescue');
	expect((await tryIn({ login: 'rescue', password: own })).statusCode).toBe(303);
	const { rows } = await database.pool.query(
		`select type from events where type like 'p%' order by id desc limit 2`,
	);
	expect(rows.map(({ type }) => type)).toEqual(['password.made', 'person.created']);
});

test('a new password ends the old one and its sessions; none opens nothing', async () => {
	const first = await make('rescue');
	const { cookies } = await tryIn({ login: 'rescue', password: first });
	const inside = browser(served.app, `session=${cookies[0]?.value}`);
	expect((await inside.get('/board')).statusCode).toBe(200);
	const second = await make('rescue');
	expect((await inside.get('/board')).statusCode).toBe(303);
	expect((await tryIn({ login: 'rescue', password: first })).statusCode).toBe(422);
	expect(await transact(database.db, (tx) => removePassword(tx, 'rescue', by))).toBe(true);
	expect((await tryIn({ login: 'rescue', password: second })).statusCode).toBe(422);
});

test('one sentence for a wrong password, an unknown login and a person without one; nothing typed goes back but the login', async () => {
	const bodies = [];
	for (const login of ['ada', 'nobody', 'anna']) {
		const answer = await guess(login);
		expect(answer.statusCode).toBe(422);
		expect(answer.cookies).toEqual([]);
		expect(answer.body).toContain('Логин или пароль не подходит.');
		expect(answer.body).not.toContain('guessed');
		bodies.push(answer.body.replaceAll(login, ''));
	}
	expect(new Set(bodies).size).toBe(1);
	expect((await tryIn({ login: 'ada', password: '' })).statusCode).toBe(422);
	expect((await tryIn({ login: "' or 1=1--", password: 'x'.repeat(200) })).statusCode).toBe(422);
});

test('five wrong tries close the door to that login from that address for a quarter of an hour', async () => {
	for (let n = 0; n < 5; n += 1) expect((await guess('ada')).statusCode).toBe(422);
	const closedNow = await tryIn({ login: 'ada', password });
	expect([closedNow.statusCode, closedNow.headers['retry-after']]).toEqual([429, '900']);
	expect(closedNow.body).toContain('Слишком много попыток');
	// Elsewhere, and for another login, nothing is locked.
	expect((await tryIn({ login: 'ada', password }, '10.0.0.2')).statusCode).toBe(303);
	expect((await guess('rescue')).statusCode).toBe(422);
	// Trying on while it is closed does not keep it closed.
	clock = new Date(NOW.getTime() + 14 * 60_000);
	expect((await guess('ada')).statusCode).toBe(429);
	clock = new Date(NOW.getTime() + 15 * 60_000 + 1000);
	expect((await tryIn({ login: 'ada', password })).statusCode).toBe(303);
});

test('a hundred tries at once are five tries', async () => {
	const statuses = await Promise.all(Array.from({ length: 30 }, () => guess('ada', '10.0.0.9')));
	const judged = statuses.filter(({ statusCode }) => statusCode === 422).length;
	expect(judged).toBeLessThanOrEqual(5);
	expect(statuses.every(({ statusCode }) => statusCode === 422 || statusCode === 429)).toBe(true);
});

test('a right password forgets the wrong ones before it; all are in the history', async () => {
	const before = (await refusals()).length;
	for (let n = 0; n < 4; n += 1) await guess('ada');
	expect((await tryIn({ login: 'ada', password })).statusCode).toBe(303);
	for (let n = 0; n < 5; n += 1) expect((await guess('ada')).statusCode).toBe(422);
	await guess('ada');
	await guess('ada');
	const told = (await refusals()).slice(before);
	expect(told.map(({ why }) => why)).toEqual([...Array(9).fill('signIn.wrong'), 'signIn.tooMany']);
	expect(told[0]).toEqual({ why: 'signIn.wrong', login: 'ada', address: '10.0.0.1' });
	const { rows } = await database.pool.query(
		`select data->>'way' as way from events where type = 'session.started' order by id desc limit 1`,
	);
	expect(rows).toEqual([{ way: 'password' }]);
});

test('npm run break-glass makes the administrator, prints the password once, and takes it away', async () => {
	const run = async (...args: string[]) => {
		const program = startProgram('break-glass', { args, env: { DATABASE_URL: database.url } });
		const { code } = await program.ended;
		return { code, said: program.text() + program.complaints() };
	};
	const made = await run('Spare');
	expect(made.code).toBe(0);
	expect(made.said).toContain('BREAK_GLASS=on');
	const own = /: ((?:[a-z2-9]{1,5}-){4}[a-z2-9]{1,5})$/m.exec(made.said)?.[1] as string;
	expect((await tryIn({ login: 'spare', password: own })).statusCode).toBe(303);
	expect(await run('anna')).toEqual({
		code: 1,
		said: 'Пароль бывает только у действующего администратора, а у этого логина другая роль.\n',
	});
	expect((await run()).said).toContain('npm run break-glass -- ЛОГИН');
	expect(await run('spare', '--off')).toEqual({
		code: 0,
		said: 'Пароль spare удалён, его сеансы завершены\n',
	});
	expect((await tryIn({ login: 'spare', password: own })).statusCode).toBe(422);
});
