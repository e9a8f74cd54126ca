import { beforeAll, expect, test } from 'vitest';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import { addContact, editContact } from '#src/features/clients/contacts/contacts.ts';
import { mergeClients } from '#src/features/clients/merge/merge.ts';
import { removeClient } from '#src/features/clients/removal/removal.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { recoverDeal, removeDeal } from '#src/features/deals/removal/removal.ts';
import { erase, tallyErasure } from '#src/features/erasure/actions.ts';
import { findSubject } from '#src/features/erasure/subjects.ts';
import { completeInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { deleteInteraction } from '#src/features/interactions/interaction/editing.ts';
import { signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, NOW, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { placesOf, plant } from './erasing.ts';

/*
 * What is known of somebody can be erased: a word that stands wherever the program keeps words is found nowhere
 * afterwards, and every page still answers.
 */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(db);
});

const console = { actorId: null, door: 'form' as const, now: NOW };
const kindId = () => cast.kinds[0]?.id as number;

async function answers(...addresses: string[]) {
	const ada = await signIn(served, 'ada');
	for (const address of addresses) {
		const answer = await ada.get(address);
		expect(answer.statusCode, `${address} ${answer.body.slice(0, 200)}`).toBe(200);
	}
}

test('of a client who is a person nothing is left anywhere, and every page still answers', async () => {
	const word = 'Зябликова';
	const anna = by(cast.people.anna);
	const ada = by(cast.people.ada);
	const client = await createClient(db, anna, {
		...{ name: `${word} Мария`, legalKind: 'person', note: `паспорт ${word}`, inn: '500100732259' },
		contacts: [{ name: `${word} дочь`, phone: '+7 495 777-31-13', email: 'x@zyablikova.example' }],
	});
	const twin = await createClient(db, anna, { name: `${word} М.`, legalKind: 'person' });
	await editClient(db, anna, client, 1, { note: `адрес ${word}`, website: `${word}.example` });
	await pool.query(`insert into addresses (client_id, kind, value) values ($1, 'actual', $2)`, [
		client,
		word,
	]);
	const contact = await addContact(db, anna, client, {
		name: `Муж ${word}`,
		note: word,
		bornOn: '1980-01-02',
	});
	await editContact(db, anna, contact, 1, { note: `${word} ещё`, bornOn: '1981-01-02' });
	const deal = await makeDeal(db, cast, 'anna', { clientId: client, title: `Шкаф для ${word}` });
	const other = await makeDeal(db, cast, 'anna', { clientId: client, title: `Стол для ${word}` });
	await noteDeal(db, anna, deal.id, `${word} звонила`);
	const day = { plan: { plannedOn: TODAY } };
	const plan = { kindId: kindId(), summary: `Позвонить ${word}`, ...day };
	const step = await planInteraction(db, anna, deal.id, plan);
	const gone = await planInteraction(db, anna, deal.id, plan);
	await deleteInteraction(db, anna, gone, 1);
	await completeInteraction(db, anna, step, {
		version: 1,
		outcome: `${word} согласна`,
		next: null,
	});
	await removeDeal(db, ada, other.id, 1);
	await mergeClients(db, ada, {
		survivorId: client,
		clients: [
			{ id: client, version: 2 },
			{ id: twin, version: 1 },
		],
		choices: {},
	});
	await pool.query(
		`insert into not_duplicates values ('name', $1, array[$2::bigint, 999], $3, now())`,
		[...[word, client, cast.people.anna.id]],
	);
	const file = await plant(database, cast, word, { client, contact, deal: deal.id, step });
	const stood = await placesOf(database, word);
	for (const place of [
		'events.data',
		'mails.html',
		'import_rows.cells',
		'client_words.word',
		'client_merges.snapshot',
	])
		expect(stood).toContain(place);

	const tallies = await tallyErasure(db, await findSubject(db, 'client', client));
	const rows = await erase(db, console, { noun: 'client', id: client, typed: client });

	expect(await placesOf(database, word)).toEqual([]);
	for (const value of ['500100732259', 'zyablikova', '4957773113', '1981-01-02'])
		expect(await placesOf(database, value), value).toEqual([]);
	expect(rows).toBe(tallies.reduce((sum, tally) => sum + tally.rows, 0));
	const { rows: told } = await pool.query(
		`select data from events where type = 'client.erased' and client_id = $1`,
		[client],
	);
	expect(told).toEqual([{ data: { rows } }]);
	await answers(
		`/clients/${client}`,

		`/deals/${deal.id}`,
		'/board',
		'/admin/audit',
	);
	await answers('/clients', '/deals', '/agenda', '/calendar', '/admin/mail', `/import/${file}`);
	await answers(`/admin/audit?record=client:${client}`, '/admin/audit/export?format=csv');
	await expect(recoverDeal(db, ada, other.id, 1)).rejects.toThrow();
	expect(await tallyErasure(db, await findSubject(db, 'client', client))).not.toContainEqual(
		expect.objectContaining({ called: 'erasure.events' }),
	);
});

