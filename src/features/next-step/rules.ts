import { dayOf, type Viewer } from '#src/platform/i18n/dates.ts';

/** The nearest planned interaction of a deal: for a day, for a moment, or none at all. */
export type NextStep = { plannedOn: string | null; plannedAt: Date | null };

/** Where the next step stands, in the order of the board's columns. */
export const STEP_GROUPS = ['late', 'today', 'none', 'later'] as const;

export type StepGroup = (typeof STEP_GROUPS)[number];

/**
 * The group of a next step for a viewer: a moment is late when it has passed, a day only when it is
 * over; what is left of today is `today`. Zone and now are the viewer's. The board's SQL says the
 * same (deals/board/order.ts); tests/board/order.test.ts holds the two together.
 */
export function stepGroup(step: NextStep, viewer: Viewer): StepGroup {
	if (step.plannedAt !== null) {
		if (step.plannedAt < viewer.now) return 'late';
		return dayOf(step.plannedAt, viewer.timeZone) === viewer.today ? 'today' : 'later';
	}
	if (step.plannedOn === null) return 'none';
	if (step.plannedOn < viewer.today) return 'late';
	return step.plannedOn === viewer.today ? 'today' : 'later';
}

/**
 * The group of a client's next step, on its card and in lists: with nothing planned a client is marked only where
 * an open deal waits for a step; without one there is nothing to lose.
 */
export function clientStepGroup(step: NextStep, openDeals: number, viewer: Viewer): StepGroup {
	const group = stepGroup(step, viewer);
	return group === 'none' && openDeals === 0 ? 'later' : group;
}
