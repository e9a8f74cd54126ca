import type { CalendarStep, FeedOwner } from '#src/features/calendar/steps.ts';
import {
	DEFAULT_MINUTES,
	isOwn,
	MARK,
	ownLines,
	personsWords,
	summaryIn,
	TICK,
	titled,
} from '#src/features/calendar/words.ts';
import { addDays } from '#src/platform/i18n/dates.ts';
import {
	type Component,
	componentsOf,
	contentText,
	escaped,
	isComponent,
	type Line,
	lineNamed,
	linesOf,
	newLine,
	readContent,
	wordsOf,
} from './content.ts';
import { OWN_ALARM } from './ics.ts';
import { occurrenceAt, type Series } from './occurrences.ts';
import { type Reader, seriesOf, singleOf, spanOf } from './reading.ts';
import { timeLine, timeOf, type Wall } from './times.ts';

/*
 * What the other side has stays as it has it (RFC 4791, 5.3.2): of its text only the properties are written anew that
 * an interaction has, and only where they differ. Of a series one occurrence is changed, by RECURRENCE-ID.
 */

/** Who writes: whose calendar it is, from where, and when. */
export type Writer = { owner: FeedOwner; home: string; reader: Reader };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The text with what the step says now in it; the very same text where it says so already. Null for what has no event. */
export function patched(
	text: string,
	occurrence: string | null,
	step: CalendarStep,
	writer: Writer,
): string | null {
	const { calendars } = readContent(text);
	const calendar = calendars.find((one) => componentsOf(one, 'VEVENT').length > 0);
	if (calendar === undefined) return null;
	const wall = { calendar, zone: writer.reader.zone };
	const target = targetIn(calendar, occurrence, wall);
	if (target === null) return null;
	if (!writeStep(target.event, wall, step, writer)) return text;
	if (target.isNew) calendar.parts.push(target.event);
	return calendars.map(contentText).join('');
}

type Target = { event: Component; isNew: boolean };

function targetIn(calendar: Component, occurrence: string | null, wall: Wall): Target | null {
	const events = componentsOf(calendar, 'VEVENT');
	const series = seriesOf(events, wall);
	const single = events.find((event) => lineNamed(event, 'RECURRENCE-ID') === null) ?? events[0];
	if (series === null || occurrence === null)
		return single ? { event: single, isNew: false } : null;
	const override = series.overrides.get(occurrence);
	if (override) return { event: override, isNew: false };
	const made = overrideOf(series, occurrence);
	return made && { event: made, isNew: true };
}

const OF_THE_SERIES = ['RRULE', 'RDATE', 'EXDATE', 'EXRULE'];

// An occurrence of its own is the head of the series without its rule, at its own time.
function overrideOf(series: Series, key: string): Component | null {
	const { master, wall } = series;
	const start = timeOf(lineNamed(master, 'DTSTART'), wall);
	const one = occurrenceAt(series, key);
	if (start === null || one === null) return null;
	const to = one.start;
	const span = spanOf(master, wall);
	const parts = master.parts.filter((part) => !OF_THE_SERIES.includes(part.name));
	const event: Component = { name: 'VEVENT', parts };
	put(event, 'RECURRENCE-ID', timeLine('RECURRENCE-ID', to, start));
	put(event, 'DTSTART', timeLine('DTSTART', to, start));
	const end = timeOf(lineNamed(master, 'DTEND'), wall);
	if (end && span !== null) put(event, 'DTEND', timeLine('DTEND', later(to, span), end));
	return event;
}

const later = (time: { on: string } | { at: Date }, span: number) =>
	'on' in time
		? { on: addDays(time.on, Math.round(span / DAY_MS)) }
		: { at: new Date(time.at.getTime() + span) };

/** The text of a series without one of its occurrences; null where it is none. */
export function calledOff(text: string, occurrence: string, reader: Reader): string | null {
	const { calendars } = readContent(text);
	const calendar = calendars.find((one) => componentsOf(one, 'VEVENT').length > 0);
	const wall = calendar && { calendar, zone: reader.zone };
	const series = wall ? seriesOf(componentsOf(calendar, 'VEVENT'), wall) : null;
	if (!calendar || !series) return null;
	const start = timeOf(lineNamed(series.master, 'DTSTART'), series.wall);
	const one = occurrenceAt(series, occurrence);
	if (start === null || one === null) return null;
	add(series.master, timeLine('EXDATE', one.start, start));
	const override = series.overrides.get(occurrence);
	calendar.parts = calendar.parts.filter((part) => part !== override);
	return calendars.map(contentText).join('');
}

