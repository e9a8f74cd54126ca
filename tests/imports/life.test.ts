import { beforeAll, expect, test } from 'vitest';
import type { Mapping } from '#src/features/imports/columns/mapping.ts';
import type { Draft } from '#src/features/imports/engine/drafts.ts';
import { Finder } from '#src/features/imports/engine/finder.ts';
import { runRows } from '#src/features/imports/engine/run.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { LOGINS, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import {
	checked,
	idIn,
	imported,
	importRow,
	press,
	setting,
	upload,
	verdicts,
	work,
} from './desk.ts';
import { rowsOf } from './importing.ts';

/*
 * What can happen to an import on its way: stopped, killed and taken over, undone, pressed twice, looked at
 * by others.
 */
const database = await testDatabase();
const served = await testApp(database);
let anna: Browser;
let ada: Browser;

beforeAll(async () => {
	await makeCast(database.db);
	[anna, ada] = [await signIn(served, 'anna'), await signIn(served, 'ada')];
});

const many = (name: string, count: number) =>
	`Клиент;Регион\n${Array.from({ length: count }, (_, i) => `${name} № ${i};Омск\n`).join('')}`;
const count = async (like: string) =>
	(await rowsOf(database, `select count(*)::int from clients where name like '${like}%'`))[0]?.[0];

/** Lets an import run for one batch; then the program ends. */
async function oneBatch(id: number): Promise<void> {
	await runRows(setting(database, { signal: AbortSignal.abort() }), id);
}

test('killed half-way and taken over, every row is in once, and a key that comes again is known', async () => {
	const content = `${many('Гвоздь', 500)}Гвоздь № 7;Томск\nКонец;Омск\n`;
	const id = await checked(served, anna, { content }, { columns: ['name', 'region'] });
	await press(served, anna, id, 'start');
	await oneBatch(id);
	expect(await importRow(database, id)).toMatchObject({ status: 'running', done_rows: 200 });
	expect(await count('Гвоздь')).toBe(200);

	// Two workers at once: the second takes it over, the first sees that and stops.
	await Promise.all([runRows(setting(database), id), runRows(setting(database), id)]);
	await work(database);
	expect(await importRow(database, id)).toMatchObject({ status: 'done', done_rows: 502 });
	// The rows stay, the file itself is nobody's to keep.
	const pieces = `select count(*)::int from import_chunks where import_id = ${id}`;
	expect(await rowsOf(database, pieces)).toEqual([[0]]);
	expect(await count('Гвоздь')).toBe(500);
	expect((await verdicts(database, id)).slice(-2)).toEqual([
		[502, 'rejected', 'row.sameKey'],
		[503, 'created'],
	]);
	expect(
		await rowsOf(database, `select count(*)::int from events where type = 'import.finished'`),
	).toEqual([[1]]);
});

test('stopped, it says how many are in; the rest is untouched, and what is in can be undone', async () => {
	const content = many('Шуруп', 450);
	const id = await checked(served, anna, { content }, { columns: ['name', 'region'] });
	await press(served, anna, id, 'start');
	await oneBatch(id);
	const page = await anna.get(`/import/${id}`);
	expect(page.body).toContain('Обработано 200 из 450');
	expect(page.body).toContain('http-equiv="refresh"');
	await press(served, anna, id, 'cancellation');
	expect((await anna.get(`/import/${id}`)).body).toContain('Останавливаемся');
	await work(database);
	expect(await importRow(database, id)).toMatchObject({ status: 'cancelled', done_rows: 200 });
	expect(await count('Шуруп')).toBe(200);
	const stopped = (await anna.get(`/import/${id}`)).body;
	expect(stopped).toContain('Остановлено: обработано 200 из 450');
	expect((await anna.get(`/import/${id}?after=201`)).body).toContain('Не дошли');
	await press(served, anna, id, 'undo');
	await work(database);
	expect(await count('Шуруп')).toBe(0);
});

