import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, LOGINS, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
/** Noon of a Tuesday in Moscow, unless a test says otherwise. */
const NOON = new Date('2026-11-24T09:00:00Z');
let clock = NOON;
const served = await testApp(database, { now: () => clock });
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<Login, Browser>;
beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});
beforeEach(() => {
	clock = NOON;
});

type Plan = { plannedOn: string } | { plannedAt: Date };
const dropped = async (plan: Plan, fields: Fields) => {
	const { stepId, id } = await makeDeal(db, cast, 'anna', { title: 'Печь', plan });
	const answer = await person.anna.json(`/interactions/${stepId}/date`, { version: 1, ...fields });
	const { rows } = await pool.query(
		`select planned_on as on, planned_at as at, version from interactions where id = $1`,
		[stepId],
	);
	return { status: answer.statusCode, ...rows[0], stepId, id };
};
const HALF_PAST_TWO = { plannedAt: new Date('2026-11-20T11:30:00Z') };

test('a moment keeps its clock time, a day stays a day', async () => {
	for (const [to, day] of [
		['today', '2026-11-24'],
		['tomorrow', '2026-11-25'],
		['week', '2026-11-27'],
		['later', '2026-11-30'],
	] as const) {
		expect(await dropped(HALF_PAST_TWO, { to }), to).toMatchObject({
			...{ status: 200, on: null, at: new Date(`${day}T11:30:00Z`), version: 2 },
		});
		expect(await dropped({ plannedOn: '2026-11-20' }, { to }), to).toMatchObject({
			...{ status: 200, on: day, at: null },
		});
	}
});

test('a clock time that has passed today leaves the step for the day, so that it lands in today', async () => {
	clock = new Date('2026-11-24T11:30:00Z');
	expect(await dropped(HALF_PAST_TWO, { to: 'today' })).toMatchObject({
		...{ status: 200, on: '2026-11-24', at: null },
	});
});

test('the past, no step, and a week without a working day left take nothing', async () => {
	for (const to of ['late', 'none', 'yesterday', ''])
		expect(await dropped(HALF_PAST_TWO, { to }), to).toMatchObject({ status: 422, version: 1 });
	clock = new Date('2026-11-26T09:00:00Z');
	expect(await dropped(HALF_PAST_TWO, { to: 'week' })).toMatchObject({ status: 422, version: 1 });
	const page = read((await person.anna.get('/board?view=dates')).body);
	const days = Object.fromEntries(
		page
			.byClass('stretch')
			.map((one) => [attribute(one, 'data-stretch'), attribute(one, 'data-day')]),
	);
	expect(days).toEqual({
		...{ late: null, today: '2026-11-26', tomorrow: '2026-11-27' },
		...{ week: null, later: '2026-11-30', none: null },
	});
});

test('the toast takes it back to the very day or moment, once', async () => {
	for (const plan of [HALF_PAST_TWO, { plannedOn: '2026-11-20' }]) {
		const { stepId } = await makeDeal(db, cast, 'anna', { title: 'Печь', plan });
		const url = `/interactions/${stepId}/date`;
		const answer = read(
			(await person.anna.htmx('/board?view=dates', url, { to: 'later', version: 1 })).body,
		);
		expect(textOf(answer.byId('toast') as never)).toContain('пн, 30 ноя');
		const undo = fieldsOf(answer, answer.byId('toast') as never);
		expect((await person.anna.post(url, undo)).statusCode).toBe(303);
		const { rows } = await pool.query(
			'select planned_on, planned_at, version from interactions where id = $1',
			[stepId],
		);
		expect(rows[0]).toEqual({
			planned_on: 'plannedOn' in plan ? plan.plannedOn : null,
			planned_at: 'plannedAt' in plan ? plan.plannedAt : null,
			version: 3,
		});
		expect((await person.anna.json(url, undo)).statusCode).toBe(409);
	}
});

test('the answer draws all six columns anew, and a stale drop too, with who was first', async () => {
	const { stepId, id } = await makeDeal(db, cast, 'anna', { title: 'Печь', plan: HALF_PAST_TWO });
	const url = `/interactions/${stepId}/date`;
	const moved = read(
		(await person.anna.htmx('/board?view=dates', url, { to: 'tomorrow', version: 1 })).body,
	);
	const columns = moved.byClass('stretch').map((one) => attribute(one, 'data-stretch'));
	expect(columns).toEqual(['late', 'today', 'tomorrow', 'week', 'later', 'none']);
	const column = moved.byId('stretch-tomorrow') as never;
	expect(moved.byClass('card', column).map((card) => attribute(card, 'id'))).toContain(
		`deal-${id}`,
	);
	const stale = await person.vera.htmx('/board?view=dates', url, { to: 'week', version: 1 });
	expect(stale.statusCode).toBe(409);
	const told = read(stale.body);
	expect(textOf(told.byId('toast') as never)).toContain('Анна Соколова');
	expect(told.byId('stretch-late')).not.toBeNull();
});

