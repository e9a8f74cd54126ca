import { actorOf } from '#src/features/access/guard.ts';
import { shownCards } from '#src/platform/pages/current-page.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { readAgendaPage } from './screen.ts';

/** «Мои дела». */
export const agendaPage: Page = {
	path: '/agenda',
	root: 'agenda-page',
	async redraw({ connection: { db }, request, reply, query, said }) {
		const shown = shownCards(request);
		const page = await readAgendaPage(db, actorOf(request), query, request.viewer, shown);
		return await reply.fragments('interactions/agenda/agenda-changed', { ...page, said });
	},
};
