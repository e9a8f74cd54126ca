import { stringify } from 'csv-stringify/sync';
import { dayOf, formatTime, type Viewer } from '#src/platform/i18n/dates.ts';
import type { ListColumn } from '#src/platform/listing/headings.ts';

/** A value of a list, as its column gives it: decimals and days are text, moments are Dates. */
export type CellValue = ReturnType<ListColumn<never>['value']>;

const FORMULA = /^[=+\-@\t\r]/;
/** «-1 234,50», «+74951234567», «+7 (495) 123-45-67 доб. 12»: no spreadsheet can run these. */
const HARMLESS = /^-?\d[\d\s]*(?:[.,]\d+)?$|^\+\d[\d\s()-]{6,24}(?:\s?доб\.\s?\d{1,8})?$/;

/** What a spreadsheet would take for a formula is made text by an apostrophe; numbers and phones stay. */
export function disarmed(text: string): string {
	return FORMULA.test(text) && !HARMLESS.test(text) ? `'${text}` : text;
}

/** The text that `disarmed` made of it, back again: for files of ours that come in mended. */
export function rearmed(text: string): string {
	return text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text;
}

/** Lines of CSV as a Russian Excel reads them: `;`, quotes where needed, CRLF. Cells are taken as they are. */
export function csvLines(lines: readonly (readonly string[])[]): string {
	return stringify(lines as string[][], {
		delimiter: ';',
		record_delimiter: 'windows',
		quote_record_delimiter: true,
		// An empty line of one column would be no line at all.
		quoted_empty: lines[0]?.length === 1,
		// Also where others take a comma for the end of a cell.
		quoted_match: [/\t|^\s|\s$/, /^(?!-?\d+,\d+$).*,/s],
	});
}

/** A value as text of a file: decimal comma, 31.12.2026, 31.12.2026 15:30 in the viewer's zone. */
export function cellText(
	kind: ListColumn<never>['kind'],
	value: CellValue,
	viewer: Viewer,
): string {
	if (value === null) return '';
	if (value instanceof Date)
		return `${dotted(dayOf(value, viewer.timeZone))} ${formatTime(value, viewer)}`;
	const text = String(value);
	// What is planned for a day stands among moments as a day.
	if (kind === 'day' || kind === 'moment') return dotted(text);
	const decimal = kind === 'number' || kind === 'money';
	return decimal ? text.replace('.', ',') : text;
}

function dotted(day: string): string {
	return day.replace(/^(\d{4})-(\d\d)-(\d\d)$/, '$3.$2.$1');
}
