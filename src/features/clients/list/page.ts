import { actorOf } from '#src/features/access/guard.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { readClientList } from './list.ts';

/** The list of clients. */
export const clientsPage: Page = {
	path: '/clients',
	root: 'clients-page',
	async redraw({ connection: { db }, request, reply, query: { after: _, ...query }, said }) {
		const list = await readClientList(db, actorOf(request), query, request.viewer);
		return await reply.fragments('clients/list/relisted', { ...list, said });
	},
};
