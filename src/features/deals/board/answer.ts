import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Connection } from '#src/platform/db/client.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import type { BulkResult } from '#src/platform/forms/bulk.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import type { FormView } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { drawSeen, pageAt } from '#src/platform/pages/redraw.ts';
import type { Undo } from '#src/platform/pages/undo.ts';

/** What an action changed: a deal, the states whose columns look different now, and what to say. */
export type Change = {
	/** Null: nothing of a deal; then `home` is where it is shown. */
	dealId: number | null;
	stageIds: number[];
	toast: Toast | null;
	/** A form that has to be filled in yet: for htmx, in the dialog over the page as it is. */
	dialog?: FormView;
	home?: string;
	/** Something was made: a form that was a page of its own leads to it, and not to another empty form. */
	made?: boolean;
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
	const { pathname } = pageSeen(request);
	if (!wantsFragments(request)) {
		const back = wayFrom(change);
		const toast = leading(change, new URL(back, 'http://here').pathname);
		if (toast) keepToast(reply, withReturn(toast, back));
		return reply.redirect(back, 303);
	}
	reply.code(status);
	const toast = leading(change, pathname);
	const drawn = await redraw(connection, request, reply, { ...change, toast });
	if (drawn !== null) return drawn;
	if (change.dialog) return await reply.fragments('shared/dialog-opened', change.dialog);
	const back = isForm(request) ? wayFrom(change) : null;
	const told = leading(change, back ?? pathname);
	if (told) keepToast(reply, told);
	if (back !== null) return reply.header('hx-redirect', back).send('');
	return reply.header('hx-refresh', 'true').send('');
}

/** What a door did with many records at once: see platform/forms/bulk.ts. */
export type BulkChange = {
	result: BulkResult;
	/** What they are, for words; the page that lists them, and how it is marked in the menu. */
	noun: 'deal' | 'step' | 'client';
	home: '/deals' | '/agenda' | '/clients';
	/** What was done to what; `open`: where they all are. */
	told: { verb: string; to: string; open?: string | undefined };
	undo: Undo | null;
	stageIds?: number[];
	returnTo: string | undefined;
};

/**
 * One answer for every door that does something with many records: JSON for programs; for htmx the page anew, and
 * in a dialog what was refused; for plain forms a page with all verdicts.
 */
export async function answerBulk(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	{ result, noun, home, told, undo, stageIds = [], returnTo }: BulkChange,
): Promise<unknown> {
	const { verdicts, done, errors } = result;
	for (const error of errors) request.log.error({ err: error }, 'one of many failed');
	if (wantsJson(request)) return reply.send({ done, verdicts });
	const args = { done, all: verdicts.length, verb: told.verb, to: told.to, noun };
	const open = verdicts.length === 1 ? verdicts[0]?.href : told.open;
	const toast: Toast =
		done === 0
			? { key: 'toast.bulkNone', args, error: true }
			: { key: 'toast.bulkDone', args, ...(undo ? { undo } : {}), ...(open ? { open } : {}) };
	const shown = { verdicts, done, noun, home, undo, returnTo: localPath(returnTo, home) };
	if (!wantsFragments(request)) return await reply.page('shared/bulk-done', shown);
	// Where all was done, the toast says enough.
	const refused = { fragment: 'shared/_verdicts', title: 'bulk.form', data: shown } as const;
	const dialog = done === verdicts.length ? {} : { dialog: refused };
	return await answerChange(connection, request, reply, {
		...{ dealId: null, home, stageIds, toast },
		...dialog,
	});
}

/** Whether a page is no place of work but a form alone, which leads on when it is sent. */
const isForm = (request: FastifyRequest) =>
	pageAt(request.server, pageSeen(request).pathname) === null;

const ownPage = ({ dealId, home }: Change) =>
	home ?? (dealId === null ? '/board' : `/deals/${dealId}`);

/** Where a form leads: to what it made, else back to where it was opened. */
function wayFrom(change: Change): string {
	const own = ownPage(change);
	const back = change.made ? own : localPath(change.returnTo, own);
	return /\/(?:new|edit)$/.test(back) ? own : back;
}

/** Who gives something away may not see it any more; what is removed is nowhere. */
const GONE = new Set(['toast.reassigned', 'toast.stepReassigned', 'toast.dealRemoved']);

// Every message leads to what it tells of, unless that is the page where it is read.
function leading(change: Change, pathname: string): Toast | null {
	const { toast } = change;
	const own = change.dealId === null ? ownPage(change) : `/deals/${change.dealId}`;
	const open = toast?.open ?? (/^\/(?:deals|clients)\/\d+$/.test(own) ? own : null);
	if (toast === null || open === null || open === pathname || GONE.has(toast.key)) return toast;
	return { ...toast, open };
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
	const { pathname } = pageSeen(request);
	// Of another deal there is nothing new on this one's page.
	const own = pageAt(request.server, pathname);
	if (own?.page.path === '/deals/:id' && own.id !== dealId) return null;
	try {
		return await drawSeen(connection, request, reply, { toast, dialog }, { stageIds, dealId });
	} catch (error) {
		if (error instanceof NotFound || error instanceof BadRequest) return null;
		throw error;
	}
}
