import { sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import type { FieldChange } from '#src/events.ts';
import type { Doors, Feature } from '#src/feature.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { features } from '#src/features.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { Conflict } from '#src/platform/errors.ts';
import { form, readForm, text } from '#src/platform/forms/readers.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';
import { allTold } from '#src/platform/history/teller.ts';
import type { Page } from '#src/platform/pages/redraw.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { cookieOf, openStream, serve } from '../live/reader.ts';

/*
 * A noun that nobody has heard of: its events, verbs, doors, page and manifest stand here, as they would in its folder, and
 * nothing else is touched. Its words are borrowed, for those alone would stand in the locale files.
 */
type WarehouseEvent =
	| { type: 'warehouse.added'; data: { warehouseId: number; name: string } }
	| {
			type: 'warehouse.edited';
			data: { warehouseId: number; changes: Record<string, FieldChange> };
	  };

declare module '#src/events.ts' {
	interface Events {
		warehouse: WarehouseEvent;
	}
}

type Warehouse = { id: number; name: string; version: number };

async function listWarehouses(db: Sql): Promise<Warehouse[]> {
	const { rows } = await db.execute<Warehouse>(
		sql`select id, name, version from warehouses order by id`,
	);
	return rows;
}

async function addWarehouse(db: Sql, acting: Acting, name: string): Promise<number> {
	const { rows } = await db.execute<{ id: number }>(
		sql`insert into warehouses (name) values (${name}) returning id`,
	);
	const warehouseId = rows[0]?.id as number;
	await record(db, acting, { type: 'warehouse.added', data: { warehouseId, name } });
	return warehouseId;
}

async function editWarehouse(db: Sql, acting: Acting, edit: Warehouse): Promise<void> {
	const found = (await listWarehouses(db)).find(({ id }) => id === edit.id) as Warehouse;
	if (found.version !== edit.version) throw await conflictOn(db, 'warehouse', found);
	await db.execute(
		sql`update warehouses set name = ${edit.name}, version = version + 1 where id = ${edit.id}`,
	);
	await record(db, acting, {
		type: 'warehouse.edited',
		data: { warehouseId: edit.id, changes: { name: [found.name, edit.name] } },
	});
}

const drawn = (list: Warehouse[]) =>
	`<main id="warehouses-page" data-page="warehouses" data-live>${list.map(({ name }) => `<p>${name}</p>`).join('')}</main>`;

const warehousesPage: Page = {
	path: '/warehouses',
	root: 'warehouses-page',
	redraw: async ({ connection: { db }, reply }) =>
		reply
			.type('text/html')
			.send(
				`<hx-partial hx-target="#warehouses-page">${drawn(await listWarehouses(db))}</hx-partial>`,
			),
};

const NewWarehouse = form({ name: text(100) });
const warehouseRoutes: Doors = (app, { connection: { db } }) => {
	app.get('/warehouses', { config: { access: 'signed-in' } }, async (request, reply) => {
		const warehouses = await listWarehouses(db);
		if (request.headers.accept === 'application/json') return { warehouses };
		return reply.type('text/html').send(drawn(warehouses));
	});
	app.get('/admin/warehouses', { config: { access: 'catalogs' } }, async (_, reply) =>
		reply.type('text/html').send(drawn(await listWarehouses(db))),
	);
	app.post('/warehouses', { config: { access: 'catalogs', changes: 'new' } }, async (request) => {
		const { name } = readForm(NewWarehouse, request.body);
		return { warehouseId: await addWarehouse(db, acting(request), name) };
	});
};

const warehouses: Feature = {
	nouns: {
		warehouse: {
			title: 'organizations.title',
			everywhere: true,
			named: { table: sql`warehouses`, name: sql`name` },
			happened: {
				'warehouse.added': 'event.organizationAdded',
				'warehouse.edited': 'event.organizationEdited',
			},
		},
	},
	pages: [warehousesPage],
	routes: [warehouseRoutes],
	admin: [
		{
			...{ group: 'sales', place: 5, path: '/admin/warehouses', permission: 'catalogs' },
			...{ title: 'organizations.title', about: 'admin.aboutOrganizations' },
		},
	],
	tasks: { 'warehouses.count': async () => {} },
	taskWords: { 'warehouses.count': 'job.boardFold' },
};

const database = await testDatabase();
const { db, pool } = database;
await pool.query(
	`create table warehouses (id bigint generated always as identity primary key, name text, version int default 1)`,
);
const served = await testApp(database, { features: [...features, warehouses] });
let cast: Cast;
let ada: Browser;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});

