import { beforeAll, expect, test } from 'vitest';
import { findActor } from '#src/features/access/queries.ts';
import { can, mayEditOf, seesMore } from '#src/features/access/rights.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

/*
 * Roles of the company's own: what they see, what they change, what else they may. Boris, a manager in the
 * tests beside, is here a «Стажёр»: he sees his team's records and changes his own.
 */
const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;
let boris: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	await database.pool.query(`
		insert into roles (code, name, view_scope, edit_scope, permissions)
		values ('trainee', 'Стажёр', 'team', 'own', '{}'), ('reviewer', 'Ревизор', 'all', 'own', '{export}')`);
	await database.pool.query(`update people set role = 'trainee' where login = 'boris'`);
	boris = await signIn(served, 'boris');
});

/** The refusal, and that it changed nothing. */
async function refused(status: number, call: () => ReturnType<Browser['get']>): Promise<string> {
	const before = await ledgerOf(database);
	const answer = await call();
	expect(answer.statusCode, answer.body.slice(0, 300)).toBe(status);
	expect(await ledgerOf(database)).toEqual(before);
	return answer.body;
}

test('a role says whose records are seen, whose are changed, and what else may be done', async () => {
	const actor = await findActor(database.db, 'boris');
	if (actor === null) throw new Error('Boris is gone');
	const { anna, boris: himself, vera, gleb } = cast.people;
	expect([actor.role, actor.roleName, actor.sees, actor.edits]).toEqual([
		...['trainee', 'Стажёр', 'team', 'own'],
	]);
	expect([...(actor.scope as number[])].sort()).toEqual([anna.id, himself.id, vera.id].sort());
	expect(actor.editScope).toEqual([himself.id]);
	expect([mayEditOf(actor, himself.id), mayEditOf(actor, anna.id)]).toEqual([true, false]);
	expect([seesMore(actor), seesMore(anna), can(actor, 'export')]).toEqual([true, false, false]);
	expect(gleb.scope).toEqual([gleb.id]);
});

test('who sees a colleague’s deal and may not change it reads it, and changes nothing of it', async () => {
	const { anna: theirs } = cast.deals;
	expect((await boris.get(`/deals/${theirs}`)).statusCode).toBe(200);
	expect((await boris.get('/board')).body).toContain('Пароконвектомат');
	const said = await refused(403, () =>
		boris.json(`/deals/${theirs}/moves`, { stageId: cast.open[1].id, version: 1 }),
	);
	expect(said).toContain('менять её ваша роль не позволяет');
	await refused(403, () => boris.json(`/deals/${theirs}/edit`, { version: 1, title: 'Моё' }));
	const step = { kindId: 1, summary: 'Позвонить', plannedDay: '2026-11-30' };
	await refused(403, () => boris.json(`/deals/${theirs}/interactions`, step));
	const done = { version: 1, outcome: 'Готово' };
	await refused(403, () => boris.json(`/interactions/${cast.steps.anna}/completion`, done));
	const { rows } = await database.pool.query('select client_id from deals where id = $1', [theirs]);
	const client = `/clients/${rows[0].client_id}`;
	expect((await boris.get(client)).statusCode).toBe(200);
	await refused(403, () => boris.json(`${client}/edit`, { version: 1, note: 'Моё' }));
	await refused(404, () =>
		boris.json(`/deals/${cast.deals.gleb}/moves`, { stageId: cast.open[1].id, version: 1 }),
	);
});

test('many at once are told one by one which of them may not be changed', async () => {
	const own = cast.deals.boris;
	const answer = await boris.json('/deals/bulk', {
		...{ verb: 'tag', tag: 'срочно', deal: [`${own}.1`, `${cast.deals.anna}.1`] },
	});
	expect(answer.statusCode, answer.body).toBe(200);
	const { rows } = await database.pool.query('select deal_id from deal_tags');
	expect(rows.map(({ deal_id }) => Number(deal_id))).toEqual([own]);
});

test('their own records are theirs to change, and a deal that they help with', async () => {
	const move = { stageId: cast.open[1].id, version: 1 };
	const own = `/deals/${cast.deals.boris}/moves`;
	expect((await boris.json(own, { ...move, version: 2 })).statusCode).toBe(200);
	await database.pool.query('insert into deal_collaborators (deal_id, person_id) values ($1, $2)', [
		...[cast.deals.today, cast.people.boris.id],
	]);
	expect((await boris.json(`/deals/${cast.deals.today}/moves`, move)).statusCode).toBe(200);
});

test('what the role does not permit is refused: to take lists away, to bring files in, to set up', async () => {
	await refused(403, () => boris.get('/deals/export?format=csv'));
	await refused(403, () => boris.get('/import'));
	await refused(403, () => boris.get('/admin/kinds'));
	expect((await boris.get('/board')).body).not.toContain('href="/import"');
});

test('a role that changes takes effect with the next request', async () => {
	await database.pool.query(`update people set role = 'reviewer' where login = 'boris'`);
	expect((await boris.get('/deals/export?format=csv')).statusCode).toBe(200);
	expect((await boris.get(`/deals/${cast.deals.gleb}`)).statusCode).toBe(200);
	await refused(403, () =>
		boris.json(`/deals/${cast.deals.gleb}/moves`, { stageId: cast.open[1].id, version: 1 }),
	);
});

test('a team role without a team sees its own and nothing else; no role changes more than it sees', async () => {
	const { pool } = database;
	await pool.query(`update people set role = 'trainee', team_id = null where login = 'boris'`);
	const actor = await findActor(database.db, 'boris');
	expect(actor?.scope).toEqual([cast.people.boris.id]);
	await expect(
		pool.query(`insert into roles (name, view_scope, edit_scope) values ('x', 'own', 'team')`),
	).rejects.toThrow('roles_edit_within_view');
});
