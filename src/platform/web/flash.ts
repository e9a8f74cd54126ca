import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { MessageArgs, MessageKey } from '#src/platform/i18n/translate.ts';

/** A way back: a form that undoes what the toast tells. */
export type Undo = { action: string; fields: Record<string, string> };

/** What a person is told after an action; an error stays until it is read. */
export type Toast = { key: MessageKey; args?: MessageArgs; error?: true; undo?: Undo };

const COOKIE = 'flash';

/** Keeps a toast for the next page, for browsers without JavaScript that are sent on by a redirect. */
export function keepToast(reply: FastifyReply, toast: Toast): void {
	const value = Buffer.from(JSON.stringify(toast)).toString('base64url');
	reply.setCookie(COOKIE, value, { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 60 });
}

/** The toast that the last answer left, once. Anything that we did not write is no toast. */
export function takeToast(request: FastifyRequest, reply: FastifyReply): Toast | null {
	const value = request.cookies[COOKIE];
	if (value === undefined) return null;
	reply.clearCookie(COOKIE, { path: '/' });
	return parseToast(value);
}

function parseToast(value: string): Toast | null {
	try {
		const toast: unknown = JSON.parse(Buffer.from(value, 'base64url').toString());
		const known = typeof toast === 'object' && toast !== null && 'key' in toast;
		return known && String(toast.key).startsWith('toast.') ? (toast as Toast) : null;
	} catch (error) {
		// Another program's cookie of the same name: nothing of ours is lost by leaving it.
		if (error instanceof SyntaxError) return null;
		throw error;
	}
}
