import { sql } from 'drizzle-orm';
import type { CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import type { ListColumn } from '#src/platform/listing/headings.ts';
import type { SheetColumn } from '#src/platform/tables/sheets.ts';
import type { OtherSums } from './summaries.ts';

/** A line of the list of clients. */
export type ClientLine = {
	id: number;
	version: number;
	name: string;
	inn: string | null;
	ownerName: string | null;
	segment: string | null;
	region: string | null;
	status: (typeof CLIENT_STATUSES)[number];
	archived: boolean;
	/** Whether the actor may change it, or only read. */
	editable: boolean;
	openDeals: number;
	/** Roubles. */
	openAmount: string;
	openOther: OtherSums | null;
	lastContactAt: Date | null;
	plannedOn: string | null;
	plannedAt: Date | null;
	kindName: string | null;
	kindIcon: string | null;
	summary: string | null;
};

const STATUS_ORDER = sql`array_position(array['prospect','active','former'], c.status)`;

/**
 * The columns of the list: heading, order and value in a file. The orders are SQL on `c` (clients), `p` (their
 * owners) and `f` (summaries.ts#figuresOf); each has an index behind it (drizzle/0004_clients.sql).
 */
export function clientColumns(viewer: Viewer): readonly ListColumn<ClientLine>[] {
	return [
		{
			...{ key: 'name', label: 'label.name', kind: 'text' },
			sort: { by: sql`c.name`, type: 'text' },
			value: ({ name }) => name,
		},
		{
			...{ key: 'inn', label: 'label.inn', kind: 'text' },
			sort: { by: sql`c.inn`, type: 'text', nullable: true },
			value: ({ inn }) => inn,
		},
		{
			...{ key: 'owner', label: 'label.ownerId', kind: 'text' },
			short: 'print.owner',
			// People are few: they are walked by name, each with an index of their clients.
			sort: {
				...{ by: sql`p.name`, type: 'text', nullable: true },
				absent: sql`c.owner_id is null`,
			},
			value: ({ ownerName }) => ownerName,
		},
		{
			...{ key: 'segment', label: 'label.segment', kind: 'text' },
			sort: { by: sql`c.segment`, type: 'text', nullable: true },
			value: ({ segment }) => segment,
		},
		{
			...{ key: 'region', label: 'label.region', kind: 'text' },
			sort: { by: sql`c.region`, type: 'text', nullable: true },
			value: ({ region }) => region,
		},
		{
			...{ key: 'status', label: 'label.status', kind: 'text' },
			sort: { by: STATUS_ORDER, type: 'whole' },
			value: ({ status }) => translate(viewer.language, 'client.status', { status }),
		},
		{
			...{ key: 'deals', label: 'clients.openDeals', kind: 'number' },
			sort: { by: sql`f.open_deals`, type: 'whole' },
			value: ({ openDeals }) => openDeals,
		},
		{
			...{ key: 'amount', label: 'clients.openAmount', kind: 'money' },
			sort: { by: sql`f.open_amount`, type: 'number' },
			value: ({ openAmount }) => openAmount,
		},
		{
			...{ key: 'contact', label: 'clients.lastContact', kind: 'moment' },
			sort: { by: sql`f.last_contact_at`, type: 'moment', nullable: true },
			value: ({ lastContactAt }) => lastContactAt,
		},
		{
			...{ key: 'next', label: 'clients.nextStep', kind: 'moment' },
			sort: { by: sql`f.next_due_at`, type: 'moment', nullable: true },
			value: ({ plannedAt, plannedOn }) => plannedAt ?? plannedOn,
		},
	];
}

/** The columns of a file: those of the page, and what stands beside in their cells. */
export function clientSheetColumns(viewer: Viewer): SheetColumn<ClientLine>[] {
	const other: SheetColumn<ClientLine> = {
		...{ label: 'clients.openOther', kind: 'text' },
		value: ({ openOther }) =>
			Object.entries(openOther ?? {})
				.map(([currency, amount]) => formatMoney(viewer.language, amount, currency))
				.join('; '),
	};
	const step: SheetColumn<ClientLine> = {
		...{ label: 'label.summary', kind: 'text' },
		value: ({ summary }) => summary,
	};
	const archived: SheetColumn<ClientLine> = {
		...{ label: 'clients.archive', kind: 'text' },
		value: ({ archived }) => (archived ? translate(viewer.language, 'clients.archived') : ''),
	};
	const beside: Partial<Record<string, SheetColumn<ClientLine>>> = {
		...{ status: archived, amount: other, next: step },
	};
	return clientColumns(viewer).flatMap((column) => {
		const more = beside[column.key];
		return more ? [column, more] : [column];
	});
}
