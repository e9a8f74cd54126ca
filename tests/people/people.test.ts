import { beforeAll, beforeEach, expect, test } from 'vitest';
import { findActor } from '#src/features/access/queries.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { keptSteps, recountedSteps } from '../interactions/steps.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
let cast: Cast;
let ada: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
});
beforeEach(async () => {
	await pool.query(`update people set active = true, role = 'administrator' where login = 'ada'`);
	ada = await signIn(served, 'ada');
});

async function refused(status: number, call: () => ReturnType<Browser['get']>) {
	const before = await ledgerOf(database);
	const answer = await call();
	expect(answer.statusCode, answer.body.slice(0, 300)).toBe(status);
	expect(await ledgerOf(database)).toEqual(before);
	return answer;
}
const idOf = async (table: string, where: string): Promise<number> =>
	Number((await pool.query(`select id from ${table} where ${where}`)).rows[0]?.id);
const versionOf = async (id: number): Promise<number> =>
	(await pool.query('select version from people where id = $1', [id])).rows[0]?.version;

test('a person is added, changed field by field, and works at once', async () => {
	const person = { name: 'Дарья Комарова', login: 'darya', role: 'manager' };
	const made = await ada.json('/admin/people', person);
	expect(made.statusCode, made.body).toBe(200);
	const { personId } = made.json();
	expect((await findActor(db, 'darya'))?.scope).toEqual([personId]);
	const teamId = await idOf('teams', `name = 'Отдел продаж'`);
	const edit = { ...person, name: 'Дарья Зимина', teamId, version: 1 };
	expect((await ada.json(`/admin/people/${personId}/edit`, edit)).json().version).toBe(2);
	const { rows } = await pool.query(
		`select data from events where type = 'person.edited' and data->>'personId' = $1`,
		[String(personId)],
	);
	expect(rows[0].data.changes).toEqual({
		...{ name: ['Дарья Комарова', 'Дарья Зимина'], teamId: [null, teamId] },
	});
	const stale = await refused(409, () => ada.json(`/admin/people/${personId}/edit`, edit));
	expect(stale.body).toContain('Ада Миронова');
});

test('a login is one person’s, whatever its letters; a role must be there; a head needs a team', async () => {
	const person = { name: 'Двойник', login: 'ANNA', role: 'manager' };
	const twin = await refused(422, () => ada.json('/admin/people', person));
	expect(twin.json().error.fields).toHaveProperty('login');
	await refused(422, () => ada.json('/admin/people', { ...person, login: 'x', role: 'king' }));
	const head = await refused(422, () =>
		ada.json('/admin/people', { ...person, login: 'x', role: 'head' }),
	);
	expect(head.json().error.fields).toHaveProperty('teamId');
});

test('who leaves hands over open deals with their plans, other plans and clients; what is closed stays', async () => {
	const { boris, gleb } = cast.people;
	const { id: extra } = await makeDeal(db, cast, 'boris', {
		...{
			title: 'Ещё одна',
			plan: { plannedOn: '2026-11-26' },
			client: { name: 'ООО «Оставленный»', inn: null },
		},
	});
	const borises = await signIn(served, 'boris');
	const address = `/admin/people/${boris.id}`;
	const form = await ada.get(`${address}/leaving/new`);
	expect(form.body).toContain('2 открытых интереса');
	const nobody = await refused(422, () => ada.json(`${address}/leaving`, { version: 1 }));
	expect(nobody.json().error.fields).toHaveProperty('heirId');
	await refused(422, () => ada.json(`${address}/leaving`, { version: 1, heirId: boris.id }));
	const left = await ada.json(`${address}/leaving`, { version: 1, heirId: gleb.id });
	expect(left.statusCode, left.body).toBe(200);
	expect(left.json()).toMatchObject({ deals: 2 });
	const { rows } = await pool.query(
		`select (select count(*)::int from deals where owner_id = $1 and closed_on is null) as deals,
			(select count(*)::int from interactions where owner_id = $1 and status = 'planned') as plans,
			(select count(*)::int from clients where owner_id = $1) as clients`,
		[boris.id],
	);
	expect(rows[0]).toEqual({ deals: 0, plans: 0, clients: 0 });
	expect(
		(await pool.query('select owner_id from deals where id = $1', [extra])).rows[0].owner_id,
	).toBe(gleb.id);
	expect(await keptSteps(database)).toEqual(await recountedSteps(database));
	// Out at once, with what was open.
	expect((await borises.get('/board', { accept: 'application/json' })).statusCode).toBe(401);
	expect(await findActor(db, 'boris')).toBeNull();
	const back = await ada.json(`${address}/admission`, { version: await versionOf(boris.id) });
	expect(back.statusCode, back.body).toBe(200);
	expect(await findActor(db, 'boris')).not.toBeNull();
	await refused(422, async () =>
		ada.json(`${address}/admission`, { version: await versionOf(boris.id) }),
	);
});

