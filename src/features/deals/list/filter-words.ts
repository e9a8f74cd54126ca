import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { moneyForInput } from '#src/platform/i18n/money.ts';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { FactFilter } from './criteria.ts';
import type { ListFilter } from './filter.ts';

type Named = { id: number; name: string };

/** What отбор asks for is called by these: the people, states, pipelines and tags that it chooses from. */
export type Names = { colleagues: Named[]; stages: Named[]; pipelines: Named[]; tags: Named[] };

const NONE = 'none';

/** The facts of a deal that отбор asks for, in words, for paper. */
export function factWords(filter: FactFilter, tags: Named[], { language }: Viewer): string[] {
	const { source, tag, amountFrom, amountTo } = filter;
	const sum = (amount: string | null) => moneyForInput(language, amount) || NONE;
	const called = (key: MessageKey, name?: string | null) =>
		name && `${translate(language, key)}: ${name}`;
	return [
		called('label.source', source),
		called('filter.tag', tags.find(({ id }) => id === tag)?.name),
		(amountFrom ?? amountTo) &&
			translate(language, 'filter.amounts', { from: sum(amountFrom), to: sum(amountTo) }),
	].filter((words) => typeof words === 'string');
}

/** All that отбор of the list asks for, in words, for paper. */
export function listWords(filter: ListFilter, names: Names, viewer: Viewer): string[] {
	const say = (key: MessageKey, args?: MessageArgs) => translate(viewer.language, key, args);
	const { owner, text, kind, pipeline, stageIds, month, period, campaign } = filter;
	const person = names.colleagues.find(({ id }) => String(id) === owner)?.name;
	const states = names.stages.filter(({ id }) => stageIds.includes(id)).map(({ name }) => name);
	const span = (what: 'expected' | 'created', from: string | null, to: string | null) => {
		const on = (day: string | null) => (day === null ? NONE : formatDay(day, viewer));
		return (from ?? to) && say('filter.days', { what, from: on(from), to: on(to) });
	};
	return [
		states.length > 0 ? states.join(', ') : say('list.kind', { kind }),
		person ?? (owner === 'me' ? say('filter.ownerMe') : null),
		text && say('filter.text', { text }),
		names.pipelines.length > 1 && names.pipelines.find(({ id }) => id === pipeline)?.name,
		month && `${say('list.closedIn')}: ${monthWords(month, say)}`,
		period && `${say('list.step')}: ${say('filter.periodName', { period })}`,
		filter.idle && say('filter.idle'),
		filter.helping && say('filter.helping'),
		filter.archived &&
			`${say('list.archive')}: ${say('list.archiveName', { archived: filter.archived })}`,
		...factWords(filter, names.tags, viewer),
		campaign && `${say('label.campaign')}: ${campaign}`,
		span('expected', filter.expectedFrom, filter.expectedTo),
		span('created', filter.createdFrom, filter.createdTo),
	].filter((words) => typeof words === 'string');
}

function monthWords(month: string, say: (key: MessageKey, args?: MessageArgs) => string): string {
	if (month === 'all') return say('list.always');
	return `${say('date.month', { month: Number(month.slice(5)) })} ${month.slice(0, 4)}`;
}
