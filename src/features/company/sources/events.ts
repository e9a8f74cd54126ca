import type { FieldChange, Uses } from '#src/event-shapes.ts';

/*
 * What can happen of sources and campaigns.
 */

export type SourceEvent =
	| {
			type: 'source.added' | 'source.removed';
			data: { sourceId: number; kind: string; name: string };
	  }
	| {
			type: 'source.edited';
			/** With how many records say it by another name now, where it was renamed. */
			data: {
				sourceId: number;
				kind: string;
				name: string;
				changes: Record<string, FieldChange>;
			} & Partial<Uses>;
	  }
	| {
			type: 'source.merged';
			data: { sourceId: number; kind: string; name: string; intoId: number; into: string } & Uses;
	  };

declare module '#src/events.ts' {
	interface Events {
		source: SourceEvent;
	}
}
