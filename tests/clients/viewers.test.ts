import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Actor } from '#src/features/access/rights.ts';
import { clientFoundBy, clientVisibleTo } from '#src/features/clients/queries.ts';
import { type Company, makeCompany, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';

/* Who sees a client stands beside the words that find it: whatever changes, both say the same of everybody. */

const { db, pool } = await testDatabase();
let company: Company;
const CLIENTS = 4;

beforeAll(async () => {
	company = await makeCompany(db);
	for (let n = 0; n < CLIENTS; n++)
		for (const login of ['anna', 'gleb'] as const)
			await makeDeal(db, company, login, { client: { name: `Клиент ${n} (${login})` } });
});

async function seenBy(actor: Actor): Promise<{ judged: number[]; found: number[] }> {
	const ids = async (query: ReturnType<typeof sql>) =>
		(await db.execute<{ id: number }>(query)).rows.map(({ id }) => id);
	return {
		judged: await ids(
			sql`select c.id from clients c where ${clientVisibleTo(actor)} order by c.id`,
		),
		found: await ids(
			sql`select s.client_id as id from client_search s where ${clientFoundBy(actor)} order by 1`,
		),
	};
}

const nth = (table: string) => `(select id from ${table} order by id offset $1 limit 1)`;
const CHANGES: Record<string, string> = {
	'a client gets another owner': `update clients set owner_id = $2 where id = ${nth('clients')}`,
	'a client has no owner': `update clients set owner_id = null where id = ${nth('clients')} and $2 > 0`,
	'a deal gets another owner': `update deals set owner_id = $2 where id = ${nth('deals')}`,
	'a deal goes to another client': `update deals set client_id = (select id from clients order by id offset $2 limit 1)
		where id = ${nth('deals')}`,
	'somebody helps': `insert into deal_collaborators (deal_id, person_id) values (${nth('deals')}, $2)
		on conflict do nothing`,
	'nobody helps': `delete from deal_collaborators where deal_id = ${nth('deals')} and $2 > 0`,
	'a client is renamed': `update clients set name = name || ' ' || $2::int where id = ${nth('clients')}`,
};

test('whatever changes, a search finds for everybody the clients that they see', async () => {
	const people = Object.values(company.people);
	await fc.assert(
		fc.asyncProperty(
			fc.array(
				fc.record({
					change: fc.constantFrom(...Object.keys(CHANGES)),
					of: fc.nat(CLIENTS * 2 - 1),
					person: fc.constantFrom(...people.map(({ id }) => id)),
				}),
				{ minLength: 1, maxLength: 6 },
			),
			async (changes) => {
				for (const { change, of, person } of changes)
					await pool.query(CHANGES[change] as string, [of, person]);
				for (const person of people) {
					const { judged, found } = await seenBy(person);
					expect(found, person.name).toEqual(judged);
				}
			},
		),
		{ numRuns: 40 },
	);
	const { judged } = await seenBy(company.people.boris);
	expect(judged.length).toBeLessThan(CLIENTS * 2);
});

test('clients of before the viewers were kept have theirs', async () => {
	await pool.query(`update client_search set seen_by = '{}'`);
	await pool.query('select refresh_client_viewers(array_agg(client_id)) from client_search');
	for (const person of Object.values(company.people)) {
		const { judged, found } = await seenBy(person);
		expect(found, person.name).toEqual(judged);
	}
});
