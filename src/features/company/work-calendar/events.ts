import type { FieldChange } from '#src/event-shapes.ts';

/*
 * What can happen of working days.
 */

export type HolidayEvent =
	| {
			type: 'holiday.added' | 'holiday.removed';
			data: { holidayId: number; day: string; name: string };
	  }
	| { type: 'holiday.edited'; data: { holidayId: number; changes: Record<string, FieldChange> } };

export type WorkEvent = {
	type: 'work.edited';
	data: { workId: number; changes: Record<string, FieldChange> };
};

declare module '#src/events.ts' {
	interface Events {
		holiday: HolidayEvent;
		work: WorkEvent;
	}
}
