import type { ProductChange, SettledStep } from '#src/events.ts';
import { type ExtraField, extraWords } from '#src/features/clients/extra-fields.ts';
import type { InteractionKind } from '#src/features/interactions/queries.ts';
import {
	dayOf,
	formatDay,
	formatMoment,
	formatSpan,
	type Viewer,
} from '#src/platform/i18n/dates.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import { saidOnce } from '#src/platform/i18n/said.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { quantityWords } from './lines.ts';
import type { TimelineEntry } from './timeline.ts';

/** A field that was changed: its old and its new value in words, null where it was empty. */
export type ChangeLine = { label: string; from: string | null; to: string | null };

/** A line of a deal's history, ready to be drawn. */
export type HistoryLine = {
	id: number;
	at: Date;
	icon: string;
	title: string;
	text: string | null;
	changes: ChangeLine[];
	by: string;
	/** The finished step whose result can be mended from here. */
	mend: number | null;
};

/** The lines of one day in the viewer's zone. */
export type HistoryDay = { day: string; lines: HistoryLine[] };

/** What the lines take their names from, beside those that each entry brings. */
export type Names = {
	stages: Map<number, string>;
	kinds: InteractionKind[];
	extraFields: ExtraField[];
	currency: string;
};

type Data = Record<string, unknown>;
type Told = { entry: TimelineEntry; data: Data; names: Names; viewer: Viewer };
type Drawn = { icon: string; title: string; text?: string | null; changes?: ChangeLine[] };
type Draw = (told: Told) => Drawn;

const say = (viewer: Viewer, key: MessageKey, args?: Record<string, string | number>) =>
	translate(viewer.language, key, args);
const stageName = (names: Names, id: unknown) => names.stages.get(Number(id)) ?? '?';
const textOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
const named = (entry: TimelineEntry, noun: keyof TimelineEntry['names'], id: unknown) =>
	entry.names[noun]?.[String(id)] ?? `№ ${id}`;

const moved: Draw = ({ data, names, viewer }) => ({
	icon: 'move',
	title: `${stageName(names, data.from)} → ${stageName(names, data.to)}`,
	text: inPrevious(data, viewer),
});

const inPrevious = (data: Data, viewer: Viewer) =>
	say(viewer, 'history.inPrevious', {
		span: formatSpan(Number(data.secondsInPrevious), viewer.language),
	});

const closed: Draw = ({ entry, data, names, viewer }) => {
	const amount = textOrNull(data.amount);
	const reason = typeof data.lossReasonId === 'number' ? data.lossReasonId : null;
	const parts = [
		textOrNull(data.closedOn) && formatDay(String(data.closedOn), viewer),
		amount && formatMoney(viewer.language, amount, names.currency),
		reason && named(entry, 'reasons', reason),
		textOrNull(data.comment),
		inPrevious(data, viewer),
		...settledWords(data, names, viewer),
	];
	return {
		icon: 'flag',
		title: `${stageName(names, data.from)} → ${stageName(names, data.to)}`,
		text: parts.filter(Boolean).join(' · '),
	};
};

function settledWords(data: Data, { kinds }: Names, viewer: Viewer): string[] {
	const by = data.from === undefined ? 'archive' : 'end';
	return (['returned', 'cancelled'] as const).flatMap((key) => {
		const steps = (data[key] ?? []) as SettledStep[];
		if (steps.length === 0) return [];
		const told = steps.map(({ kindId, summary }) =>
			saidOnce(kinds.find(({ id }) => id === kindId)?.name, summary),
		);
		return [say(viewer, `history.${key}WithEnd`, { by, steps: told.join('; ') })];
	});
}

