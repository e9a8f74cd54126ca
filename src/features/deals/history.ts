import type { InteractionKind } from '#src/features/interactions/queries.ts';
import { formatDay, formatMoment, formatSpan, type Viewer } from '#src/platform/i18n/dates.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { TimelineEntry } from './queries.ts';

/** A line of a deal's history, ready to be drawn. */
export type HistoryLine = {
	at: Date;
	icon: string;
	title: string;
	text: string | null;
	by: string;
};

/** What the lines take their names from. */
export type Names = {
	stages: Map<number, string>;
	kinds: InteractionKind[];
	reasons: Map<number, string>;
	people: Map<number, string>;
	clients: Map<number, string>;
	currency: string;
};

type Drawn = { icon: string; title: string; text?: string | null };
type Draw = (data: Record<string, unknown>, names: Names, viewer: Viewer) => Drawn;

const say = (viewer: Viewer, key: MessageKey, args?: Record<string, string | number>) =>
	translate(viewer.language, key, args);
const stageName = (names: Names, id: unknown) => names.stages.get(Number(id)) ?? '?';
const textOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

const moved: Draw = (data, names, viewer) => ({
	icon: 'move',
	title: `${stageName(names, data.from)} → ${stageName(names, data.to)}`,
	text: say(viewer, 'history.inPrevious', {
		span: formatSpan(Number(data.secondsInPrevious), viewer.language),
	}),
});

const closed: Draw = (data, names, viewer) => {
	const amount = textOrNull(data.amount);
	const parts = [
		typeof data.closedOn === 'string' && data.closedOn !== ''
			? formatDay(data.closedOn, viewer)
			: null,
		amount && formatMoney(viewer.language, amount, names.currency),
		names.reasons.get(Number(data.lossReasonId)) ?? null,
		textOrNull(data.comment),
	];
	return {
		icon: 'flag',
		title: stageName(names, data.to),
		text: parts.filter(Boolean).join(' · '),
	};
};

const step =
	(key: MessageKey, detail?: string): Draw =>
	(data, names, viewer) => {
		const kind = names.kinds.find((one) => one.id === Number(data.kindId));
		const summary = String(data.summary ?? '');
		return {
			icon: kind?.icon ?? 'circle',
			title: say(viewer, key, { kind: kind?.name ?? '', summary }),
			text: detail === undefined ? planText(data, viewer) : textOrNull(data[detail]),
		};
	};

function planText(data: Record<string, unknown>, viewer: Viewer): string | null {
	const planned = textOrNull(data.to) ?? textOrNull(data.plannedAt) ?? textOrNull(data.plannedOn);
	if (planned === null) return null;
	const when = planned.includes('T')
		? formatMoment(new Date(planned), viewer)
		: formatDay(planned, viewer);
	return say(viewer, 'history.plannedFor', { when });
}

const edited: Draw = (data, names, viewer) => {
	const changes = Object.entries((data.changes ?? {}) as Record<string, [unknown, unknown]>);
	const shown = (field: string, value: unknown): string => {
		if (value === null || value === undefined) return '—';
		if (field === 'amount') return formatMoney(viewer.language, String(value), names.currency);
		if (field === 'expectedCloseOn') return formatDay(String(value), viewer);
		if (field === 'clientId') return names.clients.get(Number(value)) ?? `№ ${value}`;
		if (field === 'ownerId') return names.people.get(Number(value)) ?? `№ ${value}`;
		return String(value);
	};
	return {
		icon: 'edit',
		title: say(viewer, 'history.edited'),
		text: changes
			.map(([field, [from, to]]) => {
				const label = say(viewer, FIELD_LABELS[field] ?? 'history.field');
				return `${label}: ${shown(field, from)} → ${shown(field, to)}`;
			})
			.join('; '),
	};
};

const FIELD_LABELS: Record<string, MessageKey> = {
	title: 'label.title',
	clientId: 'label.clientName',
	amount: 'label.amount',
	expectedCloseOn: 'label.expectedCloseOn',
	probability: 'label.probability',
	source: 'label.source',
	ownerId: 'label.ownerId',
	currency: 'label.currency',
	productId: 'label.productId',
	createdOn: 'deal.created',
};

const DRAW: Record<string, Draw> = {
	'deal.created': (data, names, viewer) => ({
		icon: 'plus',
		title: say(viewer, 'history.created'),
		text: stageName(names, data.stageId),
	}),
	'deal.moved': moved,
	'deal.reopened': (data, names, viewer) => ({
		icon: 'move',
		title: say(viewer, 'history.reopened', { stage: stageName(names, data.to) }),
	}),
	'deal.won': closed,
	'deal.lost': closed,
	'deal.edited': edited,
	'deal.reassigned': (data, names, viewer) => ({
		icon: 'users',
		title: say(viewer, 'history.reassigned', {
			from: names.people.get(Number(data.from)) ?? `№ ${data.from}`,
			to: names.people.get(Number(data.to)) ?? `№ ${data.to}`,
		}),
	}),
	'interaction.planned': step('history.planned'),
	'interaction.completed': step('history.completed', 'outcome'),
	'interaction.postponed': step('history.postponed'),
	'interaction.cancelled': step('history.cancelled', 'reason'),
};

/** The history of a deal in words: what, who, by which door. Events of unknown kinds are left out. */
export function historyLines(
	entries: TimelineEntry[],
	names: Names,
	viewer: Viewer,
): HistoryLine[] {
	return entries.flatMap((entry) => {
		const draw = DRAW[entry.type];
		if (draw === undefined) return [];
		const { icon, title, text } = draw(entry.data, names, viewer);
		const door = say(viewer, 'history.door', { door: entry.door });
		return [
			{
				at: entry.at,
				icon,
				title,
				text: text ?? null,
				by: [entry.actorName, door].filter(Boolean).join(', '),
			},
		];
	});
}
