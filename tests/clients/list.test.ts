import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { type ClientLine, clientColumns } from '#src/features/clients/list/columns.ts';
import { CONTACTS, readClientQuery } from '#src/features/clients/list/filter.ts';
import { countClients, readClients } from '#src/features/clients/list/queries.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database);
const viewer = viewerAt(NOW, 'ru', 'Europe/Moscow');
const HOSTILE = `<img src=x onerror=alert(1)> "' \u202eабв =1+1`;
let cast: Cast;
const people = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) people[login] = await signIn(served, login);
	// Sixty more with everything equal, absent and different; a third nobody's, some archived, some tagged.
	await pool.query(`
		insert into clients (name, inn, owner_id, segment, region, status, archived_at)
		select (array['Ёж','Еж','ель','Ель','ООО «Жук»'])[1 + n % 5] || case when n % 4 = 0 then '' else ' ' || n end,
			case when n % 3 = 0 then (7700000000 + n % 7)::text end,
			(array[p.anna, p.boris, p.gleb, null::bigint])[1 + n % 4],
			case when n % 2 = 0 then (array['Опт','Розница'])[1 + n % 3 % 2] end,
			case when n % 5 = 0 then 'Урал' when n % 5 = 1 then 'Сибирь' end,
			(array['prospect','active','former'])[1 + n % 3], case when n % 10 = 9 then now() end
		from generate_series(1, 60) n,
			(select max(id) filter (where login = 'anna') as anna, max(id) filter (where login = 'boris') as boris,
				max(id) filter (where login = 'gleb') as gleb from people) p`);
	await pool.query(`insert into tags (name) values ('сети'), ('опт')`);
	await pool.query(
		`insert into client_tags select c.id, t.id from clients c join tags t on c.id % 3 = t.id % 3`,
	);
	await pool.query(`
		insert into interactions (client_id, kind_id, summary, owner_id, status, completed_at)
		select c.id, 1, 'Звонок', c.owner_id, 'done', timestamptz '2026-11-24 09:00Z' - (c.id % 13) * interval '15 days'
		from clients c where c.owner_id is not null and c.id % 2 = 0`);
	await pool.query(`
		insert into interactions (client_id, kind_id, summary, owner_id, planned_on)
		select c.id, 2, 'Встреча', c.owner_id, date '2026-11-20' + (c.id % 9)::int
		from clients c where c.owner_id is not null and c.id % 5 = 0`);
	await pool.query(`
		insert into deals (pipeline_id, stage_id, client_id, title, amount, currency, owner_id, stage_entered_at)
		select s.pipeline_id, s.id, c.id, 'Поставка', c.id % 4 * 1000, case when c.id % 7 = 0 then 'USD' else 'RUB' end,
			p.id, now()
		from clients c, stages s, people p
		where s.position = 1 and p.login = (array['anna','gleb'])[1 + c.id % 2] and c.id % 3 = 0`);
	await pool.query('analyze');
});

type Line = ClientLine & { ownerId: number | null };
const SORTS = clientColumns(viewer).map(({ key }) => key);

/** All that an actor sees, straight out of the tables. */
async function everything(login: Login): Promise<Line[]> {
	const actor = cast.people[login];
	const query = readClientQuery(actor, { archived: 'with' });
	const { rows } = await readClients(db, actor, query, viewer, { after: null, limit: 1000 });
	const { rows: owners } = await pool.query('select id, owner_id from clients');
	return rows.map((row) => ({ ...row, ownerId: owners.find(({ id }) => id === row.id).owner_id }));
}

