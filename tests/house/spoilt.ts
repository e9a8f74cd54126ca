import type { TestDatabase } from '../database.ts';

/** What somebody types who wishes us ill, all in one: markup, a formula, other lines, templates, signs that turn around. */
export const HOSTILE =
	`=HYPERLINK("http://x")<script>alert(1)</script>"><img src=x onerror=alert(1)>' onmouseover='x' ` +
	'</textarea></select></title><svg/onload=alert(1)><hx-partial hx-target="#toasts">x</hx-partial>' +
	'<%= 1 %> {n, plural, other {#}} \\N\\, ;\u202e\r\nBEGIN:VEVENT\r\nBEGIN:VCARD\r\nTEL:1\r\n';

/** Columns that hold no words of people: codes, keys, addresses and texts that the program itself has made. */
const OURS = new Set([
	...['client_tallies.region', 'client_tallies.segment', 'client_tallies.status'],
	...['events.door', 'events.type', 'extra_fields.kind', 'extra_fields.noun'],
	...[
		'calendar_feeds.secret_hash',
		'sessions.id',
		'people.language',
		'people.login',
		'people.role',
		'roles.code',
		'group_mappings.role',
		'people.time_zone',
	],
	...['imports.path', 'imports.encoding', 'imports.delimiter', 'imports.way', 'imports.known'],
	...['interaction_kinds.code', 'interaction_kinds.icon', 'interaction_series.time_zone'],
	...['mails.html', 'mails.text', 'mails.time_zone', 'mails.kind', 'mails.key'],
	...['interaction_series.rule', 'saved_filters.query', 'job_workers.id'],
]);

/** Words in a JSON value: what the program writes itself is ASCII. */
const WORDS = /[А-яЁё]/;

/**
 * Puts the hostile text into every column of every table that takes words, and into every word of every JSON value:
 * a new field is hostile without anybody thinking of it. Returns the columns that it was put into.
 */
export async function spoil({ pool }: TestDatabase): Promise<string[]> {
	const { rows: columns } = await pool.query<{ table: string; column: string; type: string }>(`
		select c.table_name as "table", c.column_name as "column", c.data_type as type
		from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
		where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
			and c.data_type in ('text', 'jsonb') order by 1, 2`);
	const spoilt: string[] = [];
	// What is only appended to takes no changes otherwise.
	for (const table of ['events', 'stage_changes'])
		await pool.query(`alter table ${table} disable trigger user`);
	for (const { table, column, type } of columns) {
		const name = `${table}.${column}`;
		if (OURS.has(name)) continue;
		if (type === 'jsonb') await spoilJson(pool, table, column);
		else if (await spoilText(pool, table, column)) spoilt.push(name);
	}
	return spoilt;
}

/** What Postgres says to a value outside of a list, of a form, or of another table's keys. */
const REFUSED = ['23514', '23503'];

// Such a column refuses it: nothing of people stands there.
async function spoilText(pool: TestDatabase['pool'], table: string, column: string) {
	try {
		await pool.query(
			`update ${table} set ${column} = $1 || ctid::text where ${column} is not null`,
			[HOSTILE],
		);
		return true;
	} catch (error) {
		if (!REFUSED.includes((error as { code?: string }).code ?? '')) throw error;
		return false;
	}
}

async function spoilJson(pool: TestDatabase['pool'], table: string, column: string) {
	const { rows } = await pool.query(`select ctid::text as at, ${column} as value from ${table}`);
	for (const { at, value } of rows)
		await pool.query(`update ${table} set ${column} = $1 where ctid = $2`, [
			value === null ? null : JSON.stringify(spoiltJson(value)),
			at,
		]);
}

function spoiltJson(value: unknown): unknown {
	if (typeof value === 'string') return WORDS.test(value) ? HOSTILE : value;
	if (Array.isArray(value)) return value.map(spoiltJson);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, spoiltJson(one)]));
}
