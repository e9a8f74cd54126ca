import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { completeInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db } = database;
const WEEKS_AGO = new Date(NOW.getTime() - 30 * 86_400_000);

let cast: Cast;
let anna: Browser;
let vera: Browser;
let ada: Browser;
const made: Record<string, number> = {};

beforeAll(async () => {
	cast = await makeCast(db);
	const make = async (name: string, title: string, extra: object = {}) => {
		made[name] = (await makeDeal(db, cast, 'anna', { title, ...extra })).id;
	};
	await make('percent', 'Скидка 50% на всё');
	await make('hundreds', 'Скидка 500 рублей');
	await make('under', 'код_товара');
	await make('dash', 'код-товара');
	await make('quote', `O'Reilly "кавычки" \\ черта`);
	await make('yo', 'Ёлочные игрушки');
	await make('idle', 'Забытая', { now: WEEKS_AGO });
	await make('ahead', 'Давняя с планом', { now: WEEKS_AGO, plan: { plannedOn: '2026-11-24' } });
	await make('behind', 'Давняя с просрочкой', {
		now: WEEKS_AGO,
		plan: { plannedOn: '2026-11-23' },
	});
	await make('active', 'Давняя с делом', { now: WEEKS_AGO, plan: { plannedOn: '2026-11-20' } });
	const { rows } = await database.pool.query('select id from interactions where deal_id = $1', [
		made.active,
	]);
	await completeInteraction(db, by(cast.people.anna), rows[0].id, {
		version: 1,
		outcome: null,
		next: null,
	});
	[anna, vera, ada] = [
		await signIn(served, 'anna'),
		await signIn(served, 'vera'),
		await signIn(served, 'ada'),
	];
});

/** The deals that the board shows under a filter, by id. */
async function found(person: Browser, query: Record<string, string>): Promise<number[]> {
	const answer = await person.get(`/board?${new URLSearchParams(query)}`);
	expect(answer.statusCode, JSON.stringify(query)).toBe(200);
	return read(answer.body)
		.byClass('card')
		.map((card) => Number(attribute(card, 'id')?.replace('deal-', '')))
		.sort((a, b) => a - b);
}
const sorted = (...ids: (number | undefined)[]) => ids.map(Number).sort((a, b) => a - b);
const search = (q: string, person = anna) => found(person, { q });

test('a manager sees own deals, a head chooses among the team, an administrator among all', async () => {
	const { deals, people } = cast;
	expect(await found(vera, { owner: String(people.boris.id) })).toEqual([deals.boris]);
	expect(await found(vera, { owner: 'me' })).toEqual([deals.vera]);
	expect(await found(vera, {})).toEqual(
		expect.arrayContaining(sorted(deals.late, deals.boris, deals.vera)),
	);
	expect(await found(vera, {})).not.toContain(deals.gleb);
	expect(await found(ada, { owner: String(people.gleb.id) })).toEqual([deals.gleb]);
	expect(await found(ada, {})).toContain(deals.gleb);
	expect(await found(anna, { owner: 'all' })).toEqual(await found(anna, { owner: 'me' }));
});

test('a foreign, absent or senseless owner is not found', async () => {
	for (const owner of [String(cast.people.gleb.id), '999999', 'anna', '-1', "1' or '1'='1", '1e1'])
		expect((await vera.get(`/board?${new URLSearchParams({ owner })}`)).statusCode, owner).toBe(
			404,
		);
	expect((await anna.get(`/board?owner=${cast.people.boris.id}`)).statusCode).toBe(404);
});

test('text finds by title, in any case, «ё» as «е», and inside words', async () => {
	expect(await search('тестомес')).toEqual([cast.deals.today]);
	expect(await search('ТЕСТО')).toEqual([cast.deals.today]);
	expect(await search('стомес')).toEqual([cast.deals.today]);
	for (const q of ['елочные', 'Ёлочные', 'ЁЛОЧ', 'ЕЛОЧ'])
		expect(await search(q), q).toEqual([made.yo]);
	expect(await search('пе')).toEqual([cast.deals.later]);
	expect(await search('нет такого текста')).toEqual([]);
});

test('text finds by client, ИНН, phone in any writing, mail and number of the deal', async () => {
	const { late } = cast.deals;
	for (const q of ['ромашка', '«Ромашка»', '7707083893', 'olga@romashka', 'OLGA@ROMASHKA.RU'])
		expect(await search(q), q).toEqual([late]);
	for (const q of [
		'+7 495 123-45-67',
		'8 (495) 123-45-67',
		'84951234567',
		'495 123 45 67',
		'123-45-67',
		'1234567',
	])
		expect(await search(q), q).toEqual([late]);
	expect(await search(String(late))).toContain(late);
	expect(await search(`№ ${late}`)).toContain(late);
	expect(await search(`№${late}`)).toContain(late);
});