test('of a client that was removed for good the log says nothing more', async () => {
	const anna = by(cast.people.anna);
	const client = await createClient(db, anna, { name: 'Пеночкин Лев', note: 'паспорт 4500' });
	await editClient(db, anna, client, 1, { note: 'паспорт Пеночкин' });
	await removeClient(db, anna, client, 2);
	expect(await placesOf(database, 'Пеночкин')).toContain('events.data');
	await erase(db, console, { noun: 'client', id: client, typed: client });
	expect(await placesOf(database, 'Пеночкин')).toEqual([]);
	await answers('/admin/audit');
});

test('of a company its people go and what it is itself stays', async () => {
	const anna = by(cast.people.anna);
	const client = await createClient(db, anna, {
		name: 'ООО «Дятел»',
		inn: '7707083893',
		note: 'Опт',
	});
	const contact = await addContact(db, anna, client, {
		name: 'Щегловитов Пётр',
		emails: ['p@scheglov.example'],
	});
	const deal = await makeDeal(db, cast, 'anna', { clientId: client, title: 'Печи' });
	const day = { plan: { plannedOn: TODAY } };
	const step = await planInteraction(db, anna, deal.id, {
		...{ kindId: kindId(), summary: 'Щегловитов ждёт звонка', contactId: contact, ...day },
	});
	await plant(database, cast, 'Щегловитов Пётр', { client: 0, contact, deal: 0, step });
	await erase(db, console, { noun: 'client', id: client, typed: client });
	expect(await placesOf(database, 'Щегловитов')).toEqual([]);
	expect(await placesOf(database, 'scheglov')).toEqual([]);
	const { rows } = await pool.query('select name, inn, note from clients where id = $1', [client]);
	expect(rows).toEqual([{ name: 'ООО «Дятел»', inn: '7707083893', note: 'Опт' }]);
	expect(await placesOf(database, 'Печи')).toContain('deals.title');
	await answers(`/clients/${client}`, `/deals/${deal.id}`, '/board', '/admin/audit');
});

test('of one contact the same, also after it was removed', async () => {
	const anna = by(cast.people.anna);
	const client = await createClient(db, anna, { name: 'ООО «Сойка»' });
	const contact = await addContact(db, anna, client, { name: 'Кукушкина Анна', note: 'любит чай' });
	await erase(db, console, { noun: 'contact', id: contact, typed: contact });
	expect(await placesOf(database, 'Кукушкина')).toEqual([]);
	expect(await placesOf(database, 'любит чай')).toEqual([]);
	await answers(`/clients/${client}`, '/admin/audit');
});

