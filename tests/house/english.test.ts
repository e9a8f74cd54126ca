import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { handOverDeal } from '#src/features/deals/handover/reassign.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { mailDigests, mailReminders } from '#src/features/interactions/reminders/letters.ts';
import { sendTestMail } from '#src/features/mail/actions.ts';
import { deliverMail } from '#src/features/mail/delivery.ts';
import { type Answer, type Browser, browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, NOW } from '../cast.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';
import { type Addresses, pagesOf, partsOf } from './addresses.ts';
import { makeRecords } from './records.ts';

/*
 * Whoever reads English reads nothing Russian but what people have written: every page of the route table, what a
 * form says when it is filled in wrongly, letters, files, calendars. The company's own words are moved out of the
 * Cyrillic alphabet first, so that what is left of it is the program's.
 */
const database = await testDatabase();
const served = await testApp(database, { env: { LANGUAGE: 'en' } });

/** Letters of the Cyrillic alphabet, and as many of no language's. */
const RUSSIAN = [...'абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ'];
const OTHERS = RUSSIAN.map((_, n) => String.fromCodePoint(0x100 + n));
/** What is Russian by right: how the language calls itself. */
const ALLOWED = /Русский/g;

let cast: Cast;
let ada: Browser;
let pages: Addresses;
let parts: Addresses;

beforeAll(async () => {
	cast = await makeCast(database.db);
	await database.pool.query(`update people set language = 'en', email = login || '@shop.example'`);
	for (const actor of Object.values(cast.people))
		Object.assign(actor, { language: 'en', name: moved(actor.name) });
	const records = await makeRecords(served, cast);
	await transliterate(database);
	[pages, parts] = [pagesOf(records), partsOf(records)];
	ada = await signIn(served, 'ada');
});

/** Moves everything that people have written out of the Cyrillic alphabet. */
async function transliterate({ pool }: TestDatabase): Promise<void> {
	const { rows } = await pool.query<{ table: string; column: string; type: string }>(`
		select c.table_name as "table", c.column_name as "column", c.data_type as type
		from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
		where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_generated = 'NEVER'
			and c.data_type in ('text', 'jsonb')`);
	for (const table of ['events', 'stage_changes'])
		await pool.query(`alter table ${table} disable trigger user`);
	for (const { table, column, type } of rows)
		await pool.query(
			`update ${table} set ${column} = translate(${column}::text, $1, $2)::${type}
			where ${column}::text ~ '[А-Яа-яЁё]'`,
			[RUSSIAN.join(''), OTHERS.join('')],
		);
}

const moved = (text: string) =>
	text.replace(/[А-Яа-яЁё]/g, (letter) => OTHERS[RUSSIAN.indexOf(letter)] ?? letter);

/** An address as a browser sends it, with what is searched for in the other alphabet too. */
const addressOf = (url: string) => encodeURI(moved(url));

/** The Russian words of a text, with what stands around them. */
function russian(text: string): string[] {
	const said = text.replace(ALLOWED, '');
	return [...said.matchAll(/.{0,40}[А-Яа-яЁё].{0,40}/g)].map(([words]) => words.trim());
}

function russianIn(answer: Answer, url: string): string[] {
	const html = String(answer.headers['content-type']).startsWith('text/html');
	const name = decodeURIComponent(
		/filename\*=UTF-8''(\S+)/.exec(String(answer.headers['content-disposition']))?.[1] ?? '',
	);
	const found = [...russian(answer.body), ...russian(name)];
	// A page names its language, so that it is read out and hyphenated rightly.
	if (html && answer.body.includes('<html ') && !answer.body.includes('<html lang="en"'))
		found.push('<html lang>');
	return found.map((words) => `${url}: ${words}`);
}

async function russianInBook({ rawPayload }: Answer, url: string): Promise<string[]> {
	const { Workbook } = (await import('exceljs')).default;
	const book = new Workbook();
	await book.xlsx.load(rawPayload as unknown as ArrayBuffer);
	const said = book.worksheets.flatMap((sheet) => [
		sheet.name,
		...sheet.getSheetValues().flatMap((row) => (Array.isArray(row) ? row.map(String) : [])),
	]);
	expect(said.length, url).toBeGreaterThan(5);
	return said.flatMap(russian).map((words) => `${url}: ${words}`);
}