const step =
	(key: MessageKey | null, detail?: string): Draw =>
	({ data, names, viewer }) => {
		const kind = names.kinds.find((one) => one.id === Number(data.kindId));
		const summary = String(data.summary ?? '');
		const told = saidOnce(kind?.name, summary, key === null ? ': ' : ', ');
		return {
			icon: kind?.icon ?? 'circle',
			title: key === null ? told : say(viewer, key, { step: told }),
			text: detail === undefined ? planText(data, viewer) : textOrNull(data[detail]),
		};
	};

function planText(data: Data, viewer: Viewer): string | null {
	const planned = textOrNull(data.to) ?? textOrNull(data.plannedAt) ?? textOrNull(data.plannedOn);
	return planned && say(viewer, 'history.plannedFor', { when: plannedWhen(planned, viewer) });
}

const plannedWhen = (planned: string, viewer: Viewer) =>
	planned.includes('T') ? formatMoment(new Date(planned), viewer) : formatDay(planned, viewer);

const postponedLine = ({ data, viewer }: Told): ChangeLine => ({
	label: say(viewer, 'label.plannedDay'),
	from: textOrNull(data.from) && plannedWhen(String(data.from), viewer),
	to: plannedWhen(String(data.to), viewer),
});

const edited: Draw = (told) => ({
	icon: 'edit',
	title: say(told.viewer, 'history.edited'),
	changes: [...changesOf(told), ...productChanges(told)],
});

const stepEdited: Draw = (told) => ({
	...step('history.stepEdited', 'nothing')(told),
	changes: changesOf(told),
});

function changesOf(told: Told): ChangeLine[] {
	const changes = Object.entries((told.data.changes ?? {}) as Record<string, [unknown, unknown]>);
	return changes.map(([field, [from, to]]) => ({
		label: labelOf(field, told),
		from: valueWords(field, from, told),
		to: valueWords(field, to, told),
	}));
}

const extraOf = (field: string, { names }: Told) =>
	names.extraFields.find(({ id }) => field === `extra_${id}`);

function labelOf(field: string, told: Told): string {
	const extra = extraOf(field, told);
	return extra ? extra.name : say(told.viewer, FIELD_LABELS[field] ?? 'history.field');
}

function valueWords(field: string, value: unknown, told: Told): string | null {
	const { entry, names, viewer } = told;
	if (value === null || value === undefined || value === '') return null;
	if (typeof value === 'boolean') return say(viewer, value ? 'extra.yes' : 'extra.no');
	if (field === 'amount') return formatMoney(viewer.language, String(value), names.currency);
	if (field === 'clientId') return named(entry, 'clients', value);
	if (field === 'ownerId') return named(entry, 'people', value);
	if (field === 'kindId') return names.kinds.find(({ id }) => id === value)?.name ?? `№ ${value}`;
	const extra = extraOf(field, told);
	if (extra) return extraWords(extra, value, viewer);
	return DAYS.has(field) ? plannedWhen(String(value), viewer) : String(value);
}

const DAYS = new Set(['expectedCloseOn', 'createdOn', 'closedOn', 'plannedOn', 'plannedAt']);

function productChanges({ data, names, viewer }: Told): ChangeLine[] {
	const words = (line: ProductChange['to']) =>
		line &&
		[
			quantityWords(line.quantity, viewer.language),
			line.price && formatMoney(viewer.language, line.price, names.currency),
		]
			.filter(Boolean)
			.join(' × ');
	return ((data.products ?? []) as ProductChange[]).map(({ product, from, to }) => ({
		label: product,
		from: words(from),
		to: words(to),
	}));
}

const FIELD_LABELS: Record<string, MessageKey> = {
	title: 'label.title',
	clientId: 'label.clientName',
	amount: 'label.amount',
	amountFromProducts: 'label.amountFromProducts',
	expectedCloseOn: 'label.expectedCloseOn',
	probability: 'label.probability',
	source: 'label.source',
	campaign: 'label.campaign',
	note: 'label.note',
	tags: 'label.tags',
	ownerId: 'label.ownerId',
	currency: 'label.currency',
	productId: 'label.productId',
	createdOn: 'deal.created',
	summary: 'label.summary',
	kindId: 'label.kindId',
	lengthMinutes: 'label.lengthMinutes',
	outcome: 'label.outcome',
	plannedOn: 'label.plannedDay',
	plannedAt: 'label.plannedTime',
};

