import type { StaticDecode } from 'typebox';
import { form, id, oneOf, optional, text, version, whole } from '#src/platform/forms/readers.ts';
import { type AskedReading, FEEDS, KNOWN, ROW_CHOICES, WAYS } from './tables.ts';

/** An import's id in an address. */
export const ImportParams = form({ id: id() });

/** A file of an import: its rejected rows, as `rejected.csv` or `rejected.xlsx`. */
export const FileParams = form({ id: id(), file: oneOf('rejected.csv', 'rejected.xlsx') });

/** The imports before one. */
export const ImportsQuery = form({ before: optional(id()) });

/** Which rows of an import to show; `columns`: choose them anew. */
export const RowsQuery = form({
	verdict: optional(oneOf(...ROW_CHOICES)),
	after: optional(id()),
	show: optional(oneOf('columns')),
	/** What was held while its person signed in again; see auth/fresh.ts. */
	held: optional(text(36)),
});

/** Encodings as a person chooses them; those behind UTF-16 nobody can tell from CP1251 by the bytes. */
export const ENCODINGS = [
	...['auto', 'utf-8', 'windows-1251', 'utf-16le', 'utf-16be'],
	...['cp866', 'koi8-r', 'maccyrillic'],
] as const;
/** Delimiters by the words of the form. */
export const DELIMITERS = {
	...{ auto: null, semicolon: ';', comma: ',', tab: '\t', bar: '|' },
} as const;

const READING = {
	encoding: optional(oneOf(...ENCODINGS)),
	delimiter: optional(oneOf('auto', 'semicolon', 'comma', 'tab', 'bar')),
	headerLine: optional(whole(1, 50)),
};

/** How a file is to be read, once it is here. */
export const ReadingForm = form({ version: version(), ...READING });

/** What comes beside a file: what is in it, and how it is to be read where the person knows better. */
export const UploadForm = form({ feeds: oneOf(...FEEDS), ...READING });

type TypedReading = Pick<StaticDecode<typeof UploadForm>, keyof typeof READING>;

/** A reading as the form has it, as the readers take it: null where it is to be found out. */
export function readingOf({ encoding, delimiter, headerLine }: TypedReading): AskedReading {
	return {
		encoding: encoding === undefined || encoding === 'auto' ? null : encoding,
		delimiter: DELIMITERS[delimiter ?? 'auto'],
		headerLine: headerLine ?? null,
	};
}

const FIELD_LENGTH = 40;

/** How records are known, and what happens to known ones. */
export const ChoiceForm = form({
	version: version(),
	way: oneOf(...WAYS),
	known: oneOf(...KNOWN),
	pipeline: optional(text(100)),
});

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

const LOGIN_OR_NAME = 300;

/** What stands for each of `count` names that nobody has, as `n0`, `n1` … */
export function namesFields(count: number) {
	const names = Array.from({ length: count }, (_, at) => [`n${at}`, text(LOGIN_OR_NAME)]);
	return form({
		version: version(),
		...(Object.fromEntries(names) as Record<string, ReturnType<typeof text>>),
	});
}

/** What begins, stops, undoes or throws away an import. */
export const OrderForm = form({ version: version() });
