import {
	type Language,
	type MessageArgs,
	type MessageKey,
	translate,
} from '#src/platform/i18n/translate.ts';

/** A sentence of ours by its key, or text that came from people, as it is. */
export type Words = { key: MessageKey; args?: MessageArgs } | string;

/** Something to be done or looked at: a line of a letter. `href` is a path of the application. */
export type LetterItem = {
	title: string;
	href: string;
	/** A plan for a day or for a moment (ISO 8601, UTC), where it has one. */
	plannedOn?: string | null;
	plannedAt?: string | null;
	late?: boolean;
	/** Client, phone, deal: what else there is to know, a line each. */
	about: string[];
};

/**
 * What a letter says, part by part. It is kept as data and drawn when it leaves: in the reader's language
 * and zone, and with the address under which this application is reached.
 */
export type LetterPart =
	| { part: 'words'; words: Words }
	| { part: 'heading'; words: Words; late?: boolean }
	| { part: 'quote'; text: string }
	| { part: 'items'; items: LetterItem[] }
	| { part: 'button'; href: string; words: Words };

/** A sentence in a language. */
export function said(words: Words, language: Language): string {
	return typeof words === 'string' ? words : translate(language, words.key, words.args ?? {});
}
