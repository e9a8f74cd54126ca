import fc from 'fast-check';
import ICAL from 'ical.js';
import { expect, test } from 'vitest';
import {
	momentAt,
	occurrencesOf,
	type Repeat,
	repeatOf,
	seriesTime,
	WEEKDAYS,
	wallClock,
} from '#src/features/interactions/series/recurrence.ts';
import { momentOf } from '#src/platform/i18n/dates.ts';

const weekly: Repeat = { frequency: 'weekly', every: 1, weekdays: [], until: null, count: null };
const at = (clock: string, timeZone: string) => ({
	plannedAt: momentOf(clock.slice(0, 10), clock.slice(11), timeZone),
});
const FAR = '9999-12-31';

/** The moments of the first few, in UTC. */
function moments(clock: string, repeat: Repeat, timeZone: string, most = 3): string[] {
	const time = seriesTime(at(clock, timeZone), repeat, timeZone);
	return occurrencesOf(time, null, FAR, most).map(
		({ plannedAt }) => plannedAt?.toISOString().slice(0, 16) ?? '',
	);
}

/** The days of the first few of a series of days. */
function days(day: string, repeat: Repeat, most: number): string[] {
	const time = seriesTime({ plannedOn: day }, repeat, 'Europe/Moscow');
	return occurrencesOf(time, null, FAR, most).map((one) => one.day);
}

test('15:00 stays 15:00 when the clocks change: Berlin and New York, in spring and in autumn', () => {
	expect(moments('2026-03-22T15:00', weekly, 'Europe/Berlin')).toEqual([
		'2026-03-22T14:00',
		'2026-03-29T13:00',
		'2026-04-05T13:00',
	]);
	expect(moments('2026-10-18T15:00', weekly, 'Europe/Berlin')).toEqual([
		'2026-10-18T13:00',
		'2026-10-25T14:00',
		'2026-11-01T14:00',
	]);
	expect(moments('2026-03-01T15:00', weekly, 'America/New_York')).toEqual([
		'2026-03-01T20:00',
		'2026-03-08T19:00',
		'2026-03-15T19:00',
	]);
	expect(moments('2026-10-25T15:00', weekly, 'America/New_York')).toEqual([
		'2026-10-25T19:00',
		'2026-11-01T20:00',
		'2026-11-08T20:00',
	]);
});

test('02:30 that the clocks skip is 03:30 that night only; shown twice, it is the first of the two', () => {
	const daily: Repeat = { ...weekly, frequency: 'daily' };
	expect(moments('2026-03-28T02:30', daily, 'Europe/Berlin')).toEqual([
		'2026-03-28T01:30',
		'2026-03-29T01:30',
		'2026-03-30T00:30',
	]);
	expect(moments('2026-03-07T02:30', daily, 'America/New_York')).toEqual([
		'2026-03-07T07:30',
		'2026-03-08T07:30',
		'2026-03-09T06:30',
	]);
	expect(moments('2026-10-24T02:30', daily, 'Europe/Berlin')).toEqual([
		'2026-10-24T00:30',
		'2026-10-25T00:30',
		'2026-10-26T01:30',
	]);
	expect(moments('2026-10-31T01:30', daily, 'America/New_York')).toEqual([
		'2026-10-31T05:30',
		'2026-11-01T05:30',
		'2026-11-02T06:30',
	]);
});

test('a month without the 31st is left out, and a year without 29 February too', () => {
	const monthly: Repeat = { ...weekly, frequency: 'monthly' };
	expect(days('2026-12-31', monthly, 5)).toEqual([
		'2026-12-31',
		'2027-01-31',
		'2027-03-31',
		'2027-05-31',
		'2027-07-31',
	]);
	const yearly: Repeat = { ...weekly, frequency: 'yearly' };
	expect(days('2028-02-29', yearly, 3)).toEqual(['2028-02-29', '2032-02-29', '2036-02-29']);
	expect(days('2026-11-24', yearly, 2)).toEqual(['2026-11-24', '2027-11-24']);
});