const lines = async (query: string) => {
	const page = read((await ada.get(`/admin/audit${query}`)).body);
	return page
		.byTag('tr')
		.filter((row) => attribute(row, 'id')?.startsWith('event-'))
		.map((row) => page.byTag('td', row).map((cell) => textOf(cell).replace(/\s+/g, ' ').trim()));
};

test('it has its page, its answer for programs and its rights', async () => {
	const made = await ada.json('/warehouses', { name: 'Южный склад' });
	expect([made.statusCode, made.json()]).toEqual([200, { warehouseId: 1 }]);
	expect((await anna.json('/warehouses', { name: 'Мой' })).statusCode).toBe(403);
	expect((await anna.get('/warehouses')).body).toContain('Южный склад');
	expect((await anna.get('/warehouses', { accept: 'application/json' })).json()).toEqual({
		warehouses: [{ id: 1, name: 'Южный склад', version: 1 }],
	});
});

test('it has its section in the administration, where it says that it stands', async () => {
	const links = read((await ada.get('/admin')).body)
		.byTag('a')
		.map((link) => attribute(link, 'href'));
	expect(links).toContain('/admin/warehouses');
	expect(links.indexOf('/admin/warehouses')).toBeLessThan(links.indexOf('/admin/pipelines'));
	expect((await anna.get('/admin/warehouses')).statusCode).toBe(403);
});

test('its events are in the log, in words, by its kind and by its record', async () => {
	await editWarehouse(db, by(cast.people.ada), { id: 1, name: 'Северный склад', version: 1 });
	const told = [...(await lines('?kind=warehouse')), ...(await lines('?record=warehouse:1'))].map(
		([, who, what, about, changes]) => [who, what, about, changes],
	);
	const [edited, added] = [
		[
			'Ада Миронова',
			'Организация изменена',
			'Северный склад',
			'Название: Южный склад → Северный склад',
		],
		['Ада Миронова', 'Организация добавлена', 'Южный склад', ''],
	];
	expect(told).toEqual([edited, added, edited, added]);
	expect((await ada.get('/admin/audit?kind=nothing')).statusCode).toBe(400);
});

test('who comes second is told who was first', async () => {
	const second = editWarehouse(db, by(cast.people.anna), { id: 1, name: 'Мой', version: 1 });
	const conflict = await second.catch((error: unknown) => error);
	expect(conflict).toBeInstanceOf(Conflict);
	expect((conflict as Conflict).current).toMatchObject({ version: 2, by: 'Ада Миронова' });
});

test('what changes of it shows on every open page', async () => {
	const origin = await serve(served.app);
	const stream = await openStream(origin, await cookieOf(database, 'anna'));
	await expect.poll(() => stream.messages.length).toBeGreaterThan(0);
	await addWarehouse(db, by(cast.people.ada), 'Западный склад');
	await allTold(pool);
	await expect.poll(() => stream.changes().some(({ all }) => all)).toBe(true);
	const anew = await anna.htmx('/warehouses', '/live/page');
	expect(anew.body).toContain('hx-target="#warehouses-page"');
	expect(anew.body).toContain('Западный склад');
	stream.close();
});

test('what it does by the queue has its words on the page of jobs', async () => {
	await pool.query(`select graphile_worker.add_job('warehouses.count', '{}')`);
	const board = await ada.get('/admin/jobs');
	expect(board.body).not.toContain('>warehouses.count<');
});

test('every noun has one manifest, and the database knows which ones every screen shows', async () => {
	const nouns = features.flatMap(({ nouns = {} }) => Object.keys(nouns));
	expect(nouns.toSorted()).toEqual([...new Set(nouns)].toSorted());
	const { rows } = await pool.query('select noun from everywhere_nouns order by noun');
	const shown = [...features, warehouses].flatMap(({ nouns = {} }) =>
		Object.entries(nouns).flatMap(([noun, { everywhere }]) => (everywhere ? [noun] : [])),
	);
	expect(rows.map(({ noun }) => noun)).toEqual(shown.toSorted());
});
