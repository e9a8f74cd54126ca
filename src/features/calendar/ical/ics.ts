import ICAL from 'ical.js';

/** An interaction as calendars of other programs show it. */
export type CalendarEvent = {
	uid: string;
	/** Goes up with every change (RFC 5545, 3.8.7.4). */
	sequence: number;
	createdAt: Date;
	changedAt: Date;
	/** A whole day, or … */
	on: string | null;
	/** … a moment with a length in minutes. */
	at: Date | null;
	lengthMinutes: number;
	cancelled: boolean;
	summary: string;
	description: string;
	place: string | null;
	category: string;
	url: string | null;
	/** When the alarm goes off. */
	remindAt: Date | null;
};

// The blank that begins a folded line is not counted by the library: 75 octets with it (RFC 5545, 3.1).
ICAL.foldLength = 74;

/** What our own alarm in an event is known by (RFC 9074): all others are the person's. */
export const OWN_ALARM = 'reminder@moi-prodazhi';

const utc = (moment: Date) => ICAL.Time.fromJSDate(moment, true);
const MINUTE_MS = 60_000;

/** What calendars cannot hold (RFC 5545, 3.1: no control characters), line ends made one. */
function plain(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go.
	return text.replace(/\r\n?/g, '\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}

// What the standard does not know, the library writes as it is: a line break would begin a line of its own.
function inOneLine(text: string): string {
	return plain(text)
		.replace(/\s+/g, ' ')
		.replace(/[\\;,]/g, '\\$&');
}

/** A calendar (RFC 5545) of events, in UTC; `name` is what programs call it, refreshed hourly if they like. */
export function calendarText(name: string, events: CalendarEvent[]): string {
	const calendar = emptyCalendar();
	calendar.addPropertyWithValue('x-wr-calname', inOneLine(name));
	calendar.addPropertyWithValue('refresh-interval', ICAL.Duration.fromString('PT1H'));
	calendar.addPropertyWithValue('x-published-ttl', 'PT1H');
	for (const event of events) calendar.addSubcomponent(eventOf(event));
	return `${calendar.toString()}\r\n`;
}

/** One event as a calendar of its own, as CalDAV keeps them (RFC 4791, 4.1: no METHOD, one UID). */
export function eventText(event: CalendarEvent): string {
	const calendar = emptyCalendar();
	calendar.addSubcomponent(eventOf(event));
	return `${calendar.toString()}\r\n`;
}

function emptyCalendar(): ICAL.Component {
	const calendar = new ICAL.Component('vcalendar');
	calendar.addPropertyWithValue('prodid', '-//moi-prodazhi//RU');
	calendar.addPropertyWithValue('version', '2.0');
	calendar.addPropertyWithValue('calscale', 'GREGORIAN');
	return calendar;
}

function eventOf(event: CalendarEvent): ICAL.Component {
	const one = new ICAL.Component('vevent');
	one.addPropertyWithValue('uid', event.uid);
	one.addPropertyWithValue('dtstamp', utc(event.changedAt));
	one.addPropertyWithValue('created', utc(event.createdAt));
	one.addPropertyWithValue('last-modified', utc(event.changedAt));
	one.addPropertyWithValue('sequence', event.sequence);
	one.addPropertyWithValue('status', event.cancelled ? 'CANCELLED' : 'CONFIRMED');
	one.addPropertyWithValue('summary', plain(event.summary));
	addTimes(one, event);
	one.addPropertyWithValue('categories', plain(event.category));
	if (event.description) one.addPropertyWithValue('description', plain(event.description));
	if (event.place) one.addPropertyWithValue('location', plain(event.place));
	if (event.url) one.addPropertyWithValue('url', event.url);
	if (event.remindAt && !event.cancelled) one.addSubcomponent(alarmOf(event, event.remindAt));
	return one;
}

function addTimes(one: ICAL.Component, { on, at, lengthMinutes }: CalendarEvent): void {
	if (on !== null) {
		const first = ICAL.Time.fromDateString(on);
		const behind = first.clone();
		behind.addDuration(ICAL.Duration.fromString('P1D'));
		one.addPropertyWithValue('dtstart', first);
		one.addPropertyWithValue('dtend', behind);
		// A plan for a day takes no hour of it.
		one.addPropertyWithValue('transp', 'TRANSPARENT');
	} else if (at !== null) {
		one.addPropertyWithValue('dtstart', utc(at));
		one.addPropertyWithValue('dtend', utc(new Date(at.getTime() + lengthMinutes * MINUTE_MS)));
		one.addPropertyWithValue('transp', 'OPAQUE');
	}
}

function alarmOf(event: CalendarEvent, at: Date): ICAL.Component {
	const alarm = new ICAL.Component('valarm');
	alarm.addPropertyWithValue('uid', OWN_ALARM);
	alarm.addPropertyWithValue('action', 'DISPLAY');
	alarm.addPropertyWithValue('description', plain(event.summary));
	alarm.addPropertyWithValue('trigger', utc(at));
	return alarm;
}
