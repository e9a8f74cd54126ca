import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { addContact } from '#src/features/clients/contacts/contacts.ts';
import { signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read } from '../html.ts';
import { startProgram } from '../platform/program.ts';
import { placesOf } from './erasing.ts';

/* The page of the administration that erases: it shows what goes, and takes the number alone for a yes. */
const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(database.db);
});

test('an administrator sees what would go, types the number, and it is gone', async () => {
	const client = await createClient(database.db, by(cast.people.anna), {
		...{ name: 'Сорокин Егор', legalKind: 'person', note: 'паспорт' },
	});
	const ada = await signIn(served, 'ada');
	const found = await ada.get(`/admin/erasure?noun=client&subject=${client}`);
	expect(found.headers.location).toBe(`/admin/erasure/client/${client}`);
	const page = await ada.get(`/admin/erasure/client/${client}`);
	expect(page.statusCode).toBe(200);
	expect(page.body).toContain('Сорокин Егор');
	expect(page.body).toContain('резервных копиях');
	const wrong = await ada.post(`/admin/erasure/client/${client}`, { version: 1, typed: '77777' });
	expect(wrong.statusCode).toBe(422);
	expect(read(wrong.body)).toBeTruthy();
	expect(await placesOf(database, 'Сорокин')).toContain('clients.name');
	const done = await ada.post(`/admin/erasure/client/${client}`, { version: 1, typed: client });
	expect([done.statusCode, done.headers.location]).toEqual([303, '/admin/erasure']);
	expect(await placesOf(database, 'Сорокин')).toEqual([]);
	expect((await ada.get('/admin/erasure?noun=client&subject=999999')).statusCode).toBe(404);
	expect((await ada.get('/admin/erasure?noun=person&subject=ada')).statusCode).toBe(303);
});

test('who signed in long ago is asked to do so again, and who does not see everybody may not', async () => {
	const ada = await signIn(served, 'ada');
	await database.pool.query(`update sessions set proven_at = proven_at - interval '1 hour'`);
	const id = cast.people.gleb.id;
	const asked = await ada.post(`/admin/erasure/person/${id}`, { version: 1, typed: id });
	expect(asked.headers.location).toMatch(/^\/sign-in\/again\?held=/);
	await database.pool.query(
		`insert into roles (code, name, view_scope, edit_scope, permissions) values ('keeper', 'Кадры', 'own', 'own', '{people}')`,
	);
	await database.pool.query(`update people set role = 'keeper' where login = 'boris'`);
	const boris = await signIn(served, 'boris');
	expect((await boris.get(`/admin/erasure/person/${id}`)).statusCode).toBe(403);
	const refused = await boris.post(`/admin/erasure/person/${id}`, { version: 1, typed: id });
	expect(refused.statusCode).toBe(403);
});

test('from the menu of a client and the form of a contact there is a way, for who may go it alone', async () => {
	const anna = by(cast.people.anna);
	const client = await createClient(database.db, anna, {
		name: 'Галкин Пётр',
		legalKind: 'person',
	});
	const contact = await addContact(database.db, anna, client, { name: 'Галкина Анна' });
	const seller = await signIn(served, 'anna');
	const ada = await signIn(served, 'ada');
	for (const [page, way, subject] of [
		[`/clients/${client}/menu`, `noun=client&amp;subject=${client}`, 'Галкин Пётр'],
		[`/contacts/${contact}/edit`, `noun=contact&amp;subject=${contact}`, 'Галкина Анна'],
	] as const) {
		const { body } = await ada.get(page);
		expect(body, page).toContain(`href="/admin/erasure?${way}"`);
		const to = await ada.get(`/admin/erasure?${way.replace('&amp;', '&')}`);
		expect((await ada.get(to.headers.location as string)).body).toContain(subject);
		const hers = await seller.get(page);
		expect([hers.statusCode, hers.body.includes('/admin/erasure')]).toEqual([200, false]);
	}
});

test('the command tells what would go, refuses another number, and erases by its own', async () => {
	const client = await createClient(database.db, by(cast.people.anna), {
		...{ name: 'Дроздова Инна', legalKind: 'person', note: 'паспорт 4511' },
	});
	const env = { DATABASE_URL: database.url };
	const run = (...args: string[]) => startProgram('erase', { env, args });
	const wrong = run('--client', String(client), '--yes', '77777');
	expect((await wrong.ended).code).toBe(1);
	expect(await placesOf(database, 'Дроздова')).toContain('clients.name');
	const done = run('--client', String(client), '--yes', String(client));
	expect((await done.ended).code).toBe(0);
	expect(done.text()).toContain(`Клиент № ${client}: Дроздова Инна`);
	expect(await placesOf(database, 'Дроздова')).toEqual([]);
});
