import type { FastifyInstance } from 'fastify';
import { actorOf } from '#src/features/auth/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { wantsFragments } from '#src/platform/web/errors.ts';
import { readPrint } from './print.ts';
import { readBoard, readMore } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };

/** The board: the page, the rest of a column, the printed table. */
export function boardRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/', SIGNED_IN, async (_request, reply) => reply.redirect('/board', 303));

	app.get('/board', SIGNED_IN, async (request, reply) => {
		const board = await readBoard(db, actorOf(request), request.query, request.viewer);
		if (wantsFragments(request)) return await reply.fragments('board/filtered', board);
		return await reply.page('board/show', board);
	});

	app.get('/board/more', SIGNED_IN, async (request, reply) => {
		const more = await readMore(db, actorOf(request), request.query, request.viewer);
		if (more === null) throw new NotFound('error.notFound');
		return await reply.fragments('board/unfolded', more);
	});

	app.get('/board/print', SIGNED_IN, async (request, reply) => {
		const print = await readPrint(db, actorOf(request), request.query, request.viewer);
		return await reply.page('board/print', print);
	});
}
