import type { MessageArgs, MessageKey } from './i18n/translate.ts';

/**
 * The catalogue of what a person can be told. Thrown deep with a key of the locale files and its
 * arguments, translated and drawn in one place: platform/http/errors.ts.
 */

/** Base of all errors that are told to the person as they are. */
export abstract class Told extends Error {
	abstract readonly status: number;
	readonly key: MessageKey;
	readonly args: MessageArgs;
	constructor(key: MessageKey, args: MessageArgs = {}) {
		super(key);
		this.key = key;
		this.args = args;
	}
}

/** 404: it is not there, or this person may not know that it is. */
export class NotFound extends Told {
	readonly status = 404;
}

/** 405: it is there, but not by this method. */
export class OtherMethod extends Told {
	readonly status = 405;
	readonly allow: string[];
	constructor(allow: string[]) {
		super('error.otherMethod');
		this.allow = allow;
	}
}

/** 403: seen, but not allowed to do this. */
export class Forbidden extends Told {
	readonly status = 403;
}

/** 400: a request that none of our pages would send. */
export class BadRequest extends Told {
	readonly status = 400;
}

/** 429: more than one person or one address may ask; `seconds` until the next one is answered. */
export class TooOften extends Told {
	readonly status = 429;
	readonly seconds: number;
	constructor(seconds: number) {
		super('error.tooOften', { seconds });
		this.seconds = seconds;
	}
}

/** 408: a form that arrives more slowly than anybody's connection would bring it. */
export class TooSlow extends Told {
	readonly status = 408;
	constructor() {
		super('error.tooSlow');
	}
}

/** 428: a change that does not say which version it started from. */
export class VersionMissing extends Told {
	readonly status = 428;
	constructor() {
		super('error.versionMissing');
	}
}

/** Message per field of a form: a key of the locale files, with arguments where it has any. */
export type FieldErrors = Record<string, { key: MessageKey; args?: MessageArgs }>;

/** 422: the form is filled in wrongly; carries what was typed, so that nothing is lost. */
export class InvalidForm extends Told {
	readonly status = 422;
	readonly fields: FieldErrors;
	readonly typed: Record<string, string>;
	constructor(
		fields: FieldErrors,
		typed: Record<string, string>,
		key: MessageKey = 'error.invalidForm',
		args: MessageArgs = {},
	) {
		super(key, args);
		this.fields = fields;
		this.typed = typed;
	}
}

/** 403: one would give others, or oneself, more than one has; the form comes back, for giving less mends it. */
export class NotGranted extends Told {
	readonly status = 403;
}

/** 422: well-formed, but a rule of the trade forbids it. */
export class RuleBroken extends Told {
	readonly status = 422;
}

/** 409: somebody changed it since the page was drawn. Carries who, when and what stands there now. */
export class Conflict extends Told {
	readonly status = 409;
	readonly current: { version: number; at: Date | null; by: string | null };
	/** The id of who it was, where that is known: what one has done oneself is told in other words. */
	readonly byId: number | null;
	constructor(
		current: { version: number; at: Date | null; by: string | null },
		byId: number | null = null,
	) {
		super('error.conflict', { own: 'no' });
		this.current = current;
		this.byId = byId;
	}
}
