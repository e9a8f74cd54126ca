import type { FastifyInstance } from 'fastify';
import { toldOfExport } from '#src/features/access/exports.ts';
import { actorOf } from '#src/features/access/guard.ts';
import { leadsTo } from '#src/features/saved-filters/rules.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, oneOf, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { batchesOf, SHEET_BATCH, SHEET_FORMATS, sendSheet } from '#src/platform/tables/sheets.ts';
import { dealSheetColumns } from './columns.ts';
import { readDealList, readDealPrint, readListing } from './list.ts';
import { countList, readLines } from './queries.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const EXPORTS = { config: { access: 'export' as const } };
const ExportQuery = form({ format: oneOf(...SHEET_FORMATS) });

/** The list of deals: page, more of it, for paper, as a file. */
export function dealListRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/deals', SIGNED_IN, async (request, reply) => {
		const home = wantsFragments(request) ? null : leadsTo(actorOf(request), 'deals', request);
		if (home !== null) return reply.redirect(home, 303);
		const list = await readDealList(db, actorOf(request), request.query, request.viewer);
		if (!wantsFragments(request)) return await reply.page('deals/list/list', list);
		if (!list.continued) return await reply.fragments('deals/list/filtered', list);
		// Reloaded, and come back to, the list shows what was unfolded.
		if (list.unfolded !== null) reply.header('hx-replace-url', list.unfolded);
		return await reply.fragments('deals/history/unfolded', list);
	});

	app.get('/deals/print', SIGNED_IN, async (request, reply) => {
		const list = await readDealPrint(db, actorOf(request), request.query, request.viewer);
		return await reply.page('deals/list/print', list);
	});

	app.get('/deals/export', EXPORTS, async (request, reply) => {
		const { viewer } = request;
		const { format, ...address } = request.query as Record<string, unknown>;
		const asked = readQuery(ExportQuery, { format });
		const reading = await readListing(db, actorOf(request), address, viewer);
		const { count } = await countList(db, reading);
		return await sendSheet(reply, {
			...asked,
			name: translate(viewer.language, 'nav.deals'),
			columns: dealSheetColumns(viewer),
			batches: batchesOf((after) => readLines(db, reading, after, SHEET_BATCH)),
			viewer,
			total: count,
			told: toldOfExport(db, request, 'deals'),
		});
	});
}