test('undone: what was made is gone, what was changed is back; what somebody touched stays and is told', async () => {
	const before = `Клиент;ИНН;Регион;Телефон\nУдачный;7736050003;Омск;8 495 000-00-01\nПравленый;;Омск;\n`;
	await imported(
		served,
		anna,
		{ content: before },
		{ columns: ['name', 'inn', 'region', 'phones'] },
	);
	const content = `Клиент;Регион;Телефон;Контактное лицо;Метки
Удачный;Томск;8 495 000-00-02;Пётр;новая
Правленый;Томск;;;
Лишний;Омск;8 495 000-00-03;Анна;
Занятой;Омск;;Иван;
`;
	const columns = ['name', 'region', 'phones', 'contact.name', 'tags'];
	const id = await imported(served, anna, { content }, { columns });
	expect((await importRow(database, id)).counts).toEqual({ created: 3, updated: 1 });
	// Meanwhile people have worked on two of them.
	await database.pool.query(`update clients set region = 'Тверь' where name = 'Правленый'`);
	await database.pool.query(`
		insert into deals (pipeline_id, stage_id, title, owner_id, client_id, stage_entered_at)
		select s.pipeline_id, s.id, 'Живая', c.owner_id, c.id, now()
		from stages s, clients c where s.position = 1 and c.name = 'Занятой'`);
	await press(served, anna, id, 'undo');
	await work(database);
	expect(await importRow(database, id)).toMatchObject({
		status: 'undone',
		// Taken away: «Лишний» and three contacts. Back: «Удачный». Left: «Правленый», «Занятой».
		undone: { removed: 4, restored: 1, kept: 2 },
	});
	const page = (await anna.get(`/import/${id}`)).body;
	expect(page).toContain(
		'убрано записей – 4, возвращено прежних значений – 1, осталось как есть – 2',
	);
	expect(page).toMatch(/>Правленый<\/a> <span class="soft">– с тех пор изменено/);
	expect(page).toMatch(/>Занятой<\/a> <span class="soft">– на запись опираются другие/);
	expect(
		await rowsOf(
			database,
			`select name, region, (select string_agg(value, ',') from contact_points p where p.client_id = c.id)
			from clients c where name in ('Удачный', 'Правленый', 'Лишний', 'Занятой') order by name`,
		),
	).toEqual([
		['Занятой', 'Омск', null],
		['Правленый', 'Тверь', null],
		['Удачный', 'Омск', '8 495 000-00-01'],
	]);
	expect(
		await rowsOf(
			database,
			`select data->'removed' from events where type = 'import.undone' order by id desc limit 1`,
		),
	).toEqual([[4]]);
	expect(page).toContain('Была заведена');
	expect(page).not.toContain('Заведена');
	// Once undone it cannot be undone again.
	expect((await press(served, anna, id, 'undo')).statusCode).toBe(422);
});

test('an import of deals is undone with its history and its sums', async () => {
	await database.pool.query(`delete from deal_tallies`);
	const tallies = `select coalesce(sum(deals), 0)::int, coalesce(sum(amount), 0)::text from deal_tallies`;
	const content = `Клиент;Интерес;Сумма\nСвой завод;Станок;100\nСвой завод;Пресс;200,50\n`;
	const file = { content, feeds: 'deals' };
	const id = await imported(served, anna, file, { columns: ['client', 'title', 'amount'] });
	expect(await rowsOf(database, tallies)).toEqual([[2, '300.50']]);
	await press(served, anna, id, 'undo');
	await work(database);
	expect((await importRow(database, id)).undone).toEqual({ removed: 3, restored: 0, kept: 0 });
	expect(await rowsOf(database, tallies)).toEqual([[0, '0.00']]);
	expect(await count('Свой завод')).toBe(0);
	const orphans = `select count(*)::int from stage_changes c where not exists (select from deals where id = c.deal_id)`;
	expect(await rowsOf(database, orphans)).toEqual([[0]]);
	await expect(database.pool.query('delete from stage_changes')).rejects.toThrow('append-only');
});

test('the owner sees their imports, an administrator everybody’s, nobody else any', async () => {
	const id = await imported(
		served,
		anna,
		{ content: many('Тайный', 1), name: 'тайна.csv' },
		{ columns: ['name', 'region'] },
	);
	const paths = ['', '/progress', '/rejected.csv', '/rejected.xlsx'];
	for (const login of LOGINS) {
		const person = await signIn(served, login);
		const sees = login === 'anna' || login === 'ada';
		for (const path of paths)
			expect((await person.get(`/import/${id}${path}`)).statusCode, `${login}${path}`).toBe(
				sees ? 200 : 404,
			);
		expect((await person.get('/import')).body.includes('тайна.csv')).toBe(sees);
	}
	const bodies = {
		...{ columns: { c0: 'name', way: 'name', known: 'update' }, reading: { headerLine: 1 } },
		...{ start: {}, cancellation: {}, undo: {}, removal: {} },
	};
	for (const login of ['boris', 'vera', 'gleb'] as const) {
		const person = await signIn(served, login);
		for (const [path, body] of Object.entries(bodies))
			expect((await person.post(`/import/${id}/${path}`, { version: 3, ...body })).statusCode).toBe(
				404,
			);
	}
	expect(await importRow(database, id)).toMatchObject({ version: 3, status: 'done' });
	expect((await ada.get('/import')).body).toContain('Анна Соколова');
});

