import { type SQL, sql } from 'drizzle-orm';
import { type Actor, editable, visibleTo } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import { interactionVisibleTo } from '#src/features/interactions/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { textMatches } from '#src/platform/db/text-search.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import {
	type Span,
	spanOf,
	TODO_GROUPS,
	type TodoFilter,
	type TodoGroup,
	type TodoPeriod,
	type TodoPlace,
} from './forms.ts';

/** A line of «Мои дела». */
export type Todo = {
	group: TodoPeriod;
	/** When it is due, in seconds: its moment, or the end of its day; of what is done, when that was. */
	due: number;
	id: number;
	version: number;
	kindName: string;
	kindIcon: string;
	summary: string;
	place: string | null;
	plannedOn: string | null;
	plannedAt: Date | null;
	lengthMinutes: number | null;
	seriesId: number | null;
	completedAt: Date | null;
	outcome: string | null;
	/** Whether the actor may change it, or only read. */
	editable: boolean;
	dealId: number | null;
	dealTitle: string | null;
	/** Whether its deal is won or lost. */
	dealFinished: boolean;
	/** Whether the actor may open the deal, and the client. */
	dealSeen: boolean;
	clientId: number | null;
	clientName: string | null;
	clientSeen: boolean;
	contactName: string | null;
	phone: string | null;
	e164: string | null;
	extension: string | null;
};

/** How many of a group are wanted, and behind which place; `span`: where it is not the group's own. */
export type Wanted = { group: TodoPeriod; limit: number; after: TodoPlace | null; span?: Span };

// Few are found by a text where many are planned: everything else is then asked of these alone.
const found = ({ ownerId, text }: TodoFilter, viewer: Viewer): SQL => {
	if (text === null) return sql``;
	const summary = sql`translate(lower(i.summary collate "russian"), 'ё', 'е')`;
	return sql`with hits as materialized (
		select i.* from (
			select * from interactions where owner_id = ${ownerId} and status = 'planned'
			union all
			select * from interactions where owner_id = ${ownerId} and status = 'done'
				and completed_at >= ${spanOf('doneweek', viewer).from}
		) i
		left join deals d on d.id = i.deal_id
		left join clients c on c.id = coalesce(d.client_id, i.client_id)
		left join contacts co on co.id = i.contact_id
		where ${textMatches(summary, text)} or ${textMatches(sql`d.title_search`, text)}
			or ${textMatches(sql`c.name_search`, text)} or ${textMatches(sql`co.name_search`, text)}
	)`;
};

const source = ({ text }: TodoFilter) => (text === null ? sql`interactions i` : sql`hits i`);
const OF_FINISHED = sql`exists (select from deals ended where ended.id = i.deal_id and ended.closed_on is not null)`;
const criteria = ({ ownerId, kindId, finished }: TodoFilter, status: 'planned' | 'done') =>
	sql`i.owner_id = ${ownerId} and i.status = ${sql.raw(`'${status}'`)}${
		kindId === null ? sql`` : sql` and i.kind_id = ${kindId}`
	}${finished ? sql` and ${OF_FINISHED}` : sql``}`;

/**
 * The first lines of each group wanted, in the order of their due moments: overdue and today the earliest
 * first, what is done the latest first. Reads two index ranges a group (moments and days), no more of
 * each than is shown; what else a line says is looked up for the lines alone.
 */
