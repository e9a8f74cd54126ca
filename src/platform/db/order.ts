import { type SQL, sql } from 'drizzle-orm';
import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Place } from '#src/platform/forms/place.ts';
import type { Tx } from './client.ts';

/** An order with one record moved, and its places before and after; null where nothing moves. */
export function reordered(
	order: readonly number[],
	id: number,
	where: Place,
): { order: number[]; places: [from: number, to: number] } | null {
	const from = order.indexOf(id);
	const wanted = 'way' in where ? from + (where.way === 'up' ? -1 : 1) : where.place - 1;
	const to = Math.min(Math.max(wanted, 0), order.length - 1);
	if (from < 0 || to === from) return null;
	return { order: order.toSpliced(from, 1).toSpliced(to, 0, id), places: [from + 1, to + 1] };
}

/** The place behind all that a directory has, or those of it that count: what an INSERT gives. */
export const lastPlace = (table: PgTable & { position: AnyPgColumn }, among: SQL = sql`true`) =>
	sql`(select coalesce(max(${table.position}), 0) + 1 from ${table} where ${among})`;

/** Writes an order into the `position` of a directory; only the record that was moved has changed. */
export async function writeOrder(
	tx: Tx,
	table: SQL,
	order: readonly number[],
	movedId: number,
): Promise<void> {
	await tx.execute(sql`
		update ${table} t set position = o.position::int,
			version = t.version + case when t.id = ${movedId} then 1 else 0 end
		from unnest(${sql.param(order)}::bigint[]) with ordinality o(id, position) where t.id = o.id`);
}
