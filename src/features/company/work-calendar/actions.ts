import { eq, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { type Acting, demand } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';
import { addDays } from '#src/platform/i18n/dates.ts';
import { type Holiday, lockHoliday, lockWorkWeek, type WorkWeek } from './queries.ts';
import { holidays, workCalendar } from './tables.ts';

/** The week and hours as they are to be. */
export type WorkWeekEdit = Pick<WorkWeek, 'weekdays' | 'workFrom' | 'workUntil'>;

/**
 * Sets the company's week and hours; whoever comes to the company begins with these hours. Returns the version.
 * Throws Forbidden, Conflict.
 */
export async function setWorkWeek(
	sqlOrTx: Sql,
	acting: Acting,
	version: number,
	edit: WorkWeekEdit,
): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const found = await lockWorkWeek(tx);
		if (found.version !== version) throw await conflictOn(tx, 'work', found);
		const [before, after] = [found, edit].map((one) => ({ ...one, weekdays: one.weekdays.join() }));
		const changes = changesBetween(before as never, after as never, [
			'weekdays',
			'workFrom',
			'workUntil',
		]);
		if (changes === null) return version;
		await tx
			.update(workCalendar)
			.set({ ...edit, version: nextVersion(workCalendar.version) })
			.where(eq(workCalendar.id, found.id));
		await record(tx, acting, { type: 'work.edited', data: { workId: found.id, changes } });
		return version + 1;
	});
}

/** A day that differs from the week, as it is to be. */
export type HolidayEdit = Pick<Holiday, 'day' | 'name' | 'working'>;

/** As many days in a row as one form adds at most. */
export const MOST_DAYS = 31;

/**
 * Adds a day that differs from the week, or all days until another. Returns their ids. Throws Forbidden,
 * InvalidForm for a day that is there already.
 */
export async function addHolidays(
	sqlOrTx: Sql,
	acting: Acting,
	{ day, name, working, until }: HolidayEdit & { until: string },
): Promise<number[]> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		const days: string[] = [];
		for (let at = day; at <= until; at = addDays(at, 1)) days.push(at);
		await holdDaysFree(tx, days, null);
		const rows = await tx
			.insert(holidays)
			.values(days.map((one) => ({ day: one, name, working })))
			.returning({ id: holidays.id, day: holidays.day });
		await record(
			tx,
			acting,
			...rows.map(({ id, day }) => ({
				type: 'holiday.added' as const,
				data: { holidayId: id, day, name },
			})),
		);
		return rows.map(({ id }) => id);
	});
}

async function holdDaysFree(tx: Tx, days: string[], self: number | null): Promise<void> {
	// One after the other: the unique index would refuse the second one without a word for people.
	await tx.execute(sql`lock table holidays in share row exclusive mode`);
	const { rows } = await tx.execute<{ name: string }>(sql`
		select name from holidays where day = any(${sql.param(days)}::date[])
			and id is distinct from ${self}::bigint order by day limit 1`);
	if (rows[0]) throw new InvalidForm({ day: { key: 'holiday.taken', args: rows[0] } }, {});
}

async function findHolidayToEdit(
	tx: Tx,
	acting: Acting,
	holidayId: number,
	version: number,
): Promise<Holiday> {
	demand(acting, 'catalogs');
	const holiday = await lockHoliday(tx, holidayId);
	if (holiday.version !== version) throw await conflictOn(tx, 'holiday', holiday);
	return holiday;
}

/** Changes such a day. Returns the version. Throws Forbidden, NotFound, Conflict, InvalidForm. */
export async function editHoliday(
	sqlOrTx: Sql,
	acting: Acting,
	holidayId: number,
	version: number,
	edit: HolidayEdit,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findHolidayToEdit(tx, acting, holidayId, version);
		if (found.day !== edit.day) await holdDaysFree(tx, [edit.day], holidayId);
		const changes: Record<string, FieldChange> | null = changesBetween(found, edit, [
			...(['day', 'name', 'working'] as const),
		]);
		if (changes === null) return version;
		await tx
			.update(holidays)
			.set({ ...edit, version: nextVersion(holidays.version) })
			.where(eq(holidays.id, holidayId));
		await record(tx, acting, { type: 'holiday.edited', data: { holidayId, changes } });
		return version + 1;
	});
}

/** Takes such a day away: the week holds again. Returns what it was called. Throws Forbidden, NotFound, Conflict. */
export async function removeHoliday(
	sqlOrTx: Sql,
	acting: Acting,
	holidayId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { day, name } = await findHolidayToEdit(tx, acting, holidayId, version);
		await tx.delete(holidays).where(eq(holidays.id, holidayId));
		await record(tx, acting, { type: 'holiday.removed', data: { holidayId, day, name } });
		return name;
	});
}
