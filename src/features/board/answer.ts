import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/auth/guard.ts';
import { readDealPage } from '#src/features/deals/screen.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { wantsFragments, wantsJson } from '#src/platform/web/errors.ts';
import { keepToast, type Toast } from '#src/platform/web/flash.ts';
import { localPath } from '#src/platform/web/origin.ts';
import { readBoard } from './screen.ts';

/** What an action changed: a deal, the states whose columns look different now, and what to say. */
export type Change = {
	dealId: number;
	stageIds: number[];
	toast: Toast;
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
		keepToast(reply, change.toast);
		return reply.redirect(localPath(change.returnTo, `/deals/${change.dealId}`), 303);
	}
	const seen = pageSeen(request);
	reply.code(status);
	if (seen.pathname === '/board')
		return await reply.fragments('board/changed', {
			...(await readBoard(
				connection.db,
				actorOf(request),
				Object.fromEntries(seen.searchParams),
				request.viewer,
				{
					only: change.stageIds,
					shown: shownCards(request),
				},
			)),
			toast: change.toast,
		});
	if (seen.pathname === `/deals/${change.dealId}`)
		return await reply.fragments('deals/changed', {
			...(await readDealPage(connection.db, actorOf(request), change.dealId, request.viewer)),
			toast: change.toast,
		});
	keepToast(reply, change.toast);
	return reply.header('hx-refresh', 'true').send('');
}

function pageSeen(request: FastifyRequest): URL {
	const header = request.headers['hx-current-url'];
	const url = typeof header === 'string' && URL.canParse(header) ? header : 'http://here/';
	return new URL(url);
}

const MOST_SHOWN = 500;

/** How many cards the person has unfolded in each column, as public/js/board.js tells: `3=50,4=75`. */
export function shownCards(request: FastifyRequest): Map<number, number> {
	const header = request.headers['x-cards-shown'];
	const pairs = typeof header === 'string' ? header.matchAll(/(\d{1,15})=(\d{1,4})/g) : [];
	return new Map([...pairs].map(([, id, n]) => [Number(id), Math.min(Number(n), MOST_SHOWN)]));
}
