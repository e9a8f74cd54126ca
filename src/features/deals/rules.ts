import type { StageKind } from '#src/features/deals/pipelines/tables.ts';
import { startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { addWorkingDays } from '#src/platform/i18n/workdays.ts';

/**
 * A deal is idle when nothing was finished on it for the state's number of working days; what was
 * last finished before this moment makes it so. Null: deals in this state never go idle.
 */
export function idleBefore(idleDays: number | null, viewer: Viewer): Date | null {
	if (idleDays === null) return null;
	return startOfDay(addWorkingDays(viewer.today, -idleDays, viewer.workdays), viewer.timeZone);
}

/** Whether a state is one of the two final ones. */
export function isFinal(kind: StageKind): boolean {
	return kind !== 'open';
}

/** Whole seconds from one moment to another. */
export function secondsBetween(from: Date, to: Date): number {
	return Math.floor((to.getTime() - from.getTime()) / 1000);
}
