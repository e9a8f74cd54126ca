import type { Language } from '#src/platform/i18n/translate.ts';

/** What a person decides for themselves. Working hours in minutes after midnight. */
export type Choices = {
	language: Language;
	timeZone: string;
	workFrom: number;
	workUntil: number;
	remindMinutes: number | null;
	mailReminders: boolean;
	mailDigest: boolean;
};

/** The same as stored, with where letters go. */
export type Settings = Choices & { email: string | null; version: number };