test('working days are Monday to Friday; chosen days of every second week are those of whole weeks', () => {
	const workdays: Repeat = { ...weekly, frequency: 'workdays' };
	expect(days('2026-11-26', workdays, 4)).toEqual([
		'2026-11-26',
		'2026-11-27',
		'2026-11-30',
		'2026-12-01',
	]);
	const chosen: Repeat = { ...weekly, every: 2, weekdays: ['MO', 'WE'] };
	expect(days('2026-11-24', chosen, 4)).toEqual([
		'2026-11-25',
		'2026-12-07',
		'2026-12-09',
		'2026-12-21',
	]);
});

test('a series ends with its day, that day included, or after so many', () => {
	const until: Repeat = { ...weekly, frequency: 'daily', until: '2026-11-26' };
	expect(days('2026-11-24', until, 9)).toEqual(['2026-11-24', '2026-11-25', '2026-11-26']);
	expect(moments('2026-11-24T23:50', until, 'Europe/Moscow', 9)).toHaveLength(3);
	expect(days('2026-11-24', { ...weekly, count: 2 }, 9)).toEqual(['2026-11-24', '2026-12-01']);
});

const repeats: fc.Arbitrary<Repeat> = fc.record({
	frequency: fc.constantFrom('daily', 'workdays', 'weekly', 'monthly', 'yearly'),
	every: fc.integer({ min: 1, max: 5 }),
	weekdays: fc.subarray([...WEEKDAYS]),
	until: fc.constantFrom(null, '2027-01-31', '2030-06-15'),
	count: fc.option(fc.integer({ min: 1, max: 30 })),
});
const zones = fc.constantFrom('Europe/Moscow', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata');

test('what is made is what ical.js makes of the rule, at the same clock time wherever there is one', () => {
	fc.assert(
		fc.property(
			repeats,
			zones,
			fc.integer({ min: 0, max: 1500 }),
			fc.integer({ min: 0, max: 95 }),
			(repeat, timeZone, day, quarter) => {
				const start = new Date(Date.UTC(2026, 0, 1 + day, 0, 15 * quarter));
				const time = seriesTime({ plannedAt: start }, repeat, timeZone);
				const made = occurrencesOf(time, null, FAR, 25);
				const iterator = ICAL.Recur.fromString(time.rule).iterator(
					ICAL.Time.fromString(`${time.startsAt}:00`, undefined),
				);
				for (const one of made) {
					expect(iterator.next()?.toString().slice(0, 16)).toBe(one.occurrence);
					const shown = wallClock(one.plannedAt as Date, timeZone);
					const skipped = wallClock(momentAt(one.occurrence, timeZone), timeZone);
					expect([one.occurrence, skipped]).toContain(shown);
				}
				if (made.length < 25) expect(iterator.next() ?? null).toBeNull();
				expect(new Set(made.map(({ occurrence }) => occurrence)).size).toBe(made.length);
			},
		),
		{ numRuns: 150 },
	);
});

test('a rule says what the form said', () => {
	fc.assert(
		fc.property(repeats, (repeat) => {
			const time = seriesTime({ plannedOn: '2026-11-24' }, repeat, 'Europe/Moscow');
			const read = repeatOf(time.rule);
			const again = seriesTime({ plannedOn: time.startsOn as string }, read, 'Europe/Moscow');
			expect(again.rule).toBe(time.rule);
			// All working days chosen one by one are what «по рабочим дням» is.
			const chosen = repeat.frequency === 'weekly' && repeat.every === 1;
			const workdays = chosen && repeat.weekdays.join() === 'MO,TU,WE,TH,FR';
			expect(read.frequency).toBe(workdays ? 'workdays' : repeat.frequency);
			expect(read.until).toBe(repeat.until);
		}),
	);
});
