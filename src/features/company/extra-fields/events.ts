import type { FieldChange } from '#src/event-shapes.ts';

/*
 * What can happen of the company’s own fields.
 */

export type ExtraEvent =
	| {
			type: 'extra.added' | 'extra.removed';
			data: { fieldId: number; noun: string; name: string };
	  }
	| {
			type: 'extra.changed';
			data: { fieldId: number; noun: string; name: string; changes: Record<string, FieldChange> };
	  };

declare module '#src/events.ts' {
	interface Events {
		extra: ExtraEvent;
	}
}
