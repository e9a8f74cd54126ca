import { type SQL, sql } from 'drizzle-orm';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';

/** The company's week and hours, as an administrator sets them up. */
export type WorkWeek = {
	id: number;
	/** Monday is 1. */
	weekdays: number[];
	/** Minutes after midnight. */
	workFrom: number;
	workUntil: number;
	version: number;
};

/** A day that differs from the week. */
export type Holiday = { id: number; day: string; name: string; working: boolean; version: number };

/** The week and hours. */
export async function findWorkWeek(db: Sql, lock: SQL = sql``): Promise<WorkWeek> {
	const { rows } = await db.execute<WorkWeek>(sql`
		select id, weekdays, work_from as "workFrom", work_until as "workUntil", version
		from work_calendar limit 1 ${lock}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Locks them for the rest of the transaction. */
export async function lockWorkWeek(tx: Tx): Promise<WorkWeek> {
	return await findWorkWeek(tx, sql`for update`);
}

const HOLIDAY = sql`id, day::text as day, name, working, version`;

/** All days that differ from the week, in order. */
export async function listHolidays(db: Sql): Promise<Holiday[]> {
	const { rows } = await db.execute<Holiday>(sql`select ${HOLIDAY} from holidays order by day`);
	return rows;
}

/** One of them. Throws NotFound. */
export async function findHoliday(db: Sql, holidayId: number, lock: SQL = sql``): Promise<Holiday> {
	const { rows } = await db.execute<Holiday>(
		sql`select ${HOLIDAY} from holidays where id = ${holidayId} ${lock}`,
	);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/** Locks one for the rest of the transaction. Throws NotFound. */
export async function lockHoliday(tx: Tx, holidayId: number): Promise<Holiday> {
	return await findHoliday(tx, holidayId, sql`for update`);
}
