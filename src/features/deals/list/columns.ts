import { type SQL, sql } from 'drizzle-orm';
import type { StageKind } from '#src/features/deals/pipelines/tables.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { ListColumn } from '#src/platform/listing/headings.ts';
import type { SheetColumn } from '#src/platform/tables/sheets.ts';
import { dueOfDay } from './period.ts';

/** A line of the list of deals. */
export type DealLine = {
	id: number;
	version: number;
	title: string;
	stageId: number;
	stageName: string;
	pipelineName: string;
	stageKind: StageKind;
	clientId: number | null;
	clientName: string | null;
	ownerId: number;
	ownerName: string;
	amount: string | null;
	currency: string;
	/** Per cent: its own, or the state's. */
	probability: number;
	source: string | null;
	campaign: string | null;
	expectedCloseOn: string | null;
	createdAt: Date;
	stageEnteredAt: Date;
	interactionId: number | null;
	stepVersion: number | null;
	plannedOn: string | null;
	plannedAt: Date | null;
	kindName: string | null;
	kindIcon: string | null;
	summary: string | null;
	lastDoneAt: Date | null;
	closedOn: string | null;
	archived: boolean;
	lossReason: string | null;
	/** Whether the actor may change it, or only read. */
	editable: boolean;
	tags: { name: string; colour: string }[];
};

/**
 * The columns of the list: heading, order and value in a file. What a sort reads beside the deal (`s` the
 * state, `p` the owner, `c` the client) stands in deals/sorting.ts, which also knows how to read a million.
 */
export function dealColumns(viewer: Viewer): readonly ListColumn<DealLine>[] {
	const text = (by: SQL, nullable = false) => ({ by, type: 'text' as const, nullable });
	const number = (by: SQL, nullable = false) => ({ by, type: 'number' as const, nullable });
	const whole = (by: SQL) => ({ by, type: 'whole' as const });
	const moment = (by: SQL, nullable = false) => ({ by, type: 'moment' as const, nullable });
	const day = (by: SQL) => ({ by, type: 'day' as const, nullable: true });
	return [
		{
			...{ key: 'number', label: 'list.number', kind: 'number' },
			sort: whole(sql`d.id`),
			value: ({ id }) => id,
		},
		{
			...{ key: 'title', label: 'label.title', kind: 'text' },
			sort: text(sql`d.title`),
			value: ({ title }) => title,
		},
		{
			...{ key: 'client', label: 'label.clientName', kind: 'text' },
			sort: text(sql`c.name`, true),
			value: ({ clientName }) => clientName,
		},
		{
			...{ key: 'stage', label: 'list.stage', kind: 'text' },
			sort: whole(sql`s.position`),
			value: ({ stageName }) => stageName,
		},
		{
			...{ key: 'amount', label: 'label.amount', kind: 'money' },
			sort: number(sql`d.amount`, true),
			value: ({ amount }) => amount,
		},
		{
			...{ key: 'probability', label: 'label.probability', kind: 'number' },
			short: 'list.percent',
			sort: whole(sql`coalesce(d.probability, s.probability)`),
			value: ({ probability }) => probability,
		},
		{
			...{ key: 'next', label: 'list.step', kind: 'moment' },
			sort: moment(
				sql`coalesce(d.next_planned_at, ${dueOfDay(sql`d.next_planned_on`, viewer)})`,
				true,
			),
			value: ({ plannedAt, plannedOn }) => plannedAt ?? plannedOn,
		},
		{
			...{ key: 'owner', label: 'label.ownerId', kind: 'text' },
			short: 'print.owner',
			sort: text(sql`p.name`),
			value: ({ ownerName }) => ownerName,
		},
		{
			...{ key: 'expected', label: 'label.expectedCloseOn', kind: 'day' },
			sort: day(sql`d.expected_close_on`),
			value: ({ expectedCloseOn }) => expectedCloseOn,
		},
		{
			...{ key: 'closed', label: 'label.closedOn', kind: 'day' },
			sort: day(sql`d.closed_on`),
			value: ({ closedOn }) => closedOn,
		},
		{
			...{ key: 'done', label: 'list.done', kind: 'moment' },
			sort: moment(sql`d.last_done_at`, true),
			value: ({ lastDoneAt }) => lastDoneAt,
		},
		{
			...{ key: 'entered', label: 'list.entered', kind: 'moment' },
			short: 'list.enteredShort',
			sort: moment(sql`d.stage_entered_at`),
			value: ({ stageEnteredAt }) => stageEnteredAt,
		},
		{
			...{ key: 'source', label: 'label.source', kind: 'text' },
			sort: text(sql`d.source collate "russian"`, true),
			value: ({ source }) => source,
		},
		{
			...{ key: 'campaign', label: 'label.campaign', kind: 'text' },
			sort: text(sql`d.campaign`, true),
			value: ({ campaign }) => campaign,
		},
		{
			...{ key: 'created', label: 'deal.created', kind: 'moment' },
			sort: moment(sql`d.created_at`),
			value: ({ createdAt }) => createdAt,
		},
	];
}

const archived = (viewer: Viewer): SheetColumn<DealLine> => ({
	...{ label: 'list.archive', kind: 'text' },
	value: ({ archived }) => (archived ? translate(viewer.language, 'list.archived') : ''),
});

/** What a file says in columns of its own where the page says it in a cell of another. */
const beside = (viewer: Viewer): Partial<Record<string, SheetColumn<DealLine>[]>> => ({
	title: [
		{
			...{ label: 'label.tags', kind: 'text' },
			value: ({ tags }) => tags.map(({ name }) => name).join(', '),
		},
	],
	stage: [
		{
			...{ label: 'label.pipelineId', kind: 'text' },
			value: ({ pipelineName }) => pipelineName,
		},
		{
			...{ label: 'label.lossReasonId', kind: 'text' },
			value: ({ lossReason }) => lossReason,
		},
		archived(viewer),
	],
	amount: [{ ...{ label: 'label.currency', kind: 'text' }, value: ({ currency }) => currency }],
	next: [{ ...{ label: 'label.summary', kind: 'text' }, value: ({ summary }) => summary }],
});

/** The columns of a file: those of the page, each with what its cell says beside. */
export function dealSheetColumns(viewer: Viewer): SheetColumn<DealLine>[] {
	const besides = beside(viewer);
	return dealColumns(viewer).flatMap((column) => [column, ...(besides[column.key] ?? [])]);
}

/** Columns that say nothing on deals that are all finished, or all being worked on. */
export const NOT_OF_FINISHED = ['next', 'probability'];
export const NOT_OF_OPEN = ['closed'];
