import type { FastifyReply, FastifyRequest } from 'fastify';
import { drawSeen } from '#src/features/deals/board/answer.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';

/** The fragment that a page consists of, by its address. */
const PAGES: Record<string, string> = {
	board: 'board-page',
	deals: 'deals-page',
	clients: 'clients-page',
	agenda: 'agenda-page',
	calendar: 'calendar',
};

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
		const drawn = await drawSeen(connection, request, reply, { said: null });
		return drawn ?? reply.code(204).send();
	} catch (error) {
		if (!(error instanceof NotFound || error instanceof BadRequest)) throw error;
		const [, noun = '', id] = pageSeen(request).pathname.split('/');
		const page = id === undefined ? PAGES[noun] : `${noun.replace(/s$/, '')}-page`;
		return await reply.fragments('live/gone', { id: page, home: `/${noun}` });
	}
}
