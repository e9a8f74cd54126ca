import { beforeAll, expect, test } from 'vitest';
import { addRole, editRole } from '#src/features/access/roles/actions.ts';
import { endSessionsOf } from '#src/features/access/sessions/actions.ts';
import { setDealProducts } from '#src/features/deals/products/products.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { explainWork } from '../bench/plans.ts';
import { recordStatements } from '../bench/statements.ts';
import { by, type Cast, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, type Page, read, textOf } from '../html.ts';

const database = await testDatabase();
const recorder = recordStatements(database.pool);
let now = NOW;
const served = await testApp(database, { now: () => now });
let cast: Cast;
let ada: Browser;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(database.db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});

const linesOf = (page: Page) =>
	page.byTag('tr').filter((row) => attribute(row, 'id')?.startsWith('event-'));

/** The lines of the log under an address, each as its cells. */
async function log(query = '', person = ada): Promise<string[][]> {
	const answer = await person.get(`/admin/audit${query}`);
	expect(answer.statusCode, answer.body.slice(0, 200)).toBe(200);
	const page = read(answer.body);
	return linesOf(page).map((row) =>
		page.byTag('td', row).map((cell) => textOf(cell).replace(/\s+/g, ' ').trim()),
	);
}

test('who, what, old and new, when, by which door and from which address', async () => {
	const dealId = cast.deals.none;
	const edited = await anna.post(
		`/deals/${dealId}`,
		{ version: 1, title: 'Витрина угловая', returnTo: `/deals/${dealId}` },
		{ referer: `http://localhost/deals/${dealId}` },
	);
	expect(edited.statusCode).toBe(303);
	const [line] = await log(`?record=deal:${dealId}`);
	expect(line).toEqual([
		'вт, 24 ноя, 12:00',
		'Анна Соколова',
		'Интерес изменён',
		'Витрина угловая',
		'Интерес: Витрина → Витрина угловая',
		'с карточки 127.0.0.1',
	]);
});

test('a line of products is told as people write figures', async () => {
	const dealId = cast.deals.today;
	const version = (await database.pool.query('select version from deals where id = $1', [dealId]))
		.rows[0].version;
	const lines = [{ row: 1, name: 'Весы', quantity: '1.5', price: '12500.00' }];
	const table = { version, lines, amountFromProducts: false };
	await setDealProducts(database.db, by(cast.people.anna), dealId, table);
	const [line] = await log(`?record=deal:${dealId}`);
	expect(line?.[4]?.replaceAll('\u00a0', ' ')).toContain('Весы: — → 1,5 × 12 500');
});

test('the address is the one that a trusted proxy tells', async () => {
	const proxied = await testApp(database, { env: { TRUSTED_PROXIES: '127.0.0.1' } });
	const boris = await signIn(proxied, 'boris');
	const at = { 'x-forwarded-for': '10.20.30.40' };
	await boris.post('/settings', { ...settings, version: 1, remindMinutes: 30 }, at);
	const lines = await log(`?person=${cast.people.boris.id}&kind=settings`);
	expect(lines[0]?.at(-1)).toBe('из формы 10.20.30.40');
});

const settings = {
	...{ language: 'ru', timeZone: 'Europe/Moscow', workFrom: '09:00', workUntil: '18:00' },
	...{ mailReminders: '1', mailDigest: '1' },
};

