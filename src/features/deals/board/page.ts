import { actorOf } from '#src/features/access/guard.ts';
import { cardsBelow, shownCards, shownStates } from '#src/platform/pages/current-page.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { readBoard } from './screen.ts';

/** The board, of which an answer may draw single columns. */
export const boardPage: Page = {
	path: '/board',
	root: 'board-page',
	async redraw({ connection: { db }, request, reply, query, said, part: { stageIds, dealId } }) {
		const sought = [...(dealId ? [dealId] : []), ...cardsBelow(request)];
		const part = { ...(stageIds && { only: stageIds }), shown: shownCards(request), sought };
		const board = await readBoard(db, actorOf(request), query, request.viewer, part);
		// Others have added, moved or taken away a state: there is no column to draw it into, or one too many.
		const states = board.columns.map(({ stage }) => stage.id).join(',');
		if (said === null && states !== (shownStates(request) ?? states))
			return await reply.fragments('deals/board/filtered', board);
		return await reply.fragments('deals/board/changed', { ...board, said });
	},
};
