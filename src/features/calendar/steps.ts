import type { Language } from '#src/platform/i18n/translate.ts';

/** Whose feed an address is. */
export type FeedOwner = { id: number; name: string; language: Language };

/** An interaction as a calendar needs it. */
export type CalendarStep = {
	id: number;
	uid: string;
	kindId: number;
	kindName: string;
	summary: string;
	description: string | null;
	place: string | null;
	plannedOn: string | null;
	plannedAt: Date | null;
	lengthMinutes: number | null;
	remindAt: Date | null;
	status: 'planned' | 'done' | 'cancelled';
	outcome: string | null;
	dealId: number | null;
	dealTitle: string | null;
	clientId: number | null;
	clientName: string | null;
	contactName: string | null;
	phone: string | null;
	version: number;
	createdAt: Date;
	changedAt: Date;
};
