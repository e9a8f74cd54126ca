import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hoursFor, MOST_LANES, place } from '#src/features/calendar/page/grid.ts';
import { calendarUrl, daysOf, mondayOf, turned } from '#src/features/calendar/page/period.ts';
import { addDays } from '#src/platform/i18n/dates.ts';

const timed = fc.record({
	start: fc.integer({ min: 0, max: 1439 }),
	minutes: fc.integer({ min: 1, max: 600 }),
});

test('whatever a day holds, everything stands in the grid or in a crowd, and no lane is ever shared', () => {
	fc.assert(
		fc.property(fc.array(timed, { maxLength: 40 }), (items) => {
			const { first, last } = hoursFor(items, 540, 1080);
			const { placed, crowds } = place(items, first);
			const all = [...placed, ...crowds.flatMap((crowd) => crowd.items)];
			expect(all.map(({ item }) => item).sort(compare)).toEqual([...items].sort(compare));
			for (const one of placed) {
				expect(one.slot).toBeGreaterThanOrEqual(0);
				expect(one.slots).toBeGreaterThanOrEqual(1);
				expect(one.slot + Math.min(one.slots, 2)).toBeLessThanOrEqual((24 - first) * 4 + 1);
				expect(one.lane).toBeLessThan(one.lanes);
				expect(one.lanes).toBeLessThanOrEqual(MOST_LANES);
				for (const other of placed)
					if (other !== one && other.lane === one.lane)
						expect(one.slot + one.slots <= other.slot || other.slot + other.slots <= one.slot).toBe(
							true,
						);
			}
			expect(last).toBeLessThanOrEqual(24);
		}),
	);
});

const WEEK = {
	...{ view: 'week' as const, asked: true, on: '2026-11-24', owner: '', ownerId: 1 },
	busyOnly: false,
};

const compare = (a: { start: number; minutes: number }, b: { start: number; minutes: number }) =>
	a.start - b.start || a.minutes - b.minutes;

test('two that meet share the width; one that comes after has all of it', () => {
	const lanes = place(
		[
			{ start: 600, minutes: 60 },
			{ start: 630, minutes: 30 },
			{ start: 660, minutes: 30 },
		],
		9,
	).placed.map(({ slot, slots, lane, lanes }) => [slot, slots, lane, lanes]);
	expect(lanes).toEqual([
		...[
			[4, 4, 0, 2],
			[6, 2, 1, 2],
			[8, 2, 0, 1],
		],
	]);
});

test('the grid shows the working hours, and more where something lies outside of them', () => {
	expect(hoursFor([], 540, 1080)).toEqual({ first: 9, last: 18 });
	expect(hoursFor([{ start: 450, minutes: 30 }], 540, 1080)).toEqual({ first: 7, last: 18 });
	expect(hoursFor([{ start: 1400, minutes: 300 }], 540, 1080)).toEqual({ first: 9, last: 24 });
});

test('a week begins with its Monday, a month with the week of its first day; turning leads on and back', () => {
	expect(mondayOf('2026-11-29')).toBe('2026-11-23');
	expect(mondayOf('2026-11-23')).toBe('2026-11-23');
	expect(mondayOf('1999-12-31')).toBe('1999-12-27');
	const month = daysOf('month', '2026-11-24');
	expect([month[0], month.at(-1), month.length]).toEqual(['2026-10-26', '2026-12-06', 42]);
	fc.assert(
		fc.property(
			fc.constantFrom('day' as const, 'week' as const, 'month' as const),
			fc.integer({ min: -20_000, max: 20_000 }),
			(view, n) => {
				const filter = {
					view,
					on: addDays('2026-11-24', n),
					owner: '',
					ownerId: 1,
					busyOnly: false,
					asked: true,
				};
				const days = daysOf(view, filter.on);
				expect(days).toContain(filter.on);
				const next = daysOf(view, turned(filter, 1));
				expect(String(next.at(-1)) > String(days.at(-1))).toBe(true);
				expect(daysOf(view, turned({ ...filter, on: turned(filter, 1) }, -1))).toEqual(days);
			},
		),
	);
	expect(calendarUrl({ ...WEEK, asked: false })).toBe('/calendar?on=2026-11-24');
	expect(calendarUrl(WEEK)).toBe('/calendar?view=week&on=2026-11-24');
	expect(calendarUrl({ ...WEEK, asked: false }, { view: 'week' })).toBe(calendarUrl(WEEK));
});
