import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: '1000.00' })).id;
});

const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const move = (person: Browser, fields: Fields) =>
	person.htmx('/board', `/deals/${id}/moves`, fields);
const lost = () => ({
	stageId: cast.lost.id,
	lossReasonId: cast.reasons[0]?.id as number,
	comment: 'Взяли у соседей',
});
const edited = () => vera.post(`/deals/${id}`, { title: 'Печь и плита', version: 1 });

/** The closure form as the answer draws it: its message and its fields. */
function closure(html: string): { message: string; fields: Record<string, string> } {
	const page = read(html);
	const inside = page.byTag('form', page.byId(`deal-${id}-closure`) ?? undefined)[0];
	const problem = page.byId('form-problem');
	return { message: problem ? textOf(problem) : '', fields: fieldsOf(page, inside as never) };
}

test.each(['with htmx', 'without scripts'])(
	'a closure from a stale version comes back with all that was typed, %s',
	async (how) => {
		await edited();
		const before = await ledgerOf(database);
		const fields = { ...lost(), version: 1 };
		const answer =
			how === 'with htmx'
				? await move(anna, fields)
				: await anna.post(`/deals/${id}/moves`, fields);
		expect(answer.statusCode).toBe(409);
		expect(await ledgerOf(database)).toEqual(before);
		const form = closure(answer.body);
		expect(form.message).toContain('Вера Павлова');
		expect(form.fields).toMatchObject({ comment: 'Взяли у соседей', version: '2' });
		expect(form.fields.lossReasonId).toBe(String(cast.reasons[0]?.id));
		expect((await move(anna, { ...lost(), version: 2 })).statusCode).toBe(200);
	},
);

test('taking back a win leaves no trace of its amount', async () => {
	const won = { stageId: cast.won.id, amount: '5', closedOn: TODAY, version: 1 };
	expect((await move(anna, won)).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ amount: '5.00', closed_on: TODAY });
	expect((await move(anna, { stageId: cast.open[0].id, version: 2 })).statusCode).toBe(200);
	expect(await deal()).toMatchObject({ amount: '1000.00', closed_on: null, closed_at: null });
});

test('taking back a win of a deal that had no amount leaves it without one', async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: null })).id;
	await move(anna, { stageId: cast.won.id, amount: '5', closedOn: TODAY, version: 1 });
	await move(anna, { stageId: cast.open[0].id, version: 2 });
	expect(await deal()).toMatchObject({ amount: null });
});

test('an end that is the end already is not silently thrown away', async () => {
	await move(anna, { ...lost(), version: 1 });
	const again = { ...lost(), comment: 'На самом деле дорого', version: 2 };
	const answer = await move(anna, again);
	expect(answer.statusCode).toBe(422);
	expect(closure(answer.body).fields.comment).toBe('На самом деле дорого');
	expect((await anna.json(`/deals/${id}/moves`, again)).statusCode).toBe(422);
	const page = read((await anna.get(`/deals/${id}`)).body);
	const links = page.byTag('a', page.byId('stages') ?? undefined).map(textOf);
	expect(links).toEqual([cast.won.name]);
});

test('the finish field leads to the list of the same owner and words', async () => {
	await move(anna, { ...lost(), version: 1 });
	const other = (await makeDeal(db, cast, 'boris', { title: 'Печь' })).id;
	await vera.htmx('/board', `/deals/${other}/moves`, { ...lost(), version: 1 });
	const owner = cast.people.boris.id;
	const board = read((await vera.get(`/board?owner=${owner}&q=Печь`)).body);
	const field = board.byId(`stage-${cast.lost.id}`) ?? undefined;
	const href = board.byTag('a', field)[0]?.attrs.find(({ name }) => name === 'href')?.value ?? '';
	const list = read((await vera.get(href)).body);
	const links = list.byTag('tbody').flatMap((body) => list.byTag('a', body));
	expect(links.map((link) => link.attrs[0]?.value)).toEqual([`/deals/${other}`]);
});

test('a stale closure shows where the deal stands, and no «empty» beside what only it asks for', async () => {
	await edited();
	const answer = await move(anna, { ...lost(), version: 1 });
	const page = read(answer.body);
	const form = page.byId(`deal-${id}-closure`);
	expect(form && textOf(form)).toContain(`Сейчас: ${cast.open[0].name}`);
	for (const name of ['lossReasonId', 'comment', 'closedOn'])
		expect(page.byId(`c-${name}`), name).toBeNull();
});