test('of a person who has left the name, the account, the addresses and the sessions go', async () => {
	const { id } = cast.people.gleb;
	await pool.query(
		`update people set name = 'Глухарёв Глеб', email = 'gluharev@shop.example', active = false where id = $1`,
		[id],
	);
	await pool.query(
		`insert into events (type, at, actor_id, door, ip, data) values
		('person.edited', now(), $1, 'form', '10.66.77.88', jsonb_build_object('personId', $1::bigint, 'changes', jsonb_build_object('email', jsonb_build_array(null, 'gluharev@shop.example')))),
		('session.refused', now(), null, 'form', null, '{"way": "demo", "why": "signIn.unknown", "login": "gleb", "address": "10.66.77.88"}')`,
		[id],
	);
	await pool.query(
		`insert into sessions (id, person_id, created_at, seen_at, expires_at, way, ends_at, address, agent)
		values ('s', $1, now(), now(), now(), 'demo', now(), '10.66.77.88', 'Gluharev Browser')`,
		[id],
	);
	await pool.query(
		`insert into identities (issuer, subject, person_id, seen_at) values ('https://sso.example', 'gluharev', $1, now())`,
		[id],
	);
	await pool.query(
		`insert into waiting_accounts (issuer, subject, login, name, email, person_id, at)
		values ('https://sso.example', 'gluharev2', 'gleb', 'Глухарёв', 'gluharev@x.example', $1, now())`,
		[id],
	);
	await pool.query(
		`insert into sign_in_refusals (at, why, login, address) values (now(), 'x', 'gleb', '10.66.77.88')`,
	);
	await pool.query(
		`insert into held_forms (person_id, back, fields, at) values ($1, '/', '{"name": "Глухарёв"}', now())`,
		[id],
	);
	await pool.query(
		`insert into mails (kind, person_id, address, name, language, time_zone, subject, content, status, created_at)
		values ('digest', $1, 'gluharev@shop.example', 'Глухарёв', 'ru', 'UTC', 'Глухарёв, ваш день', '[]', 'queued', now()),
			('digest', $1, 'gluharev@shop.example', 'Глухарёв', 'ru', 'UTC', 'Глухарёв, ваш день', '[]', 'kept', now())`,
		[id],
	);
	await erase(db, console, { noun: 'person', id, typed: id });
	for (const value of ['Глухарёв', 'gluharev', '10.66.77.88'])
		expect(await placesOf(database, value), value).toEqual([]);
	const { rows } = await pool.query('select name, login from people where id = $1', [id]);
	expect(rows).toEqual([{ name: `Стёрто № ${id}`, login: `erased-${id}` }]);
	await answers('/admin/people?state=left', '/admin/audit', '/board', '/admin/sessions');
});

test('who still works is not erased, nor by another number, nor in a version that was not looked at', async () => {
	const { id } = cast.people.anna;
	const wrong = erase(db, console, { noun: 'person', id, typed: id + 1 });
	await expect(wrong).rejects.toMatchObject({ status: 422 });
	await expect(erase(db, console, { noun: 'person', id, typed: id })).rejects.toMatchObject({
		key: 'erasure.works',
	});
	const stale = erase(db, console, { noun: 'person', id, typed: id, version: 77 });
	await expect(stale).rejects.toMatchObject({ status: 409 });
	await expect(
		erase(db, console, { noun: 'client', id: 987_654, typed: 987_654 }),
	).rejects.toMatchObject({ status: 404 });
});

test('nothing else of the log can be changed, and its values only while they are erased', async () => {
	const change = (what: string, erasing: string) =>
		pool
			.query(`begin; select set_config('app.erasing', '${erasing}', true); ${what}`)
			.finally(() => pool.query('rollback'));
	for (const [what, erasing] of [
		[`update events set data = '{}'`, 'no'],
		[`update events set type = 'x'`, 'yes'],
		[`update events set at = now(), data = '{}'`, 'yes'],
		[`update events set actor_id = null`, 'yes'],
		['delete from events', 'yes'],
	] as const)
		await expect(change(what, erasing), what).rejects.toThrow('append-only');
});