export async function listTodos(
	db: Sql,
	actor: Actor,
	filter: TodoFilter,
	wanted: Wanted[],
	viewer: Viewer,
): Promise<Todo[]> {
	if (wanted.length === 0) return [];
	const { rows } = await db.execute<Todo & { plannedAt: number; completedAt: number }>(sql`
		${found(filter, viewer)}
		select s.grp as "group", s.due, i.id, i.version, k.name as "kindName", k.icon as "kindIcon",
			i.summary, i.place, i.planned_on as "plannedOn",
			extract(epoch from i.planned_at)::float8 as "plannedAt", i.length_minutes as "lengthMinutes",
			i.series_id as "seriesId", extract(epoch from i.completed_at)::float8 as "completedAt",
			i.outcome, coalesce(${editable(actor, interactionVisibleTo)}, false) as editable, d.id as "dealId", d.title as "dealTitle",
			d.closed_on is not null as "dealFinished",
			coalesce(${dealVisibleTo(actor)}, false) as "dealSeen",
			c.id as "clientId", c.name as "clientName", coalesce(${clientVisibleTo(actor)}, false) as "clientSeen",
			coalesce(co.name, ph.contact) as "contactName", ph.value as phone, ph.e164, ph.extension
		from (${sql.join(
			wanted.map((one) => groupLines(filter, one, viewer)),
			sql` union all `,
		)}) s
		join interactions i on i.id = s.id
		join interaction_kinds k on k.id = i.kind_id
		left join deals d on d.id = i.deal_id
		left join clients c on c.id = coalesce(d.client_id, i.client_id)
		left join contacts co on co.id = i.contact_id
		left join lateral (
			select cp.value, cp.e164, cp.extension, of_contact.name as contact from contact_points cp
			left join contacts of_contact on of_contact.id = cp.contact_id
			where cp.client_id = c.id and cp.kind = 'phone'
				and (i.contact_id is null or cp.contact_id = i.contact_id)
			order by cp.position, cp.id limit 1
		) ph on true
		order by s.nr, s.due * s.way, s.id * s.way`);
	return rows.map((row) => ({ ...row, ...momentsOf(row) }));
}

const momentsOf = (row: { plannedAt: number | null; completedAt: number | null }) => ({
	plannedAt: row.plannedAt === null ? null : new Date(row.plannedAt * 1000),
	completedAt: row.completedAt === null ? null : new Date(row.completedAt * 1000),
});

function groupLines(filter: TodoFilter, wanted: Wanted, viewer: Viewer): SQL {
	const { group, limit, after, span = spanOf(group, viewer) } = wanted;
	const nr = sql.raw(String(TODO_GROUPS.indexOf(group as TodoGroup)));
	const place = after && { at: new Date(after.due * 1000), id: after.id };
	const due = (at: SQL) => sql`extract(epoch from ${at})::bigint`;
	if (group === 'done' || group === 'doneweek')
		return sql`(select ${group}::text as grp, ${nr}::int as nr, -1 as way, i.id, ${due(sql`i.completed_at`)} as due
			from ${source(filter)} where ${criteria(filter, 'done')} and i.completed_at >= ${span.from}
				${place ? sql`and (i.completed_at, i.id) < (${place.at}::timestamptz, ${place.id})` : sql``}
			order by i.completed_at desc, i.id desc limit ${limit})`;
	const end = sql`((i.planned_on + 1)::timestamp at time zone ${viewer.timeZone})`;
	// A day's end in any zone is within two days of it: that bounds the index, the moment bounds exactly.
	const near = after && new Date(after.due * 1000 - 3 * 86_400_000).toISOString().slice(0, 10);
	const beyondDay = place
		? sql`and i.planned_on >= ${near} and (${end}, i.id) > (${place.at}::timestamptz, ${place.id})`
		: sql``;
	return sql`(select ${group}::text as grp, ${nr}::int as nr, 1 as way, merged.id, merged.due from (
		(select i.id, ${due(sql`i.planned_at`)} as due from ${source(filter)}
			where ${criteria(filter, 'planned')} and ${momentIn(sql`i.planned_at`, span)}
				${place ? sql`and (i.planned_at, i.id) > (${place.at}::timestamptz, ${place.id})` : sql``}
			order by i.planned_at, i.id limit ${limit})
		union all
		(select i.id, ${due(end)} as due from ${source(filter)}
			where ${criteria(filter, 'planned')} and ${dayIn(sql`i.planned_on`, span)} ${beyondDay}
			order by i.planned_on, i.id limit ${limit})
	) merged order by merged.due, merged.id limit ${limit})`;
}

/** Whether a moment lies in a span; not where there is none. */
export const momentIn = (at: SQL, { from, before }: Span): SQL =>
	sql`${at} is not null${from ? sql` and ${at} >= ${from}` : sql``}${before ? sql` and ${at} < ${before}` : sql``}`;

