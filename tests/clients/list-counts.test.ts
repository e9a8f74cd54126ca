import { beforeAll, expect, test } from 'vitest';
import { foldClientTallies } from '#src/features/clients/list/tallies.ts';
import { testApp } from '../app.ts';
import { explainWork } from '../bench/plans.ts';
import { recordStatements, type Script } from '../bench/statements.ts';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';

/*
 * What a director's list reads of many clients: what it shows, whatever it is sorted by. A manager's reads
 * their own clients.
 */
const CLIENTS = 30_000;
const ANNAS = 400;
const MOST_READ = 2_500;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const database = await testDatabase();
const recorder = recordStatements(database.pool);
const { app } = await testApp(database);
const cookies = new Map<string, string>();

beforeAll(async () => {
	const { people } = await makeCompany(database.db);
	const client = await database.pool.connect();
	await client.query(`
		insert into people (login, name, role) select 'seller' || n, 'Продавец ' || n % 40, 'manager'
		from generate_series(1, 60) n`);
	await client.query(
		`insert into clients (name, inn, owner_id, segment, region, status)
		select (array['Вектор','Север','Ромашка'])[1 + abs(hashint4(n) % 3)] || ' ' || n, (7700000000 + n)::text,
			case when n <= ${ANNAS} then $1 when n % 50 > 0 then (select min(id) from people where login like 'seller%') + n % 60 end,
			'Сегмент ' || abs(hashint4(n + 1) % 10), 'Регион ' || abs(hashint4(n + 2) % 80),
			(array['prospect','active','former'])[1 + abs(hashint4(n + 3) % 3)]
		from generate_series(1, ${CLIENTS}) n`,
		[people.anna.id],
	);
	await client.query(
		`
		insert into deals (pipeline_id, stage_id, client_id, title, amount, owner_id, stage_entered_at, last_done_at,
			next_planned_at)
		select s.pipeline_id, s.id, c.id, 'Поставка', abs(hashint8(c.id) % 5000), coalesce(c.owner_id, $1), now(),
			now() - (c.id % 400) * interval '1 day', case when c.id % 2 = 0 then now() + (c.id % 90) * interval '1 day' end
		from clients c join stages s on s.position = 1`,
		[people.ada.id],
	);
	await client.query('vacuum (analyze)');
	client.release();
	await foldClientTallies(database.db);
	await database.pool.query('vacuum (analyze) client_tallies, client_contact_tallies');
	for (const login of ['anna', 'ada']) {
		const payload = `login=${login}`;
		const answer = await app.inject({ method: 'POST', url: '/sign-in', headers: FORM, payload });
		cookies.set(login, String(answer.headers['set-cookie']).split(';')[0] as string);
	}
});

async function watch(login: string, url: string): Promise<{ body: string; script: Script }> {
	recorder.start();
	const answer = await app.inject({ url, headers: { cookie: cookies.get(login) as string } });
	const script = recorder.stop();
	expect(answer.statusCode, url).toBe(200);
	return { body: answer.body, script };
}

async function expectLittle(login: string, url: string, most: number): Promise<string> {
	const { body, script } = await watch(login, encodeURI(url));
	expect(script.flat().length, url).toBeLessThanOrEqual(6);
	const { bigScans, rowsRead } = await explainWork(database.pool, script);
	expect(bigScans, `${login} ${url}`).toEqual([]);
	expect(rowsRead, `${login} ${url}`).toBeLessThan(most);
	return body;
}

const moreIn = (body: string) =>
	decodeURI(/hx-get="([^"]*after=[^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') ?? '');
const KEYS = [
	'name',
	'inn',
	'owner',
	'segment',
	'region',
	'status',
	'deals',
	'amount',
	'contact',
	'next',
];

test('everybody’s clients in any order, either way: what is shown is read, on the first page and behind it', async () => {
	// Tallies of some thousand combinations are read beside the lines.
	for (const [n, key] of KEYS.entries()) {
		const sort = n % 2 ? key : `-${key}`;
		const most = MOST_READ + 8_000;
		const body = await expectLittle('ada', `/clients?sort=${sort}`, most);
		await expectLittle('ada', moreIn(body), most);
	}
});

test('a manager’s list reads their own clients, a search for a rare word what it finds', async () => {
	for (const url of [
		'/clients',
		'/clients?sort=-amount',
		'/clients?sort=next',
		'/clients?q=вектор',
	])
		await expectLittle('anna', url, 15 * ANNAS);
	for (const q of ['ромашка 29', '7700029999', 'Вектор 12345', '7700 029 99'])
		await expectLittle('ada', `/clients?q=${q}`, 15_000);
});

test('the count is exact for whatever is asked', async () => {
	const { rows } = await database.pool.query(
		`select count(*)::int as n from clients where region = 'Регион 7' and archived_at is null`,
	);
	const { body } = await watch('ada', encodeURI('/clients?region=Регион 7&sort=-contact'));
	const told = /id="sum">[^<]*?([\d\s]+)/.exec(body)?.[1]?.replace(/\s/g, '');
	expect(Number(told)).toBe(rows[0].n);
	const { body: all } = await watch('ada', '/clients');
	expect(all).toMatch(/30\s000 клиентов/);
});
