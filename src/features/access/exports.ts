import type { FastifyRequest } from 'fastify';
import type { ExportedList } from '#src/event-shapes.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import { acting } from './guard.ts';

const MOST_QUERY = 1_000;

/**
 * What writes into the history that somebody took a list away as a file: which, by what отбор and order, and how
 * many rows. For sendSheet, which knows the number. `asked`: the format, where the query does not say it.
 */
export function toldOfExport(
	db: Sql,
	request: FastifyRequest,
	screen: ExportedList,
	asked?: string,
): (rows: number) => Promise<void> {
	const by = acting(request);
	const { format, ...address } = request.query as Record<string, unknown>;
	const said = Object.entries(address).filter(([, value]) => typeof value === 'string');
	const query = new URLSearchParams(said as [string, string][]);
	const data = {
		screen,
		format: asked ?? String(format),
		query: decoded(query).slice(0, MOST_QUERY),
	};
	return async (rows) => await record(db, by, { type: 'export.made', data: { ...data, rows } });
}

// For people to read: the words that were looked for as they were typed.
const decoded = (query: URLSearchParams) =>
	[...query].map(([name, value]) => `${name}=${value}`).join(', ');
