import { type SQL, sql } from 'drizzle-orm';
import { STEP } from '#src/features/calendar/queries.ts';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** An event that both sides know, or a stranger that stands on the server alone. */
export type Link = {
	href: string;
	etag: string;
	interactionId: number | null;
	syncedVersion: number | null;
	/** The text of a stranger. */
	stranger: string | null;
	/** The event as both sides had it; null: not read yet. */
	text: string | null;
	/** Of a series, which one the interaction stands for. */
	occurrence: string | null;
	fault: Fault | null;
	/** The interaction as it stands now; null where it has been deleted, or is a colleague's. */
	step: CalendarStep | null;
};

/** What is amiss with an event, for its person to know: see the page of the account. */
export type Fault = 'unreadable' | 'refused' | 'zone';

/** The state of an event that is known to be lost there, and is to be put there again. */
export const LOST = '';

/** Everything of a person's that stands on the server. */
export async function readLinks(db: Sql, personId: number): Promise<Link[]> {
	const { rows } = await db.execute<Omit<Link, 'step'>>(sql`
		select href, etag, interaction_id as "interactionId", synced_version as "syncedVersion", stranger,
			text, occurrence, fault
		from calendar_links where person_id = ${personId} order by href`);
	const ids = sql.param(rows.flatMap(({ interactionId }) => interactionId ?? []));
	const steps = await readSteps(db, sql`i.id = any(${ids}::bigint[]) and i.owner_id = ${personId}`);
	const byId = new Map(steps.map((step) => [step.id, step]));
	return rows.map((row) => ({
		...row,
		step: row.interactionId === null ? null : (byId.get(row.interactionId) ?? null),
	}));
}

const AT_ONCE = 500;

/** Planned calls and meetings of a person, from yesterday on, that do not stand on the server yet. */
export async function unlinkedSteps(db: Sql, personId: number, now: Date): Promise<CalendarStep[]> {
	const yesterday = new Date(now.getTime() - 86_400_000);
	return await readSteps(
		db,
		sql`i.owner_id = ${personId} and i.status = 'planned' and k.code in ('call', 'meeting')
			and coalesce(i.planned_at, i.planned_on::timestamptz) >= ${yesterday}
			and not exists (select from calendar_links l
				where l.person_id = ${personId} and l.interaction_id = i.id)
			and not exists (select from calendar_origins o
				where o.interaction_id = i.id and o.occurrence is not null)`,
		AT_ONCE,
	);
}

/** An interaction of the person whose calendar it is in, as calendars show it; null where there is none. */
export async function findCalendarStep(
	db: Sql,
	personId: number,
	id: number,
): Promise<CalendarStep | null> {
	const steps = await readSteps(db, sql`i.owner_id = ${personId} and i.id = ${id}`);
	return steps[0] ?? null;
}

async function readSteps(db: Sql, where: SQL, limit?: number): Promise<CalendarStep[]> {
	const { rows } = await db.execute<CalendarStep>(sql`
		${STEP} from interactions i join interaction_kinds k on k.id = i.kind_id
		left join deals d on d.id = i.deal_id
		left join clients c on c.id = coalesce(d.client_id, i.client_id)
		left join contacts co on co.id = i.contact_id
		where ${where} order by i.id ${limit === undefined ? sql`` : sql`limit ${limit}`}`);
	return rows;
}

/** What both sides have: the interaction in this version, the event with this text. */
export type Kept = {
	href: string;
	etag: string;
	interactionId: number;
	version: number;
	text: string | null;
	occurrence: string | null;
};

/** Notes that both sides are the same now. */
export async function keepLink(tx: Sql, personId: number, link: Kept): Promise<void> {
	await tx.execute(sql`
		insert into calendar_links (person_id, href, etag, interaction_id, synced_version, text, occurrence)
		values (${personId}, ${link.href}, ${link.etag}, ${link.interactionId}, ${link.version},
			${link.text}, ${link.occurrence})
		on conflict (person_id, href) do update set etag = excluded.etag, stranger = null,
			interaction_id = excluded.interaction_id, synced_version = excluded.synced_version,
			text = excluded.text, occurrence = excluded.occurrence, fault = null, fault_count = 0`);
}

/** Keeps the text of an event that nobody here knows, for its person to take it in or not. */
export async function keepStranger(
	tx: Sql,
	personId: number,
	event: { href: string; etag: string; text: string },
): Promise<void> {
	await tx.execute(sql`
		insert into calendar_links (person_id, href, etag, stranger)
		values (${personId}, ${event.href}, ${event.etag}, ${event.text})
		on conflict (person_id, href) do update set etag = excluded.etag, stranger = excluded.stranger,
			interaction_id = null, synced_version = null, text = null, occurrence = null, fault = null,
			fault_count = 0`);
}

/** Notes what is amiss with an event; each time it is counted. */
export async function noteFault(
	db: Sql,
	personId: number,
	href: string,
	fault: Fault,
): Promise<void> {
	await db.execute(sql`
		update calendar_links set fault = ${fault}, fault_count = fault_count + 1
		where person_id = ${personId} and href = ${href}`);
}

/** Notes that both sides had changed one event, and which interaction holds what the server had. */
export async function noteConflict(
	tx: Sql,
	personId: number,
	href: string,
	copyId: number,
	now: Date,
): Promise<void> {
	await tx.execute(sql`
		update calendar_links set copy_id = ${copyId}, conflicted_at = ${now}
		where person_id = ${personId} and href = ${href}`);
}

/** Forgets an event that stands on neither side any more. */
export async function dropLink(tx: Sql, personId: number, href: string): Promise<void> {
	await tx.execute(
		sql`delete from calendar_links where person_id = ${personId} and href = ${href}`,
	);
}
