import fc from 'fast-check';
import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import {
	addDays,
	dayOf,
	daysBetween,
	formatDay,
	formatMoment,
	formatSpan,
	isDay,
	momentOf,
	monthOf,
	startOfDay,
	viewerAt,
} from '#src/platform/i18n/dates.ts';
import { FIVE_DAYS } from '#src/platform/i18n/work-week.ts';
import { addWorkingDays, isWorkday, workdayFrom } from '#src/platform/i18n/workdays.ts';

const ZONES = [
	'Europe/Moscow',
	'Asia/Kathmandu',
	'America/St_Johns',
	'Pacific/Kiritimati',
	'Pacific/Pago_Pago',
	'Asia/Beirut',
	'Africa/Cairo',
	'America/Santiago',
	'Atlantic/Azores',
	'America/Havana',
];
const zones = fc.constantFrom(...ZONES);
const days = fc
	.integer({ min: 0, max: 20_000 })
	.map((n) => new Date(n * 86_400_000 + Date.UTC(2000, 0)).toISOString().slice(0, 10));
const TUESDAY = viewerAt(new Date('2026-11-24T09:00:00Z'), 'ru', 'Europe/Moscow');
const MINUTE = 60_000;
// A number and its noun may hold together by a space that does not break.
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

test('a day begins with its first moment: a minute before is another day, whatever the clocks do', () => {
	fc.assert(
		fc.property(days, zones, (day, zone) => {
			const start = startOfDay(day, zone);
			expect(dayOf(start, zone)).toBe(day);
			expect(dayOf(new Date(start.getTime() - MINUTE), zone) < day).toBe(true);
		}),
		{ numRuns: 500 },
	);
	expect(startOfDay('2026-10-25', 'Atlantic/Azores')).toEqual(new Date('2026-10-25T00:00:00Z'));
	expect(startOfDay('2026-03-29', 'Asia/Beirut')).toEqual(new Date('2026-03-28T22:00:00Z'));
});

test('the day of a moment is the wall calendar’s there', () => {
	const now = new Date('2026-11-24T22:30:00Z');
	expect(dayOf(now, 'Europe/Moscow')).toBe('2026-11-25');
	expect(dayOf(now, 'UTC')).toBe('2026-11-24');
	expect(dayOf(now, 'Pacific/Kiritimati')).toBe('2026-11-25');
	expect(dayOf(now, 'Pacific/Pago_Pago')).toBe('2026-11-24');
});

test('a day and a clock time are that moment, also beside a change of the clocks', () => {
	expect(momentOf('2026-11-24', '15:30', 'Europe/Moscow')).toEqual(
		new Date('2026-11-24T12:30:00Z'),
	);
	expect(momentOf('2026-11-24', '15:30', 'Asia/Kathmandu')).toEqual(
		new Date('2026-11-24T09:45:00Z'),
	);
	fc.assert(
		fc.property(days, zones, fc.integer({ min: 4, max: 22 }), (day, zone, hour) => {
			const time = `${String(hour).padStart(2, '0')}:07`;
			const moment = DateTime.fromJSDate(momentOf(day, time, zone), { zone });
			expect(moment.toFormat("yyyy-MM-dd'T'HH:mm")).toBe(`${day}T${time}`);
		}),
	);
});

test('days are added and counted without regard to clocks', () => {
	fc.assert(
		fc.property(days, fc.integer({ min: -800, max: 800 }), (day, n) => {
			expect(daysBetween(day, addDays(day, n))).toBe(n);
			expect(addDays(addDays(day, n), -n)).toBe(day);
		}),
	);
	expect(addDays('2028-02-28', 1)).toBe('2028-02-29');
	expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
});

test('working days skip Saturdays and Sundays, forwards and back', () => {
	expect(addWorkingDays('2026-11-27', 1, FIVE_DAYS)).toBe('2026-11-30');
	expect(addWorkingDays('2026-11-28', 1, FIVE_DAYS)).toBe('2026-11-30');
	expect(addWorkingDays('2026-11-30', -1, FIVE_DAYS)).toBe('2026-11-27');
	expect(addWorkingDays('2026-11-24', 0, FIVE_DAYS)).toBe('2026-11-24');
	fc.assert(
		fc.property(days, fc.integer({ min: 1, max: 40 }), (day, n) => {
			const there = addWorkingDays(day, n, FIVE_DAYS);
			expect(DateTime.fromISO(there).weekday).toBeLessThanOrEqual(5);
			const between = Array.from({ length: daysBetween(day, there) }, (_, k) =>
				addDays(day, k + 1),
			);
			expect(between.filter((one) => DateTime.fromISO(one).weekday <= 5)).toHaveLength(n);
		}),
	);
});