test('per cent, underscore, quotes and backslashes are letters like any other', async () => {
	expect(await search('50%')).toEqual([made.percent]);
	expect(await search('код_')).toEqual([made.under]);
	expect(await search(`o'reilly`)).toEqual([made.quote]);
	expect(await search('"кавычки"')).toEqual([made.quote]);
	expect(await search('\\ черта')).toEqual([made.quote]);
	for (const q of [
		'%',
		'_',
		'%%',
		'__',
		'%%%%',
		'.*',
		'.',
		'^',
		'(',
		'[а-я]',
		'\\',
		'\\m',
		'$$',
		"' or 1=1--",
	])
		expect((await search(q)).length, q).toBeLessThanOrEqual(1);
});

test('a search finds nothing of other people', async () => {
	await createClient(db, by(cast.people.gleb), {
		name: 'ООО «Чужой»',
		contacts: [{ name: 'Икс', phone: '+7 812 765-43-21' }],
	});
	for (const q of ['Тайна', 'Чужой', '7654321', String(cast.deals.gleb)])
		expect(await search(q)).not.toContain(cast.deals.gleb);
	expect(await search('Тайна', ada)).toEqual([cast.deals.gleb]);
	expect(await search('Склад', vera)).toEqual([cast.deals.boris]);
});

test('periods count from now on, «без шага» is what has none', async () => {
	const { deals } = cast;
	const period = async (name: string) => await found(anna, { period: name, q: '' });
	expect(await period('overdue')).toEqual(sorted(deals.late, made.behind));
	expect(await period('today')).toEqual(sorted(deals.today, made.ahead));
	expect(await period('3days')).toEqual(sorted(deals.today, made.ahead));
	expect(await period('week')).toEqual(sorted(deals.today, made.ahead));
	expect(await period('month')).toEqual(sorted(deals.today, made.ahead, deals.later));
	expect(await period('none')).toContain(deals.none);
	expect(await period('none')).not.toContain(deals.late);
});

test('idle is what nothing was finished on for long and nothing is planned ahead', async () => {
	expect(await found(anna, { idle: '1' })).toEqual(sorted(made.idle, made.behind));
	const page = read((await anna.get('/board')).body);
	const marked = page.byClass('card').filter((card) => page.byClass('idle', card).length > 0);
	expect(
		sorted(...marked.map((card) => Number(attribute(card, 'id')?.replace('deal-', '')))),
	).toEqual(sorted(made.idle, made.behind));
});

test('criteria narrow each other, and the header counts what they leave', async () => {
	expect(await found(anna, { period: 'overdue', q: 'давняя' })).toEqual([made.behind]);
	const page = read(
		(await anna.get(`/board?${new URLSearchParams({ period: 'overdue', q: 'давняя' })}`)).body,
	);
	const column = page.byId(`stage-${cast.open[0].id}`);
	expect(textOf(page.byClass('totals', column ?? undefined)[0] as never).trim()).toMatch(
		/^1(\D|$)/,
	);
	const search = page.byTag('input').find((input) => attribute(input, 'name') === 'q');
	expect(search && attribute(search, 'value')).toBe('давняя');
	const chosen = page.byTag('option').filter((option) => attribute(option, 'selected') !== null);
	expect(chosen.map((option) => attribute(option, 'value'))).toContain('overdue');
});

test('links of the board keep the filter that they stand in', async () => {
	const { boris } = cast.people;
	const query = new URLSearchParams({ owner: String(boris.id), q: 'склад', idle: '0' });
	const page = read((await vera.get(`/board?${query}`)).body);
	const links = page.byClass('chip').flatMap((chip) => attribute(chip, 'href') ?? []);
	const chips = links
		.filter((href) => href.startsWith('/board?'))
		.map((href) => new URL(href, 'http://x').searchParams);
	expect(chips.length).toBeGreaterThanOrEqual(3);
	for (const chip of chips) {
		expect(chip.get('owner')).toBe(String(boris.id));
		expect(chip.get('q')).toBe('склад');
	}
	for (const href of links) expect((await vera.get(href)).statusCode, href).toBe(200);
});

test('values and names outside the lists are a bad request', async () => {
	const bad = [
		...[
			'period=yesterday',
			'period=',
			'sort=name',
			'order=id;select pg_sleep(5)',
			'group=x',
			'q=a&q=b',
		],
		...[
			'stage[]=1',
			'owner[$ne]=1',
			'__proto__=1',
			'constructor=1',
			'after=zzz',
			'after=1:1',
			'shown=0',
			'shown=1e309',
		],
		...[
			`q=${'ы'.repeat(201)}`,
			'q=%00',
			'period=today&period=week',
			'timeZone=Etc/../x',
			'shown=99999999999',
		],
	].filter((query) => query !== 'period=');
	for (const query of bad) {
		const answer = await anna.get(encodeURI(`/board?${query}`).replace('%2500', '%00'));
		expect(answer.statusCode, query).toBe(400);
	}
	expect((await anna.get('/board?period=&q=&owner=')).statusCode).toBe(200);
});
