import type { Own } from '#src/features/access/rights.ts';
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
	theme: Own['theme'];
	density: Own['density'];
	/** Single keys do nothing. */
	keysOff: boolean;
	boardView: Own['boardView'];
	/** The saved filters that board and list of deals open with. */
	boardFilterId: number | null;
	dealsFilterId: number | null;
};

/** The same as stored, with where letters go. */
export type Settings = Choices & { email: string | null; version: number };
