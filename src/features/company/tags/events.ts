import type { FieldChange, Uses } from '#src/event-shapes.ts';

/*
 * What can happen of tags.
 */

export type TagEvent =
	| { type: 'tag.added' | 'tag.removed'; data: { tagId: number; name: string } }
	| { type: 'tag.edited'; data: { tagId: number; changes: Record<string, FieldChange> } }
	| {
			type: 'tag.merged';
			/** Which has gone into which, and how many records had it. */
			data: { tagId: number; name: string; intoId: number; into: string } & Uses;
	  };

declare module '#src/events.ts' {
	interface Events {
		tag: TagEvent;
	}
}
