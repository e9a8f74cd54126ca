import type { FastifyInstance } from 'fastify';
import { actorOf } from '#src/features/auth/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { wantsFragments } from '#src/platform/web/errors.ts';
import { readDealList } from './list.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };

/** The list of deals: page, more of it, as a file. */
export function dealListRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/deals', SIGNED_IN, async (request, reply) => {
		const list = await readDealList(db, actorOf(request), request.query, request.viewer);
		if (!wantsFragments(request)) return await reply.page('deals/list', list);
		const onward = (request.query as Record<string, unknown>).after !== undefined;
		return await reply.fragments(onward ? 'deals/unfolded' : 'deals/filtered', list);
	});
}
