import { beforeAll, expect, test } from 'vitest';
import { signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { openCompany } from './directory.ts';

/* An account whose login is a person's already takes nobody over: an administrator says whether they are one. */
const database = await testDatabase();
const { pool } = database;
const company = await openCompany(database, { LINK_BY_LOGIN: 'off', NEW_PEOPLE: 'active' });
// The same database without a directory in front: where the administrator of the test looks at the list.
const desk = await testApp(database, { now: () => new Date() });
let cast: Cast;

const row = async (sql: string) => (await pool.query(sql)).rows[0];
const waiting = async (subject: string) =>
	await row(`select id, person_id from waiting_accounts where subject = '${subject}'`);
const versionOf = async (id: number) =>
	(await row(`select version from people where id = ${id}`)).version;

beforeAll(async () => {
	cast = await makeCast(database.db);
	await pool.query(`update people set email = login || '@shop.example'`);
});

test('a first sign-in by a known login is refused, changes nothing of the person, and waits once', async () => {
	const before = await row(`select name, email, role, version from people where login = 'vera'`);
	company.accounts['sub-vera'] = {
		preferred_username: 'VERA',
		name: 'Кто-то',
		email: 'else@evil.example',
	};
	for (const _ of [1, 2]) {
		const page = await company.signIn('sub-vera');
		expect([page.status, page.body.includes('свяжет их, если это вы')]).toEqual([403, true]);
	}
	expect(await row(`select name, email, role, version from people where login = 'vera'`)).toEqual(
		before,
	);
	const { rows } = await pool.query('select login, name, person_id from waiting_accounts');
	expect(rows).toEqual([{ login: 'vera', name: 'Кто-то', person_id: cast.people.vera.id }]);
	expect((await row('select count(*)::int as n from identities')).n).toBe(0);
});

test('an administrator links it by a button, which is an event and a letter; then it comes in as the person', async () => {
	const ada = await signIn(desk, 'ada');
	const { id, person_id } = await waiting('sub-vera');
	const list = (await ada.get('/admin/people')).body;
	expect(list).toContain('vera — это Вера Павлова?');
	expect(list).toContain('Связать');
	const body = { version: await versionOf(person_id), accountId: id };
	const foreign = await ada.post(`/admin/people/${cast.people.anna.id}/linking`, {
		...body,
		version: 1,
	});
	expect(foreign.statusCode).toBe(404);
	expect((await ada.post(`/admin/people/${person_id}/linking`, body)).statusCode).toBe(303);
	const { rows } = await pool.query(
		`select actor_id, data->>'subject' as subject from events where type = 'person.linked'`,
	);
	expect(rows).toEqual([{ actor_id: cast.people.ada.id, subject: 'sub-vera' }]);
	const letters = await pool.query(
		`select content::text as said from mails where kind = 'rights' and content::text like '%rightsPersonLinked%'`,
	);
	expect(letters.rows[0].said).toContain('Вера Павлова');
	expect(await waiting('sub-vera')).toBeUndefined();
	expect((await company.signIn('sub-vera')).status).toBe(303);
});

test('another account of the same login replaces the first only when that is confirmed, and ends its sessions', async () => {
	const { browser } = await company.signIn('sub-vera');
	company.accounts['sub-vera-2'] = { preferred_username: 'vera', name: 'Вера Павлова' };
	expect((await company.signIn('sub-vera-2')).status).toBe(403);
	const ada = await signIn(desk, 'ada');
	expect((await ada.get('/admin/people')).body).toContain(
		'прежняя учётная запись больше не войдёт',
	);
	const { id, person_id } = await waiting('sub-vera-2');
	const body = { version: await versionOf(person_id), accountId: id };
	expect((await ada.post(`/admin/people/${person_id}/linking`, body)).statusCode).toBe(303);
	expect((await browser.get(`${company.url}/board`)).status).toBe(303);
	expect((await company.signIn('sub-vera-2')).status).toBe(303);
	expect((await company.signIn('sub-vera')).status).toBe(403);
});

test('one that is somebody else is declined, which is an event, and may ask again', async () => {
	const ada = await signIn(desk, 'ada');
	const { id, person_id } = await waiting('sub-vera');
	const body = { version: await versionOf(person_id), accountId: id };
	expect((await ada.post(`/admin/people/${person_id}/strangeness`, body)).statusCode).toBe(303);
	expect(
		(await row(`select count(*)::int as n from events where type = 'person.linkDeclined'`)).n,
	).toBe(1);
	expect((await ada.get('/admin/people')).body).not.toContain('это Вера Павлова?');
	expect((await company.signIn('sub-vera')).status).toBe(403);
	expect(await waiting('sub-vera')).toBeDefined();
});

test('who may do less than the person links nobody to them', async () => {
	await pool.query(`
		insert into roles (code, name, view_scope, edit_scope, permissions) values ('hr', 'Кадры', 'own', 'own', '{people}')`);
	await pool.query(`update people set role = 'hr' where login = 'boris'`);
	const hr = await signIn(desk, 'boris');
	const { id, person_id } = await waiting('sub-vera');
	const body = { version: await versionOf(person_id), accountId: id };
	expect((await hr.json(`/admin/people/${person_id}/linking`, body)).statusCode).toBe(403);
	expect(await waiting('sub-vera')).toBeDefined();
});

test('a new sign-in is asked of the directory where rights are given, and an old one there counts as old', async () => {
	company.accounts['sub-chief'] = { preferred_username: 'chief', name: 'Главный' };
	const first = await company.signIn('sub-chief');
	expect(first.status).toBe(303);
	await pool.query(`update people set role = 'administrator' where login = 'chief'`);
	await pool.query(
		`update sessions set proven_at = now() - interval '16 minutes' where person_id = (select id from people where login = 'chief')`,
	);
	const url = `${company.url}/admin/teams`;
	expect((await first.browser.get(url)).status).toBe(200);
	const page = await first.browser.get(`${company.url}/sign-in/again`);
	expect(page.body).toContain('/sign-in/oidc?again=1');
	const leaving = await first.browser.get(`${company.url}/sign-in/oidc?again=1&returnTo=%2Fadmin`);
	const asked = new URL(leaving.location as string);
	expect([asked.searchParams.get('prompt'), asked.searchParams.get('max_age')]).toEqual([
		'login',
		'0',
	]);
	const again = await company.signIn(
		'sub-chief',
		first.browser,
		'/sign-in/oidc?again=1&returnTo=%2Fadmin',
	);
	expect([again.status, again.location]).toEqual([303, `${company.url}/admin`]);
	const { rows } =
		await pool.query(`select proven_at > now() - interval '1 minute' as fresh from sessions
		where person_id = (select id from people where login = 'chief') order by created_at desc limit 1`);
	expect(rows).toEqual([{ fresh: true }]);
});