/** Whether a day lies in a span; not where there is none. */
export const dayIn = (on: SQL, { firstDay, lastDay }: Span): SQL =>
	sql`${on} is not null${firstDay ? sql` and ${on} >= ${firstDay}` : sql``}${lastDay ? sql` and ${on} <= ${lastDay}` : sql``}`;

/** `finished`: of what is planned, what belongs to deals that are over. */
export type TodoCounts = Record<TodoGroup | 'done' | 'doneweek' | 'finished', number>;

/** How many stand in each group, exactly, whatever is shown of them. */
export async function countTodos(db: Sql, filter: TodoFilter, viewer: Viewer): Promise<TodoCounts> {
	const groups = TODO_GROUPS.map((group) => {
		const span = spanOf(group, viewer);
		return sql`count(*) filter (where ${momentIn(sql`planned_at`, span)} or ${dayIn(sql`planned_on`, span)})::int as "${sql.raw(group)}"`;
	});
	const [today, week] = [spanOf('done', viewer), spanOf('doneweek', viewer)];
	const { rows } = await db.execute<TodoCounts>(sql`
		${found(filter, viewer)}
		select * from (
			select ${sql.join(groups, sql`, `)} from (
				select i.planned_at, null::date as planned_on from ${source(filter)}
				where ${criteria(filter, 'planned')} and i.planned_at is not null
				union all
				select null, i.planned_on from ${source(filter)}
				where ${criteria(filter, 'planned')} and i.planned_on is not null
			) planned
		) p, (
			select count(*) filter (where i.completed_at >= ${today.from})::int as done, count(*)::int as doneweek
			from ${source(filter)} where ${criteria(filter, 'done')} and i.completed_at >= ${week.from}
		) d, (
			select count(*)::int as finished from ${source(filter)} join deals over on over.id = i.deal_id
			where ${criteria(filter, 'planned')} and over.closed_on is not null
		) f`);
	return rows[0] as TodoCounts;
}

/** What a person has to do and has done. */
export type PersonTodos = {
	id: number;
	name: string;
	active: boolean;
	late: number;
	today: number;
	planned: number;
	done: number;
	doneweek: number;
};

/**
 * The people of the actor's scope with what is planned and done, by name; who has left is among them while
 * something is planned for them. Each figure is counted in an index of the person.
 */
export async function countByPerson(db: Sql, actor: Actor, viewer: Viewer): Promise<PersonTodos[]> {
	const [late, today] = [spanOf('late', viewer), spanOf('today', viewer)];
	const [done, week] = [spanOf('done', viewer), spanOf('doneweek', viewer)];
	const { rows } = await db.execute<PersonTodos>(sql`
		select p.id, p.name, p.active, t.late + o.late as late, t.today + o.today as today,
			t.planned + o.planned as planned, d.done, d.doneweek
		from people p
		cross join lateral (
			select count(*) filter (where ${momentIn(sql`i.planned_at`, late)})::int as late,
				count(*) filter (where ${momentIn(sql`i.planned_at`, today)})::int as today, count(*)::int as planned
			from interactions i
			where i.owner_id = p.id and i.status = 'planned' and i.planned_at is not null
		) t
		cross join lateral (
			select count(*) filter (where ${dayIn(sql`i.planned_on`, late)})::int as late,
				count(*) filter (where ${dayIn(sql`i.planned_on`, today)})::int as today, count(*)::int as planned
			from interactions i
			where i.owner_id = p.id and i.status = 'planned' and i.planned_on is not null
		) o
		cross join lateral (
			select count(*) filter (where i.completed_at >= ${done.from})::int as done, count(*)::int as doneweek
			from interactions i
			where i.owner_id = p.id and i.status = 'done' and i.completed_at >= ${week.from}
		) d
		where ${visibleTo(actor, sql`p.id`)} and (p.active or t.planned + o.planned > 0)
		order by p.name collate "russian", p.id`);
	return rows;
}
