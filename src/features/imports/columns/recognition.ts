import { FEEDS, type Feeds } from '#src/features/imports/tables.ts';
import { type ColumnField, FEED_COLUMNS, isFed, OURS } from './columns.ts';
import { mappingOf } from './composing.ts';
import type { Mapping } from './mapping.ts';
import { suggestedFields, suggestedWay } from './suggestion.ts';

type Asked = {
	/** What is in the file, where that is known. */
	feeds: Feeds | null;
	/** The company's own fields. */
	own: Partial<Record<Feeds, { field: string; name: string }[]>>;
};

/**
 * The mapping that the headings of a file come to by the words that the browser suggests columns by: of the nouns
 * whose needed fields are all there, the one that most columns feed. Null where there is none.
 */
export function recognised(headers: readonly string[], { feeds, own }: Asked): Mapping | null {
	const guesses = (feeds ? [feeds] : FEEDS).flatMap((feed) => {
		const { fields, ways, known } = FEED_COLUMNS[feed];
		const extra = (own[feed] ?? []).map(({ field, name }) => ({ field, words: name }));
		const chosen = fieldsFor(headers, [...fields, ...extra]);
		const whole = fields.every(({ required, field }) => !required || isFed(field, fields, chosen));
		const choice = {
			...{ fields: chosen, way: suggestedWay(chosen, ways), known: known[0] ?? 'update' },
		};
		const count = chosen.filter((field) => field !== '').length;
		return whole ? [{ feeds: feed, choice, count }] : [];
	});
	const [first] = guesses;
	if (first === undefined) return null;
	const best = guesses.reduce((a, b) => (b.count > a.count ? b : a), first);
	return mappingOf({ feeds: best.feeds, headers, choice: best.choice });
}

type Suggested = Pick<ColumnField, 'field' | 'words' | 'many' | 'partOf'>;

/** The field of each heading as it is suggested; columns that we have put behind rejected rows are none. */
export function fieldsFor(headers: readonly string[], fields: readonly Suggested[]): string[] {
	const own = headers.filter((header) => !OURS.includes(header));
	const found = suggestedFields(own, fields);
	let at = 0;
	return headers.map((header) => (OURS.includes(header) ? '' : (found[at++] ?? '')));
}
