import type { FastifyInstance } from 'fastify';
import type { Parts } from '#src/feature.ts';
import { toldOfExport } from '#src/features/access/exports.ts';
import { acting } from '#src/features/access/guard.ts';
import { demand } from '#src/features/access/rights.ts';
import { form, oneOf, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { batchesOf, SHEET_BATCH, SHEET_FORMATS, sendSheet } from '#src/platform/tables/sheets.ts';
import { auditColumns, readAuditLines, readAuditPage, readAuditQuery } from './list.ts';
import { wordsOf } from './words.ts';

const AUDITOR = { config: { access: 'audit' as const } };
const ExportQuery = form({ format: oneOf(...SHEET_FORMATS) });

/** The audit log: who did what, when and from where; the same as a file. It is read and never written. */
export function auditRoutes(
	app: FastifyInstance,
	{ connection: { db }, features }: Pick<Parts, 'connection' | 'features'>,
): void {
	const words = wordsOf(features);
	app.get('/admin/audit', AUDITOR, async (request, reply) => {
		const data = await readAuditPage(db, request.query, request.viewer, words);
		return wantsFragments(request)
			? await reply.fragments('audit/listed', data)
			: await reply.page('audit/list', data);
	});

	app.get('/admin/audit/export', AUDITOR, async (request, reply) => {
		demand(acting(request), 'export');
		const { viewer } = request;
		const { format, ...address } = request.query as Record<string, unknown>;
		const { filter } = readAuditQuery(address, viewer, words);
		return await sendSheet(reply, {
			...readQuery(ExportQuery, { format }),
			name: translate(viewer.language, 'audit.title'),
			columns: auditColumns(),
			batches: batchesOf((after) =>
				readAuditLines(db, filter, { viewer, words }, { after, limit: SHEET_BATCH }),
			),
			viewer,
			told: toldOfExport(db, request, 'audit'),
		});
	});
}
