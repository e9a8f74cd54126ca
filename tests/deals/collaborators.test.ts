import { beforeAll, beforeEach, expect, test } from 'vitest';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const people = {} as Record<Login, Browser>;
let id: number;
let clientId: number;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of ['anna', 'boris', 'vera', 'gleb', 'ada'] as const)
		people[login] = await signIn(served, login);
});
beforeEach(async () => {
	const made = await makeDeal(db, cast, 'anna', {
		title: 'Печь на двоих',
		client: { name: 'ООО «Дуэт»', contacts: [{ name: 'Пётр Лось', phone: '+7 495 111-22-33' }] },
	});
	id = made.id;
	clientId = made.clientId as number;
});

const helpers = async (): Promise<number[]> =>
	(await pool.query('select person_id from deal_collaborators where deal_id = $1', [id])).rows.map(
		({ person_id }) => person_id,
	);
const invite = (login: Login, version = 1) =>
	addCollaborator(db, by(cast.people.anna), id, { version, personId: cast.people[login].id });
const gleb = () => cast.people.gleb.id;

test('who helps sees the deal, its client and its contacts, and works on it; others beside them do not', async () => {
	expect((await people.gleb.get(`/deals/${id}`)).statusCode).toBe(404);
	const answer = await people.anna.post(`/deals/${id}/collaborators`, {
		version: 1,
		personId: gleb(),
	});
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/deals/${id}`]);
	const page = await people.gleb.get(`/deals/${id}`);
	expect(page.statusCode).toBe(200);
	expect(page.body).toContain('Пётр Лось');
	expect((await people.gleb.get(`/clients/${clientId}`)).statusCode).toBe(200);
	const planned = await people.gleb.json(`/deals/${id}/interactions`, {
		kindId: 1,
		plannedDay: '2026-12-01',
	});
	expect(planned.statusCode).toBe(200);
	const moved = await people.gleb.json(`/deals/${id}/moves`, {
		stageId: cast.open[1].id,
		version: 2,
	});
	expect(moved.statusCode).toBe(200);
	expect((await people.boris.get(`/deals/${id}`)).statusCode).toBe(404);
	expect((await people.gleb.get(`/deals/${cast.deals.anna}`)).statusCode).toBe(404);
	expect((await people.gleb.get('/board')).body).not.toContain('Печь на двоих');
});

test('it is told in the history, who and whom', async () => {
	await invite('gleb');
	await people.anna.post(`/deals/${id}/collaborators/removal`, { version: 2, personId: gleb() });
	const told = textOf(read((await people.anna.get(`/deals/${id}`)).body).byId('timeline') as never);
	expect(told).toContain('Соисполнитель добавлен: Глеб Астахов');
	expect(told).toContain('Соисполнитель убран: Глеб Астахов');
	expect((await people.gleb.get(`/deals/${id}`)).statusCode).toBe(404);
	expect(await helpers()).toEqual([]);
});

test('somebody who helps already, and somebody who does not, change nothing', async () => {
	await invite('gleb');
	const before = await ledgerOf(database);
	expect(await invite('gleb', 2)).toBe(2);
	const answer = await people.anna.json(`/deals/${id}/collaborators/removal`, {
		version: 2,
		personId: cast.people.boris.id,
	});
	expect(answer.statusCode).toBe(200);
	expect(await ledgerOf(database)).toEqual(before);
});

test('the owner, somebody who has left and somebody who is not there cannot help', async () => {
	await pool.query(`update people set active = false where login = 'boris'`);
	const before = await ledgerOf(database);
	for (const personId of [cast.people.anna.id, cast.people.boris.id, 999_999]) {
		const answer = await people.anna.json(`/deals/${id}/collaborators`, { version: 1, personId });
		expect(answer.statusCode).toBe(422);
		expect(answer.json().error.fields).toHaveProperty('personId');
	}
	expect(await ledgerOf(database)).toEqual(before);
	await pool.query(`update people set active = true where login = 'boris'`);
});

test('who lets themselves go is led away from the page that is not theirs any more', async () => {
	await invite('gleb');
	const url = `/deals/${id}/collaborators/removal`;
	const answer = await people.gleb.htmx(`/deals/${id}`, url, { version: 2, personId: gleb() });
	expect([answer.statusCode, answer.headers['hx-redirect']]).toEqual([200, '/board']);
	await invite('gleb', 3);
	const plain = await people.gleb.post(url, { version: 4, personId: gleb() });
	expect([plain.statusCode, plain.headers.location]).toEqual([303, '/board']);
});

test('a head who only helps cannot take the deal over, and a new owner stops being a helper', async () => {
	const foreign = await makeDeal(db, cast, 'gleb', { title: 'Чужая' });
	await addCollaborator(db, by(cast.people.gleb), foreign.id, {
		version: 1,
		personId: cast.people.vera.id,
	});
	const answer = await people.vera.json(`/deals/${foreign.id}/owner`, {
		version: 2,
		ownerId: cast.people.vera.id,
	});
	expect(answer.statusCode).toBe(403);
	const menu = await people.vera.get(`/deals/${foreign.id}/menu`);
	expect(menu.body).not.toContain('name="ownerId"');
	await invite('boris');
	await reassignDeal(db, by(cast.people.vera), id, 2, cast.people.boris.id);
	expect(await helpers()).toEqual([]);
});

test('the form offers colleagues of all teams but the owner and those who help', async () => {
	await invite('gleb');
	const page = read((await people.anna.get(`/deals/${id}/collaborators/new`)).body);
	const names = page.byTag('option').map(textOf);
	expect(names).toEqual(['Ада Миронова', 'Борис Лунин', 'Вера Павлова']);
});

test('from a stale version the form comes back, says so and keeps the choice', async () => {
	await invite('gleb');
	const before = await ledgerOf(database);
	const answer = await people.anna.htmx(`/deals/${id}`, `/deals/${id}/collaborators`, {
		version: 1,
		personId: cast.people.vera.id,
	});
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	const chosen = page.byTag('option').find((one) => attribute(one, 'selected') !== null);
	expect(textOf(chosen as never)).toBe('Вера Павлова');
	expect(await ledgerOf(database)).toEqual(before);
});
