/** A quarter of an hour: what times in the grid are cut to. */
export const SLOT_MINUTES = 15;
const SLOTS_AN_HOUR = 60 / SLOT_MINUTES;
const DAY_MINUTES = 1440;
/** Nothing is drawn lower than two slots: its words would not fit. */
const LEAST_SLOTS = 2;
/** More beside each other would be too narrow to read; the rest is folded behind a number. */
export const MOST_LANES = 3;

/** Something with a place on the clock: minutes after midnight, and how long. */
export type Timed = { start: number; minutes: number };

/** Where it stands: rows from the top of the grid, and which of how many columns beside each other. */
export type Placed<T> = { item: T; slot: number; slots: number; lane: number; lanes: number };

/** What found no lane among its neighbours, by the slot where the first of them begins. */
export type Crowd<T> = { slot: number; items: Placed<T>[] };

/** The hours that a grid has to show: those of work, and whatever lies outside of them. */
export function hoursFor(
	items: readonly Timed[],
	workFrom: number,
	workUntil: number,
): { first: number; last: number } {
	const begins = items.map(({ start }) => start);
	const ends = items.map(({ start, minutes }) => Math.min(DAY_MINUTES, start + minutes));
	const first = Math.floor(Math.min(workFrom, ...begins) / 60);
	const last = Math.ceil(Math.max(workUntil, ...ends, (first + 1) * 60) / 60);
	return { first, last };
}

/**
 * Places the things of one day in a grid that begins at `firstHour`: what overlaps stands side by side, in
 * order of time, each in the first lane that is free; a group shares its width, and what found no lane in it
 * is its crowd.
 */
export function place<T extends Timed>(
	items: readonly T[],
	firstHour: number,
): { placed: Placed<T>[]; crowds: Crowd<T>[] } {
	const placed: Placed<T>[] = [];
	const crowds: Crowd<T>[] = [];
	let group: Placed<T>[] = [];
	let crowd: Placed<T>[] = [];
	let groupEnd = 0;
	const close = () => {
		const lanes = Math.max(1, ...group.map(({ lane }) => lane + 1));
		for (const one of group) placed.push({ ...one, lanes });
		if (crowd[0]) crowds.push({ slot: crowd[0].slot, items: crowd });
		group = [];
		crowd = [];
	};
	for (const item of [...items].sort((a, b) => a.start - b.start || b.minutes - a.minutes)) {
		const slot = Math.floor(item.start / SLOT_MINUTES) - firstHour * SLOTS_AN_HOUR;
		const most = DAY_MINUTES / SLOT_MINUTES - firstHour * SLOTS_AN_HOUR - slot;
		const wanted = Math.max(LEAST_SLOTS, Math.ceil(item.minutes / SLOT_MINUTES));
		const slots = Math.max(1, Math.min(wanted, most));
		if (slot >= groupEnd) close();
		const lane = freeLane(group, slot);
		const one = { item, slot, slots, lane: lane ?? MOST_LANES - 1, lanes: 1 };
		(lane === null ? crowd : group).push(one);
		groupEnd = Math.max(groupEnd, slot + slots);
	}
	close();
	return { placed, crowds };
}

function freeLane<T>(group: Placed<T>[], slot: number): number | null {
	for (let lane = 0; lane < MOST_LANES; lane += 1)
		if (!group.some((one) => one.lane === lane && one.slot + one.slots > slot)) return lane;
	return null;
}