/** Puts a line in the place of those of its name, or takes them away. */
function put(event: Component, name: string, line: Line | null): void {
	const at = event.parts.findIndex((part) => part.name === name);
	if (at < 0) {
		if (line) add(event, line);
		return;
	}
	event.parts = event.parts.flatMap((part, n) =>
		part.name !== name || isComponent(part) ? [part] : n === at && line ? [line] : [],
	);
}

// Properties stand before the alarms.
function add(event: Component, line: Line): void {
	const at = event.parts.findIndex(isComponent);
	event.parts.splice(at < 0 ? event.parts.length : at, 0, line);
}

function writeStep(event: Component, wall: Wall, step: CalendarStep, writer: Writer): boolean {
	const before = contentText(event);
	const isPrivate = singleOf(event, wall)?.isPrivate ?? false;
	const own = isOwn(wordsOf(lineNamed(event, 'UID')));
	const title = wordsOf(lineNamed(event, 'SUMMARY'));
	writeTimes(event, wall, step, own);
	if (!isPrivate) {
		writeTitle(event, step, own);
		const place = wordsOf(lineNamed(event, 'LOCATION'));
		if ((place?.slice(0, 300) ?? null) !== step.place)
			put(event, 'LOCATION', step.place === null ? null : newLine('LOCATION', escaped(step.place)));
	}
	writeStatus(event, step);
	const weighs = contentText(event) !== before;
	if (!isPrivate) writeDescription(event, step, writer, own);
	if (own) writeAlarm(event, step, title);
	if (contentText(event) === before) return false;
	stamp(event, writer.reader.now, weighs, own);
	return true;
}

function writeTimes(event: Component, wall: Wall, step: CalendarStep, own: boolean): void {
	const taken = singleOf(event, wall);
	const start = timeOf(lineNamed(event, 'DTSTART'), wall);
	const { plannedOn, plannedAt, lengthMinutes } = step;
	if (!taken || !start || (plannedOn === null && plannedAt === null)) return;
	const to = plannedOn === null ? { at: plannedAt as Date } : { on: plannedOn };
	const alike = 'on' in start === 'on' in to;
	const moved = taken.on !== plannedOn || taken.at?.getTime() !== plannedAt?.getTime();
	const longer = 'at' in to && lengthMinutes !== null && lengthMinutes !== taken.lengthMinutes;
	if (!moved && !longer) return;
	const usual = 'on' in to ? DAY_MS : (lengthMinutes ?? DEFAULT_MINUTES) * MINUTE_MS;
	const span = alike && !longer ? spanOf(event, wall) : usual;
	const end = timeOf(lineNamed(event, 'DTEND'), wall);
	put(event, 'DTSTART', timeLine('DTSTART', to, start));
	if (lineNamed(event, 'TRANSP') && !alike && own)
		put(event, 'TRANSP', newLine('TRANSP', 'on' in to ? 'TRANSPARENT' : 'OPAQUE'));
	if (lineNamed(event, 'DURATION') && alike && !longer) return;
	put(event, 'DURATION', null);
	put(event, 'DTEND', span === null ? null : timeLine('DTEND', later(to, span), end ?? start));
}

// A title that says the same in its own words stays; one of another program gets no frame of ours around it.
function writeTitle(event: Component, step: CalendarStep, own: boolean): void {
	const title = wordsOf(lineNamed(event, 'SUMMARY')) ?? '';
	const bare = title.startsWith(TICK) ? title.slice(TICK.length) : title;
	const kept = summaryIn(bare, step).slice(0, 300) === step.summary;
	const words = `${step.status === 'done' ? TICK : ''}${kept ? bare : own ? titled(step) : step.summary}`;
	if (words !== title) put(event, 'SUMMARY', newLine('SUMMARY', escaped(words)));
}

