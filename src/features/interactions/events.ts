import type { About, FieldChange, OfSeries } from '#src/event-shapes.ts';

/*
 * What can happen of what is planned and done.
 */

export type InteractionEvent =
	| ({
			type: 'interaction.planned';
			data: {
				kindId: number;
				summary: string;
				plannedOn: string | null;
				plannedAt: string | null;
				/** Where it was given to somebody else than whose the deal or the client is. */
				ownerId?: number;
				/** Of the first step of a series: its rule, as RFC 5545 writes it. */
				rule?: string;
			};
	  } & About['interaction'])
	| ({
			type: 'interaction.completed';
			/** `at`: when it was done, where that was noted later. */
			data: { kindId: number; summary: string; outcome: string | null; at?: string };
	  } & About['interaction'])
	| ({
			type: 'interaction.postponed';
			data: { kindId: number; summary: string; from: string; to: string };
	  } & About['interaction'])
	| ({
			type: 'interaction.cancelled';
			data: { kindId: number; summary: string; reason: string | null } & OfSeries;
	  } & About['interaction'])
	| ({
			type: 'interaction.edited';
			data: { kindId: number; summary: string; changes: Record<string, FieldChange> } & OfSeries;
	  } & About['interaction'])
	| ({
			type: 'interaction.reassigned';
			data: { kindId: number; summary: string; from: number; to: number };
	  } & About['interaction'])
	| ({
			type: 'interaction.deleted';
			/** `ownerId`: whose it was; absent in old rows. */
			data: {
				kindId: number;
				summary: string;
				plannedOn: string | null;
				plannedAt: string | null;
				ownerId?: number;
				/** The whole row, for who takes it back at once; absent in old rows. */
				row?: Record<string, unknown>;
			};
	  } & About['interaction'])
	| ({
			type: 'interaction.restored';
			data: { kindId: number; summary: string };
	  } & About['interaction'])
	| ({
			type: 'interaction.reopened';
			data: { kindId: number; summary: string; from: 'done' | 'cancelled' };
	  } & About['interaction']);

export type SeriesEvent = {
	type: 'series.extended';
	data: { seriesId: number; made: number };
} & About['interaction'];

export type KindEvent =
	| { type: 'kind.created' | 'kind.removed'; data: { kindId: number; name: string } }
	| { type: 'kind.edited'; data: { kindId: number; changes: Record<string, FieldChange> } };

declare module '#src/events.ts' {
	interface Events {
		interaction: InteractionEvent;
		series: SeriesEvent;
		kind: KindEvent;
	}
}
