import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { readCalendar } from '#src/features/calendar/ical/reading.ts';

const SAMPLES = join(ROOT, '../shared/samples/ics');
const absent = !existsSync(SAMPLES);
if (absent) console.warn('SKIPPED: ../shared/samples/ics is absent, no real .ics is read');
const sample = (name: string) => readFileSync(join(SAMPLES, name), 'utf8');

const event = (...lines: string[]) =>
	[
		'BEGIN:VCALENDAR',
		'VERSION:2.0',
		'BEGIN:VEVENT',
		'UID:1@x',
		...lines,
		'END:VEVENT',
		'END:VCALENDAR',
		'',
	].join('\r\n');
const reader = { zone: 'Europe/Moscow', now: new Date('2026-11-24T06:00:00Z') };
const only = (text: string | Buffer) => readCalendar(text, reader).events[0];

test.skipIf(absent)(
	'a real file of Google: birthdays are days, of several occurrences the first',
	() => {
		const events = readCalendar(sample('google-birthday.ics'), reader).events;
		expect(events.length).toBeGreaterThan(0);
		expect(events[0]).toMatchObject({
			on: '2014-12-10',
			at: null,
			summary: "PErson #2's birthday",
		});
		expect(events[0]?.repeats).toBe(true);
	},
);

test.skipIf(absent)('a real file of a repeated meeting with exceptions', () => {
	const events = readCalendar(sample('recur-instances.ics'), reader).events;
	expect(new Set(events.map(({ uid }) => uid)).size).toBe(events.length);
	expect(events[0]).toMatchObject({ repeats: true });
	expect(events[0]?.at).toBeInstanceOf(Date);
});

test.each([
	['in UTC', 'DTSTART:20261124T120000Z', '2026-11-24T12:00:00.000Z'],
	[
		'in a named zone',
		'DTSTART;TZID=Asia/Yekaterinburg:20261124T120000',
		'2026-11-24T07:00:00.000Z',
	],
	['without a zone', 'DTSTART:20261124T120000', '2026-11-24T09:00:00.000Z'],
	[
		'in a zone of Windows',
		'DTSTART;TZID=W. Europe Standard Time:20261124T120000',
		'2026-11-24T11:00:00.000Z',
	],
	[
		'in a zone by its display name',
		'DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern, Rome":20260724T120000',
		'2026-07-24T10:00:00.000Z',
	],
	[
		'in a zone at the end of a path',
		'DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/Europe/Paris:20261124T120000',
		'2026-11-24T11:00:00.000Z',
	],
	[
		'in a zone by its distance',
		'DTSTART;TZID=GMT+05:00:20261124T120000',
		'2026-11-24T07:00:00.000Z',
	],
	[
		'in Etc, whose signs are turned',
		'DTSTART;TZID=Etc/GMT+5:20261124T120000',
		'2026-11-24T17:00:00.000Z',
	],
	['without its seconds', 'DTSTART:20261124T1200Z', '2026-11-24T12:00:00.000Z'],
	[
		'in a zone that nobody knows',
		'DTSTART;TZID=Nowhere:20261124T120000',
		'2026-11-24T09:00:00.000Z',
	],
])('a moment %s', (_, line, expected) => {
	expect(only(event(line, 'SUMMARY:x'))?.at?.toISOString()).toBe(expected);
});

test('a zone of the file’s own, as Outlook writes it', () => {
	const zone =
		'BEGIN:VTIMEZONE\r\nTZID:Ekaterinburg Standard Time\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n' +
		'TZOFFSETFROM:+0500\r\nTZOFFSETTO:+0500\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n';
	const text = event('DTSTART;TZID="Ekaterinburg Standard Time":20261124T120000');
	const whole = text.replace('BEGIN:VEVENT', `${zone}BEGIN:VEVENT`);
	expect(only(whole)?.at?.toISOString()).toBe('2026-11-24T07:00:00.000Z');
});

test('length by its end or by its duration; none where there is none or it is nonsense', () => {
	const start = 'DTSTART:20261124T120000Z';
	expect(only(event(start, 'DTEND:20261124T133000Z'))?.lengthMinutes).toBe(90);
	expect(only(event(start, 'DURATION:PT45M'))?.lengthMinutes).toBe(45);
	expect(only(event(start))?.lengthMinutes).toBeNull();
	expect(only(event(start, 'DTEND:20261124T110000Z'))?.lengthMinutes).toBeNull();
	expect(only(event(start, 'DTEND:20261224T110000Z'))?.lengthMinutes).toBe(1440);
});

test('who is invited, who cancels, and words with their escapes', () => {
	const text = event(
		...['DTSTART;VALUE=DATE:20261124', 'SUMMARY:Показ\\; «новой»\\, линии', 'SEQUENCE:3'],
		...['ORGANIZER:mailto:Boss@Romashka.ru', 'ATTENDEE;CN=A:MAILTO:a@b.ru', 'ATTENDEE:urn:x'],
	);
	expect(only(text)).toMatchObject({
		...{ on: '2026-11-24', summary: 'Показ; «новой», линии', sequence: 3, cancelled: false },
		mails: ['boss@romashka.ru', 'a@b.ru'],
	});
	const cancelling = text.replace('VERSION:2.0', 'VERSION:2.0\r\nMETHOD:CANCEL');
	expect(only(cancelling)?.cancelled).toBe(true);
});

