import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<'anna' | 'vera' | 'ada' | 'gleb', Browser>;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	await pool.query(`update people set email = login || '@shop.example'`);
	for (const login of ['anna', 'vera', 'ada', 'gleb'] as const)
		person[login] = await signIn(served, login);
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', plan: { plannedOn: '2026-12-01' } })).id;
});

const give = (browser: Browser, to: Login, version = 1) =>
	browser.json(`/deals/${id}/owner`, { ownerId: cast.people[to].id, version });

test('a head gives a deal to a team-mate, its planned steps go along, done ones stay', async () => {
	await pool.query(
		`insert into interactions (deal_id, kind_id, summary, owner_id, status, completed_at)
		values ($1, 1, 'Давно сделано', $2, 'done', now())`,
		[id, cast.people.anna.id],
	);
	expect((await give(person.vera, 'boris')).statusCode).toBe(200);
	const deal = await pool.query('select owner_id, version from deals where id = $1', [id]);
	expect(deal.rows).toEqual([{ owner_id: cast.people.boris.id, version: 2 }]);
	const steps = await pool.query(
		'select owner_id, status from interactions where deal_id = $1 order by id',
		[id],
	);
	expect(steps.rows).toEqual([
		{ owner_id: cast.people.boris.id, status: 'planned' },
		{ owner_id: cast.people.anna.id, status: 'done' },
	]);
	const events = await pool.query(
		`select type, actor_id, data from events where deal_id = $1 order by id desc limit 1`,
		[id],
	);
	expect(events.rows).toEqual([
		{
			...{ type: 'deal.reassigned', actor_id: cast.people.vera.id },
			data: { from: cast.people.anna.id, to: cast.people.boris.id, steps: [expect.any(Number)] },
		},
	]);
	expect((await person.anna.get(`/deals/${id}`)).statusCode).toBe(404);
});

test('a manager gives what is theirs to any colleague, and is led away from what they see no more', async () => {
	const given = await person.anna.post(`/deals/${id}/owner`, {
		...{ ownerId: cast.people.gleb.id, version: 1, note: 'Ждёт звонка', returnTo: `/deals/${id}` },
	});
	expect([given.statusCode, given.headers.location]).toEqual([303, '/deals']);
	const { rows } = await pool.query(
		`select d.owner_id, d.version, i.owner_id as step, m.to_id, e.actor_id, e.data->>'note' as note
		from deals d join interactions i on i.deal_id = d.id
		join events e on e.deal_id = d.id and e.type = 'deal.reassigned'
		left join lateral (select person_id as to_id from mails where deal_id = d.id) m on true where d.id = $1`,
		[id],
	);
	const gleb = cast.people.gleb.id;
	expect(rows).toEqual([
		{
			...{ owner_id: gleb, version: 2, step: gleb, to_id: gleb, actor_id: cast.people.anna.id },
			note: 'Ждёт звонка',
		},
	]);
	expect((await person.anna.get(`/deals/${id}`)).statusCode).toBe(404);
	expect((await person.gleb.get(`/deals/${id}`)).statusCode).toBe(200);
});

test('the deal’s page that is open goes to the list, the board is drawn anew', async () => {
	const fields = { ownerId: cast.people.gleb.id, version: 1 };
	const away = await person.anna.htmx(`/deals/${id}`, `/deals/${id}/owner`, fields);
	expect(away.headers['hx-redirect']).toBe('/deals');
	const { id: other } = await makeDeal(db, cast, 'anna');
	const board = await person.anna.htmx('/board', `/deals/${other}/owner`, fields);
	expect(board.statusCode).toBe(200);
	expect(board.body).toContain('Глеб');
	// «Отменить» brings it back, though it is out of sight.
	const back = { verb: 'back', back: 'owner', deal: `${other}.2` };
	for (const [name, value] of Object.entries(back))
		expect(board.body).toMatch(new RegExp(`name="${name}" value="${value}"`));
	expect((await person.anna.json('/deals/bulk', back)).json()).toMatchObject({ done: 1 });
	expect((await person.anna.get(`/deals/${other}`)).statusCode).toBe(200);
});