test('sign-ins, sign-outs and sign-ins that failed are there', async () => {
	const gleb = await signIn(served, 'gleb');
	await gleb.post('/sign-out', {});
	await signIn(served, 'gleb');
	await endSessionsOf(database.db, by(cast.people.ada), cast.people.gleb.id);
	const own = await log(`?kind=session&person=${cast.people.gleb.id}`);
	expect(own.map(([, , what, , changes]) => `${what}: ${changes}`)).toEqual([
		'Вход: Способ: демонстрационный вход',
		'Сеанс завершён: Причина: вышел сам Чей: Глеб Астахов Сеансы: 1',
		'Вход: Способ: демонстрационный вход',
	]);
	expect(own.every((line) => line.at(-1)?.endsWith('127.0.0.1'))).toBe(true);
	const [ended] = await log(`?kind=session&person=${cast.people.ada.id}`);
	expect(ended?.[4]).toContain('завершён администратором Чей: Глеб Астахов');

	const closed = await testApp(database, { env: { BREAK_GLASS: 'on' } });
	const wrong = { login: 'ada', password: 'угадаю' };
	const headers = { 'content-type': 'application/json' };
	const tried = { method: 'POST', url: '/sign-in/local', payload: wrong, headers } as const;
	expect((await closed.app.inject(tried)).statusCode).toBe(422);
	const [refused] = (await log('?kind=session')).filter((line) => line[2] === 'Вход не удался');
	expect(refused?.slice(1, 3)).toEqual(['ada', 'Вход не удался']);
	expect(refused?.[4]).toContain('Причина: ');
	expect(refused?.[4]).not.toContain('signIn.');
	expect(JSON.stringify(refused)).not.toContain('угадаю');
	expect(refused?.at(-1)).toContain('127.0.0.1');
});

test('a change that somebody has no right to make is there, once a minute, and reading is not', async () => {
	const forbidden = () => anna.post('/admin/tags', { name: 'опт', colour: 'blue' });
	expect((await forbidden()).statusCode).toBe(403);
	expect((await forbidden()).statusCode).toBe(403);
	expect((await anna.get('/admin/tags')).statusCode).toBe(403);
	const lines = async () => (await log('?kind=access')).map((line) => [line[1], line[2], line[4]]);
	const line = ['Анна Соколова', 'Нет права: отказано', 'Чего не разрешили: /admin/tags'];
	expect(await lines()).toEqual([line]);
	now = new Date(now.getTime() + 61_000);
	await forbidden();
	now = NOW;
	expect(await lines()).toEqual([line, line]);
});

test('names stand for ids, and words for codes, also of what an administrator sets up', async () => {
	const acting = by(cast.people.ada);
	const role = { viewScope: 'team', editScope: 'own', permissions: ['export'] } as const;
	const roleId = await addRole(database.db, acting, {
		...{ ...role, name: 'Стажёр', permissions: [...role.permissions] },
	});
	await editRole(database.db, acting, roleId, 1, {
		...{ name: 'Стажёр', viewScope: 'all', editScope: 'own', permissions: ['export', 'audit'] },
	});
	const [changed, added] = await log(`?record=role:${roleId}`);
	expect(added?.slice(2, 4)).toEqual(['Роль добавлена', 'Стажёр']);
	expect(changed?.slice(2, 5)).toEqual([
		'Роль изменена',
		'Стажёр',
		'Видит: команду с подкомандами → всё Кроме того, может: выгружать списки → выгружать списки, читать журнал действий',
	]);
	const moves = await log(`?record=deal:${cast.deals.won}`);
	expect(moves[0]?.[4]).toContain(`Состояние: ${cast.open[0].name} → ${cast.won.name}`);
});

test('person, kind, record and period narrow it down, alone and together', async () => {
	const all = await log();
	expect(all.length).toBeGreaterThan(20);
	const annas = await log(`?person=${cast.people.anna.id}`);
	expect(annas.every(([, who]) => who === 'Анна Соколова')).toBe(true);
	const deals = await log(`?person=${cast.people.anna.id}&kind=deal`);
	expect(deals.length).toBeLessThan(annas.length);
	expect(deals.length).toBeGreaterThan(0);
	// The day is the reader's: noon of the 24th in Moscow.
	expect(await log('?from=2026-11-25')).toEqual([]);
	expect(await log('?until=2026-11-23')).toEqual([]);
	expect((await log('?from=2026-11-24&until=2026-11-24')).length).toBe(all.length);
	const client = await log(`?record=${encodeURIComponent('http://crm/clients/1?x=1')}`);
	expect(client.length).toBeGreaterThan(0);
	expect((await ada.get('/admin/audit?kind=нет')).statusCode).toBe(400);
	expect((await ada.get('/admin/audit?after=нет')).statusCode).toBe(400);
});

