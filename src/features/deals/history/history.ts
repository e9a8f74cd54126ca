import type { SettledStep } from '#src/events.ts';
import { dayOf, formatDay, formatSpan, type Viewer } from '#src/platform/i18n/dates.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import { saidOnce } from '#src/platform/i18n/said.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import type { TimelineEntry } from './timeline.ts';
import {
	type ChangeLine,
	changesOf,
	type Data,
	type Names,
	named,
	plannedWhen,
	productChanges,
	say,
	stageName,
	type Told,
} from './values.ts';

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

type Drawn = { icon: string; title: string; text?: string | null; changes?: ChangeLine[] };
type Draw = (told: Told) => Drawn;

const textOrNull = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
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

function mergedWords({ data, viewer }: Told): string {
	const { interactions: n } = data.moved as { interactions: number };
	const steps = n === 0 ? [] : [say(viewer, 'history.stepsMoved', { n })];
	return [`№ ${data.mergedId}`, ...steps].join(' · ');
}

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
	'deal.merged': (told) => ({
		icon: 'move',
		title: say(told.viewer, 'history.dealMerged', { title: String(told.data.title) }),
		text: mergedWords(told),
		changes: [...changesOf(told), ...productChanges(told)],
	}),
	'deal.unmerged': ({ data, viewer }) => ({
		icon: 'move',
		title: say(viewer, 'history.dealUnmerged', { title: String(data.title) }),
		text: `№ ${data.mergedId}`,
	}),
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
