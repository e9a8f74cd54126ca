import { parse } from 'csv-parse/sync';
import ICAL from 'ical.js';
import { beforeAll, expect, test } from 'vitest';
import { allTold } from '#src/platform/history/teller.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { recordStatements } from '../bench/statements.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { expectInert } from '../inert.ts';
import { type Addresses, pagesOf, partsOf } from './addresses.ts';
import { makeRecords } from './records.ts';
import { spoil } from './spoilt.ts';

/*
 * What holds for every address that is read. Generated from the route table: a new page, export, feed or
 * search is held to it without anybody thinking of it.
 */
const database = await testDatabase();
const recorder = recordStatements(database.pool);
const served = await testApp(database);
const MOST_STATEMENTS = 6;

let pages: Addresses;
let parts: Addresses;
let ada: Browser;

beforeAll(async () => {
	const records = await makeRecords(served, await makeCast(database.db));
	[pages, parts] = [pagesOf(records), partsOf(records)];
	ada = await signIn(served, 'ada');
	// What others are told of all these records is no part of a page.
	await allTold(database.pool);
});

test('every route that reads says here how it is opened', () => {
	const reading = served.routes.filter(({ method }) => method === 'GET').map(({ url }) => url);
	expect([...Object.keys(pages), ...Object.keys(parts)].sort()).toEqual([...reading].sort());
});

const open = async (url: string) => {
	recorder.start();
	const answer = await ada.get(encodeURI(url));
	return { url, answer, statements: recorder.stop().flat().length };
};

test('every page takes six statements at most, the session’s among them', async () => {
	const dear: string[] = [];
	for (const url of Object.values(pages).flat()) {
		const { answer, statements } = await open(url);
		expect(answer.statusCode, url).toBe(200);
		expect(answer.headers['content-type'], url).toMatch(/^text\/html/);
		if (statements > MOST_STATEMENTS) dear.push(`${url}: ${statements}`);
	}
	expect(dear).toEqual([]);
});

test('words of people are text wherever they come out: pages, lists, searches, exports, feeds', async () => {
	const spoilt = await spoil(database);
	expect(spoilt.length).toBeGreaterThan(40);
	for (const url of [...Object.values(pages), ...Object.values(parts)].flat()) {
		const { answer } = await open(url);
		expect(answer.statusCode, `${url} ${answer.body.slice(0, 300)}`).toBeLessThan(400);
		const type = String(answer.headers['content-type']);
		if (type.startsWith('text/html')) expectInert(answer, url);
		else if (type.startsWith('text/csv')) expectNoFormula(answer.body, url);
		else if (type.startsWith('text/calendar')) expectFrames(answer.body, 'vcalendar', 'vevent');
		else if (type.startsWith('text/vcard')) expectFrames(answer.body, 'vcard', 'vcard');
	}
});

/** No cell begins with what a table program would compute. */
function expectNoFormula(csv: string, url: string): void {
	expect(csv, url).toContain('HYPERLINK');
	const cells: string[] = parse(csv, { delimiter: ';', bom: true }).flat();
	expect(cells.filter((cell) => /^[=@\t\r]|^[+-](?![\d(])/.test(cell))).toEqual([]);
}

/** As many components as lines that begin one: nobody’s words have begun another. */
function expectFrames(text: string, root: string, inner: string): void {
	expect(text).toContain('HYPERLINK');
	const parsed: unknown[] = ICAL.parse(text);
	const cards = Array.isArray(parsed[0]) ? parsed.length : 1;
	const inside = () => new ICAL.Component(parsed).getAllSubcomponents(inner).length;
	const begun = text.match(new RegExp(`^BEGIN:${inner}\\r$`, 'gim'))?.length ?? 0;
	expect(begun).toBe(root === inner ? cards : inside());
}
