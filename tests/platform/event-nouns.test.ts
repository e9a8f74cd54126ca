import { beforeAll, expect, test } from 'vitest';
import { addHolidays } from '#src/features/company/work-calendar/actions.ts';
import { migrate } from '#src/platform/db/migrate.ts';
import { knownMigrations } from '#src/platform/db/migrations.ts';
import { record } from '#src/platform/history/record.ts';
import { allTold } from '#src/platform/history/teller.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const { db, pool } = database;
const older = await testDatabase('template0');
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(db);
});

/** Rows as a program writes them that knows neither column. */
const OLDER = `insert into events (type, at, door, deal_id, client_id, interaction_id, data) values
	('deal.moved', now(), 'board', 7, 8, null, '{"dealId": 1}'), ('client.edited', now(), 'form', null, 8, null, '{}'),
	('contact.added', now(), 'form', null, 8, null, '{"contactId": 9}'),
	('interaction.planned', now(), 'form', 7, 8, 5, '{"kindId": 2}'), ('extra.added', now(), 'form', null, null, null, '{"fieldId": 4}'),
	('work.edited', now(), 'form', null, null, null, '{"workId": 1}'),
	('session.ended', now(), 'form', null, null, null, '{"personId": 3}'),
	('tag.merged', now(), 'form', null, null, null, '{"tagId": "стёрто", "intoId": 3}')`;
const NAMED = [
	...[
		['deal', 7],
		['client', 8],
		['contact', 9],
		['interaction', 5],
		['extra', 4],
		['work', 1],
	],
	...[
		['session', null],
		['tag', null],
	],
];
const named = async (on: typeof pool) =>
	(await on.query('select noun, record_id from events order by id desc limit 8')).rows
		.map(({ noun, record_id }) => [noun, record_id])
		.toReversed();

test('an event says what it is about, whichever program wrote it', async () => {
	await pool.query(OLDER);
	expect(await named(pool)).toEqual(NAMED);
	const noted = { dealId: cast.deals.anna, clientId: null, data: { text: 'Слово' } };
	const tagged = { data: { tagId: 4, name: 'опт' } };
	await record(
		db,
		by(cast.people.anna),
		{ type: 'deal.noted', ...noted },
		{ type: 'tag.added', ...tagged },
	);
	expect((await named(pool)).slice(-2)).toEqual([
		['deal', cast.deals.anna],
		['tag', 4],
	]);
});

test('events of a company that is brought up to date get what they lack, and nothing else of them changes', async () => {
	const known = knownMigrations();
	const before = known.filter(({ name }) => Number(name.slice(0, 4)) < 97);
	await migrate(older.pool, { known: before });
	await older.pool.query(OLDER);
	const rows =
		'select id, type, at, door, deal_id, client_id, interaction_id, data from events order by id';
	const were = (await older.pool.query(rows)).rows;
	await migrate(older.pool, { known });
	expect(await named(older.pool)).toEqual(NAMED);
	expect((await older.pool.query(rows)).rows).toEqual(were);
	for (const change of ['noun = null', `noun = 'deal'`, 'record_id = 1'])
		await expect(older.pool.query(`update events set ${change}`)).rejects.toThrow('append-only');
});

test('what every screen shows is told to everybody: holidays and the working week too, not what is somebody’s own', async () => {
	const told = async (type: string, data = {}) =>
		(
			await pool.query('select news_of($1, 1, null)::jsonb as news', [
				JSON.stringify([{ type, data }]),
			])
		).rows[0].news;
	for (const type of [
		'holiday.added',
		'work.edited',
		'tag.added',
		'client.removed',
		'import.undone',
	])
		expect(await told(type), type).toEqual({ by: 1, all: true });
	expect(await told('filter.saved', { shared: true })).toEqual({ by: 1, all: true });
	for (const [type, data] of [
		['filter.saved', { shared: false }],
		['settings.saved'],
		['mail.retried'],
	] as const)
		expect(await told(type, data), type).toBeNull();

	const client = await pool.connect();
	const heard: string[] = [];
	client.on('notification', ({ payload = '' }) => heard.push(payload));
	await client.query('listen changed');
	const holiday = { name: 'Новый год', day: '2027-01-01', until: '2027-01-01', working: false };
	await addHolidays(db, by(cast.people.ada), holiday);
	await allTold(pool);
	await expect.poll(() => heard.some((one) => JSON.parse(one).all)).toBe(true);
	await client.query('unlisten changed');
	client.release();
});

test('no function and no index of the database knows nouns by a pattern', async () => {
	const { rows } = await pool.query<{ name: string }>(
		`
		select name from (
			select proname as name, prosrc as text from pg_proc where pronamespace = 'public'::regnamespace
			union all select indexname, indexdef from pg_indexes where schemaname = 'public') own
		where text ~* $1`,
		[String.raw`\mtype\M['")]*(::text)?\s*(!?~|like)`],
	);
	expect(rows).toEqual([]);
});