test('many at once, and taken back by who gave them as long as nobody else has touched them', async () => {
	const { id: other } = await makeDeal(db, cast, 'anna');
	const gleb = cast.people.gleb.id;
	const both = { verb: 'owner', ownerId: gleb, deal: `${id}.1,${other}.1` };
	expect((await person.anna.json('/deals/bulk', both)).json()).toMatchObject({ done: 2 });
	await person.gleb.json(`/deals/${other}/edit`, { version: 2, note: 'Моё' });
	const back = { verb: 'back', back: 'owner', deal: `${id}.2,${other}.3` };
	const taken = (await person.anna.json('/deals/bulk', back)).json();
	expect(taken.verdicts.map(({ status }: { status: string }) => status)).toEqual([
		'done',
		'absent',
	]);
	const owners = `select owner_id from deals where id = any($1) order by id`;
	const { rows } = await pool.query(owners, [[id, other]]);
	expect(rows.map(({ owner_id }) => owner_id)).toEqual([cast.people.anna.id, gleb]);
});

test('what was given long ago does not come back, nor what one only helps with', async () => {
	await give(person.anna, 'gleb');
	await pool.query(`alter table events disable trigger all`);
	await pool.query(`update events set at = at - interval '11 minutes' where deal_id = $1`, [id]);
	await pool.query(`alter table events enable trigger all`);
	const before = await ledgerOf(database);
	const back = { verb: 'back', back: 'owner', deal: `${id}.2` };
	expect((await person.anna.json('/deals/bulk', back)).json()).toMatchObject({ done: 0 });
	expect(await ledgerOf(database)).toEqual(before);
	await pool.query('insert into deal_collaborators (deal_id, person_id) values ($1, $2)', [
		id,
		cast.people.anna.id,
	]);
	expect((await give(person.anna, 'anna', 2)).statusCode).toBe(403);
});

test('whose role gives nothing away, or only within their team, gives no further', async () => {
	const permissions = (role: string, list: string) =>
		pool.query('update roles set permissions = $2 where code = $1', [role, list]);
	await permissions('manager', '{export,import}');
	await permissions('head', '{deals.reassign,export,import,filters.share}');
	try {
		const before = await ledgerOf(database);
		expect((await give(person.anna, 'boris')).statusCode).toBe(403);
		expect((await give(person.anna, 'anna')).statusCode).toBe(403);
		expect((await give(person.vera, 'gleb')).statusCode).toBe(403);
		expect((await give(person.gleb, 'gleb')).statusCode).toBe(404);
		expect(await offered(person.anna)).toEqual([]);
		const { anna, boris, vera } = cast.people;
		expect(await offered(person.vera)).toEqual([anna.id, boris.id, vera.id].sort());
		expect(await ledgerOf(database)).toEqual(before);
	} finally {
		await permissions('manager', '{deals.give,export,import}');
		await permissions('head', '{deals.reassign,deals.give,export,import,filters.share}');
	}
	const nobody = { ownerId: 999_999, version: 1 };
	expect((await person.vera.json(`/deals/${id}/owner`, nobody)).statusCode).toBe(422);
	expect((await give(person.vera, 'gleb')).statusCode).toBe(200);
});

test('nobody is given work who does not work here any more', async () => {
	await pool.query(`update people set active = false where login = 'boris'`);
	const before = await ledgerOf(database);
	expect((await give(person.vera, 'boris')).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	await pool.query(`update people set active = true where login = 'boris'`);
});

test('giving to the owner again changes nothing, a stale version is a conflict', async () => {
	const before = await ledgerOf(database);
	expect((await give(person.vera, 'anna')).statusCode).toBe(200);
	expect((await give(person.vera, 'boris', 5)).statusCode).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
});

test('of twenty who take the deal over one gets it', async () => {
	const answers = await Promise.all(
		Array.from({ length: 20 }, (_, n) =>
			give(n % 2 ? person.vera : person.ada, n % 2 ? 'vera' : 'boris'),
		),
	);
	const statuses = answers.map(({ statusCode }) => statusCode);
	expect(statuses.filter((status) => status === 200)).toHaveLength(1);
	expect(statuses.filter((status) => status === 409)).toHaveLength(19);
});

const offered = async (browser: Browser) => {
	const page = read((await browser.htmx('/board', `/deals/${id}/menu`)).body);
	const select = page.byId('f-ownerId');
	if (select === null) return [];
	const options = page.byTag('option', select);
	return options.map((option) => Number(attribute(option, 'value'))).sort();
};

test('the menu offers every colleague who works here', async () => {
	const { rows } = await pool.query('select id from people where active order by id');
	const all = rows.map(({ id: one }) => one).sort();
	expect(await offered(person.anna)).toEqual(all);
	expect(await offered(person.vera)).toEqual(all);
});
