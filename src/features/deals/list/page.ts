import { actorOf } from '#src/features/access/guard.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { readDealList } from './list.ts';

/** The list of deals. */
export const dealsPage: Page = {
	path: '/deals',
	root: 'deals-page',
	async redraw({ connection: { db }, request, reply, query: { after: _, ...query }, said }) {
		const list = await readDealList(db, actorOf(request), query, request.viewer);
		return await reply.fragments('deals/list/relisted', { ...list, said });
	},
};
