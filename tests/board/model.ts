import { DateTime } from 'luxon';
import type { StepGroup } from '#src/features/next-step/rules.ts';

/*
 * The board as PRODUCT.md says it, in the plainest words: a sort of objects in memory. It shares no line
 * with the application; the tests hold the two against each other.
 */
export type PlainDeal = {
	id: number;
	stageId: number;
	ownerId: number;
	amount: string | null;
	currency: string;
	plannedAt: Date | null;
	plannedOn: string | null;
	closedOn: string | null;
};

export type Onlooker = { timeZone: string; now: Date };

const localDay = (at: Date, zone: string) =>
	DateTime.fromJSDate(at, { zone }).toFormat('yyyy-MM-dd');

/** The day on which it is now for the onlooker. */
export const todayOf = ({ now, timeZone }: Onlooker) => localDay(now, timeZone);

/** Overdue, today, nothing planned or later: a moment when it has passed, a day when it is over. */
export function plainGroup(deal: PlainDeal, onlooker: Onlooker): StepGroup {
	const { now, timeZone } = onlooker;
	const day = deal.plannedAt ? localDay(deal.plannedAt, timeZone) : deal.plannedOn;
	if (day === null) return 'none';
	if (deal.plannedAt ? deal.plannedAt < now : day < todayOf(onlooker)) return 'late';
	return day === todayOf(onlooker) ? 'today' : 'later';
}

/** When a plan is due: at its moment, or when the day after its day begins. */
export function plainDue(deal: PlainDeal, { timeZone }: Onlooker): number {
	if (deal.plannedAt) return deal.plannedAt.getTime();
	if (deal.plannedOn === null) return 0;
	const day = DateTime.fromISO(deal.plannedOn, { zone: timeZone });
	return day.plus({ days: 1 }).startOf('day').toMillis();
}

const GROUPS: StepGroup[] = ['late', 'today', 'none', 'later'];

/** The ids of a column in the board's order. */
export function plainOrder(deals: PlainDeal[], onlooker: Onlooker): number[] {
	const places = deals.map((deal) => ({
		id: deal.id,
		group: GROUPS.indexOf(plainGroup(deal, onlooker)),
		due: plainDue(deal, onlooker),
	}));
	places.sort((a, b) => a.group - b.group || a.due - b.due || a.id - b.id);
	return places.map(({ id }) => id);
}

/** Whether a plan lies in a period of the отбор, counted from now on; `overdue` is what has passed. */
export function plainWithin(deal: PlainDeal, period: string, onlooker: Onlooker): boolean {
	const group = plainGroup(deal, onlooker);
	if (period === 'none') return group === 'none';
	if (period === 'overdue') return group === 'late';
	if (group === 'late' || group === 'none') return false;
	const days = { today: 1, '3days': 3, week: 7, month: 30 }[period] as number;
	const last = DateTime.fromISO(todayOf(onlooker))
		.plus({ days: days - 1 })
		.toFormat('yyyy-MM-dd');
	const day = deal.plannedAt ? localDay(deal.plannedAt, onlooker.timeZone) : deal.plannedOn;
	return (day as string) <= last;
}
