import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { type Reminded, remindAtOf } from '#src/features/deals/reminders.ts';
import {
	checkPointers,
	columnsOf,
	findSubject,
	insertStep,
	type NewStep,
	refreshDeal,
	type Target,
	whoseIs,
} from '#src/features/interactions/steps.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { type By, record } from '#src/platform/history/record.ts';
import { addDays, dayOf } from '#src/platform/i18n/dates.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import {
	dayIn,
	type Occurrence,
	occurrencesOf,
	type Repeat,
	type SeriesTime,
	seriesTime,
} from './recurrence.ts';

/** So many days ahead the occurrences of a series are planned, */
export const DAYS_AHEAD = 60;
/** so many of them at most, */
export const MOST_AHEAD = 60;
/** and so many at least: when one is done, the next is there already. */
export const LEAST_AHEAD = 2;
const EXTEND_EVERY_DAYS = 7;

/** A series: when it takes place, and what every occurrence begins with. */
export type Series = SeriesTime & {
	id: number;
	madeUntil: string | null;
	endedOn: string | null;
	kindId: number;
	summary: string;
	description: string | null;
	place: string | null;
	contactId: number | null;
	lengthMinutes: number | null;
	remindMinutes: number | null;
	ownerId: number;
	authorId: number | null;
};

/** What a series' occurrences belong to; they never differ in it. */
export type SeriesSubject = { dealId: number | null; clientId: number | null };

/**
 * Plans a step that is repeated: the series, and its occurrences of the next weeks as interactions, in the
 * zone of the person who plans. Returns the first one's id. Throws as planInteraction does, and InvalidForm
 * for a rule that comes to nothing and for a beginning in the past.
 */
export async function planSeries(
	sqlOrTx: Sql,
	acting: Acting,
	target: Target,
	step: NewStep,
	repeat: Repeat,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const subject = await findSubject(tx, acting.actor, target);
		const time = seriesTime(step.plan, repeat, acting.actor.timeZone);
		const today = dayOf(acting.now, time.timeZone);
		const [first, ...rest] = firstOnes(time, today);
		if (dayIn(time.startsOn ?? time.startsAt ?? '') < today)
			throw new InvalidForm({ plannedDay: { key: 'series.past' } }, {});
		if (first === undefined) throw new InvalidForm({ repeatUntil: { key: 'series.nothing' } }, {});
		const { contactId = null, ownerId = subject.ownerId } = step;
		const pointers = { kindId: step.kindId, contactId, ownerId };
		const owner = await checkPointers(
			tx,
			subject.clientId,
			pointers,
			{ ownerId: subject.ownerId },
			whoseIs(subject),
		);
		const { plannedAt } = columnsOf(step.plan);
		const series = await insertSeries(tx, acting, {
			...{ ...time, ...pointers, summary: step.summary },
			description: step.description ?? null,
			place: step.place ?? null,
			lengthMinutes: step.lengthMinutes ?? (plannedAt && owner.usualLength),
			remindMinutes:
				step.remindMinutes === undefined ? plannedAt && owner.usualReminder : step.remindMinutes,
		});
		const id = await insertStep(tx, acting, subject, stepAt(series, first), {
			...{ seriesId: series.id, occurrence: first.occurrence, rule: series.rule },
		});
		await insertOccurrences(tx, acting, series, subject, rest);
		await noteMade(tx, acting, series, [first, ...rest]);
		await refreshDeal(tx, subject);
		return id;
	});
}

/** The occurrences that a series begins with. */
export const firstOnes = (time: SeriesTime, today: string): Occurrence[] =>
	occurrencesOf(time, null, addDays(today, DAYS_AHEAD), MOST_AHEAD, LEAST_AHEAD);

const stepAt = (series: Series, { plannedOn, plannedAt }: Occurrence): NewStep => ({
	...series,
	plan: plannedOn === null ? { plannedAt: plannedAt as Date } : { plannedOn },
});

type NewSeries = Omit<Series, 'id' | 'madeUntil' | 'endedOn' | 'authorId'>;

/** Writes a series without its occurrences. */
export async function insertSeries(tx: Tx, by: By, series: NewSeries): Promise<Series> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into interaction_series (rule, starts_on, starts_at, time_zone, kind_id, summary, description,
			place, contact_id, length_minutes, remind_minutes, owner_id, author_id, created_at)
		values (${series.rule}, ${series.startsOn}, ${series.startsAt}, ${series.timeZone}, ${series.kindId},
			${series.summary}, ${series.description}, ${series.place}, ${series.contactId},
			${series.lengthMinutes}, ${series.remindMinutes}, ${series.ownerId}, ${by.actorId}, ${momentOf(by)})
		returning id`);
	const id = rows[0]?.id as number;
	return { ...series, id, authorId: by.actorId, madeUntil: null, endedOn: null };
}

/**
 * Plans occurrences of a series; one that is there already stays as it is, so that two who make the same
 * make it once. Returns the ids of the new ones. The contact is left out where it has gone.
 */
export async function insertOccurrences(
	tx: Tx,
	by: By,
	series: Series,
	{ dealId, clientId }: SeriesSubject,
	occurrences: Occurrence[],
): Promise<number[]> {
	if (occurrences.length === 0) return [];
	const { remindMinutes, ownerId } = series;
	const { rows: owners } = await tx.execute<Reminded>(sql`
		select time_zone as "timeZone", work_from as "workFrom" from people where id = ${ownerId}`);
	const remindAt = (one: Occurrence) =>
		remindAtOf({ ...one, remindMinutes }, owners[0] as Reminded)?.toISOString() ?? null;
	const column = (of: (one: Occurrence) => string | null) => sql.param(occurrences.map(of));
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into interactions (deal_id, client_id, contact_id, kind_id, summary, description, place,
			length_minutes, remind_minutes, owner_id, author_id, created_at, series_id, occurrence,
			planned_on, planned_at, remind_at)
		select ${dealId}, ${clientId},
			(select id from contacts where id = ${series.contactId} and client_id = ${clientId}),
			${series.kindId}, ${series.summary}, ${series.description}, ${series.place},
			${series.lengthMinutes}::smallint, ${remindMinutes}::int, ${ownerId}, ${series.authorId},
			${momentOf(by)}, ${series.id}, o.occurrence, o.on_day, o.at, o.remind_at
		from unnest(${column((one) => one.occurrence)}::text[], ${column((one) => one.plannedOn)}::date[],
			${column((one) => one.plannedAt?.toISOString() ?? null)}::timestamptz[],
			${column(remindAt)}::timestamptz[]) o(occurrence, on_day, at, remind_at)
		on conflict (series_id, occurrence) do nothing returning id`);
	return rows.map(({ id }) => id);
}

