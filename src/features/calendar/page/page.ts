import { actorOf } from '#src/features/access/guard.ts';
import { titleOf } from '#src/features/calendar/words.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { readCalendarPage } from './screen.ts';

/** The calendar. */
export const calendarPage: Page = {
	path: '/calendar',
	root: 'calendar',
	async redraw({ connection: { db }, request, reply, query, said }) {
		const page = await readCalendarPage(db, actorOf(request), query, request.viewer);
		const title = titleOf(page.filter, request.viewer);
		return await reply.fragments('calendar/page/changed', { ...page, title, said });
	},
};