test('every page, part and file is English', async () => {
	const found: string[] = [];
	for (const url of [...Object.values(pages), ...Object.values(parts)].flat()) {
		const answer = await ada.get(addressOf(url));
		expect(answer.statusCode, url).toBeLessThan(400);
		const sheet = String(answer.headers['content-type']).includes('spreadsheetml');
		found.push(...(sheet ? await russianInBook(answer, url) : russianIn(answer, url)));
	}
	expect([...new Set(found)]).toEqual([]);
});

test('what a page says to scripts is English too', async () => {
	const found: string[] = [];
	for (const url of Object.values(pages).flat())
		found.push(...russianIn(await ada.htmx('/board', addressOf(url)), `htmx ${url}`));
	expect([...new Set(found)]).toEqual([]);
});

test('forms that are filled in wrongly, refusals and errors speak English', async () => {
	const found: string[] = [];
	const changing = served.routes.filter(({ method }) => method === 'POST');
	for (const { url } of changing) {
		if (url === '/sign-out') continue;
		const address = url.replace(':id', '1');
		for (const fields of [{}, { version: 1, name: '', amount: 'x' }, { version: 999, title: '' }])
			for (const answer of [await ada.post(address, fields), await ada.json(address, fields)])
				found.push(...russianIn(answer, `POST ${url} ${JSON.stringify(fields)}`));
	}
	const anna = await signIn(served, 'anna');
	const nobody = browser(served.app);
	for (const answer of [
		await ada.get('/nowhere'),
		await ada.get('/deals?sort=x'),
		await anna.get('/admin/people'),
		await anna.get(`/deals/${cast.deals.gleb}`),
		await nobody.get('/sign-in'),
		await nobody.htmx('/board', '/board', { version: 1 }),
	])
		found.push(...russianIn(answer, `${answer.statusCode}`));
	expect([...new Set(found)]).toEqual([]);
});

test('letters of every kind are English for whoever reads English', async () => {
	const { db, pool } = database;
	const [vera, boris] = [cast.people.vera, cast.people.boris];
	await pool.query('delete from mails');
	await pool.query(`update interactions set remind_at = $1 where status = 'planned'`, [NOW]);
	await mailReminders(db, NOW);
	await mailDigests(db, new Date('2026-11-24T05:45:00Z'));
	await sendTestMail(db, by(cast.people.ada), cast.people.ada, 'ada@shop.example');
	const { rows: deals } = await pool.query('select version from deals where id = $1', [
		cast.deals.boris,
	]);
	await handOverDeal(
		db,
		by(vera),
		cast.deals.boris,
		deals[0].version,
		cast.people.anna.id,
		'See you',
	);
	await planInteraction(db, by(vera), cast.deals.late, {
		...{ kindId: 1, summary: 'Call', ownerId: boris.id, plan: { plannedOn: '2026-11-30' } },
	});
	const kinds = await pool.query('select id, kind, language from mails order by id');
	expect(new Set(kinds.rows.map(({ kind }) => kind))).toEqual(
		new Set(['reminder', 'digest', 'test', 'reassigned', 'assigned']),
	);
	const config = readConfig({ PUBLIC_URL: 'https://crm.shop.example' });
	const found: string[] = [];
	for (const { id, kind } of kinds.rows) {
		await deliverMail({ db, config, now: () => NOW }, id);
		const { rows } = await pool.query('select subject, html, text from mails where id = $1', [id]);
		for (const part of ['subject', 'html', 'text'])
			found.push(...russian(rows[0][part] ?? '').map((words) => `${kind} ${part}: ${words}`));
		expect(rows[0].html).toContain('<html lang="en">');
	}
	expect([...new Set(found)]).toEqual([]);
});

test('dates, amounts and plurals are written as English does', async () => {
	await database.pool.query(`update deals set amount = 1234567.5, currency = 'RUB' where id = $1`, [
		cast.deals.late,
	]);
	const { body } = await ada.get(`/deals/${cast.deals.late}`);
	const said = textOf(read(body).byId('deal-page') as never);
	expect(said).toContain('1,234,567.50');
	expect(said).toMatch(/Fri, 20 Nov/);
	expect(said).toMatch(/4\sdays/);
});
