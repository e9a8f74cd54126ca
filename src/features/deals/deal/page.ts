import { actorOf } from '#src/features/access/guard.ts';
import { shownLines } from '#src/platform/pages/current-page.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { readDealPage } from './screen.ts';

/** A deal. */
export const dealPage: Page = {
	path: '/deals/:id',
	root: 'deal-page',
	async redraw({ connection: { db }, request, reply, query, id, said }) {
		const lines = shownLines(request);
		const page = await readDealPage(db, actorOf(request), id, request.viewer, query, lines);
		return await reply.fragments('deals/deal/changed', { ...page, said });
	},
};
