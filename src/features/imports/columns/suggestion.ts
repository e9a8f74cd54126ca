import { alike } from '#src/features/imports/engine/values.ts';
import type { Way } from '#src/features/imports/tables.ts';
import type { ColumnField } from './columns.ts';

/**
 * The field that each heading most likely means, '' where none does: by its usual names, and by those of the
 * company's own fields. A field is taken once, unless several columns may feed it; beside a surname «Имя» is only
 * a part of the name.
 */
export function suggestedFields(headers: readonly string[], all: readonly Candidate[]): string[] {
	const fields = candidates(headers, all);
	const taken = new Set<string>();
	const found = headers.map((header) => {
		const wanted = bare(header);
		const field = fields.find(
			({ field, words, many }) =>
				(many || !taken.has(field)) && words.split(';').some((word) => bare(word) === wanted),
		);
		if (field) taken.add(field.field);
		return field?.field ?? '';
	});
	// «Телефон 2», «Доп. телефон»: a list takes what only contains its word.
	return found.map((field, at) => {
		if (field !== '') return field;
		const words = bare(headers[at] ?? '').split(' ');
		const list = fields.find(
			(one) => one.many && one.words.split(';').some((word) => words.includes(bare(word))),
		);
		return list?.field ?? '';
	});
}

type Candidate = Pick<ColumnField, 'field' | 'words' | 'many' | 'partOf'>;

const means = ({ words }: Candidate, header: string) =>
	words.split(';').some((word) => bare(word) === bare(header));

// Parts of a name are read where there is a surname and no column for the whole; then they come first.
function candidates(headers: readonly string[], all: readonly Candidate[]): Candidate[] {
	const parts = all.filter(({ partOf }) => partOf !== undefined);
	const [surname] = parts;
	const others = all.filter(({ partOf }) => partOf === undefined);
	if (!surname || !headers.some((header) => means(surname, header))) return others;
	const whole = others.find(({ field }) => field === surname.partOf);
	const named = headers.some(
		(header) => whole && means(whole, header) && !parts.some((part) => means(part, header)),
	);
	return named ? others : [...parts, ...others];
}

/** The usual way to know records, given what the columns are. */
export function suggestedWay(fields: readonly string[], ways: readonly Way[]): Way {
	const order: readonly Way[] = ['ref', 'inn', 'name', 'email', 'phone'];
	return order.find((way) => ways.includes(way) && fields.includes(FIELD_OF[way])) ?? 'name';
}

/** Which field each way goes by. */
export const FIELD_OF: Record<Way, string> = {
	ref: 'ref',
	inn: 'inn',
	phone: 'phones',
	email: 'emails',
	name: 'name',
};

function bare(text: string): string {
	return alike(text.replace(/[.,:*№#()_-]+/g, (signs) => (signs.includes('№') ? '№' : ' ')));
}