function writeStatus(event: Component, { status }: CalendarStep): void {
	const said = lineNamed(event, 'STATUS')?.value.trim().toUpperCase();
	if ((status === 'cancelled') === (said === 'CANCELLED')) return;
	put(event, 'STATUS', newLine('STATUS', status === 'cancelled' ? 'CANCELLED' : 'CONFIRMED'));
}

function writeDescription(
	event: Component,
	step: CalendarStep,
	{ owner, home }: Writer,
	own: boolean,
): void {
	const known = ownLines(step, owner, home);
	const said = wordsOf(lineNamed(event, 'DESCRIPTION')) ?? '';
	const mine = own ? known.map((line) => `${MARK}${line}`) : [];
	const words = step.description?.replace(/\r\n?/g, '\n').trim() ?? '';
	const lines = said.split('\n');
	const isMine = (line: string) => line.startsWith(MARK.trim()) || (own && known.includes(line));
	const sameWords =
		personsWords(said, own ? known : [])
			.slice(0, 10_000)
			.trim() === words;
	if (sameWords && lines.filter(isMine).join('\n') === mine.join('\n')) return;
	const at = lines.findIndex(isMine);
	const kept = sameWords && at >= 0;
	const behind = kept ? lines.slice(at).filter((line) => !isMine(line)) : [];
	const before = kept ? lines.slice(0, at) : [sameWords ? said : words];
	const all = [...before, ...mine, ...behind].join('\n').trim();
	put(event, 'DESCRIPTION', all === '' ? null : newLine('DESCRIPTION', escaped(all)));
}

const UTC = /^\d{8}T\d{6}Z$/;
const compact = (at: Date) => `${at.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

function writeAlarm(event: Component, step: CalendarStep, before: string | null): void {
	const remindAt = step.status === 'planned' ? step.remindAt : null;
	const summary = wordsOf(lineNamed(event, 'SUMMARY'));
	const alarms = componentsOf(event, 'VALARM').filter((alarm) => isOwnAlarm(alarm, before));
	const [own] = alarms;
	event.parts = event.parts.filter(
		(part) => (remindAt && part === own) || !alarms.includes(part as Component),
	);
	if (!remindAt) return;
	if (own) {
		if (lineNamed(own, 'TRIGGER')?.value !== compact(remindAt))
			put(own, 'TRIGGER', newLine('TRIGGER', compact(remindAt), ';VALUE=DATE-TIME'));
		return;
	}
	const parts = [
		...[newLine('UID', OWN_ALARM), newLine('ACTION', 'DISPLAY')],
		newLine('DESCRIPTION', escaped(summary ?? step.summary)),
		newLine('TRIGGER', compact(remindAt), ';VALUE=DATE-TIME'),
	];
	event.parts.push({ name: 'VALARM', parts });
}

// Alarms from before they had a name say the title, at a moment.
function isOwnAlarm(alarm: Component, summary: string | null): boolean {
	const uid = wordsOf(lineNamed(alarm, 'UID'));
	if (uid !== null) return uid === OWN_ALARM;
	const trigger = lineNamed(alarm, 'TRIGGER');
	return (
		trigger?.params.get('VALUE') === 'DATE-TIME' &&
		wordsOf(lineNamed(alarm, 'DESCRIPTION')) === summary
	);
}

// Who was invited does not number the organizer's changes.
function stamp(event: Component, now: Date, weighs: boolean, own: boolean): void {
	const before = lineNamed(event, 'DTSTAMP')?.value ?? '';
	// Never back: by a clock that is behind the other's our change would count as the older one.
	const at = UTC.test(before) && before > compact(now) ? before : compact(now);
	const stamped = newLine('DTSTAMP', at);
	put(event, 'LAST-MODIFIED', newLine('LAST-MODIFIED', at));
	if (!own && linesOf(event, 'ORGANIZER').length > 0) return;
	put(event, 'DTSTAMP', stamped);
	const sequence = Number(lineNamed(event, 'SEQUENCE')?.value ?? 0) || 0;
	if (weighs) put(event, 'SEQUENCE', newLine('SEQUENCE', String(sequence + 1)));
}
