import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { suggestClients } from '#src/features/clients/search/search.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Company, makeCompany, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database);
let company: Company;
let anna: Browser;
let gleb: Browser;

beforeAll(async () => {
	company = await makeCompany(db);
	[anna, gleb] = [await signIn(served, 'anna'), await signIn(served, 'gleb')];
});

const make = (name = 'ООО «Ромашка»') =>
	createClient(db, by(company.people.anna), {
		...{ name, tags: ['розница'], legalAddress: ['Тула'], phones: ['123'] },
		contacts: [{ name: 'Ольга', phone: '8 495 123-45-67' }],
	});
const contactOf = async (clientId: number): Promise<number> =>
	(await pool.query('select id from contacts where client_id = $1', [clientId])).rows[0].id;
const step = (clientId: number, contactId: number | null = null) =>
	pool.query(
		`insert into interactions (client_id, contact_id, kind_id, summary, owner_id, planned_on)
		 values ($1, $2, 1, 'Позвонить', $3, '2026-12-01')`,
		[clientId, contactId, company.people.anna.id],
	);

test('a client that nothing names is removed for good with all that is its own, and history remembers its name', async () => {
	const id = await make();
	const before = await ledgerOf(database);
	const asked = await anna.get(`/clients/${id}/removal`);
	expect(textOf(read(asked.body).byId(`client-${id}-removal`) as never)).toContain('насовсем');
	expect((await anna.json(`/clients/${id}/removal`, {})).statusCode).toBe(428);
	expect((await anna.json(`/clients/${id}/removal`, { version: 2 })).statusCode).toBe(409);
	expect((await gleb.json(`/clients/${id}/removal`, { version: 1 })).statusCode).toBe(404);
	expect(await ledgerOf(database)).toEqual(before);
	const answer = await anna.post(`/clients/${id}/removal`, { version: 1 });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/clients']);
	for (const table of ['contacts', 'contact_points', 'addresses', 'client_tags']) {
		const { rows } = await pool.query(`select from ${table} where client_id = $1`, [id]);
		expect(rows, table).toEqual([]);
	}
	const { rows } = await pool.query(
		`select data from events where client_id = $1 order by id desc limit 1`,
		[id],
	);
	expect(rows[0].data).toEqual({ name: 'ООО «Ромашка»', inn: null });
	expect((await anna.get(`/clients/${id}`)).statusCode).toBe(404);
});

test('a client in use is refused with the counts in words, and the archive is offered', async () => {
	const id = await make();
	for (let n = 0; n < 3; n++) await makeDeal(db, company, 'anna', { clientId: id });
	for (let n = 0; n < 12; n++) await step(id);
	const before = await ledgerOf(database);
	const answer = await anna.post(`/clients/${id}/removal`, { version: 1 });
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	expect(textOf(page.byId('form-problem') as never)).toContain('3 интереса и 12 взаимодействий');
	const actions = page.byTag('form').map((form) => attribute(form, 'action'));
	expect(actions).toContain(`/clients/${id}/archive`);
	expect(actions).not.toContain(`/clients/${id}/removal`);
	expect(await ledgerOf(database)).toEqual(before);
});

test('a client that was merged is refused: undoing needs it', async () => {
	const ids = [await make('Раз'), await make('Два')];
	const version = ids.map((id) => `${id}:1`).join(',');
	await anna.json('/clients/merge', { version, survivorId: ids[0] });
	const kept = await anna.json(`/clients/${ids[0]}/removal`, { version: 2 });
	expect(kept.json().error.key).toBe('client.usedByMerges');
	const gone = await anna.json(`/clients/${ids[1]}/archive`, { version: 2 });
	expect(gone.statusCode).toBe(422);
});

test('an archived client leaves suggestions and comes back from its card', async () => {
	const id = await make('ООО «Архивная»');
	const suggested = async () =>
		(await suggestClients(db, company.people.anna, 'архивная', 5)).map((one) => one.id);
	expect(await suggested()).toEqual([id]);
	expect((await anna.json(`/clients/${id}/archive`, {})).statusCode).toBe(428);
	expect((await anna.json(`/clients/${id}/archive`, { version: 9 })).statusCode).toBe(409);
	const answer = await anna.post(`/clients/${id}/archive`, { version: 1 });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/clients/${id}`]);
	expect(await suggested()).toEqual([]);
	const card = read((await anna.get(`/clients/${id}`)).body);
	const back = card
		.byTag('form')
		.find((form) => attribute(form, 'action') === `/clients/${id}/restoration`);
	expect(back).toBeDefined();
	// Twice is once: nothing to do, nothing written.
	const done = await ledgerOf(database);
	expect((await anna.json(`/clients/${id}/archive`, { version: 2 })).json()).toMatchObject({
		version: 2,
	});
	expect(await ledgerOf(database)).toEqual(done);
	expect((await anna.json(`/clients/${id}/restoration`, { version: 2 })).json()).toMatchObject({
		version: 3,
	});
	expect(await suggested()).toEqual([id]);
});

test('a contact that a step names is refused with the count; another is removed for good', async () => {
	const id = await make();
	const contactId = await contactOf(id);
	await step(id, contactId);
	const url = `/contacts/${contactId}/removal`;
	const before = await ledgerOf(database);
	const refused = await anna.post(url, { version: 1 });
	expect(refused.statusCode).toBe(422);
	expect(textOf(read(refused.body).byId('form-problem') as never)).toContain('1 взаимодействии');
	expect((await gleb.get(url)).statusCode).toBe(404);
	expect((await gleb.json(url, { version: 1 })).statusCode).toBe(404);
	expect((await gleb.get(`/contacts/${contactId}.vcf`)).statusCode).toBe(404);
	expect((await anna.json(url, {})).statusCode).toBe(428);
	expect((await anna.json(url, { version: 7 })).statusCode).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
	await pool.query('update interactions set contact_id = null where contact_id = $1', [contactId]);
	expect((await anna.post(url, { version: 1 })).statusCode).toBe(303);
	const { rows } = await pool.query(
		'select count(*)::int as points from contact_points where client_id = $1',
		[id],
	);
	expect(rows).toEqual([{ points: 1 }]);
});

test('htmx is answered in its own words, and hostile names are text', async () => {
	const id = await make('<img src=x onerror=alert(1)>');
	const form = await anna.htmx(`/clients/${id}`, `/clients/${id}/removal`);
	expect(read(form.body).byTag('img')).toEqual([]);
	const archived = await anna.htmx(`/clients/${id}`, `/clients/${id}/archive`, { version: 1 });
	expect(read(archived.body).byId('client-page')).not.toBeNull();
	expect(archived.body).not.toContain('<img');
	const removed = await anna.htmx(`/clients/${id}`, `/clients/${id}/removal`, { version: 2 });
	expect(removed.headers['hx-redirect']).toBe('/clients');
});
