import { sql } from 'drizzle-orm';
import { type Actor, visibleTo } from '#src/features/access/rights.ts';
import type { ImportRecord } from '#src/features/imports/queries.ts';
import { INSTEAD_FIELDS, type Instead } from '#src/features/imports/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';

/*
 * Names in a file that nobody and nothing here has: each is told once, with what can stand for it. What a person
 * has said is kept in the import's choice, and read as if the file had said it.
 */

type InsteadField = (typeof INSTEAD_FIELDS)[number];

/** A name that nobody has, and what stands for it; null while nothing was said. */
export type UnknownName = {
	field: InsteadField;
	text: string;
	rows: number;
	instead: string | null;
};

/** What can stand for a name: what the file would have to say, and how it is called. */
export type Substitute = { value: string; name: string };

const NAMES_SHOWN = 50;
const FIELD_OF: Record<string, InsteadField> = {
	...{ people: 'owner', stages: 'stage', lossReasons: 'lossReason', kinds: 'kind' },
};

/** The unknown names of an import that was checked, the most frequent first, and those that were put right before. */
export async function listUnknownNames(
	db: Sql,
	{ id, choice }: Pick<ImportRecord, 'id' | 'choice'>,
): Promise<UnknownName[]> {
	const { rows } = await db.execute<{ noun: string; text: string; rows: number }>(sql`
		select said->'args'->>'noun' as noun, said->'args'->>'text' as text, count(*)::int as rows
		from import_rows r cross join lateral (
			select jsonb_array_elements(r.reasons) as said
			union all
			select jsonb_array_elements(result->'notices') from jsonb_array_elements(r.results) result
			where result ? 'notices') every
		where r.import_id = ${id} and said->>'key' in ('row.notFound', 'row.foundMany', 'row.ownerForeign')
			and said->'args'->>'noun' = any(${sql.param(Object.keys(FIELD_OF))}::text[])
		group by 1, 2 order by 3 desc, 2 limit ${NAMES_SHOWN}`);
	const said = INSTEAD_FIELDS.flatMap((field) =>
		Object.entries(choice?.instead?.[field] ?? {}).map(([text, instead]) => ({
			...{ field, text, rows: 0, instead },
		})),
	);
	const unknown = rows.flatMap(({ noun, text, rows }) => {
		const field = FIELD_OF[noun];
		const known = said.some((one) => one.field === field && one.text === text);
		return field === undefined || known ? [] : [{ field, text, rows, instead: null }];
	});
	return [...unknown, ...said].slice(0, NAMES_SHOWN);
}

const LISTS: Record<
	InsteadField,
	(actor: Actor, pipeline: string | null) => ReturnType<typeof sql>
> = {
	owner: (actor) => sql`
		select p.login as value, p.name from people p
		where p.active and ${visibleTo(actor, sql`p.id`)} order by p.id <> ${actor.id}, p.name, p.id`,
	stage: (_, pipeline) => sql`
		select s.name as value, s.name from stages s where s.removed_at is null and s.pipeline_id = (
			select id from pipelines
			where removed_at is null and (${pipeline}::text is null or name = ${pipeline})
			order by position, id limit 1)
		order by s.position, s.id`,
	lossReason: () =>
		sql`select name as value, name from loss_reasons where active order by position, id`,
	kind: () => sql`select name as value, name from interaction_kinds where active order by position`,
};

/** What can stand for names of these fields. */
export async function listSubstitutes(
	db: Sql,
	actor: Actor,
	names: readonly UnknownName[],
	pipeline: string | undefined,
): Promise<Partial<Record<InsteadField, Substitute[]>>> {
	const lists: Partial<Record<InsteadField, Substitute[]>> = {};
	for (const field of new Set(names.map((name) => name.field))) {
		const { rows } = await db.execute<Substitute>(LISTS[field](actor, pipeline ?? null));
		lists[field] = rows;
	}
	return lists;
}

/** The choice of what stands for names, as a person has made it: `values` in the order of the names. */
export function insteadOf(
	names: readonly UnknownName[],
	values: readonly (string | undefined)[],
): Instead {
	const instead: Instead = {};
	for (const [at, { field, text }] of names.entries()) {
		const value = values[at];
		if (value === KEPT || value === undefined) continue;
		const own = instead[field] ?? {};
		own[text] = value === NOTHING ? '' : value;
		instead[field] = own;
	}
	return instead;
}

/** In the form: the name stays unknown; the cell counts as empty. */
export const KEPT = '?';
export const NOTHING = '-';
