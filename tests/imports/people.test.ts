import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { checked, imported, importRow, press, verdicts, work } from './desk.ts';

/* A file of people gives no more than its importer has, asks who that is, and is told of as what is done by hand. */
const database = await testDatabase();
const served = await testApp(database);
const { pool } = database;
let cast: Cast;
let ada: Browser;
let boris: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	await pool.query(
		`insert into roles (code, name, view_scope, edit_scope, permissions)
		select 'hr', 'Кадры', 'own', 'own', permissions || '{people}'::text[] from roles where code = 'manager'`,
	);
	await pool.query(`update people set role = 'hr' where login = 'boris'`);
	await pool.query(`update people set email = login || '@shop.example'`);
	[ada, boris] = [await signIn(served, 'ada'), await signIn(served, 'boris')];
});

const columns = ['name', 'role', 'team', 'email'];
const file = (...rows: string[]) => ({
	...{ feeds: 'people', name: 'люди.csv' },
	content: ['ФИО;Роль;Отдел;Почта', ...rows, ''].join('\n'),
});
const person = async (name: string) =>
	(await pool.query('select * from people where name = $1', [name])).rows[0];
const events = async (id: number) =>
	(
		await pool.query(
			`select type, door, actor_id as who, data from events where type like 'person.%' and data->>'personId' = $1 order by id`,
			[String(id)],
		)
	).rows;

test('nobody gives by a file more than they have, nor changes whoever has more, nor moves others between teams', async () => {
	const before = await person(cast.people.ada.name);
	const gleb = await person(cast.people.gleb.name);
	const id = await imported(
		served,
		boris,
		file(
			'Новая Вера;Менеджер;;new@shop.example',
			'Новый Царь;Руководитель;Отдел продаж;king@shop.example',
			`${before.name};;;mine@shop.example`,
			`${gleb.name};;Отдел продаж;`,
		),
		{ columns },
	);
	expect(await verdicts(database, id)).toEqual([
		[2, 'created'],
		[3, 'rejected', 'row.grantsMore'],
		[4, 'rejected', 'row.grantsMore'],
		[5, 'rejected', 'row.grantsMore'],
	]);
	expect(await person('Новый Царь')).toBeUndefined();
	expect(await person(before.name)).toEqual(before);
	expect((await person(gleb.name)).team_id).toBe(gleb.team_id);
	// Who has everything gives everything.
	await imported(served, ada, file('Новый Царь;Руководитель;Отдел продаж;king@shop.example'), {
		columns,
	});
	expect((await person('Новый Царь')).role).toBe('head');
});

test('who comes or changes by a file has the history, the version and the letter of one done by hand', async () => {
	await pool.query('delete from mails');
	await imported(served, ada, file('Зоя Ким;Менеджер;;zoya@shop.example'), { columns });
	const { id, version } = await person('Зоя Ким');
	await imported(served, ada, file('Зоя Ким;Руководитель;Отдел продаж;'), { columns });
	const zoya = await person('Зоя Ким');
	expect([zoya.role, zoya.version]).toEqual(['head', version + 1]);
	const done = { door: 'import', who: cast.people.ada.id };
	expect(await events(id)).toEqual([
		{
			...{ ...done, type: 'person.created' },
			data: { personId: id, login: 'zoya.kim', name: 'Зоя Ким', role: 'manager', waiting: false },
		},
		{
			...{ ...done, type: 'person.edited' },
			data: {
				personId: id,
				changes: { role: ['manager', 'head'], teamId: [null, zoya.team_id] },
			},
		},
	]);
	const { rows } = await pool.query(
		`select address, content::text as said from mails where kind = 'rights' order by address`,
	);
	expect(rows.map(({ address }) => address)).toEqual([
		...['ada@shop.example', 'ada@shop.example'],
		...['boris@shop.example', 'boris@shop.example'],
	]);
	for (const { said } of rows) expect(said).toContain('mail.rightsPeopleImported');
	const audit = await ada.get('/admin/audit');
	expect([audit.statusCode, audit.body.includes('Зоя Ким')]).toEqual([200, true]);
});

test('who signed in long ago proves it first, and comes back to the import with what is to be pressed', async () => {
	const id = await checked(served, ada, file('Ким Ир;Менеджер;;kim@shop.example'), { columns });
	await pool.query(`update sessions set proven_at = proven_at - interval '1 hour'`);
	const { version } = await importRow(database, id);
	const program = await ada.json(`/import/${id}/start`, { version });
	expect([program.statusCode, program.json().error.key]).toEqual([401, 'error.freshSignIn']);
	const asked = await press(served, ada, id, 'start');
	const to = asked.headers.location as string;
	expect(to).toMatch(/^\/sign-in\/again\?held=/);
	expect((await importRow(database, id)).status).toBe('checked');
	const page = await ada.get(to);
	const returnTo = /name="returnTo" value="([^"]+)"/.exec(page.body)?.[1] as string;
	expect(returnTo).toMatch(new RegExp(`^/import/${id}\\?held=`));
	const entered = await ada.post('/sign-in', { login: 'ada', returnTo });
	expect([entered.statusCode, entered.headers.location]).toEqual([303, returnTo]);
	const again = await signIn(served, 'ada');
	const back = await again.get(returnTo);
	expect([
		back.statusCode,
		back.body.includes('Вы вошли ещё раз. Загрузку можно начинать.'),
	]).toEqual([200, true]);
	expect((await press(served, again, id, 'start')).headers.location).toBe(`/import/${id}`);
	await work(database);
	expect((await person('Ким Ир')).role).toBe('manager');
});

test('a file of clients asks nobody to sign in again', async () => {
	await pool.query(`update sessions set proven_at = proven_at - interval '1 hour'`);
	const anna = await signIn(served, 'anna');
	await pool.query(`update sessions set proven_at = proven_at - interval '1 hour'`);
	const clients = { content: 'Название\nООО «Без спроса»\n' };
	const id = await imported(served, anna, clients, { columns: ['name'] });
	expect((await importRow(database, id)).counts).toEqual({ created: 1 });
});
