import type { Bulk } from './bulk.ts';
import type { Counts } from './measuring.ts';
import type { Processor } from './processor.ts';
import { median, type Rate } from './rate.ts';

/** One row: a screen at a size, measured in several rounds. `page[n]` and `sql[n]` are of the same round. */
export type Row = {
	key: string;
	name: string;
	deals: number;
	counts: Counts | null;
	page: Rate[];
	sql: Rate[];
	/** Of one request, in each round. */
	cpu: Processor[];
};

/** The middle of a figure over the rounds. */
export const middle = (rates: Rate[], figure: keyof Rate) =>
	median(rates.map((rate) => rate[figure]));

/** How much of the throughput of its SQL alone a page reaches: the middle of the rounds' ratios. */
export function pageToSql({ page, sql }: Row): number {
	return median(page.map((rate, round) => rate.perSecond / (sql[round]?.perSecond ?? Number.NaN)));
}

/** How many times longer a request takes than in the other row; rounds are compared with each other. */
export function growth(of: Row, from: Row): number {
	return median(
		of.page.map((rate, round) => (from.page[round]?.perSecond ?? Number.NaN) / rate.perSecond),
	);
}

const HEADINGS = [
	'',
	'интересов',
	'запр./с',
	'p50, мс',
	'p99, мс',
	'SQL/с',
	'p50',
	'p99',
	'стр./SQL',
	'рост',
	'ЦП прил., мс',
	'ЦП PG, мс',
	'запросов',
	'строк',
	'страниц',
	'сканы',
	'КБ',
	'КБ gz',
];

/** The table of all rows; growth is told against the same screen at the smallest size. */
export function drawTable(rows: Row[]): string {
	return drawLines(
		HEADINGS,
		rows.map((row) => cellsOf(row, rows)),
	);
}

const BULK_HEADINGS = [
	...['', 'строк', 'с', 'память до, МБ', 'больше всего', 'прирост'],
	...['доска до: p50, мс', 'p95', 'во время: p50, мс', 'p95', 'p95 ÷ p95'],
];

/** The table of large files: how long, how much memory, how the board did meanwhile. */
export function drawBulk(all: Bulk[]): string {
	const lines = all.map(({ name, rows, seconds, memory, board: { before, meanwhile } }) => [
		...[name, rows.toLocaleString('ru'), fixed(seconds, 1)],
		...[memory.before, memory.most, memory.most - memory.before].map((mb) => fixed(mb, 0)),
		...[before.p50, before.p95, meanwhile.p50, meanwhile.p95].map((ms) => fixed(ms, 1)),
		fixed(meanwhile.p95 / before.p95, 2),
	]);
	return drawLines(BULK_HEADINGS, lines);
}

function drawLines(headings: string[], lines: string[][]): string {
	const widths = headings.map((heading, column) =>
		Math.max(heading.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
	);
	const draw = (cells: string[]) =>
		`| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
	const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
	return [draw(headings), rule, ...lines.map(draw)].join('\n');
}

const fixed = (value: number, digits: number) => value.toFixed(digits).replace('.', ',');

function cellsOf(row: Row, rows: Row[]): string[] {
	const smallest = rows.find((one) => one.key === row.key) as Row;
	const rate = (rates: Rate[]) => [
		fixed(middle(rates, 'perSecond'), 0),
		fixed(middle(rates, 'p50'), 1),
		fixed(middle(rates, 'p99'), 1),
	];
	const { counts } = row;
	return [
		row.name,
		row.deals.toLocaleString('ru'),
		...rate(row.page),
		...(row.sql.length > 0 ? rate(row.sql) : ['', '', '']),
		row.sql.length > 0 ? fixed(pageToSql(row), 2) : '',
		row === smallest ? '' : fixed(growth(row, smallest), 2),
		fixed(median(row.cpu.map(({ app }) => app)), 2),
		fixed(median(row.cpu.map(({ postgres }) => postgres)), 2),
		...(counts
			? [
					`${counts.statements}`,
					`${Math.round(counts.work.rowsRead)}`,
					`${counts.work.buffers}`,
					`${counts.work.bigScans.length}`,
					fixed(counts.raw / 1024, 1),
					fixed(counts.wire / 1024, 1),
				]
			: ['', '', '', '', '', '']),
	];
}
