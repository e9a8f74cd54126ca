import { type Cast, NOW } from '../cast.ts';
import type { TestDatabase } from '../database.ts';

/**
 * Where a value still stands: every column of every table of ours and of the queue's, whatever they are called, as
 * `table.column`. Files are looked through as the bytes that they are.
 */
export async function placesOf({ pool }: TestDatabase, value: string): Promise<string[]> {
	const { rows: columns } = await pool.query<{ place: string; column: string; type: string }>(`
		select c.oid::regclass::text as place, attname as column, format_type(atttypid, atttypmod) as type
		from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace in ('public'::regnamespace, 'graphile_worker'::regnamespace)
			and c.relkind in ('r', 'p') and attnum > 0 and not attisdropped
			and (format_type(atttypid, atttypmod) ~ 'text|json|char|tsvector|bytea') order by 1, 2`);
	const found: string[] = [];
	for (const { place, column, type } of columns) {
		const holds =
			type === 'bytea'
				? `position(convert_to($1, 'UTF8') in "${column}") > 0`
				: `strpos(lower("${column}"::text), lower($1)) > 0`;
		const { rows } = await pool.query(
			`select exists (select from ${place} where ${holds}) as there`,
			[value],
		);
		if (rows[0].there) found.push(`${place}.${column}`);
	}
	return found;
}

/** Letters, rows of a file and what else tells of a client, its contact, its deal and its step. */
export async function plant(
	{ pool }: TestDatabase,
	cast: Cast,
	word: string,
	about: Record<'client' | 'contact' | 'deal' | 'step', number>,
) {
	const { client, contact, deal, step } = about;
	await pool.query(
		`insert into mails (kind, client_id, interaction_id, person_id, address, name, language, time_zone, subject, content, html, text, status, created_at)
		select 'reminder', case n when 1 then $1::bigint end, case n when 2 then $2::bigint end, $3, 'anna@shop.example', 'Анна', 'ru', 'UTC', $4::text,
			jsonb_build_array(jsonb_build_object('part', 'words', 'words', $4::text)), $4::text, $4::text, 'kept', $5
		from generate_series(1, 2) n`,
		[client, step, cast.people.anna.id, `Напоминание: ${word}`, NOW],
	);
	const { rows } = await pool.query(
		`insert into imports (owner_id, feeds, file_name, kind, bytes, status, reading, headers, fingerprint)
		values ($1, 'clients', 'c.csv', 'csv', 1, 'failed', '{}', '["Название"]', 'x') returning id`,
		[cast.people.ada.id],
	);
	const id = rows[0].id;
	await pool.query(`insert into import_chunks values ($1, 0, convert_to($2, 'UTF8'))`, [id, word]);
	for (const [line, noun, record] of [
		...[
			[2, 'clients', client],
			[3, 'contacts', contact],
			[4, 'deals', deal],
			[5, 'interactions', step],
		],
	] as const) {
		if (record === 0) continue;
		const name = `${word} из файла`;
		await pool.query(
			`insert into import_rows (import_id, line, cells, verdict, reasons, results) values
			($1, $2, jsonb_build_array($3::text, ''), 'updated', jsonb_build_array(jsonb_build_object('key', 'row.loginTaken', 'args', jsonb_build_object('text', $3::text))),
				jsonb_build_array(jsonb_build_object('step', 0, 'noun', $4::text, 'verdict', 'updated', 'id', $5::bigint, 'name', $3::text, 'changes', jsonb_build_object('note', jsonb_build_array($3::text, $3::text)))))`,
			[id, line, name, noun, record],
		);
		await pool.query(
			`insert into import_records (import_id, line, step, noun, record_id, created, changes)
			values ($1, $2, 0, $3, $4, false, jsonb_build_object('note', jsonb_build_array($5::text, null)))`,
			[id, line, noun, record, name],
		);
	}
	await pool.query(
		`insert into requests_done (person_id, key, at, asked, result)
		values ($1, $2, now(), 'x', jsonb_build_object('clientId', $3::bigint, 'contactId', $4::bigint, 'name', $5::text))`,
		[cast.people.anna.id, `key-of-${step}`, client, contact, word],
	);
	await pool.query(
		`insert into calendar_accounts (person_id, login, sealed_password) values ($1, 'anna', 'x') on conflict do nothing`,
		[cast.people.anna.id],
	);
	await pool.query(
		`insert into calendar_links (person_id, href, etag, interaction_id, synced_version, text)
		values ($1, $2, 'e', $3, 1, $4)`,
		[cast.people.anna.id, `/c/${step}.ics`, step, `SUMMARY:${word}`],
	);
	await pool.query(
		`with round as (insert into calendar_rounds (person_id, begun_at) values ($1, now()) returning id)
		insert into calendar_round_changes (round_id, change, href, interaction_id, was, text)
		select id, 'changed', '/c', $2, jsonb_build_object('summary', $3::text), $3 from round`,
		[cast.people.anna.id, step, word],
	);
	return id as number;
}
