import type { FastifyReply, FastifyRequest } from 'fastify';
import { Conflict, InvalidForm, NotGranted, RuleBroken } from '#src/platform/errors.ts';
import { messageOf, wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';

/** Why a form came back: a sentence, one per field, and for a conflict who was first. */
export type Problem = {
	status: number;
	message: string;
	fields: Record<string, string>;
	conflict: Conflict['current'] | null;
	typed: Record<string, string>;
	/** After a conflict, what the fields said when the form was first drawn; see merging.ts. */
	was?: Record<string, string>;
};

/** A form of one fragment: drawn in the dialog for htmx, as a page of its own otherwise. */
export type FormView = { fragment: string; title: MessageKey; data: Record<string, unknown> };

/** Draws a form, with what is wrong with it if it came back. Forms go back to where they were opened. */
export async function drawForm(
	request: FastifyRequest,
	reply: FastifyReply,
	view: FormView,
	problem: Problem | null = null,
): Promise<string> {
	if (problem) reply.code(problem.status);
	const drawn = filledIn(request, view, problem);
	if (wantsFragments(request)) return await reply.fragments('shared/dialog-opened', drawn);
	return await reply.page('shared/form', drawn);
}

/** A form with what is wrong with it, what was typed, and where it goes back to; for an answer to draw. */
export function filledIn(
	request: FastifyRequest,
	{ fragment, title, data }: FormView,
	problem: Problem | null,
): FormView {
	const typed = problem?.typed ?? {};
	return { fragment, title, data: { ...data, problem, typed, returnTo: openedFrom(request) } };
}

// A form that is sent again after an error says where it came from itself.
function openedFrom(request: FastifyRequest): string {
	const body = request.body as Record<string, unknown> | undefined;
	const query = request.query as Record<string, unknown>;
	const told = body?.returnTo ?? query.returnTo;
	if (typeof told === 'string') return localPath(told, '/board');
	const referer = request.headers.referer;
	if (referer === undefined || !URL.canParse(referer)) return '/board';
	const { host, pathname, search } = new URL(referer);
	return host === request.headers.host ? localPath(pathname + search, '/board') : '/board';
}

/**
 * Does what a form asks. What the person can mend (a wrong field, a broken rule, a stale version)
 * redraws the form with everything that was typed; the rest goes on to the error handler, and so does
 * everything that a program sent as JSON.
 */
export async function attempt(
	request: FastifyRequest,
	work: () => Promise<unknown>,
	redraw: (problem: Problem) => Promise<unknown>,
): Promise<unknown> {
	try {
		return await work();
	} catch (error) {
		const mendable =
			error instanceof InvalidForm ||
			error instanceof RuleBroken ||
			error instanceof NotGranted ||
			error instanceof Conflict;
		if (!mendable || wantsJson(request)) throw error;
		return await redraw(problemOf(error, request));
	}
}

function problemOf(
	error: InvalidForm | RuleBroken | NotGranted | Conflict,
	request: FastifyRequest,
): Problem {
	const { language } = request.viewer;
	const fields = error instanceof InvalidForm ? Object.entries(error.fields) : [];
	return {
		status: error.status,
		message: messageOf(error, request),
		fields: Object.fromEntries(
			fields.map(([name, { key, args }]) => [name, translate(language, key, args)]),
		),
		conflict: error instanceof Conflict ? error.current : null,
		typed: typedIn(request.body),
	};
}

function typedIn(body: unknown): Record<string, string> {
	if (typeof body !== 'object' || body === null) return {};
	const typed = Object.entries(body).filter(([, value]) => typeof value === 'string');
	return Object.fromEntries(typed) as Record<string, string>;
}
