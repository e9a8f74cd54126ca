import type { FastifyInstance } from 'fastify';
import { toldOfExport } from '#src/features/access/exports.ts';
import { actorOf } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, oneOf, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { batchesOf, SHEET_BATCH, SHEET_FORMATS, sendSheet } from '#src/platform/tables/sheets.ts';
import { clientSheetColumns } from './columns.ts';
import { readClientQuery } from './filter.ts';
import { readClientList, readClientPrint, readMoreClients } from './list.ts';
import { countClients, readClients } from './queries.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const EXPORTS = { config: { access: 'export' as const } };
const ExportQuery = form({ format: oneOf(...SHEET_FORMATS) });

/** The list of clients: page, more of it, for paper, as a file. */
export function clientListRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/clients', SIGNED_IN, async (request, reply) => {
		const actor = actorOf(request);
		if (!wantsFragments(request)) {
			const list = await readClientList(db, actor, request.query, request.viewer);
			return await reply.page('clients/list/list', list);
		}
		if ((request.query as Record<string, unknown>).after === undefined) {
			const list = await readClientList(db, actor, request.query, request.viewer);
			return await reply.fragments('clients/list/listed', list);
		}
		const more = await readMoreClients(db, actor, request.query, request.viewer);
		// Reloaded, and come back to, the list shows what was unfolded.
		if (more.unfolded !== null) reply.header('hx-replace-url', more.unfolded);
		return await reply.fragments('clients/list/rows-added', more);
	});

	app.get('/clients/print', SIGNED_IN, async (request, reply) => {
		const list = await readClientPrint(db, actorOf(request), request.query, request.viewer);
		return await reply.page('clients/list/print', list);
	});

	app.get('/clients/export', EXPORTS, async (request, reply) => {
		const { viewer } = request;
		const actor = actorOf(request);
		const { format, ...address } = request.query as Record<string, unknown>;
		const query = readClientQuery(actor, address);
		return await sendSheet(reply, {
			...readQuery(ExportQuery, { format }),
			name: translate(viewer.language, 'nav.clients'),
			columns: clientSheetColumns(viewer),
			batches: batchesOf((after) =>
				readClients(db, actor, query, viewer, { after, limit: SHEET_BATCH }),
			),
			viewer,
			told: toldOfExport(db, request, 'clients'),
			total: await countClients(db, actor, query, viewer),
		});
	});
}