describe('every column sorts, both ways, on the server:', () => {
	for (const key of SORTS)
		test(key, async () => {
			for (const login of ['anna', 'ada'] as const)
				for (const sort of [key, `-${key}`]) {
					const actor = cast.people[login];
					const query = readClientQuery(actor, { sort, archived: 'with' });
					const whole = await readClients(db, actor, query, viewer, { after: null, limit: 1000 });
					// Everybody's few are sorted, everybody's many are walked: the same order.
					const few = { after: null, limit: 1000, count: 1 };
					expect((await readClients(db, actor, query, viewer, few)).rows).toEqual(whole.rows);
					const ids: number[] = [];
					let after: string | null = null;
					do {
						const page = await readClients(db, actor, query, viewer, { after, limit: 13 });
						ids.push(...page.rows.map(({ id }) => id));
						after = page.next;
					} while (after !== null);
					expect(ids, `${login} ${sort}`).toEqual(whole.rows.map(({ id }) => id));
					expectSorted(whole.rows, key, sort !== key);
				}
		});
});

const collator = new Intl.Collator('ru');
const STATUSES = ['prospect', 'active', 'former'];

function expectSorted(rows: ClientLine[], key: string, descending: boolean): void {
	const column = clientColumns(viewer).find((one) => one.key === key);
	const values = rows.map((row) =>
		key === 'status' ? STATUSES.indexOf(row.status) : column?.value(row),
	);
	const present = values.filter((value) => value !== null && value !== undefined);
	expect(values.slice(0, present.length), `absent ones last: ${key}`).toEqual(present);
	for (const [at, value] of present.entries()) {
		const before = present[at - 1];
		if (at === 0 || before === undefined) continue;
		expect(compared(key, before, value) * (descending ? -1 : 1)).toBeLessThanOrEqual(0);
	}
}

function compared(key: string, a: string | number | Date, b: string | number | Date): number {
	if (key === 'amount') return Number(a) - Number(b);
	if (key === 'next') return dueOf(a) - dueOf(b);
	if (typeof a === 'string') return collator.compare(a, String(b));
	return Number(a) - Number(b);
}
// A day is due at its end in Moscow.
const dueOf = (at: string | number | Date) =>
	typeof at === 'string' ? Date.parse(`${at}T21:00:00Z`) : Number(at);

const DAY = 86_400_000;
const filters = fc.record(
	{
		owner: fc.constantFrom('', 'me', 'all', 'none'),
		segment: fc.constantFrom('Опт', 'Розница', 'Нет такого'),
		region: fc.constantFrom('Урал', 'Сибирь'),
		status: fc.constantFrom(...STATUSES),
		tag: fc.constantFrom('1', '2', '99'),
		contact: fc.constantFrom(...CONTACTS),
		archived: fc.constantFrom('with', 'only'),
	},
	{ requiredKeys: [] },
);

