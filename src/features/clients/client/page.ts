import type { Page } from '#src/platform/pages/redraw.ts';
import { drawClient } from './answer.ts';

/** A client. */
export const clientPage: Page = {
	path: '/clients/:id',
	root: 'client-page',
	redraw: async ({ connection, request, reply, id, said }) =>
		await drawClient(connection, request, reply, id, said),
};
