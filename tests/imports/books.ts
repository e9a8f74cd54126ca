import { zip } from '#src/features/imports/files/zip.ts';

const SHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const LINKS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** An XLSX with this inside its only sheet. */
export function xlsx(sheet: string | Buffer, strings = '<sst/>'): Buffer {
	return zip(
		new Map(
			Object.entries({
				'[Content_Types].xml': '<Types/>',
				'xl/workbook.xml': `<workbook xmlns="${SHEET}" xmlns:r="${LINKS}"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
				'xl/_rels/workbook.xml.rels': `<Relationships><Relationship Id="rId1" Type="${LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
				'xl/sharedStrings.xml': strings,
				'xl/worksheets/sheet1.xml': sheet,
			}).map(([name, part]) => [name, Buffer.from(part)]),
		),
	);
}
/** A cell with a text of its own. */
export const cell = (place: string, text: string) =>
	`<c r="${place}" t="inlineStr"><is><t>${text}</t></is></c>`;
/** A sheet of rows of cells. */
export const sheetOf = (...rows: string[]) =>
	`<worksheet><sheetData>${rows.map((row, at) => `<row r="${at + 1}">${row}</row>`).join('')}</sheetData></worksheet>`;

/** «A» to «Z», «AA» and on. */
export function columnName(at: number): string {
	const letter = String.fromCharCode(65 + (at % 26));
	return at < 26 ? letter : columnName(Math.floor(at / 26) - 1) + letter;
}