test('a month has a first and a last day', () => {
	expect(monthOf('2028-02-11')).toEqual({ first: '2028-02-01', last: '2028-02-29', month: 2 });
	expect(monthOf('2026-12-31')).toEqual({ first: '2026-12-01', last: '2026-12-31', month: 12 });
});

test('days and moments are said as people say them', () => {
	const said = [
		formatDay('2026-11-24', TUESDAY),
		formatDay('2026-11-24', TUESDAY, true),
		formatDay('2026-11-25', TUESDAY, true),
		formatDay('2026-11-23', TUESDAY, true),
		formatDay('2027-01-01', TUESDAY, true),
		formatMoment(new Date('2026-11-24T12:00:00Z'), TUESDAY),
		formatMoment(new Date('2026-11-24T21:00:00Z'), TUESDAY, true),
	];
	expect(said).toEqual([
		'вт, 24 ноя',
		'сегодня',
		'завтра',
		'вчера',
		'пт, 1 янв 2027',
		'вт, 24 ноя, 15:00',
		'завтра, 00:00',
	]);
	expect(formatDay('2026-11-24', { ...TUESDAY, language: 'en' })).toMatch(/Tue/);
});

test('spans are cut down to the largest unit, with proper plurals', () => {
	const MINUTES = 60;
	const HOURS = 3600;
	const spans: [number, string][] = [
		...([
			[0, '1 минуту'],
			[59, '1 минуту'],
			[2 * MINUTES, '2 минуты'],
			[11 * MINUTES, '11 минут'],
			[21 * MINUTES, '21 минуту'],
		] as [number, string][]),
		...([
			[HOURS - 1, '59 минут'],
			[HOURS, '1 час'],
			[3 * HOURS, '3 часа'],
			[5 * HOURS, '5 часов'],
		] as [number, string][]),
		...([
			[24 * HOURS - 1, '23 часа'],
			[24 * HOURS, '1 день'],
			[48 * HOURS, '2 дня'],
			[120 * HOURS, '5 дней'],
			[-5, '1 минуту'],
		] as [number, string][]),
	];
	for (const [seconds, words] of spans)
		expect(plain(formatSpan(seconds, 'ru')), String(seconds)).toBe(words);
});

test('only days of the calendar are days', () => {
	for (const day of ['2026-02-28', '0001-01-01', '9999-12-31', '2028-02-29'])
		expect(isDay(day), day).toBe(true);
	for (const day of [
		'2026-02-29',
		'0000-01-01',
		'2026-1-1',
		'2026-13-01',
		'2026-11-24T00:00',
		'',
		'+02026-01-01',
	])
		expect(isDay(day), day).toBe(false);
});

test('holidays are skipped and worked weekends count, forth and back', () => {
	const workdays = {
		...FIVE_DAYS,
		days: {
			'2026-11-25': { name: 'Праздник', working: false },
			'2026-11-28': { name: 'Перенос', working: true },
		},
	};
	expect(addWorkingDays('2026-11-24', 1, workdays)).toBe('2026-11-26');
	expect(addWorkingDays('2026-11-27', 1, workdays)).toBe('2026-11-28');
	expect(addWorkingDays('2026-11-30', -1, workdays)).toBe('2026-11-28');
	expect(addWorkingDays('2026-11-26', -1, workdays)).toBe('2026-11-24');
	expect([isWorkday('2026-11-25', workdays), isWorkday('2026-11-28', workdays)]).toEqual([
		false,
		true,
	]);
	expect(workdayFrom('2026-11-25', workdays)).toBe('2026-11-26');
	expect(workdayFrom('2026-11-28', workdays)).toBe('2026-11-28');
	const six = { ...FIVE_DAYS, weekdays: [1, 2, 3, 4, 5, 6] };
	expect(addWorkingDays('2026-11-27', 2, six)).toBe('2026-11-30');
});
