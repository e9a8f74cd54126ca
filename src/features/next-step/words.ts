import {
	dayOf,
	daysBetween,
	formatDay,
	formatMoment,
	formatSpan,
	type Viewer,
} from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { NextStep, StepGroup } from './rules.ts';

const DAY_SECONDS = 86_400;

/** How late a step is: in days of the calendar once the day is over, before that in hours or minutes. */
export function latenessWords(step: NextStep, viewer: Viewer): string {
	const day =
		step.plannedOn ?? (step.plannedAt && dayOf(step.plannedAt, viewer.timeZone)) ?? viewer.today;
	const days = daysBetween(day, viewer.today);
	const seconds =
		days > 0 || step.plannedAt === null
			? days * DAY_SECONDS
			: (viewer.now.getTime() - step.plannedAt.getTime()) / 1000;
	return translate(viewer.language, 'step.late', { span: formatSpan(seconds, viewer.language) });
}

/** When a step is planned: «завтра, 10:00», «ср, 25 ноя», «сегодня». */
export function plannedWords(step: NextStep, viewer: Viewer): string {
	if (step.plannedAt !== null) return formatMoment(step.plannedAt, viewer, true);
	return step.plannedOn === null ? '' : formatDay(step.plannedOn, viewer, true);
}

/** When it is due, or how late it is: where an icon tells what it is. */
export const dueWords = (step: NextStep & { group: StepGroup }, viewer: Viewer): string =>
	step.group === 'late' ? latenessWords(step, viewer) : plannedWords(step, viewer);

/** What a message says of a step: what, when, and to whom or about what. */
export function stepArgs(
	step: NextStep & { summary: string; dealTitle: string | null; clientName: string | null },
	viewer: Viewer,
): { summary: string; when: string; about: string } {
	const about = step.dealTitle ?? step.clientName ?? 'none';
	return { summary: step.summary, when: plannedWords(step, viewer), about };
}

/** The line on a card: «Звонок, просрочено на 2 дня», «Встреча сегодня, 15:00», «КП ср, 25 ноя». */
export function stepWords(
	step: NextStep & { group: StepGroup; kindName: string | null },
	viewer: Viewer,
): string {
	const kind = step.kindName ?? '';
	if (step.group === 'late') return `${kind}, ${latenessWords(step, viewer)}`;
	return `${kind} ${plannedWords(step, viewer)}`;
}