test('отбор leaves what it says, to everybody, and the count is exact', async () => {
	const { rows: tagged } = await pool.query('select client_id, tag_id from client_tags');
	await fc.assert(
		fc.asyncProperty(filters, fc.constantFrom(...LOGINS), async (asked, login) => {
			const actor = cast.people[login];
			const query = readClientQuery(actor, asked);
			const days = asked.contact === 'never' ? Number.POSITIVE_INFINITY : Number(asked.contact);
			const since = NOW.getTime() - 12 * 3_600_000 - days * DAY;
			const expected = (await everything(login)).filter(
				(line) =>
					(asked.owner !== 'me' || line.ownerId === actor.id) &&
					(asked.owner !== 'none' || line.ownerId === null) &&
					(!asked.segment || line.segment === asked.segment) &&
					(!asked.region || line.region === asked.region) &&
					(!asked.status || line.status === asked.status) &&
					(!asked.tag ||
						tagged.some((one) => one.client_id === line.id && one.tag_id === Number(asked.tag))) &&
					(!asked.contact || line.lastContactAt === null || line.lastContactAt.getTime() < since) &&
					(asked.archived === 'with' || line.archived === (asked.archived === 'only')),
			);
			const page = await readClients(db, actor, query, viewer, { after: null, limit: 1000 });
			expect(page.rows.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
			expect(await countClients(db, actor, query, viewer)).toBe(expected.length);
		}),
		{ numRuns: 40 },
	);
});

test('a person sees own clients and those of own deals, and no figure of anybody else’s', async () => {
	const { rows } = await pool.query(`
		select c.id, c.owner_id = p.id or exists (
			select from deals d where d.client_id = c.id and d.owner_id = p.id) as seen, p.login
		from clients c, people p where p.login in ('anna', 'gleb')`);
	for (const login of ['anna', 'gleb'] as const) {
		const seen = rows.filter((row) => row.login === login && row.seen).map(({ id }) => id);
		expect((await everything(login)).map(({ id }) => id).sort()).toEqual(seen.sort());
	}
	// Gleb's deal with Anna's client: she sees the client, and nothing of his deal.
	const id = await createClient(db, by(cast.people.anna), { name: 'Общий клиент' });
	await pool.query(
		`insert into deals (pipeline_id, stage_id, client_id, title, amount, owner_id, stage_entered_at)
		select pipeline_id, id, $1, 'Тайная', 777777, $2, now() from stages where position = 1`,
		[id, cast.people.gleb.id],
	);
	const line = async (login: Login) => (await everything(login)).find((one) => one.id === id);
	expect(await line('anna')).toMatchObject({ openDeals: 0, openAmount: '0.00' });
	expect(await line('gleb')).toMatchObject({ openDeals: 1, openAmount: '777777.00' });
	expect(await line('ada')).toMatchObject({ openDeals: 1, openAmount: '777777.00' });
	expect((await people.anna.get('/clients?q=общий')).body).not.toContain('777');
});

test('the page tells how many, links to each, and keeps all of its address in every link', async () => {
	await createClient(db, by(cast.people.anna), { name: HOSTILE, segment: HOSTILE, region: '=2+5' });
	const answer = await people.anna.get('/clients?status=prospect&sort=-amount');
	const page = read(answer.body);
	const rows = page.byTag('tr').filter((row) => attribute(row, 'id')?.startsWith('client-'));
	expect(textOf(page.byId('sum') as never)).toMatch(new RegExp(`^Найден[оы]? ${rows.length}\\s`));
	const first = page.byTag('th', rows[0])[0];
	expect(attribute(page.byTag('a', first)[0] as never, 'href')).toBe(
		attribute(rows[0] as never, 'id')?.replace('client-', '/clients/'),
	);
	const sorts = page
		.byTag('a', page.byId('headings') as never)
		.map((link) => attribute(link, 'href'));
	expect(sorts).toHaveLength(10);
	for (const href of sorts) expect(href).toContain('status=prospect');
	const sorted = page.byTag('th').filter((one) => attribute(one, 'aria-sort') !== null);
	expect(sorted.map((one) => attribute(one, 'aria-sort'))).toEqual(['descending']);
	expect(answer.body).toContain('/clients/export?status=prospect&amp;sort=-amount&amp;format=xlsx');
	expect(answer.body).toContain('/clients/print?status=prospect&amp;sort=-amount');
	// What people typed is text, wherever it stands.
	expect(page.byTag('img')).toEqual([]);
	expect(rows.map(textOf).join()).toContain(HOSTILE);
	const options = page.byTag('option').map(textOf);
	expect(options).toContain(HOSTILE);
	const again = await people.anna.get(
		`/clients?${new URLSearchParams({ segment: HOSTILE, q: '<img' })}`,
	);
	expect(read(again.body).byTag('img')).toEqual([]);
});

test('«Показать ещё» adds the next lines, and the address then shows them all at once', async () => {
	await pool.query(
		`insert into clients (name, owner_id) select 'Строка ' || n, $1 from generate_series(1, 70) n`,
		[cast.people.boris.id],
	);
	const idsIn = (body: string) =>
		[...body.matchAll(/<tr id="client-(\d+)"/g)].map(([, id]) => Number(id));
	const moreIn = (body: string) =>
		/hx-get="([^"]*after=[^"]+)"/.exec(body)?.[1]?.replaceAll('&amp;', '&');
	const first = await people.boris.get('/clients?sort=-name');
	expect(idsIn(first.body)).toHaveLength(50);
	const more = moreIn(first.body) as string;
	const added = await people.boris.htmx('/clients?sort=-name', more);
	expect(added.headers['hx-replace-url']).toBe('/clients?sort=-name&shown=100');
	const shown = await people.boris.get('/clients?sort=-name&shown=100');
	expect(idsIn(shown.body)).toEqual([...idsIn(first.body), ...idsIn(added.body)]);
	// Without scripts the same link is a page of its own, with a way back to the beginning.
	const plain = await people.boris.get(more);
	expect(idsIn(plain.body)).toEqual(idsIn(added.body));
	expect(plain.body).toContain('К началу списка');
	expect(moreIn(added.body) === undefined).toBe(idsIn(shown.body).length < 100);
});

test('htmx gets the page’s fragment, a file the same lines, each a person’s own', async () => {
	const fragment = await people.anna.htmx('/clients', '/clients?q=ёж');
	expect(fragment.body).toMatch(/^\s*<hx-partial hx-target="#clients-page"/);
	const csv = await people.anna.get('/clients/export?format=csv&status=active&sort=inn');
	expect(csv.statusCode).toBe(200);
	const lines = csv.body.trim().split('\r\n');
	expect(lines[0]).toBe(
		'Название;ИНН;Ответственный;Сегмент;Регион;Статус;Архив;В работе;Сумма в работе;Сумма в другой валюте;Последний контакт;Следующий шаг;Что сделать',
	);
	const query = readClientQuery(cast.people.anna, { status: 'active' });
	expect(lines.length - 1).toBe(await countClients(db, cast.people.anna, query, viewer));
	const all = await people.anna.get('/clients/export?format=csv');
	expect(all.body).toContain("'=2+5");
	expect(all.body).not.toContain('Тайна Глеба');
	const xlsx = await people.ada.get('/clients/export?format=xlsx&contact=30');
	expect(xlsx.rawPayload.subarray(0, 2).toString()).toBe('PK');
});

test('empty lists teach: what to do with no clients, and with no matches', async () => {
	await pool.query(
		`insert into people (login, name, role) values ('nora', 'Нора Новикова', 'manager')`,
	);
	const nora = await signIn(served, 'nora' as Login);
	const none = read((await nora.get('/clients')).body);
	expect(textOf(none.byId('none-found') as never)).toContain('Клиентов пока нет');
	const links = none
		.byTag('a', none.byId('none-found') as never)
		.map((one) => attribute(one, 'href'));
	expect(links).toEqual(['/clients/new', '/import']);
	const missed = read((await people.anna.get(`/clients?q=${encodeURIComponent('щщщъъъ')}`)).body);
	expect(textOf(missed.byId('none-found') as never)).toContain('По этому отбору никого нет');
});

test('addresses that make no sense are a bad request, a foreign owner is not found', async () => {
	const forged = Buffer.from('["x",0]').toString('base64url');
	for (const query of [
		...[
			'sort=zzz',
			'sort=-',
			'after=zzz',
			`after=${forged}`,
			'status=x',
			'contact=7',
			'archived=1',
		],
		...['shown=49', 'shown=501', 'shown=1e3', 'tag=x', 'zzz=1', 'q=a&q=b', 'q=%00', '__proto__=1'],
		`q=${'ы'.repeat(201)}`,
		'format=csv',
	])
		expect(
			(await people.ada.get(encodeURI(`/clients?${query}`).replace('%2500', '%00'))).statusCode,
			query,
		).toBe(400);
	for (const query of ['', 'format=pdf', 'format=csv&sort=zzz', 'format=csv&zzz=1'])
		expect((await people.ada.get(`/clients/export?${query}`)).statusCode, query).toBe(400);
	for (const owner of [cast.people.gleb.id, 999_999, 'anna', '-1'])
		expect((await people.vera.get(`/clients?owner=${owner}`)).statusCode, String(owner)).toBe(404);
});
