import { type SQL, sql } from 'drizzle-orm';
import type { StaticDecode } from 'typebox';
import { DOORS } from '#src/events.ts';
import { day, form, id, oneOf, optional } from '#src/platform/forms/readers.ts';
import { addDays, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';

/** Who did it, by which door, from which day and until which: what of a history is looked at, beside its part. */
export const ASKED = {
	person: optional(id()),
	door: optional(oneOf(...DOORS)),
	since: optional(day()),
	until: optional(day()),
};
const AskedForm = form(ASKED);
export type Asked = Partial<StaticDecode<typeof AskedForm>>;

/** Whoever did something in a history, and the doors by which they came. */
export type Voices = { people: { id: number; name: string }[]; doors: string[] };

/** Events as far back as those who did them are offered. */
const MOST_HEARD = 500;

/** The events `e` that are asked for; days are the viewer's. */
export function askedSql({ person, door, since, until }: Asked, { timeZone }: Viewer): SQL {
	const parts = [
		person && sql`e.actor_id = ${person}`,
		door && sql`e.door = ${door}`,
		since && sql`e.at >= ${startOfDay(since, timeZone)}`,
		until && sql`e.at < ${startOfDay(addDays(until, 1), timeZone)}`,
	].filter((part): part is SQL => Boolean(part));
	return parts.length > 0 ? sql.join(parts, sql` and `) : sql`true`;
}

/** The voices of the latest of these events, as JSON; `where` speaks of `e`. */
export function voicesSql(from: SQL, where: SQL): SQL {
	return sql`(
		with heard as materialized (
			select distinct latest.actor_id, latest.door from (
				select e.actor_id, e.door from ${from} where ${where} order by e.id desc limit ${MOST_HEARD}
			) latest
		)
		select jsonb_build_object(
			'people', coalesce((select jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name)
				order by p.name collate "russian", p.id) from people p where p.id in (select actor_id from heard)), '[]'),
			'doors', coalesce((select jsonb_agg(distinct door) from heard), '[]')))`;
}

/** What is asked for as it stands in an address. */
export function askedQuery({ person, door, since, until }: Asked): Record<string, string> {
	return {
		...(person && { person: String(person) }),
		...(door && { door }),
		...(since && { since }),
		...(until && { until }),
	};
}
