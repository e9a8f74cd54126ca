import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connection } from '#src/platform/db/client.ts';
import { pageSeen } from './current-page.ts';
import type { FormView } from './dialog.ts';
import type { Toast } from './flash.ts';

declare module 'fastify' {
	interface FastifyInstance {
		/** The places of work that there are. */
		pages: readonly Page[];
	}
}

/** Null: nothing is said, and toasts and an open dialog stay as they are. */
export type Said = { toast: Toast | null; dialog?: FormView | undefined } | null;

/** What of a page has to be drawn: of a board only these columns, with the card of `dealId` in sight. */
export type PartSeen = { stageIds?: number[] | undefined; dealId?: number | null | undefined };

/** A page as somebody looks at it who waits for its fragments; `id`: of the record whose page it is. */
export type PageRequest = {
	connection: Connection;
	request: FastifyRequest;
	reply: FastifyReply;
	query: Record<string, string>;
	id: number;
	said: Said;
	part: PartSeen;
};

/**
 * A place of work, as its feature's manifest has it: its address, which ends with `/:id` where it is a record's, the
 * id of the fragment that it consists of, and how that is drawn anew. `redraw` throws as the page itself does.
 */
export type Page = {
	path: string;
	root: string;
	redraw?: (seen: PageRequest) => Promise<unknown>;
};

/** The place of work at an address; null where there is none. */
export function pageAt(app: FastifyInstance, pathname: string): { page: Page; id: number } | null {
	for (const page of app.pages) {
		if (page.path === pathname) return { page, id: 0 };
		const [above, id] = [page.path.slice(0, -':id'.length), pathname.slice(page.path.length - 3)];
		if (page.path.endsWith('/:id') && pathname === above + id && /^\d{1,15}$/.test(id))
			return { page, id: Number(id) };
	}
	return null;
}

/**
 * Draws the fragments of the page that the person looks at. Null for a page that is not drawn in parts. Throws NotFound
 * and BadRequest as the page itself does.
 */
export async function drawSeen(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	said: Said,
	part: PartSeen = {},
): Promise<unknown> {
	const { pathname, searchParams } = pageSeen(request);
	const found = pageAt(request.server, pathname);
	if (!found?.page.redraw) return null;
	const query = Object.fromEntries(searchParams);
	const seen = { connection, request, reply, query, id: found.id, said, part };
	return await found.page.redraw(seen);
}
