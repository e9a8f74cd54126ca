import { beforeAll, expect, test } from 'vitest';
import { foldClientTallies } from '#src/features/clients/list/tallies.ts';
import { foldTallies } from '#src/features/deals/board/tallies.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';
import { makeRecords, type Records } from './records.ts';

/*
 * F01: every write names the version that it started from. Generated from the route table: a new route
 * that changes a record is held to it without anybody thinking of it.
 */
const database = await testDatabase();
const served = await testApp(database);

/** Where the records of a noun stand. */
const TABLES: Record<string, string> = {
	...{ client: 'clients', contact: 'contacts', deal: 'deals', extra: 'extra_fields' },
	...{ filter: 'saved_filters', import: 'imports', interaction: 'interactions' },
	...{ holiday: 'holidays', organization: 'organizations', work: 'work_calendar' },
	...{ pipeline: 'pipelines', reason: 'loss_reasons', source: 'sources', tag: 'tags' },
	...{ kind: 'interaction_kinds', merge: 'client_merges', person: 'people', stage: 'stages' },
	...{ mapping: 'group_mappings', role: 'roles', team: 'teams' },
};
/** What makes something new names no version; many at once name one each: tests/{deals,interactions,clients}/bulk, tests/clients/merge-doors. A job of the queue has none: what runs or is done is refused. */
const ELSEWHERE = ['new', 'session', 'job', 'deals', 'clients', 'interactions'];
const changing = served.routes.filter(
	({ method, config: { changes } }) => method === 'POST' && !ELSEWHERE.includes(changes ?? ''),
);

const TAKEN = 'taken-by-another-thing';

let cast: Cast;
let ada: Browser;
let records: Records;

beforeAll(async () => {
	cast = await makeCast(database.db);
	records = await makeRecords(served, cast);
	ada = await signIn(served, 'ada');
	for (const table of Object.values(TABLES))
		await database.pool.query(`update ${table} set version = 7`);
	await database.pool.query(
		`insert into requests_done (person_id, key, at, asked, result) values ($1, $2, now(), 'another', 'null')`,
		[cast.people.ada.id, TAKEN],
	);
	// The clock folds them each minute: what is folded by then stays as it is.
	await foldTallies(database.db);
	await foldClientTallies(database.db);
});

const NAMED = { name: 'Другое имя' };
const KIND = { ...NAMED, icon: 'flag', nextInDays: 1 };
const SETTINGS = { language: 'ru', timeZone: 'UTC', workFrom: '09:00', workUntil: '18:00' };
/** Right in everything but the version; every route takes of it what it knows. */
const bodies = (): Fields[] => [
	...[{}, NAMED, KIND, SETTINGS, { way: 'down' }, { headerLine: 1 }, { idleDays: 5 }],
	...[{ title: 'Другое имя' }, { product1: 'Печь подовая' }, { way: 'inn', known: 'skip' }],
	...[{ stageId: cast.open[1].id }, { ownerId: cast.people.vera.id }],
	{ stageId: cast.won.id, amount: '1', closedOn: '2026-11-20' },
	...[{ personId: cast.people.gleb.id }, { ...NAMED, login: 'other', role: 'manager' }],
	...[
		{ ...NAMED, viewScope: 'own', editScope: 'own' },
		{ pattern: 'x', role: 'manager' },
	],
	...[{ accountId: 1 }, { intoId: 1 }, { ...NAMED, day: '2026-12-30' }],
	{ weekday1: '1', companyFrom: '09:00', companyUntil: '17:00' },
	...[records.client, records.contact, records.person].map((id) => ({ typed: id })),
	...[{ outcome: 'Договорились' }, { to: 'week' }, { until: 'hour' }, { reason: 'Передумали' }],
];

/** The bodies that only their version is wrong with: what the route does not know is 400, what lacks something 422. */
async function knownBodies(address: string): Promise<Fields[]> {
	const known: Fields[] = [];
	for (const body of bodies()) {
		const { statusCode } = await ada.json(address, { ...body, version: 6 });
		if (statusCode === 409) known.push(body);
		else expect([400, 422], `${address} ${JSON.stringify(body)}`).toContain(statusCode);
	}
	return known;
}

test('every route that changes a record is tried here', () => {
	expect(changing.length).toBeGreaterThanOrEqual(40);
	const nouns = new Set(changing.map(({ config: { changes } }) => changes));
	expect([...nouns].sort()).toEqual(Object.keys(TABLES).sort());
});

for (const { method, url, config } of changing)
	test(`${method} ${url} takes no change without its version, or from another one`, async () => {
		const before = await ledgerOf(database);
		const id = records[config.changes as keyof Records];
		const address = url.replace(':id', String(id));
		const known = await knownBodies(address);
		expect(known.length).toBeGreaterThan(0);
		const statuses = async (given: { version?: string | number }) => {
			const found = new Set<number>();
			for (const body of known)
				for (const answer of [
					await ada.post(address, { ...body, ...given }),
					await ada.json(address, { ...body, ...given }),
					await ada.htmx('/board', address, { ...body, ...given }),
				])
					found.add(answer.statusCode);
			return [...found];
		};
		expect(await statuses({})).toEqual([428]);
		for (const version of [6, 8, 999_999_999_999_999])
			expect(await statuses({ version }), `${version}`).toEqual([409]);
		for (const version of ['x', '-7', '7.0', '7e0', '0', "7'--"])
			expect(await statuses({ version }), version).toEqual([422]);
		expect(await ledgerOf(database)).toEqual(before);
		// A key that is taken is known as such before anything is looked at: no change is done twice under one.
		for (const body of known) {
			const answer = await ada.json(address, { ...body, version: 6, key: TAKEN });
			expect([answer.statusCode, answer.json().error.key]).toEqual([422, 'error.keyUsed']);
		}
	});
