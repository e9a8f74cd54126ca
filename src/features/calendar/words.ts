import { translate } from '#src/platform/i18n/translate.ts';
import type { CalendarEvent } from './ics.ts';
import type { CalendarStep, FeedOwner } from './queries.ts';

/** How long something without a length is shown. */
export const DEFAULT_MINUTES = 30;

/** An interaction in the words of a calendar, in its owner's language; `home` is the address of this program. */
export function eventOf(step: CalendarStep, owner: FeedOwner, home: string): CalendarEvent {
	const { language } = owner;
	const done = step.status === 'done' ? '✓ ' : '';
	const client = step.clientName ? ` — ${step.clientName}` : '';
	const url = addressOf(step, home);
	const lines = [
		step.description,
		step.outcome && `${translate(language, 'label.outcome')}: ${step.outcome}`,
		step.dealTitle && `${translate(language, 'calendar.deal')}: ${step.dealTitle}`,
		[step.contactName, step.phone].filter(Boolean).join(', '),
		url,
	];
	return {
		uid: step.uid,
		sequence: step.version - 1,
		createdAt: step.createdAt,
		changedAt: step.changedAt,
		on: step.plannedOn,
		at: step.plannedAt,
		lengthMinutes: step.lengthMinutes ?? DEFAULT_MINUTES,
		cancelled: step.status === 'cancelled',
		summary: `${done}${step.kindName}: ${step.summary}${client}`,
		description: lines.filter(Boolean).join('\n'),
		place: step.place,
		category: step.kindName,
		url,
		remindAt: step.status === 'planned' ? step.remindAt : null,
	};
}

function addressOf({ dealId, clientId }: CalendarStep, home: string): string | null {
	if (dealId !== null) return `${home}/deals/${dealId}`;
	return clientId === null ? null : `${home}/clients/${clientId}`;
}
