import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/access/guard.ts';
import { HistoryQuery } from '#src/features/clients/forms.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import { readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { pageSeen, shownLines } from '#src/platform/pages/current-page.ts';
import type { FormView } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { readClientCard } from './screen.ts';

/** What a door did to a client or to one of its contacts, and what to say. */
export type ClientChange = {
	clientId: number;
	toast: Toast;
	/** For programs: what happened, as data. */
	json?: Record<string, unknown>;
	returnTo?: string | undefined;
	/** A new client is gone to, whatever page one was on. */
	made?: boolean;
};

/**
 * One answer for every door that changes a client: JSON for programs; for htmx on its card the card anew,
 * elsewhere a reload or the way to a new client; for plain forms a redirect back.
 */
export async function answerClient(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	change: ClientChange,
): Promise<unknown> {
	const { clientId, toast, json, returnTo, made } = change;
	if (wantsJson(request)) return reply.send({ clientId, ...json });
	const home = `/clients/${clientId}`;
	if (!wantsFragments(request)) {
		const back = made ? home : localPath(returnTo, home);
		keepToast(reply, leading(toast, home, back));
		return reply.redirect(back, 303);
	}
	const drawn = made ? null : await redrawClient(connection, request, reply, clientId, { toast });
	if (drawn !== null) return drawn;
	keepToast(reply, leading(toast, home, made ? home : pageSeen(request).pathname));
	return made
		? reply.header('hx-redirect', home).send('')
		: reply.header('hx-refresh', 'true').send('');
}

// Told elsewhere than on the card, a change leads to it; what is removed has none.
function leading(toast: Toast, home: string, place: string): Toast {
	const there = place.split('?')[0] === home || toast.key === 'toast.clientRemoved';
	return there ? toast : { ...toast, open: home };
}

async function redrawClient(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	clientId: number,
	said: Said,
): Promise<unknown> {
	if (pageSeen(request).pathname !== `/clients/${clientId}`) return null;
	try {
		return await drawClient(connection, request, reply, clientId, said);
	} catch (error) {
		// Changed it is: an address or a right that holds no longer must not turn that into a refusal.
		if (error instanceof NotFound || error instanceof BadRequest) return null;
		throw error;
	}
}

type Said = { toast: Toast | null; dialog?: FormView | undefined } | null;

/**
 * The card of a client anew, as fragments of the page that htmx was asked from. `said`: what to say, and what
 * has to be asked yet. Throws NotFound, BadRequest.
 */
export async function drawClient(
	{ db }: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	clientId: number,
	said: Said,
): Promise<unknown> {
	const query = Object.fromEntries(pageSeen(request).searchParams);
	const { after: _, ...asked } = readQuery(HistoryQuery, query);
	const place = { ...asked, shown: shownLines(request) };
	const card = await readClientCard(db, actorOf(request), clientId, place, request.viewer);
	return await reply.fragments('clients/client/changed', { ...card, said });
}