test('it is asked for a record as people call it: by words of its name or by its number', async () => {
	const asked = (record: string) => log(`?record=${encodeURIComponent(record)}`);
	const deal = await asked(`deal:${cast.deals.none}`);
	expect(deal.length).toBeGreaterThan(0);
	const [number, title] = [await asked(`№ ${cast.deals.none}`), await asked('витрина УГЛ')];
	expect([number, title]).toEqual([deal, deal]);
	const { rows } = await database.pool.query('select id, name from clients where id = 1');
	const client = await asked('client:1');
	expect(client.length).toBeGreaterThan(0);
	expect(await asked(rows[0].name)).toEqual(client);
	const nobody = await ada.get(`/admin/audit?record=${encodeURIComponent('что-то')}`);
	expect(nobody.statusCode).toBe(200);
	expect(textOf(read(nobody.body).byId('main') as never)).toContain('Наберите слова из названия');
});

test('pages follow each other without a gap and without a double', async () => {
	await database.pool.query(`
		insert into events (type, at, actor_id, door, client_id, data)
		select 'client.created', '2026-10-01'::timestamptz + (n / 3) * interval '1 second', null, 'import', 1, '{}'
		from generate_series(1, 120) n`);
	const seen: string[] = [];
	let url: string | null = '/admin/audit?until=2026-10-31';
	while (url !== null) {
		const page = read((await ada.get(url)).body);
		seen.push(...linesOf(page).map((row) => attribute(row, 'id') ?? ''));
		const links = page.byTag('a').map((link) => attribute(link, 'href') ?? '');
		url = links.find((link) => link.includes('after=')) ?? null;
	}
	expect(seen.length).toBe(120);
	expect(new Set(seen).size).toBe(120);
});

test('as a file it has the same lines, and only for whoever may take lists away', async () => {
	const address = `/admin/audit/export?format=csv&record=deal:${cast.deals.none}`;
	const answer = await ada.get(address);
	expect(answer.headers['content-disposition']).toContain('.csv');
	const lines = answer.body.replace('\ufeff', '').split('\r\n');
	expect(lines[0]).toBe('Когда;Кто;Что;О чём;Было → стало;Способ;Адрес');
	expect(lines[1]).toBe(
		'24.11.2026 12:00;Анна Соколова;Интерес изменён;Витрина угловая;Интерес: Витрина → Витрина угловая;с карточки;127.0.0.1',
	);
	expect((await ada.get('/admin/audit/export?format=xlsx')).statusCode).toBe(200);
	await database.pool.query(
		`update roles set permissions = array_remove(permissions, 'export') where code = 'administrator'`,
	);
	expect((await ada.get(address)).statusCode).toBe(403);
	expect((await ada.get('/admin/audit')).body).not.toContain('/admin/audit/export');
	await database.pool.query(
		`update roles set permissions = permissions || '{export}' where code = 'administrator'`,
	);
});

test('it takes four statements, and each filter is read from an index', async () => {
	const { pool } = database;
	await pool.query(
		`
		insert into events (type, at, actor_id, door, client_id, data)
		select case n % 50 when 0 then 'tag.added' else 'client.created' end,
			'2026-09-01'::timestamptz + n * interval '1 second',
			case when n % 100 = 1 then $1::bigint end, 'import', n, '{"tagId": 7}'
		from generate_series(1, 30000) n`,
		[cast.people.vera.id],
	);
	await pool.query('analyze events');
	for (const query of [
		'',
		`?person=${cast.people.vera.id}`,
		'?kind=tag',
		'?record=tag:7',
		`?record=${encodeURIComponent('витрина')}`,
	]) {
		recorder.start();
		await ada.get(`/admin/audit${query}`);
		const script = recorder.stop();
		expect(script.flat().length).toBeLessThanOrEqual(4);
		const { bigScans, rowsRead } = await explainWork(pool, script);
		expect(bigScans, query).toEqual([]);
		expect(rowsRead, query).toBeLessThan(500);
	}
});

test('nobody can change or remove what stands in the log', async () => {
	for (const change of [
		`update events set ip = '1.1.1.1'`,
		'delete from events',
		'truncate events',
		'truncate events, deals cascade',
	])
		await expect(database.pool.query(change)).rejects.toThrow('append-only');
});

test('the way to it stands in the administration of whoever may read it, and nobody else comes in', async () => {
	expect((await ada.get('/admin')).body).toContain('href="/admin/audit"');
	expect((await anna.get('/admin/audit')).statusCode).toBe(403);
});
