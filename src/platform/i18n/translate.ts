import { IntlMessageFormat } from 'intl-messageformat';
import en from '#src/locales/en.json' with { type: 'json' };
import ru from '#src/locales/ru.json' with { type: 'json' };

export type Language = 'ru' | 'en';
export type MessageKey = keyof typeof ru;
export type MessageArgs = Record<string, string | number>;

const LOCALES: Record<Language, Record<MessageKey, string>> = { ru, en };
const compiled: Record<Language, Map<MessageKey, IntlMessageFormat>> = {
	ru: new Map(),
	en: new Map(),
};

/** Whether a text is a key of the locale files: where keys are kept in the database. */
export function isMessage(text: string): text is MessageKey {
	return Object.hasOwn(ru, text);
}

/**
 * The sentence of a key in the reader's language; ICU messages with plurals and selections, see
 * https://unicode-org.github.io/icu/userguide/format_parse/messages/. Messages are text, never markup.
 */
export function translate(language: Language, key: MessageKey, args?: MessageArgs): string {
	// Compiling and formatting cost ten times the look-up: most messages have nothing to fill in.
	if (args === undefined) return LOCALES[language][key];
	let message = compiled[language].get(key);
	if (message === undefined) {
		message = new IntlMessageFormat(LOCALES[language][key], language, undefined, {
			ignoreTag: true,
		});
		compiled[language].set(key, message);
	}
	return String(message.format(args));
}
