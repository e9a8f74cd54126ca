import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;
let ada: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	ada = await signIn(served, 'ada');
});

const endings = async (query = '') =>
	read((await ada.get(`/admin/sessions${query}`)).body)
		.byTag('form')
		.map((form) => attribute(form, 'action') ?? '')
		.filter((action) => action.endsWith('/ending'));
const signedIn = async (person: Browser) => (await person.get('/board')).statusCode === 200;

test('who is in, from where, by which way, since when; found by name', async () => {
	await signIn(served, 'gleb');
	const { body } = await ada.get('/admin/sessions');
	for (const words of ['Глеб Астахов', 'Ада Миронова', 'демонстрационный вход', '127.0.0.1'])
		expect(body).toContain(words);
	expect(body).toContain('сегодня, 12:00');
	const found = (await ada.get(`/admin/sessions?q=${encodeURIComponent('астах')}`)).body;
	expect(found).toContain('Глеб Астахов');
	// The administrator's own name stands in the head of the page only.
	expect(found.match(/<th[^>]*>Ада Миронова/)).toBeNull();
	const none = await ada.get(`/admin/sessions?q=${encodeURIComponent('%')}`);
	expect(none.body).toContain('Никого не нашлось');
});

test('one session ends, and then all of a person, with events of the administrator', async () => {
	const boris = [await signIn(served, 'boris'), await signIn(served, 'boris')] as const;
	const query = `?q=${encodeURIComponent('борис')}`;
	const [all, one] = await endings(query);
	expect(all).toBe(`/admin/people/${cast.people.boris.id}/sessions/ending`);
	const answer = await ada.post(one as string, { q: 'борис' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/admin/sessions${query}`]);
	const left = await Promise.all(boris.map(signedIn));
	expect(left.filter(Boolean)).toHaveLength(1);
	await signIn(served, 'boris');
	await ada.post(all as string, {});
	expect(await Promise.all(boris.map(signedIn))).toEqual([false, false]);
	const { rows } = await database.pool.query(
		`select actor_id::int as actor, data, ip from events where type = 'session.ended' order by id`,
	);
	const data = { why: 'administrator', personId: cast.people.boris.id };
	expect(rows).toEqual([
		{ actor: cast.people.ada.id, data: { ...data, sessions: 1 }, ip: '127.0.0.1' },
		{ actor: cast.people.ada.id, data: { ...data, sessions: 2 }, ip: '127.0.0.1' },
	]);
});

test('one’s own session has no button there, and who may not set up people ends nobody’s', async () => {
	const query = `?q=${encodeURIComponent('миронова')}`;
	expect(await endings(query)).toEqual([]);
	const vera = await signIn(served, 'vera');
	const gleb = await signIn(served, 'gleb');
	const [theirs] = await endings(`?q=${encodeURIComponent('астахов')}`);
	expect((await vera.get('/admin/sessions')).statusCode).toBe(403);
	expect((await vera.post(theirs as string, {})).statusCode).toBe(403);
	const all = `/admin/people/${cast.people.gleb.id}/sessions/ending`;
	expect((await vera.post(all, {})).statusCode).toBe(403);
	expect(await signedIn(gleb)).toBe(true);
});
