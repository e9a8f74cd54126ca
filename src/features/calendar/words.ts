import type { CalendarEvent } from '#src/features/calendar/ical/ics.ts';
import { type CalendarFilter, daysDrawn } from '#src/features/calendar/page/period.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { CalendarStep, FeedOwner } from './steps.ts';

/** How long something without a length is shown. */
export const DEFAULT_MINUTES = 30;

/** An interaction in the words of a calendar, in its owner's language; `home` is the address of this program, empty where a job does not know it. */
export function eventOf(step: CalendarStep, owner: FeedOwner, home: string): CalendarEvent {
	const url = addressOf(step, home);
	const lines = [step.description, ...ownLines(step, owner, home).map((line) => `${MARK}${line}`)];
	return {
		uid: step.uid,
		sequence: step.version - 1,
		createdAt: step.createdAt,
		changedAt: step.changedAt,
		on: step.plannedOn,
		at: step.plannedAt,
		lengthMinutes: step.lengthMinutes ?? DEFAULT_MINUTES,
		cancelled: step.status === 'cancelled',
		summary: `${step.status === 'done' ? TICK : ''}${titled(step)}`,
		description: lines.filter(Boolean).join('\n'),
		place: step.place,
		category: step.kindName,
		url,
		remindAt: step.status === 'planned' ? step.remindAt : null,
	};
}

/** Whether a UID is one that this program gave: an event of our own making, and not one that came from outside. */
export const isOwn = (uid: string | null): boolean =>
	uid !== null && /^interaction-\d{1,15}@moi-prodazhi$/.test(uid);

/** What a finished step's title begins with. */
export const TICK = '✓ ';
/** What each line of a description begins with that this program wrote: all others are the person's. */
export const MARK = '▸ ';

/** What a calendar is told about a step beside its own description, without the mark. */
export function ownLines(step: CalendarStep, { language }: FeedOwner, home: string): string[] {
	return [
		step.outcome && `${translate(language, 'label.outcome')}: ${step.outcome}`,
		step.dealTitle && `${translate(language, 'calendar.deal')}: ${step.dealTitle}`,
		[step.contactName, step.phone].filter(Boolean).join(', '),
		addressOf(step, home),
	]
		.flatMap((line) => (line ? line.split(/\r\n|[\r\n]/) : []))
		.filter((line) => line.trim() !== '');
}

/** The words of a description that are the person's: without the lines of ours, marked or known by what they say. */
export function personsWords(description: string | null, known: string[]): string {
	const lines = (description ?? '').replace(/\r\n?/g, '\n').split('\n');
	return lines
		.filter((line) => !line.startsWith(MARK.trim()) && !known.includes(line))
		.join('\n')
		.trim();
}

/** The title of a step in a calendar. */
export function titled(step: CalendarStep): string {
	const { before, behind } = around(step);
	return `${before}${step.summary}${behind}`;
}

type Named = Pick<CalendarStep, 'kindName' | 'clientName'>;

// What stands around the words of a step in the title of its event.
const around = ({ kindName, clientName }: Named) => ({
	before: `${kindName}: `,
	behind: clientName ? ` — ${clientName}` : '',
});

/** The words of a step out of the title of its event, as a person may have changed it elsewhere. */
export function summaryIn(title: string, step: Named): string {
	const { before, behind } = around(step);
	const told = title.startsWith(TICK) ? title.slice(TICK.length) : title;
	const bare = told.startsWith(before) ? told.slice(before.length) : told;
	return (behind && bare.endsWith(behind) ? bare.slice(0, -behind.length) : bare).trim();
}

function addressOf({ dealId, clientId }: CalendarStep, home: string): string | null {
	if (home === '') return null;
	if (dealId !== null) return `${home}/deals/${dealId}`;
	return clientId === null ? null : `${home}/clients/${clientId}`;
}

/** What a calendar is headed with: «вт, 24 ноя», «23–29 ноя», «ноябрь 2026». */
export function titleOf({ view, on }: Pick<CalendarFilter, 'view' | 'on'>, viewer: Viewer): string {
	if (view === 'day') return formatDay(on, viewer);
	if (view === 'month') {
		const month = translate(viewer.language, 'date.monthNames').split(' ')[
			Number(on.slice(5, 7)) - 1
		];
		return `${month} ${on.slice(0, 4)}`;
	}
	const days = daysDrawn(view, on, viewer);
	const [first, last] = [days[0], days.at(-1)].map(
		(of) => formatDay(of as string, viewer).split(', ')[1],
	);
	return `${first} — ${last}`;
}
