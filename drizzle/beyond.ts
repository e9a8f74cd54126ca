/** Something that a migration says by hand because tables.ts cannot, and why; tests/house/schema.test.ts compares it. */
type Beyond = { why: string; statements: string[] };

/** What stands before the first table. */
export const FOUNDATION: Beyond[] = [
	{
		why: 'drizzle knows no extensions: words that are alike, and letters that are wrong',
		statements: ['create extension pg_trgm', 'create extension fuzzystrmatch'],
	},
	{
		why: 'drizzle names a collation in a type, and cannot make one',
		statements: [`create collation russian (provider = icu, locale = 'ru')`],
	},
];

const busy = (table: string, settings: string) => `alter table ${table} set (${settings})`;
const VACUUM = 'autovacuum_vacuum_scale_factor';
const ANALYZE = 'autovacuum_analyze_scale_factor = 0.02';
const REWRITTEN_ALL_DAY = `${VACUUM} = 0, autovacuum_vacuum_threshold = 1000`;
const ONLY_ADDED_TO = `autovacuum_vacuum_insert_scale_factor = 0.02, ${ANALYZE}`;

/** What is said of tables that tables.ts have. Triggers and functions stand in README.md. */
export const BEYOND: Beyond[] = [
	{
		why: 'drizzle has no INCLUDE',
		statements: [
			'drop index clients_by_owner',
			'create index clients_by_owner on clients (owner_id, id) include (name, inn, segment, region, status, archived_at)',
		],
	},
	{
		why: 'drizzle has no unlogged tables',
		statements: ['client_refreshes', 'deal_viewers', 'held_forms'].map(
			(table) => `alter table ${table} set unlogged`,
		),
	},
	{
		why: 'drizzle has no storage parameters of tables',
		statements: [
			busy('client_summaries', 'fillfactor = 80'),
			busy('clients', `fillfactor = 90, ${VACUUM} = 0.05, ${ANALYZE}`),
			busy('deals', `fillfactor = 85, ${VACUUM} = 0.02, ${ANALYZE}`),
			busy('interactions', `fillfactor = 85, ${VACUUM} = 0.02, ${ANALYZE}`),
			busy('events', ONLY_ADDED_TO),
			busy('stage_changes', ONLY_ADDED_TO),
			busy('deal_tallies', REWRITTEN_ALL_DAY),
			busy('client_tallies', REWRITTEN_ALL_DAY),
			busy('client_contact_tallies', REWRITTEN_ALL_DAY),
			busy('client_refreshes', REWRITTEN_ALL_DAY),
		],
	},
	{
		why: 'a table of the platform must not import the people of access',
		statements: [
			'alter table requests_done add constraint requests_done_person_id_fkey foreign key (person_id) references people (id) on delete cascade',
		],
	},
];
