import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/auth/guard.ts';
import { readCalendarPage } from '#src/features/calendar/screen.ts';
import { titleOf } from '#src/features/calendar/words.ts';
import { redrawClient } from '#src/features/clients/answer.ts';
import { readDealList } from '#src/features/deals/list.ts';
import { readDealPage } from '#src/features/deals/screen.ts';
import { readAgendaPage } from '#src/features/interactions/agenda-screen.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import type { FormView } from '#src/platform/web/dialog.ts';
import { wantsFragments, wantsJson } from '#src/platform/web/errors.ts';
import { keepToast, type Toast } from '#src/platform/web/flash.ts';
import { localPath } from '#src/platform/web/origin.ts';
import { readBoard } from './screen.ts';

/** What an action changed: a deal, the states whose columns look different now, and what to say. */
export type Change = {
	/** Null: nothing of a deal; then `home` is where it is shown. */
	dealId: number | null;
	stageIds: number[];
	toast: Toast | null;
	/** A form that has to be filled in yet: for htmx, in the dialog over the page as it is. */
	dialog?: FormView;
	home?: string;
	/** For programs: what happened, as data. */
	json?: Record<string, unknown>;
	/** For browsers without JavaScript: where they came from. */
	returnTo?: string | undefined;
};

/**
 * One answer for every door that changes a deal: JSON for programs; for htmx the fragments of the
 * page that the person looks at, the toast and a closed dialog; for plain forms a redirect back.
 * `status` is that of a refusal that redraws the page (409, 422).
 */
export async function answerChange(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	change: Change,
	status = 200,
): Promise<unknown> {
	if (wantsJson(request)) return reply.code(status).send({ dealId: change.dealId, ...change.json });
	if (!wantsFragments(request)) {
		const back = localPath(change.returnTo, change.home ?? `/deals/${change.dealId}`);
		if (change.toast) keepToast(reply, withReturn(change.toast, back));
		return reply.redirect(back, 303);
	}
	reply.code(status);
	const drawn = await redraw(connection, request, reply, change);
	if (drawn !== null) return drawn;
	if (change.dialog) return await reply.fragments('shared/dialog-opened', change.dialog);
	if (change.toast) keepToast(reply, change.toast);
	return reply.header('hx-refresh', 'true').send('');
}

// Undoing leads back to the same page.
function withReturn(toast: Toast, returnTo: string): Toast {
	if (!toast.undo) return toast;
	return { ...toast, undo: { ...toast.undo, fields: { ...toast.undo.fields, returnTo } } };
}

// What was changed is changed: an address that makes no sense any more (an owner who has left the team)
// must not turn the answer into a refusal, or the person does it again.
async function redraw(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	{ dealId, stageIds, toast, dialog }: Change,
): Promise<unknown> {
	const { db } = connection;
	const seen = pageSeen(request);
	const actor = actorOf(request);
	try {
		if (seen.pathname === '/board') {
			const part = { only: stageIds, shown: shownCards(request) };
			const query = Object.fromEntries(seen.searchParams);
			const board = await readBoard(db, actor, query, request.viewer, part);
			return await reply.fragments('board/changed', { ...board, toast, dialog });
		}
		if (seen.pathname === '/deals') {
			const { after: _, ...query } = Object.fromEntries(seen.searchParams);
			const list = await readDealList(db, actor, query, request.viewer);
			return await reply.fragments('deals/relisted', { ...list, toast, dialog });
		}
		if (dealId !== null && seen.pathname === `/deals/${dealId}`) {
			const { viewer } = request;
			const query = Object.fromEntries(seen.searchParams);
			const page = await readDealPage(db, actor, dealId, viewer, query, shownLines(request));
			return await reply.fragments('deals/changed', { ...page, toast, dialog });
		}
		const clientId = /^\/clients\/(\d{1,15})$/.exec(seen.pathname)?.[1];
		if (clientId !== undefined)
			return await redrawClient(connection, request, reply, Number(clientId), { toast, dialog });
		if (seen.pathname === '/agenda') {
			const query = Object.fromEntries(seen.searchParams);
			const page = await readAgendaPage(db, actor, query, request.viewer, shownCards(request));
			return await reply.fragments('interactions/agenda-changed', { ...page, toast, dialog });
		}
		if (seen.pathname === '/calendar') {
			const query = Object.fromEntries(seen.searchParams);
			const page = await readCalendarPage(db, actor, query, request.viewer);
			const title = titleOf(page.filter, request.viewer);
			return await reply.fragments('calendar/changed', { ...page, title, toast, dialog });
		}
		return null;
	} catch (error) {
		if (error instanceof NotFound || error instanceof BadRequest) return null;
		throw error;
	}
}

function pageSeen(request: FastifyRequest): URL {
	const header = request.headers['hx-current-url'];
	const url = typeof header === 'string' && URL.canParse(header) ? header : 'http://here/';
	return new URL(url);
}

const MOST_SHOWN = 500;

/** How many cards the person has unfolded in each column, as public/js/board.js tells: `3=50,4=75`. */
function shownCards(request: FastifyRequest): Map<string, number> {
	const header = request.headers['x-cards-shown'];
	const pairs = typeof header === 'string' ? header.matchAll(/([a-z\d]{1,15})=(\d{1,4})/g) : [];
	return new Map([...pairs].map(([, id, n]) => [id ?? '', Math.min(Number(n), MOST_SHOWN)]));
}

/** How many lines of a deal's history the person has unfolded, as public/js/deal.js tells. */
function shownLines(request: FastifyRequest): number {
	const told = request.headers['x-lines-shown'];
	return typeof told === 'string' && /^\d{1,4}$/.test(told) ? Number(told) : 0;
}
