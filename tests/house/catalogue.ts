import type pg from 'pg';

/** What Postgres itself says of each table, a line for each of its parts; the order of columns says nothing. */
const PARTS = `
	with tables as (
		select c.oid, c.relname as name, c.relpersistence, c.reloptions from pg_class c
		where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
	)
	select name as table, 'table ' || case relpersistence when 'u' then 'unlogged' else 'logged' end as part from tables
	union all
	select name, 'option ' || option from tables, unnest(reloptions) option
	union all
	select t.name, concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod),
		case when a.attcollation <> ty.typcollation then 'collate ' || co.collname end,
		case when a.attnotnull then 'not null' end,
		case when a.attidentity <> '' then concat_ws(' ', 'identity', a.attidentity::text, s.seqtypid::regtype, s.seqstart,
			s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle) end,
		case when a.attgenerated <> '' then 'generated ' || a.attgenerated::text when d.adbin is not null then 'default' end,
		pg_get_expr(d.adbin, d.adrelid))
	from tables t
	join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
	join pg_type ty on ty.oid = a.atttypid
	left join pg_collation co on co.oid = a.attcollation
	left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
	left join pg_sequence s on a.attidentity <> ''
		and s.seqrelid = pg_get_serial_sequence(quote_ident(t.name), a.attname)::regclass
	union all
	select t.name, concat_ws(' ', 'constraint', c.conname, pg_get_constraintdef(c.oid))
	from tables t join pg_constraint c on c.conrelid = t.oid
	where c.contype in ('c', 'f', 'p', 'u', 'x')
	union all
	select t.name, pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' INVALID' end
	from tables t join pg_index i on i.indrelid = t.oid
	union all
	select relname, 'view ' || pg_get_viewdef(oid) from pg_class
	where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
	union all select 'extensions', extname from pg_extension
	union all
	select 'collations', concat_ws(' ', collname, collprovider::text, colllocale, collisdeterministic) from pg_collation
	where collnamespace = 'public'::regnamespace
	union all
	select 'types', format_type(oid, null) from pg_type
	where typnamespace = 'public'::regnamespace and typtype in ('d', 'e', 'r')
	order by 1, 2`;

/** The parts of every table of a database, by the table's name. */
export async function catalogueOf(
	pool: Pick<pg.ClientBase, 'query'>,
): Promise<Record<string, string[]>> {
	const { rows } = await pool.query<{ table: string; part: string }>(PARTS);
	const tables: Record<string, string[]> = {};
	for (const { table, part } of rows) {
		tables[table] ??= [];
		tables[table].push(part);
	}
	return tables;
}

/** What one database has of each table that another has not, both ways; nothing where they are the same. */
export function differences(
	database: Record<string, string[]>,
	told: Record<string, string[]>,
): string[] {
	const names = [...new Set([...Object.keys(database), ...Object.keys(told)])].toSorted();
	return names.flatMap((name) => {
		const [there, here] = [database[name] ?? [], told[name] ?? []];
		return [
			...there
				.filter((part) => !here.includes(part))
				.map((part) => `${name}: only in the database: ${part}`),
			...here
				.filter((part) => !there.includes(part))
				.map((part) => `${name}: only in tables.ts: ${part}`),
		];
	});
}