test('one moves the steps of the deals that one sees, and no others', async () => {
	const before = await ledgerOf(database);
	for (const [login, status] of [
		['gleb', 404],
		['boris', 404],
	] as const) {
		const fields = { version: 1, to: 'later' };
		const answer = await person[login].json(`/interactions/${cast.steps.late}/date`, fields);
		expect(answer.statusCode, login).toBe(status);
	}
	for (const plannedAt of ['yesterday', '2026-13-01T00:00:00Z', '9'.repeat(40), '2026-11-24'])
		expect(
			(await person.anna.json(`/interactions/${cast.steps.late}/date`, { version: 1, plannedAt }))
				.statusCode,
		).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
});

test('both views keep the same отбор, and the address remembers the view', async () => {
	const page = read((await person.vera.get('/board?view=dates&owner=me&idle=1&amountFrom=5')).body);
	const [states, dates] = page.byTag('a', page.byClass('switch')[0]);
	expect(attribute(states as never, 'href')).not.toContain('view');
	for (const link of [states, dates]) {
		const query = new URL(attribute(link as never, 'href') ?? '', 'http://x').searchParams;
		expect([query.get('owner'), query.get('idle'), query.get('amountFrom')]).toEqual([
			...['me', '1', '5.00'],
		]);
	}
	expect(attribute(dates as never, 'aria-current')).toBe('true');
	for (const chip of page.byClass('chip').flatMap((one) => attribute(one, 'href') ?? []))
		expect(chip).toContain('view=dates');
	const print = page.byTag('a').map((link) => attribute(link, 'href') ?? '');
	expect(print.filter((href) => href.startsWith('/board/print'))).toEqual([
		expect.stringContaining('view=dates'),
	]);
});

test('paper has the columns of the view that it was printed from, and each deal once', async () => {
	for (const [plan, title] of [
		[{ plannedOn: '2026-11-23' }, 'Вчерашняя'],
		[{ plannedOn: '2026-11-24' }, 'Сегодняшняя'],
		[{ plannedOn: '2026-11-25' }, 'Завтрашняя'],
		[{ plannedOn: '2026-12-24' }, 'Дальняя'],
		[undefined, 'Ничья'],
	] as const)
		await makeDeal(db, cast, 'vera', { title, ...(plan && { plan }) });
	for (const view of ['view=dates', 'view=stages']) {
		const board = read((await person.vera.get(`/board?owner=me&${view}`)).body);
		const columns = board.byClass('stage').flatMap((column) => {
			const cards = board.byClass('card', column);
			const name = textOf(board.byTag('h2', column)[0] as never);
			return cards.length > 0 ? [[name, cards.length]] : [];
		});
		const paper = read((await person.vera.get(`/board/print?owner=me&${view}`)).body);
		const printed = paper.byTag('tbody').flatMap((body) => {
			const head = textOf(paper.byTag('th', body)[0] as never).split(' · ')[0];
			const deals = paper.byTag('tr', body).filter((row) => paper.byTag('td', row).length > 0);
			return deals.length > 0 ? [[head, deals.length]] : [];
		});
		expect(printed).toEqual(columns);
		expect(columns.length).toBe(view === 'view=dates' ? 5 : 1);
	}
});

test('отбор by source, tag and amount narrows both views and the finish fields alike', async () => {
	await pool.query(`insert into tags (name) values ('опт')`);
	const { id } = await makeDeal(db, cast, 'anna', {
		title: 'С меткой',
		source: 'Сайт',
		amount: '77.50',
	});
	await pool.query('insert into deal_tags select $1, id from tags', [id]);
	for (const query of ['source=Сайт', 'tag=1', 'amountFrom=77,5&amountTo=77.50'])
		for (const view of ['', '&view=dates'])
			for (const login of ['anna', 'ada'] as const) {
				const page = read((await person[login].get(encodeURI(`/board?${query}${view}`))).body);
				const cards = page.byClass('card').map((card) => attribute(card, 'id'));
				expect(cards, `${query}${view}`).toEqual([`deal-${id}`]);
				expect(textOf(page.byId('sum') as never)).toContain('1 интерес');
			}
	const page = read((await person.anna.get('/board?amountFrom=5000')).body);
	const won = page.byId(`stage-${cast.won.id}`) as never;
	expect(textOf(page.byTag('strong', won)[0] as never)).toBe('1');
	const none = read((await person.anna.get('/board?amountFrom=6000')).body);
	expect(textOf(none.byTag('strong', none.byId(`stage-${cast.won.id}`) as never)[0] as never)).toBe(
		'0',
	);
});
