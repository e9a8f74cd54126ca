import type { Plan } from '#src/features/interactions/actions.ts';
import { planOf } from '#src/features/interactions/forms.ts';
import type { NextStep } from '#src/features/next-step/rules.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { day, form, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { formatTime, isDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { dropDay } from './dates.ts';

/** Where a step is dropped; or, taking that back, the very day or moment that it had. */
export const DateForm = form({
	version: version(),
	to: optional(oneOf('today', 'tomorrow', 'week', 'later')),
	plannedOn: optional(day()),
	plannedAt: optional(text(30)),
	returnTo: optional(text(2000)),
});

type Asked = {
	to?: 'today' | 'tomorrow' | 'week' | 'later';
	plannedOn?: string;
	plannedAt?: string;
};

/**
 * The plan that a drop asks for. A moment keeps its clock time; where that has passed today, the step is
 * for the day. Throws RuleBroken for a stretch that takes nothing today, InvalidForm where nothing is asked.
 */
export function datePlan(
	{ to, plannedOn, plannedAt }: Asked,
	step: NextStep,
	viewer: Viewer,
): Plan {
	if (to !== undefined) {
		const day = dropDay(to, viewer);
		if (day === null) throw new RuleBroken('stretch.notDroppable');
		const clock = step.plannedAt ? formatTime(step.plannedAt, viewer) : undefined;
		const plan = planOf(day, clock, viewer);
		return 'plannedAt' in plan && plan.plannedAt <= viewer.now ? { plannedOn: day } : plan;
	}
	if (plannedOn !== undefined) return { plannedOn };
	const moment = plannedAt?.match(/^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(?:\.\d{3})?Z$/);
	const at = new Date(plannedAt ?? '');
	if (!moment?.[1] || !isDay(moment[1]) || Number.isNaN(at.getTime()))
		throw new InvalidForm({ to: { key: 'field.choice' } }, {});
	return { plannedAt: at };
}
