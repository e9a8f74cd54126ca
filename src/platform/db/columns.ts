import { sql } from 'drizzle-orm';
import {
	type AnyPgColumn,
	bigint,
	char,
	customType,
	date,
	integer,
	numeric,
	timestamp,
} from 'drizzle-orm/pg-core';

/** Primary key: a bigint identity, read as a JavaScript number (exact up to 2^53). */
export const id = () => bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity();

/** Reference to another table's id. */
export const ref = () => bigint({ mode: 'number' });

/** A moment in time, to the second; stored in UTC, drawn in the viewer's zone. */
export const moment = () => timestamp({ withTimezone: true, precision: 0, mode: 'date' });

/** A moment kept to the microsecond, for logs whose order matters. */
export const exactMoment = () => timestamp({ withTimezone: true, mode: 'date' });

/** A calendar day without a zone, as `2026-11-23`. */
export const day = () => date({ mode: 'string' });

/** Money: exact, as a decimal string with kopecks; never a float. */
export const money = () => numeric({ precision: 15, scale: 2 });

/** A text that is put in order as Russians read, «ё» beside «е»; see drizzle/0000_foundation.sql. */
export const russian = customType<{ data: string }>({ dataType: () => 'text collate "russian"' });

/** ISO 4217 code of the currency of the money beside it. */
export const currency = () => char({ length: 3 }).notNull().default('RUB');

/** Counts the changes of a row; every change names the version that it started from. */
export const version = () => integer().notNull().default(1);

/** The version of a row after a change: what an UPDATE sets. */
export const nextVersion = (column: AnyPgColumn) => sql`${column} + 1`;

/** The moment at which the row was made. */
export const createdAt = () => exactMoment().notNull().default(sql`now()`);