test('every order names the version that it started from', async () => {
	const id = idIn(await upload(served, anna, { content: many('Версия', 1) }));
	const right = { c0: 'name', c1: 'region', way: 'name', known: 'update' };
	const bodies = {
		...{ columns: right, reading: { encoding: 'auto', delimiter: 'auto', headerLine: 1 } },
		...{ start: {}, cancellation: {}, undo: {}, removal: {} },
	};
	for (const [path, body] of Object.entries(bodies)) {
		const without = await anna.post(`/import/${id}/${path}`, body);
		expect([path, without.statusCode]).toEqual([path, 428]);
		for (const version of [2, 7]) {
			const stale = await anna.post(`/import/${id}/${path}`, { ...body, version });
			expect([path, stale.statusCode]).toEqual([path, 409]);
			expect(stale.body).toContain('role="alert"');
			const json = await anna.json(`/import/${id}/${path}`, { ...body, version });
			expect(json.statusCode).toBe(409);
		}
	}
	// What was chosen comes back with the refusal.
	const stale = await anna.post(`/import/${id}/columns`, { ...right, c1: 'source', version: 7 });
	expect(stale.body).toContain('value="source" selected');
	expect(await importRow(database, id)).toMatchObject({ version: 1, status: 'mapping' });
	expect((await press(served, anna, id, 'start')).statusCode).toBe(422);
	expect((await press(served, anna, id, 'removal')).statusCode).toBe(303);
	expect(await importRow(database, id)).toBeUndefined();
	expect(
		await rowsOf(database, `select count(*)::int from import_chunks where import_id = ${id}`),
	).toEqual([[0]]);
});

test('a column that is needed must be chosen, and none twice; the choice stays', async () => {
	const id = idIn(await upload(served, anna, { content: many('Выбор', 1) }));
	const send = (fields: Record<string, string>) =>
		press(served, anna, id, 'columns', { way: 'name', known: 'update', ...fields });
	const missing = await send({ c0: 'region' });
	expect([missing.statusCode, missing.body]).toEqual([
		422,
		expect.stringContaining('Выберите столбец для поля «Название»'),
	]);
	const twice = await send({ c0: 'name', c1: 'name' });
	expect([twice.statusCode, twice.body]).toEqual([
		422,
		expect.stringContaining('выбрано для нескольких столбцов'),
	]);
	for (const c1 of ['__proto__', 'constructor', 'version', 'ownerId'])
		expect((await send({ c0: 'name', c1 })).statusCode).toBe(422);
	expect((await send({ c0: 'name', c2: 'region' })).statusCode).toBe(400);
	expect((await send({ c0: 'name', known: 'delete' })).statusCode).toBe(422);
});

test('progress is told to programs and to the page, which stops asking when it is over', async () => {
	const id = await checked(
		served,
		anna,
		{ content: many('Ход', 3) },
		{ columns: ['name', 'region'] },
	);
	await press(served, anna, id, 'start');
	const under = await anna.htmx(`/import/${id}`, `/import/${id}/progress`);
	expect(under.body).toContain('hx-trigger="every 1s"');
	await work(database);
	const over = await anna.htmx(`/import/${id}`, `/import/${id}/progress`);
	expect(over.body).toContain('hx-target="#import"');
	expect(over.body).not.toContain('every 1s');
	const told = await anna.get(`/import/${id}/progress`, { accept: 'application/json' });
	expect(told.json()).toMatchObject({ status: 'done', rows: 3, done: 3, counts: { created: 3 } });
});

test('a client that a row points to is held until the batch is in; one that is gone meanwhile is a reason', async () => {
	const { rows } = await database.pool.query(`select id from clients order by id limit 1`);
	const [there, gone] = [rows[0].id as number, 999_999_999];
	const draft = (id: number): Draft => ({
		...{ row: { line: id, cells: {} }, refs: [], way: null, identity: undefined },
		...{ given: {}, fallback: {}, reasons: [], notices: [] },
		pointers: [
			{
				...{ field: 'client', column: 'Клиент', target: 'clients', by: 'row' },
				...{ text: '', fallback: false, spare: false },
			},
		],
	});
	const mapping = { source: 'x', files: [], aliases: {} } as unknown as Mapping;
	const search = { mapping, pipelineId: null, actor: null, rehearsal: null };
	const drafts = [draft(there), draft(gone)];
	await database.db.transaction(async (tx) => {
		await new Finder(search, (_target, line) => line, new Set()).resolve(tx, drafts);
		const taken = database.pool.query(`select from clients where id = $1 for update nowait`, [
			there,
		]);
		await expect(taken).rejects.toThrow(/lock/);
	});
	expect(drafts.map(({ reasons }) => reasons.map(({ key }) => key))).toEqual([
		[],
		['row.clientGone'],
	]);
});
