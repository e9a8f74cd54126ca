import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { type Component, readContent } from '#src/features/calendar/ical/content.ts';
import { calledOff, patched } from '#src/features/calendar/ical/patch.ts';
import { calendarAsText, readCalendar } from '#src/features/calendar/ical/reading.ts';
import type { CalendarStep } from '#src/features/calendar/steps.ts';
import { standing } from '#src/features/calendar/sync/merge.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const SAMPLES = join(ROOT, '../shared/samples/ics');
const absent = !existsSync(SAMPLES);
if (absent) console.warn('SKIPPED: ../shared/samples/ics is absent, no public .ics is read');

const OWN = [
	...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:x', 'BEGIN:VTIMEZONE', 'TZID:Its own'],
	...['BEGIN:STANDARD', 'DTSTART:19700101T000000', 'TZOFFSETFROM:+0300', 'TZOFFSETTO:+0300'],
	...['END:STANDARD', 'END:VTIMEZONE', 'BEGIN:VEVENT', 'UID:own@x', 'DTSTAMP:20261124T090000Z'],
	...['DTSTART;TZID=Its own:20261214T100000', 'DURATION:PT45M', 'RRULE:FREQ=DAILY;BYDAY=MO,FR'],
	...['EXDATE;TZID=Its own:20261218T100000', 'SUMMARY:Показ «новой» линии', 'CLASS:PUBLIC'],
	...['DESCRIPTION:Первая\\nвторая строка', 'ATTENDEE;CN="А, Б":mailto:a@b.ru', 'X-NOTE;X-A=1:да'],
	...['BEGIN:VALARM', 'ACTION:DISPLAY', 'TRIGGER:-PT5M', 'DESCRIPTION:x', 'END:VALARM'],
	...['END:VEVENT', 'END:VCALENDAR', ''],
].join('\r\n');
const FILES: [string, Buffer][] = [
	['own.ics', Buffer.from(OWN)],
	...(absent ? [] : readdirSync(SAMPLES)).map((name): [string, Buffer] => [
		name,
		readFileSync(join(SAMPLES, name)),
	]),
];

const reader = { zone: 'Europe/Moscow', now: new Date('2026-12-01T06:00:00Z') };
const writer = {
	owner: { id: 1, name: 'Анна', language: 'ru' as const },
	home: 'https://x',
	reader,
};
const STEP: CalendarStep = {
	...{ id: 7, uid: 'interaction-7@moi-prodazhi', kindId: 1, kindName: 'Встреча', summary: 'Новое' },
	...{ description: 'Заметка', place: 'Тула', plannedOn: null, lengthMinutes: 60, status: 'done' },
	...{ plannedAt: new Date('2027-01-11T09:00:00Z'), remindAt: null, outcome: 'Да', dealId: 1 },
	...{ dealTitle: 'Д', clientId: 1, clientName: 'ООО «Ромашка»', contactName: null, phone: null },
	...{ version: 3, createdAt: reader.now, changedAt: reader.now },
};

/** Numbers that are the same at every run. */
function seeded(seed: number): (below: number) => number {
	let state = seed;
	return (below) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

const SCRAPS = [
	...[
		'\n',
		'\r',
		'\r\n ',
		':',
		';',
		'"',
		'\0',
		'BEGIN:VEVENT\r\n',
		'END:VEVENT\r\n',
		'T',
		'Z',
		'99',
	],
	...[
		'DTSTART:INVALID-DATE\r\n',
		'RRULE:FREQ=SECONDLY\r\n',
		'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n',
	],
	...['DURATION:\r\n', 'EXDATE:x\r\n', 'RECURRENCE-ID:20261214T070000Z\r\n', 'SEQUENCE:-1e99\r\n'],
];

function mutated(bytes: Buffer, next: (below: number) => number): Buffer {
	let file = bytes;
	for (let times = next(4) + 1; times > 0; times -= 1) {
		const at = next(file.length + 1);
		const to = Math.min(file.length, at + next(30));
		const scrap = Buffer.from(SCRAPS[next(SCRAPS.length)] as string);
		const ways = [
			() => Buffer.concat([file.subarray(0, at), file.subarray(to)]),
			() => Buffer.concat([file.subarray(0, at), scrap, file.subarray(at)]),
			() => Buffer.concat([file.subarray(0, to), file.subarray(at)]),
			() => file.subarray(0, Math.max(20, at)),
			() => file.map((byte, n) => (n === at ? next(256) : byte)) as Buffer,
			() => iconv.encode(file.toString('utf8'), 'windows-1251'),
			() => Buffer.concat([file, file]),
		];
		file = Buffer.from((ways[next(ways.length)] as () => Buffer)());
	}
	return file;
}

const WRITTEN =
	/^(SUMMARY|DTSTART|DTEND|DURATION|LOCATION|STATUS|DESCRIPTION|DTSTAMP|LAST-MODIFIED|SEQUENCE|TRANSP)$/;

/** Every line that is not ours to write, with the components that it stands in. */
function foreignIn(text: string): string[] {
	const walk = ({ name, parts }: Component): string[] =>
		parts.flatMap((part) => {
			if ('parts' in part) return walk(part);
			const ours = name === 'VEVENT' && WRITTEN.test(part.name);
			return ours ? [] : [`${name} ${part.raw}`];
		});
	return readContent(text).calendars.flatMap(walk);
}

function expectKept(text: string, written: string | null): void {
	if (written === null) return;
	const left = foreignIn(written);
	for (const line of foreignIn(text)) {
		const at = left.indexOf(line);
		expect(at, line).toBeGreaterThanOrEqual(0);
		left.splice(at, 1);
	}
}

const MUTATIONS = 100;

test.each(FILES)(
	'%s, as it is and spoilt: read or refused in words, and no foreign line is ever lost',
	(name, bytes) => {
		let read = 0;
		for (let seed = 0; seed <= MUTATIONS; seed += 1) {
			const file = seed === 0 ? bytes : mutated(bytes, seeded(seed * 7_919 + name.length));
			try {
				for (const one of readCalendar(file, reader).events)
					expect(one.at === null || !Number.isNaN(one.at.getTime())).toBe(true);
				read += 1;
			} catch (error) {
				expect(error, `seed ${seed}`).toBeInstanceOf(RuleBroken);
			}
			const text = calendarAsText(file);
			const taken = standing(text, null, STEP, reader);
			const occurrence = taken?.occurrence ?? null;
			expectKept(text, patched(text, occurrence, STEP, writer));
			if (occurrence) expectKept(text, calledOff(text, occurrence, reader));
			// Written twice, it is written once.
			const once = patched(text, occurrence, STEP, writer);
			if (once !== null) expect(patched(once, occurrence, STEP, writer)).toBe(once);
		}
		expect(read).toBeGreaterThan(MUTATIONS / 4);
	},
);

const database = await testDatabase();
const served = await testApp(database);
let anna: Browser;
beforeAll(async () => {
	await makeCast(database.db);
	anna = await signIn(served, 'anna');
});

test.each(FILES)(
	'the door takes %s, however spoilt, without a fault of its own',
	async (_, bytes) => {
		for (let seed = 0; seed <= 25; seed += 1) {
			const ics = calendarAsText(seed === 0 ? bytes : mutated(bytes, seeded(seed * 104_729)));
			const { statusCode } = await anna.post('/calendar/intake', { ics });
			expect([200, 422], `seed ${seed}`).toContain(statusCode);
		}
	},
);
