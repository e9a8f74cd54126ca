import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Connection } from '#src/platform/db/client.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { drawSeen, pageAt } from '#src/platform/pages/redraw.ts';

/**
 * The page that the person looks at, drawn anew because others changed something: nothing is said, and an open
 * dialog stays. What they may not see any more gives way to a word about that.
 */
export async function drawAgain(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
): Promise<unknown> {
	try {
		const drawn = await drawSeen(connection, request, reply, null);
		return drawn ?? reply.code(204).send();
	} catch (error) {
		const found = pageAt(request.server, pageSeen(request).pathname);
		if (!found || !(error instanceof NotFound || error instanceof BadRequest)) throw error;
		const { path, root } = found.page;
		return await reply.fragments('live/gone', { id: root, home: path.replace('/:id', '') });
	}
}
