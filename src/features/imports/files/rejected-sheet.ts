import { BEHIND, OURS } from '#src/features/imports/columns/columns.ts';
import { reasonSentence } from '#src/features/imports/console/messages.ts';
import { type ImportRecord, type ImportRow, listRows } from '#src/features/imports/queries.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';
import type { SheetColumn } from '#src/platform/tables/sheets.ts';

const ROWS_AT_ONCE = 1_000;

/** The rejected rows of an import, some at a time. */
export async function* rejectedRows(db: Sql, importId: number): AsyncGenerator<ImportRow[]> {
	let after = 0;
	for (;;) {
		const rows = await listRows(db, importId, { verdict: 'rejected', after, limit: ROWS_AT_ONCE });
		const last = rows.at(-1);
		if (last === undefined) return;
		yield rows;
		after = last.line;
	}
}

/** The columns of the file as it came, and behind them the line and the reason. */
export function rejectedColumns(
	{ headers }: ImportRecord,
	language: Language,
): SheetColumn<ImportRow>[] {
	const own = headers
		.map((heading, at) => ({ heading, at }))
		.filter(({ heading }) => !OURS.includes(heading));
	const [line, reason] = BEHIND[language];
	const column = (heading: string, value: (row: ImportRow) => string) => ({
		...{ heading, kind: 'text' as const, value },
	});
	return [
		...own.map(({ heading, at }) => column(heading, ({ cells }) => cells[at] ?? '')),
		column(line, (row) => String(row.line)),
		column(reason, ({ reasons }) => reasons.map((one) => reasonSentence(one, language)).join('; ')),
	];
}

/** What the file of rejected rows is called. */
export function rejectedName({ fileName }: ImportRecord, language: Language): string {
	return translate(language, 'import.rejectedName', { file: fileName.replace(/\.[^.]*$/, '') });
}
