import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { readCalendar } from '#src/features/calendar/incoming.ts';

const SAMPLES = join(ROOT, '../shared/samples/ics');
const absent = !existsSync(SAMPLES);
if (absent)
	process.stderr.write('SKIPPED: ../shared/samples/ics is absent, no real .ics is read\n');
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
