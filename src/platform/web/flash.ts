import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';

/** A way back: a form that undoes what the toast tells. */
export type Undo = { action: string; fields: Record<string, string> };

/** What a person is told after an action, with what they should know besides; an error stays until it is read. */
export type Toast = Said & { error?: true; note?: Said; undo?: Undo };
type Said = { key: MessageKey; args?: MessageArgs };

const COOKIE = 'flash';
const SAID = {
	key: Type.String({ pattern: '^toast\\.' }),
	args: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
};
const TOAST = Type.Object({
	...SAID,
	note: Type.Optional(Type.Object(SAID)),
	error: Type.Optional(Type.Literal(true)),
	undo: Type.Optional(
		Type.Object({
			action: Type.String({ pattern: '^/[a-z]' }),
			fields: Type.Record(Type.String(), Type.String()),
		}),
	),
});

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
		if (!Value.Check(TOAST, toast)) return null;
		// Throws for a key that is none of ours and for a message whose arguments are missing.
		for (const { key, args } of toast.note ? [toast, toast.note] : [toast])
			translate('ru', key as MessageKey, args ?? {});
		return toast as Toast;
	} catch {
		// Another program's cookie of the same name, or a forged one: nothing of ours is lost by leaving it.
		return null;
	}
}
