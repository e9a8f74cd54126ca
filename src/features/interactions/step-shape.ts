import type { Shape } from '#src/platform/pages/three-way-merge.ts';
import { DAY_FIELDS } from './forms.ts';

/** What a form says of how a step is repeated. */
export const REPEAT_FIELDS = [
	...(['repeat', 'every', 'repeatUntil', 'repeatCount'] as const),
	...DAY_FIELDS,
] as const;

/** A day and its time are one plan, and what is said of repeating is one rule. */
export const STEP_SHAPE: Shape = {
	groups: [['plannedDay', 'plannedTime'], REPEAT_FIELDS],
	boxes: DAY_FIELDS,
};