/** Notes up to where a series has been made, and when somebody is to look again. */
export async function noteMade(tx: Tx, by: By, series: Series, made: Occurrence[]): Promise<void> {
	const until = made.at(-1)?.day ?? series.madeUntil;
	await tx.execute(sql`
		update interaction_series set made_until = ${until} where id = ${series.id}`);
	if (occurrencesOf(series, until, '9999-12-31', 1).length > 0) await lookAgain(tx, by, series.id);
}

/** What the job that extends a series is known by; twin of people/belongings.ts. */
export const extensionKey = (seriesId: number): string => `series.extend:${seriesId}`;

async function lookAgain(tx: Tx, by: By, seriesId: number): Promise<void> {
	const runAt = new Date(by.now.getTime() + EXTEND_EVERY_DAYS * 86_400_000);
	await enqueue(tx, 'series.extend', { seriesId }, { runAt, key: extensionKey(seriesId) });
}

/** A series locked for a change, after its deal; null where it has gone or nothing of it is left. */
export async function findSeriesToEdit(
	tx: Tx,
	seriesId: number,
): Promise<{ series: Series; subject: SeriesSubject; dealOpen: boolean } | null> {
	const { rows: subjects } = await tx.execute<SeriesSubject>(sql`
		select deal_id as "dealId", client_id as "clientId" from interactions
		where series_id = ${seriesId} order by id limit 1`);
	const subject = subjects[0];
	if (subject === undefined) return null;
	const { rows: deals } = await tx.execute<{ open: boolean; clientId: number | null }>(sql`
		select closed_on is null and archived_at is null as open, client_id as "clientId" from deals
		where id = ${subject.dealId} for update`);
	const { rows } = await tx.execute<Series>(sql`
		select id, rule, starts_on as "startsOn", starts_at as "startsAt", time_zone as "timeZone",
			made_until as "madeUntil", ended_on as "endedOn", kind_id as "kindId", summary, description,
			place, contact_id as "contactId", length_minutes as "lengthMinutes",
			remind_minutes as "remindMinutes", owner_id as "ownerId", author_id as "authorId"
		from interaction_series where id = ${seriesId} for update`);
	const series = rows[0];
	if (series === undefined) return null;
	const [deal] = deals;
	const clientId = deal ? deal.clientId : subject.clientId;
	return { series, subject: { ...subject, clientId }, dealOpen: deal?.open ?? true };
}

/**
 * Plans what a series comes to in the next weeks and has not been planned yet; nothing on a deal that is
 * closed, nothing in the past. However many do so at once, each occurrence is made once. Returns how many
 * were made.
 */
export async function extendSeries(sqlOrTx: Sql, by: By, seriesId: number): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findSeriesToEdit(tx, seriesId);
		if (found === null || found.series.endedOn !== null) return 0;
		const { series, subject, dealOpen } = found;
		if (!dealOpen) {
			await lookAgain(tx, by, seriesId);
			return 0;
		}
		const today = dayOf(by.now, series.timeZone);
		const ahead = await countAhead(tx, series, today);
		const from = [series.madeUntil ?? '', addDays(today, -1)].sort().at(-1) as string;
		const least = Math.max(0, LEAST_AHEAD - ahead);
		const most = MOST_AHEAD - ahead;
		const next = occurrencesOf(series, from, addDays(today, DAYS_AHEAD), most, least);
		const made = await insertOccurrences(tx, by, series, subject, next);
		await noteMade(tx, by, series, next);
		const [interactionId] = made;
		if (interactionId === undefined) return 0;
		await record(tx, by, {
			type: 'series.extended',
			...{ interactionId, ...subject, data: { seriesId, made: made.length } },
		});
		await refreshDeal(tx, subject);
		return made.length;
	});
}

async function countAhead(tx: Tx, series: Series, today: string): Promise<number> {
	const { rows } = await tx.execute<{ n: number }>(sql`
		select count(*)::int as n from interactions
		where series_id = ${series.id} and status = 'planned' and left(occurrence, 10) >= ${today}`);
	return rows[0]?.n ?? 0;
}
