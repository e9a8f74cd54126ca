import { form, id, oneOf, optional, text, version, whole } from '#src/platform/web/forms.ts';
import { FEEDS, KNOWN, ROW_VERDICTS, WAYS } from './tables.ts';

/** An import's id in an address. */
export const ImportParams = form({ id: id() });

/** A file of an import: its rejected rows, as `rejected.csv` or `rejected.xlsx`. */
export const FileParams = form({ id: id(), file: oneOf('rejected.csv', 'rejected.xlsx') });

/** The imports before one. */
export const ImportsQuery = form({ before: optional(id()) });

/** Which rows of an import to show; `columns`: choose them anew. */
export const RowsQuery = form({
	verdict: optional(oneOf(...ROW_VERDICTS)),
	after: optional(id()),
	show: optional(oneOf('columns')),
});

/** What comes beside a file. */
export const UploadForm = form({ feeds: oneOf(...FEEDS) });

export const ENCODINGS = ['auto', 'utf-8', 'windows-1251', 'utf-16le', 'utf-16be'] as const;
/** Delimiters by the words of the form. */
export const DELIMITERS = { auto: null, semicolon: ';', comma: ',', tab: '\t' } as const;

/** How a file is to be read. */
export const ReadingForm = form({
	version: version(),
	encoding: optional(oneOf(...ENCODINGS)),
	delimiter: optional(oneOf('auto', 'semicolon', 'comma', 'tab')),
	headerLine: whole(1, 50),
});

const FIELD_LENGTH = 40;

/** How records are known, and what happens to known ones. */
export const ChoiceForm = form({ version: version(), way: oneOf(...WAYS), known: oneOf(...KNOWN) });

/** The same, with the choice for each of `count` columns, as `c0`, `c1` … */
export function choiceFields(count: number) {
	const columns = Array.from({ length: count }, (_, at) => [
		`c${at}`,
		optional(text(FIELD_LENGTH)),
	]);
	return form({
		...ChoiceForm.properties,
		...(Object.fromEntries(columns) as Record<
			string,
			ReturnType<typeof optional<ReturnType<typeof text>>>
		>),
	});
}

/** What begins, stops, undoes or throws away an import. */
export const OrderForm = form({ version: version() });
