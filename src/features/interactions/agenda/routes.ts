import type { FastifyInstance } from 'fastify';
import { toldOfExport } from '#src/features/access/exports.ts';
import { actorOf } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { form, oneOf, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { SHEET_FORMATS, sendSheet } from '#src/platform/tables/sheets.ts';
import { readAgendaFile } from './export.ts';
import { readAgendaPage, readMoreTodos } from './screen.ts';
import { readDaySheet } from './sheet.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const ExportQuery = form({ format: oneOf(...SHEET_FORMATS) });

/** «Мои дела»: the page, the rest of a group, the team person by person, both as a file, the sheet of a day for paper. */
export function agendaRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/agenda', SIGNED_IN, async (request, reply) => {
		const { query, viewer } = request;
		const screen = await readAgendaPage(db, actorOf(request), query, viewer);
		if (wantsFragments(request))
			return await reply.fragments('interactions/agenda/agenda-filtered', screen);
		return await reply.page('interactions/agenda/agenda', screen);
	});

	app.get('/agenda/more', SIGNED_IN, async (request, reply) => {
		const more = await readMoreTodos(db, actorOf(request), request.query, request.viewer);
		if (more === null) throw new NotFound('error.notFound');
		return await reply.fragments('interactions/agenda/agenda-unfolded', more);
	});

	app.get('/agenda/export', SIGNED_IN, async (request, reply) => {
		const { viewer } = request;
		const { format, ...address } = request.query as Record<string, unknown>;
		const told = toldOfExport(db, request, 'agenda');
		const asked = { ...readQuery(ExportQuery, { format }), viewer, told };
		const file = await readAgendaFile(db, actorOf(request), address, viewer);
		return file.of === 'team'
			? await sendSheet(reply, { ...asked, ...file })
			: await sendSheet(reply, { ...asked, ...file });
	});

	app.get('/agenda/print', SIGNED_IN, async (request, reply) => {
		const sheet = await readDaySheet(db, actorOf(request), request.query, request.viewer);
		return await reply.page('interactions/agenda/agenda-print', sheet);
	});
}
