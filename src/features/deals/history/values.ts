import type { ProductChange } from '#src/events.ts';
import { type ExtraField, extraWords } from '#src/features/company/extra-fields/extra-fields.ts';
import { quantityWords } from '#src/features/products/lines.ts';
import { formatDay, formatMoment, type Viewer } from '#src/platform/i18n/dates.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { TimelineEntry } from './timeline.ts';

/*
 * What a line of a history says of fields and products that were changed.
 */

/** A field that was changed: its old and its new value in words, null where it was empty. */
export type ChangeLine = { label: string; from: string | null; to: string | null };

/** What the lines take their names from, beside those that each entry brings. */
export type Names = {
	stages: Map<number, string>;
	kinds: { id: number; name: string; icon: string }[];
	extraFields: ExtraField[];
	currency: string;
};

/** What an event tells, and with which names and for whom it is told. */
export type Data = Record<string, unknown>;
export type Told = { entry: TimelineEntry; data: Data; names: Names; viewer: Viewer };
/** A sentence of the locale files in the viewer's language. */
export const say = (viewer: Viewer, key: MessageKey, args?: Record<string, string | number>) =>
	translate(viewer.language, key, args);
/** What a state is called. */
export const stageName = (names: Names, id: unknown) => names.stages.get(Number(id)) ?? '?';
/** What a record that an event speaks of is called. */
export const named = (entry: TimelineEntry, noun: keyof TimelineEntry['names'], id: unknown) =>
	entry.names[noun]?.[String(id)] ?? `№ ${id}`;

/** A planned day or moment in words. */
export const plannedWhen = (planned: string, viewer: Viewer) =>
	planned.includes('T') ? formatMoment(new Date(planned), viewer) : formatDay(planned, viewer);

/** The fields that an event changed. */
export function changesOf(told: Told): ChangeLine[] {
	const changes = Object.entries((told.data.changes ?? {}) as Record<string, [unknown, unknown]>);
	// The state says of which pipeline it is.
	const shown = changes.filter(([field]) => field !== 'pipelineId');
	return shown.map(([field, [from, to]]) => ({
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
	if (field === 'stageId') return stageName(names, value);
	if (field === 'lossReasonId') return named(entry, 'reasons', value);
	if (field === 'clientId') return named(entry, 'clients', value);
	if (field === 'ownerId') return named(entry, 'people', value);
	if (field === 'kindId') return names.kinds.find(({ id }) => id === value)?.name ?? `№ ${value}`;
	const extra = extraOf(field, told);
	if (extra) return extraWords(extra, value, viewer);
	return DAYS.has(field) ? plannedWhen(String(value), viewer) : String(value);
}

const DAYS = new Set(['expectedCloseOn', 'createdOn', 'closedOn', 'plannedOn', 'plannedAt']);

/** The lines of products that it changed. */
export function productChanges({ data, names, viewer }: Told): ChangeLine[] {
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
	stageId: 'label.stageId',
	closedOn: 'label.closedOn',
	lossReasonId: 'label.lossReasonId',
	closeComment: 'label.comment',
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
