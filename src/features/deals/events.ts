import type {
	About,
	Emptied,
	FieldChange,
	MergedDeals,
	Passage,
	ProductChange,
	Settled,
} from '#src/event-shapes.ts';

/*
 * What can happen of deals and of what they go through.
 */

export type DealEvent =
	/** `copyOf`: of one that was made like another. */
	| ({ type: 'deal.created'; data: { stageId: number; copyOf?: number } } & About['deal'])
	| ({
			type: 'deal.removed';
			/** The whole of it, table by table, for who brings it back. */
			data: { title: string; ownerId: number; whole: Record<string, Record<string, unknown>[]> };
	  } & About['deal'])
	| ({ type: 'deal.archived' | 'deal.restored'; data: Settled } & About['deal'])
	| ({ type: 'deal.merged'; data: MergedDeals } & About['deal'])
	| ({
			type: 'deal.unmerged';
			/** Fields that had changed since and so stayed as they are, and how many rows did not come back. */
			data: { mergedId: number; title: string; kept: string[]; stayed: number };
	  } & About['deal'])
	| ({ type: 'deal.recovered'; data: { title: string } } & About['deal'])
	| ({ type: 'deal.moved'; data: Passage } & About['deal'])
	| ({
			type: 'deal.won';
			data: Passage & {
				amount: string;
				/** What stood there before; absent in imports and in old rows. */
				amountBefore?: string | null;
				closedOn: string;
			};
	  } & About['deal'])
	| ({
			type: 'deal.lost';
			data: Passage & {
				lossReasonId: number | null;
				comment: string | null;
				closedOn: string;
			};
	  } & About['deal'])
	| ({
			type: 'deal.reopened';
			data: Passage;
	  } & About['deal'])
	| ({
			type: 'deal.edited';
			data: { changes: Record<string, FieldChange>; products?: ProductChange[] };
	  } & About['deal'])
	| ({
			type: 'deal.reassigned';
			/** `steps` went along, and the new owner had `helped`: what giving back needs; absent in old rows. */
			data: { from: number; to: number; note?: string; steps?: number[]; helped?: boolean };
	  } & About['deal'])
	| ({ type: 'deal.joined'; data: { personId: number } } & About['deal'])
	| ({ type: 'deal.left'; data: { personId: number } } & About['deal'])
	| ({ type: 'deal.noted'; data: { text: string } } & About['deal']);

export type PipelineEvent =
	| { type: 'pipeline.added'; data: { pipelineId: number; name: string } }
	| { type: 'pipeline.edited'; data: { pipelineId: number; changes: Record<string, FieldChange> } }
	| {
			type: 'pipeline.removed';
			data: { pipelineId: number; name: string } & Emptied;
	  };

export type StageEvent =
	| { type: 'stage.added'; data: { stageId: number; pipelineId: number; name: string } }
	| { type: 'stage.edited'; data: { stageId: number; changes: Record<string, FieldChange> } }
	| { type: 'stage.removed'; data: { stageId: number; name: string } & Emptied };

export type ReasonEvent =
	| { type: 'reason.added' | 'reason.removed'; data: { reasonId: number; name: string } }
	| { type: 'reason.edited'; data: { reasonId: number; changes: Record<string, FieldChange> } };

declare module '#src/events.ts' {
	interface Events {
		deal: DealEvent;
		pipeline: PipelineEvent;
		stage: StageEvent;
		reason: ReasonEvent;
	}
}