const given =
	(key: 'history.reassigned' | 'history.stepReassigned', icon: string): Draw =>
	({ entry, data, viewer }) => ({
		icon,
		title: say(viewer, key, {
			summary: String(data.summary ?? ''),
			from: named(entry, 'people', data.from),
			to: named(entry, 'people', data.to),
		}),
		text: textOrNull(data.note),
	});

const archiving =
	(key: MessageKey): Draw =>
	({ data, names, viewer }) => ({
		...{ icon: 'flag', title: say(viewer, key) },
		text: settledWords(data, names, viewer).join(' · '),
	});

const helper =
	(key: 'history.joined' | 'history.left'): Draw =>
	({ entry, data, viewer }) => ({
		icon: 'users',
		title: say(viewer, key, { name: named(entry, 'people', data.personId) }),
	});

const DRAW: Record<string, Draw> = {
	'deal.created': ({ data, names, viewer }) => ({
		icon: 'plus',
		title: say(viewer, data.copyOf ? 'history.createdAsCopy' : 'history.created'),
		text: `${stageName(names, data.stageId)}${data.copyOf ? ` · № ${data.copyOf}` : ''}`,
	}),
	'deal.archived': archiving('history.archived'),
	'deal.restored': archiving('history.restored'),
	'deal.moved': moved,
	'deal.reopened': ({ data, names, viewer }) => ({
		icon: 'move',
		title: say(viewer, 'history.reopened', { stage: stageName(names, data.to) }),
		text: [inPrevious(data, viewer), ...settledWords(data, names, viewer)].join(' · '),
	}),
	'deal.recovered': ({ viewer }) => ({ icon: 'plus', title: say(viewer, 'history.recovered') }),
	'deal.removed': ({ viewer }) => ({ icon: 'close', title: say(viewer, 'history.removed') }),
	'deal.won': closed,
	'deal.lost': closed,
	'deal.edited': edited,
	'deal.reassigned': given('history.reassigned', 'users'),
	'deal.joined': helper('history.joined'),
	'deal.left': helper('history.left'),
	'deal.noted': ({ data, viewer }) => ({
		icon: 'note',
		title: say(viewer, 'history.noted'),
		text: textOrNull(data.text),
	}),
	'interaction.planned': step('history.planned'),
	'interaction.completed': step(null, 'outcome'),
	'interaction.postponed': (told) => ({
		...step('history.postponed', 'nothing')(told),
		changes: [postponedLine(told)],
	}),
	'interaction.cancelled': step('history.cancelled', 'reason'),
	'interaction.edited': stepEdited,
	'interaction.reassigned': given('history.stepReassigned', 'users'),
	'interaction.deleted': step('history.stepDeleted'),
	'interaction.restored': step('history.stepRestored'),
	'interaction.reopened': step('history.stepReopened', 'nothing'),
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
		const { icon, title, text, changes } = draw({ entry, data: entry.data, names, viewer });
		const door = say(viewer, 'history.door', { door: entry.door });
		return [
			{
				...{ id: entry.id, at: entry.at, icon, title },
				text: text ?? null,
				changes: changes ?? [],
				by: [entry.actorName, door].filter(Boolean).join(', '),
				mend: entry.mendable === null ? null : Number(entry.mendable),
			},
		];
	});
}

/** Lines by the days on which they happened, in their order. */
export function byDays(lines: HistoryLine[], viewer: Viewer): HistoryDay[] {
	const days = Map.groupBy(lines, ({ at }) => dayOf(at, viewer.timeZone));
	return Array.from(days, ([day, lines]) => ({ day, lines }));
}
