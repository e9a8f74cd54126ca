import '@fastify/cookie';
import { hkdfSync } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { seal, Unsealable, unseal } from '#src/platform/secrets.ts';
import { isUndo, type Undo } from './undo.ts';

/** What a person is told after an action, with what they should know besides; an error stays until it is read. */
export type Toast = Said & {
	error?: true;
	note?: Said;
	undo?: Undo;
	/** Where what it tells of is: a record, or the list that shows the records. */
	open?: string;
};
type Said = { key: MessageKey; args?: MessageArgs };

const PLACE = 'flash';
const SECONDS = 60;
const KEY_BYTES = 32;
/** Browsers keep no cookie of more than 4,096 bytes: what tells what happened goes before the way back. */
const MOST = 3_800;
const SAID = {
	key: Type.String({ pattern: '^toast\\.' }),
	args: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]))),
};
const TOAST = Type.Object({
	...SAID,
	note: Type.Optional(Type.Object(SAID)),
	error: Type.Optional(Type.Literal(true)),
	open: Type.Optional(
		Type.String({
			pattern:
				'^/(?:agenda|calendar|clients|deals|interactions)(?:/\\d{1,15})?(?:\\?[a-z]{1,12}=[a-z\\d-]{1,15}(?:&[a-z]{1,12}=[a-z\\d-]{1,15})?)?$',
		}),
	),
	undo: Type.Optional(
		Type.Object({
			way: Type.String(),
			id: Type.Integer({ minimum: 0 }),
			fields: Type.Record(Type.String(), Type.String()),
		}),
	),
});

type Keeping = {
	/** Whether browsers reach us over TLS. */
	secure: boolean;
	/** The secret of the session that this browser is in; undefined outside of one. */
	secretOf: (request: FastifyRequest) => string | undefined;
};

declare module 'fastify' {
	interface FastifyInstance {
		/** How toasts are kept for the next page. */
		flash: Keeping;
	}
}

/** Says how toasts are kept for the next page: see keepToast. */
export function setUpFlash(app: FastifyInstance, keeping: Keeping): void {
	app.decorate('flash', keeping);
}

/**
 * Keeps a toast for the next page, for browsers without JavaScript that are sent on by a redirect. It is sealed under
 * the session's own secret: what another browser, session or site has written opens nowhere, and every instance can
 * open what another has closed. Outside of a session nothing is kept.
 */
export function keepToast(reply: FastifyReply, toast: Toast): void {
	const { request } = reply;
	const key = keyOf(request);
	if (key === null) return;
	const whole = seal(key, JSON.stringify(toast), PLACE);
	const { undo: _, ...told } = toast;
	const value = whole.length <= MOST ? whole : seal(key, JSON.stringify(told), PLACE);
	reply.setCookie(nameOf(request), value, { ...optionsOf(request), maxAge: SECONDS });
}

/** The toast that the last answer left, once. Anything that we did not write into this session is no toast. */
export function takeToast(request: FastifyRequest, reply: FastifyReply): Toast | null {
	const value = request.cookies[nameOf(request)];
	if (value === undefined) return null;
	reply.clearCookie(nameOf(request), optionsOf(request));
	const key = keyOf(request);
	return key === null ? null : opened(key, value);
}

/** `__Host-` keeps other hosts and plain http from writing it, but browsers take it only over TLS. */
const nameOf = ({ server: { flash } }: FastifyRequest) => (flash.secure ? '__Host-flash' : 'flash');

const optionsOf = ({ server: { flash } }: FastifyRequest) =>
	({ path: '/', httpOnly: true, sameSite: 'lax', secure: flash.secure }) as const;

function keyOf(request: FastifyRequest): Buffer | null {
	const secret = request.server.flash.secretOf(request);
	if (secret === undefined) return null;
	return Buffer.from(hkdfSync('sha256', secret, 'moi-prodazhi', PLACE, KEY_BYTES));
}

function opened(key: Buffer, value: string): Toast | null {
	let text: string;
	try {
		text = unseal(key, value, PLACE);
	} catch (error) {
		if (error instanceof Unsealable) return null;
		throw error;
	}
	return readToast(text);
}

// What is opened was ours, but perhaps an earlier version's: keys and ways of today count.
function readToast(text: string): Toast | null {
	try {
		const toast: unknown = JSON.parse(text);
		if (!Value.Check(TOAST, toast)) return null;
		if (toast.undo && !isUndo(toast.undo)) return null;
		// Throws for a key that is none of ours and for a message whose arguments are missing.
		for (const { key, args } of toast.note ? [toast, toast.note] : [toast])
			translate('ru', key as MessageKey, args ?? {});
		return toast as Toast;
	} catch {
		return null;
	}
}