test.each([
	['nothing', ''],
	['prose', 'Добрый день!'],
	['a card', 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n'],
	['half a file', event('DTSTART:20261124T120000Z').slice(0, 60)],
	['a calendar without events', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n'],
	['an event without a time', event('SUMMARY:x')],
	['a time that is none', event('DTSTART:20261399T990000Z')],
	['too much', `${event('DTSTART:20261124T120000Z')}${' '.repeat(1024 * 1024)}`],
])('%s is refused in words', (_, text) => {
	expect(() => readCalendar(text, reader)).toThrow(/^calendar\.(unreadable|noEvents|tooBig)$/);
});

test('a zone that says nothing is told beside the time', () => {
	expect(only(event('DTSTART;TZID=Nowhere:20261124T120000'))?.unknownZone).toBe('Nowhere');
	expect(only(event('DTSTART;TZID=Europe/Paris:20261124T120000'))?.unknownZone).toBeNull();
});

test('the world’s rules are newer than those of a file of before 2014; a zone of its own has no others', () => {
	const rules = (name: string) =>
		`BEGIN:VTIMEZONE\r\nTZID:${name}\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n` +
		'TZOFFSETFROM:+0400\r\nTZOFFSETTO:+0400\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n';
	const at = (name: string) =>
		only(
			event(`DTSTART;TZID="${name}":20261124T120000`).replace(
				'BEGIN:VEVENT',
				`${rules(name)}BEGIN:VEVENT`,
			),
		)?.at?.toISOString();
	expect(at('Russian Standard Time')).toBe('2026-11-24T09:00:00.000Z');
	expect(at('Europe/Moscow')).toBe('2026-11-24T09:00:00.000Z');
	expect(at('Customized Time Zone')).toBe('2026-11-24T08:00:00.000Z');
});

test('a date needs no VALUE', () => {
	expect(only(event('DTSTART:20261214', 'DTEND:20261215'))).toMatchObject({
		on: '2026-12-14',
		at: null,
	});
});

test.each(['DTEND:20261214', 'DURATION:', 'DURATION:1H', 'DTEND:INVALID-DATE'])(
	'a length that is none (%s) is no length',
	(line) => {
		expect(only(event('DTSTART:20261124T120000Z', line))?.lengthMinutes).toBeNull();
	},
);

test('CP1251, UTF-16, UTF-8 with its mark: the same words; a fold within a letter is no fault', () => {
	const text = event('DTSTART:20261124T120000Z', 'SUMMARY:Встреча с поставщиком');
	const whole = Buffer.from(text);
	const within = whole.indexOf('Встреча') + 1;
	for (const bytes of [
		iconv.encode(text, 'windows-1251'),
		iconv.encode(text, 'utf-16le', { addBOM: true }),
		Buffer.from(`\ufeff${text}`),
		Buffer.concat([whole.subarray(0, within), Buffer.from('\r\n '), whole.subarray(within)]),
	])
		expect(only(bytes)?.summary).toBe('Встреча с поставщиком');
});

test('two calendars in one file are both read; bare line breaks and bad lines are left out and told', () => {
	const one = event('DTSTART:20261124T120000Z', 'SUMMARY:Первая', 'строка без двоеточия');
	const two = one
		.replace('UID:1@x', 'UID:2@x')
		.replace('Первая', 'Вторая')
		.replaceAll('\r\n', '\n');
	const broken = event('DTSTART:20160816T::', 'SUMMARY:Сломана').replace('UID:1@x', 'UID:3@x');
	const found = readCalendar(`${one}${two}${broken}`, reader);
	expect(found.events.map(({ summary }) => summary)).toEqual(['Первая', 'Вторая']);
	expect(found.bad.map(({ line, text }) => [line, text])[0]).toEqual([7, 'строка без двоеточия']);
	expect(found.unreadable).toEqual(['Сломана']);
});

const WEEKLY = ['DTSTART:20250113T070000Z', 'RRULE:FREQ=WEEKLY', 'SUMMARY:Планёрка'];

test('a series is its next time; its head may stand behind a moved one', () => {
	expect(only(event(...WEEKLY))?.at?.toISOString()).toBe('2026-11-30T07:00:00.000Z');
	const moved = [
		...['BEGIN:VEVENT', 'UID:1@x', 'RECURRENCE-ID:20261130T070000Z', 'DTSTART:20261201T120000Z'],
		...['SUMMARY:Перенос', 'END:VEVENT', ''],
	].join('\r\n');
	const text = event(...WEEKLY).replace('BEGIN:VEVENT', `${moved}BEGIN:VEVENT`);
	expect(only(text)).toMatchObject({ summary: 'Перенос', repeats: true });
	expect(only(text)?.at?.toISOString()).toBe('2026-12-01T12:00:00.000Z');
});

test.each([
	[
		'UNTIL in the past: the event that it began with',
		'RRULE:FREQ=WEEKLY;UNTIL=20250301T000000Z',
		'2025-01-13',
	],
	['COUNT', 'RRULE:FREQ=WEEKLY;COUNT=99', '2026-11-30'],
	['EXDATE', 'RRULE:FREQ=WEEKLY\r\nEXDATE:20261130T070000Z', '2026-12-07'],
	['RDATE', 'RRULE:FREQ=WEEKLY;INTERVAL=2\r\nRDATE:20261128T070000Z', '2026-11-28'],
	['monthly', 'RRULE:FREQ=MONTHLY;BYDAY=2MO', '2026-12-14'],
	['daily on some days', 'RRULE:FREQ=DAILY;BYDAY=WE', '2026-11-25'],
	['a rule that never comes', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', '2025-01-13'],
	['every second', 'RRULE:FREQ=SECONDLY', '2025-01-13'],
])('of a series: %s', (_, rule, day) => {
	const lines = ['DTSTART:20250113T070000Z', rule, 'SUMMARY:x'];
	expect(
		only(event(...lines))
			?.at?.toISOString()
			.slice(0, 10),
	).toBe(day);
});
