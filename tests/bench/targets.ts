import type { Bulk } from './bulk.ts';
import type { FirstVisit } from './first-visit.ts';
import type { Mixed } from './mixed.ts';
import type { Streams } from './streams.ts';
import { growth, middle, pageToSql, type Row } from './table.ts';
import type { Tabs } from './tabs.ts';

const KB = 1024;
const TARGETS = {
	pageToSql: 0.6,
	statements: 4,
	/** Of any page that is no board. */
	pageStatements: 6,
	inTransaction: 6,
	wire: 40 * KB,
	growth: 1.3,
	/** MB that a large file takes beside what the program holds already. */
	bulkMemory: 80,
	/** How much longer the slow looks at the board may take meanwhile. */
	bulkBoard: 3,
	moveP99: 5,
	toldMs: 1_000,
	/** KB of memory that an open stream takes. */
	stream: 60,
	backSeconds: 30,
	tabsLoaded: 2,
	tabsLive: 5,
	js: 45 * KB,
	css: 15 * KB,
	firstVisit: 120 * KB,
};

/** One target per line, met or missed and by how much; see QUALITY.md, «Speed». */
export function judge(rows: Row[], visit: FirstVisit): string[] {
	const of = (...keys: string[]) => rows.filter((row) => keys.includes(row.key));
	const title = (row: Row) => `${row.name}, ${row.deals.toLocaleString('ru')}`;
	const lines: string[] = [];
	const atMost = (what: string, value: number, limit: number) =>
		lines.push(verdict(what, value, limit, value <= limit));
	const hello = (deals: number) => of('hello').find((row) => row.deals === deals)?.page ?? [];

	for (const row of of('board')) {
		const ratio = pageToSql(row);
		lines.push(
			verdict(
				`${title(row)}: страница ÷ её SQL`,
				ratio,
				TARGETS.pageToSql,
				ratio >= TARGETS.pageToSql,
			),
		);
		atMost(`${title(row)}: КБ gzip`, (row.counts?.wire ?? 0) / KB, TARGETS.wire / KB);
	}
	for (const row of of('board', 'boardHead', 'boardDirector').filter(
		(one) => one.deals === rows.at(-1)?.deals,
	))
		atMost(`${title(row)}: запросов к базе`, row.counts?.statements ?? 0, TARGETS.statements);
	const boards = /^(?:board|search|idle|dates|more)/;
	const pages = rows.filter(
		({ key }) => !boards.test(key) && !/^(?:hello|move|bareMove)$/.test(key),
	);
	for (const row of pages.filter((one) => one.deals === rows.at(-1)?.deals))
		atMost(`${title(row)}: запросов к базе`, row.counts?.statements ?? 0, TARGETS.pageStatements);
	for (const row of of('searchHead', 'listSearchHead', 'typingHead')) {
		const director = of(row.key.replace('Head', 'Director')).find((one) => one.deals === row.deals);
		if (director === undefined) continue;
		const [own, most] = [row, director].map((one) => one.counts?.work.buffers ?? 0);
		atMost(`${title(row)}: страниц, как у директора`, own ?? 0, most ?? 0);
	}
	for (const row of of('move')) {
		atMost(
			`${title(row)}: запросов в транзакции`,
			row.counts?.inTransaction ?? 0,
			TARGETS.inTransaction,
		);
		const p99 = middle(row.page, 'p99');
		atMost(`${title(row)}: p99 ÷ p99 её SQL`, p99 / middle(row.sql, 'p99'), TARGETS.moveP99);
		atMost(
			`${title(row)}: p99 ÷ p99 GET /hello`,
			p99 / middle(hello(row.deals), 'p99'),
			TARGETS.moveP99,
		);
	}
	for (const row of rows.filter((one) => one.counts !== null)) {
		const smallest = of(row.key)[0] as Row;
		if (row !== smallest)
			atMost(`${title(row)}: рост времени`, growth(row, smallest), TARGETS.growth);
		for (const table of row.counts?.work.bigScans ?? [])
			lines.push(`✗ ${title(row)}: таблица ${table} читается целиком`);
	}
	atMost('Первый визит: КБ JS gzip', visit.js / KB, TARGETS.js / KB);
	atMost('Первый визит: КБ CSS gzip', visit.css / KB, TARGETS.css / KB);
	atMost('Первый визит: КБ всего gzip', visit.all / KB, TARGETS.firstVisit / KB);
	atMost('Файлы, которые браузер не хранит вечно', visit.notKept.length, 0);
	atMost('Файлы без сжатия', visit.notCompressed.length, 0);
	return lines;
}

/** The same for large files. */
export function judgeBulk(all: Bulk[]): string[] {
	return all.flatMap(({ name, memory, board: { before, meanwhile } }) => {
		const grown = memory.most - memory.before;
		const slower = meanwhile.p95 / before.p95;
		const { bulkMemory, bulkBoard } = TARGETS;
		return [
			verdict(`${name}: прирост памяти, МБ`, grown, bulkMemory, grown <= bulkMemory),
			verdict(`${name}: доска, p95 ÷ p95 до этого`, slower, bulkBoard, slower <= bulkBoard),
		];
	});
}

/** The same for streams. */
export function judgeStreams(one: Streams | null): string[] {
	if (one === null) return [];
	const judged = (what: string, value: number, limit: number) =>
		verdict(what, value, limit, value <= limit);
	return [
		judged('Изменение у всех, p95, мс', one.toldMs.p95, TARGETS.toldMs),
		judged('Изменения, которые не дошли', one.unheard, 0),
		judged('Память на поток, КБ', one.memoryKb, TARGETS.stream),
		judged('Все потоки вернулись, с', one.backSeconds, TARGETS.backSeconds),
	];
}

/** The same for looks and moves at a fixed rate. */
export function judgeMixed(one: Mixed | null): string[] {
	return one === null ? [] : [verdict('Вперемешку: ошибки', one.errors, 0, one.errors === 0)];
}

/** The same for tabs of one browser. */
export function judgeTabs(one: Tabs | null): string[] {
	if (one === null) return [];
	const { tabsLoaded, tabsLive } = TARGETS;
	return [
		verdict('Вкладки загрузились, с', one.loadedS, tabsLoaded, one.loadedS <= tabsLoaded),
		verdict('Вкладки узнали о правке, с', one.liveS, tabsLive, one.liveS <= tabsLive),
	];
}

function verdict(what: string, value: number, limit: number, met: boolean): string {
	const fixed = (number: number) =>
		number
			.toFixed(number < 10 ? 2 : 1)
			.replace(/[.,]?0+$/, '')
			.replace('.', ',');
	const off = limit === 0 ? '' : `, мимо на ${Math.abs(Math.round((value / limit - 1) * 100))} %`;
	return `${met ? '✓' : '✗'} ${what}: ${fixed(value)} (цель ${fixed(limit)}${met ? '' : off})`;
}