test('nobody dismisses themselves, and somebody is always left who sets up people', async () => {
	const { ada: me, vera } = cast.people;
	await refused(422, async () =>
		ada.json(`/admin/people/${me.id}/leaving`, {
			version: await versionOf(me.id),
			heirId: vera.id,
		}),
	);
	const myself = { name: 'Ада Миронова', login: 'ada', role: 'manager' };
	const last = await refused(422, async () =>
		ada.json(`/admin/people/${me.id}/edit`, { ...myself, version: await versionOf(me.id) }),
	);
	expect(last.body).toContain('оставьте хотя бы одного');
	const roleId = await idOf('roles', `code = 'administrator'`);
	await refused(422, () =>
		ada.json(`/admin/roles/${roleId}/edit`, { version: 1, viewScope: 'all', editScope: 'all' }),
	);
});

test('a team never stands below itself, and goes only when it is empty', async () => {
	const above = (await ada.json('/admin/teams', { name: 'Коммерческий блок' })).json().teamId;
	const below = (await ada.json('/admin/teams', { name: 'Опт', parentId: above })).json().teamId;
	await refused(422, () =>
		ada.json(`/admin/teams/${above}/edit`, {
			version: 1,
			name: 'Коммерческий блок',
			parentId: below,
		}),
	);
	const used = await refused(422, () => ada.json(`/admin/teams/${above}/removal`, { version: 1 }));
	expect(used.body).toContain('1 подкоманда');
	expect((await ada.json(`/admin/teams/${below}/removal`, { version: 1 })).statusCode).toBe(200);
	await refused(409, () => ada.json(`/admin/teams/${above}/removal`, { version: 7 }));
	expect((await ada.json(`/admin/teams/${above}/removal`, { version: 1 })).statusCode).toBe(200);
});

test('a role of the company’s own is made by boxes, given, changed at once, and goes when nobody has it', async () => {
	const role = { name: 'Ассистент', viewScope: 'team', editScope: 'own', may_export: '1' };
	const { roleId } = (await ada.json('/admin/roles', role)).json();
	const code = (await pool.query('select code from roles where id = $1', [roleId])).rows[0].code;
	await refused(422, () => ada.json('/admin/roles', { ...role, editScope: 'all', name: 'Больше' }));
	await refused(422, () => ada.json('/admin/roles', role));
	const { anna } = cast.people;
	const teamId = await idOf('teams', `name = 'Отдел продаж'`);
	const given = { name: 'Анна Соколова', login: 'anna', role: code, teamId, version: 1 };
	expect((await ada.json(`/admin/people/${anna.id}/edit`, given)).statusCode).toBe(200);
	const annas = await signIn(served, 'anna');
	expect((await annas.get('/deals/export?format=csv')).statusCode).toBe(200);
	const less = { version: 1, name: 'Ассистент', viewScope: 'team', editScope: 'own' };
	expect((await ada.json(`/admin/roles/${roleId}/edit`, less)).statusCode).toBe(200);
	expect((await annas.get('/deals/export?format=csv')).statusCode).toBe(403);
	const used = await refused(422, () => ada.json(`/admin/roles/${roleId}/removal`, { version: 2 }));
	expect(used.body).toContain('у 1 человека');
	await pool.query(`update people set role = 'manager' where id = $1`, [anna.id]);
	expect((await ada.json(`/admin/roles/${roleId}/removal`, { version: 2 })).statusCode).toBe(200);
	const builtIn = await idOf('roles', `code = 'manager'`);
	await refused(422, () => ada.json(`/admin/roles/${builtIn}/removal`, { version: 1 }));
});

test('groups of the directory give roles and teams in an order that is set by buttons and without scripts', async () => {
	await refused(422, () => ada.json('/admin/mappings', { pattern: '/sales/*' }));
	for (const pattern of ['/sales/*', '/heads'])
		await ada.json('/admin/mappings', { pattern, role: 'manager' });
	const second = await idOf('group_mappings', `pattern = '/heads'`);
	const answer = await ada.post(`/admin/mappings/${second}/position`, { version: 1, way: 'up' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/admin/mappings']);
	const body = (await ada.get('/admin/mappings')).body;
	expect(body.indexOf('/heads')).toBeLessThan(body.indexOf('/sales/*'));
	const roles = await refused(422, () =>
		ada.json('/admin/mappings', { pattern: 'x', role: 'нет такой' }),
	);
	expect(roles.json().error.fields).toHaveProperty('role');
});

test('a manager finds no door to people, and hostile names stay text', async () => {
	const gleb = await signIn(served, 'gleb');
	await refused(403, () => gleb.get('/admin/people'));
	expect((await gleb.get('/board')).body).not.toContain('/admin/people');
	const evil = '<img src=x onerror=alert(1)> "><script>';
	await ada.json('/admin/people', { name: evil, login: 'evil', role: 'manager' });
	await ada.json('/admin/teams', { name: evil });
	for (const page of ['people', 'teams']) {
		const { body } = await ada.get(`/admin/${page}`);
		expect(body).not.toContain('<img src=x');
		expect(body).toContain('&lt;img src=x');
	}
	expect(by(cast.people.ada).actorId).toBe(cast.people.ada.id);
});
