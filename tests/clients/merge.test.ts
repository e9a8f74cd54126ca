import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { mergeClients } from '#src/features/clients/merge/merge.ts';
import { findMerge } from '#src/features/clients/merge/queries.ts';
import { unmergeClients } from '#src/features/clients/merge/unmerge.ts';
import { by, type Company, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { bare, draw, sketch, type World, worldOf } from './merging.ts';

const database = await testDatabase();
const { db, pool } = database;
let company: Company;

beforeAll(async () => {
	company = await makeCompany(db);
	await pool.query(`insert into tags (name) values ('раз'), ('два'), ('три')`);
});

const versions = async (ids: number[]) =>
	(await pool.query('select id, version from clients where id = any($1) order by id', [ids]))
		.rows as { id: number; version: number }[];
type Row = Record<string, unknown>;
const of = (world: World, table: string, ids: number[]): Row[] =>
	(world[table] ?? []).filter((row) => ids.includes(row.client_id as number));

/** Holds that all that the clients had is found on the survivor, and nothing twice. */
function expectNothingLost(
	before: World,
	after: World,
	ids: number[],
	survivorId: number,
	same: Map<unknown, unknown>,
): void {
	const had = (table: string) => of(before, table, ids);
	const has = (table: string) => of(after, table, [survivorId]);
	const person = (contactId: unknown) => same.get(contactId) ?? contactId;
	for (const table of ['deals', 'interactions'])
		expect(has(table).map(({ id }) => id)).toEqual(had(table).map(({ id }) => id));
	for (const contact of had('contacts')) {
		const kept = has('contacts').find(({ id }) => id === person(contact.id));
		expect(kept?.name_search).toBe(contact.name_search);
		for (const fact of ['position', 'role'])
			if (contact[fact] !== null) expect(kept?.[fact]).toBe(contact[fact]);
	}
	const persons = new Set(had('contacts').map(({ id }) => person(id)));
	expect(has('contacts')).toHaveLength(persons.size);
	const number = (point: Row) => point.search_key || point.value;
	for (const point of had('contact_points')) {
		const found = has('contact_points').filter(
			(one) => one.contact_id === person(point.contact_id) && number(one) === number(point),
		);
		expect(found).toHaveLength(1);
	}
	for (const { value } of had('addresses'))
		expect(has('addresses').filter((one) => bare(one.value) === bare(value))).toHaveLength(1);
	for (const { tag_id } of had('client_tags'))
		expect(has('client_tags').filter((one) => one.tag_id === tag_id)).toHaveLength(1);
	for (const { contact_id } of has('interactions'))
		if (contact_id !== null) expect(has('contacts').map(({ id }) => id)).toContain(contact_id);
}

test('a merge loses nothing, and undoing it brings everything back', async () => {
	const ada = by(company.people.ada);
	const sketches = fc.array(sketch, { minLength: 2, maxLength: 4 });
	const property = fc.asyncProperty(sketches, fc.nat(3), async (drawn, which) => {
		const ids: number[] = [];
		for (const one of drawn) ids.push(await draw(database, company.people.anna.id, one));
		const survivorId = ids[which % ids.length] as number;
		const before = await worldOf(database);
		const order = { survivorId, clients: await versions(ids), choices: {} };
		const { mergeId } = await mergeClients(db, ada, order);
		const { snapshot } = await findMerge(db, mergeId);
		const same = new Map(snapshot.same.map((one) => [one.id, one.same]));
		expectNothingLost(before, await worldOf(database), ids, survivorId, same);
		expect(await unmergeClients(db, ada, mergeId, 1)).toMatchObject({ kept: [], stayed: 0 });
		expect(await worldOf(database)).toEqual(before);
	});
	await fc.assert(property, { numRuns: 25 });
});
