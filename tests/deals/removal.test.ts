import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { setTags } from '#src/features/company/tags/tags.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { setDealProducts } from '#src/features/deals/products/products.ts';
import { completeInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});

const TABLES = [
	...['interactions', 'deal_products', 'deal_tags', 'deal_collaborators', 'stage_changes'],
];

/** A deal with something of everything; its version is told. */
async function full(title: string): Promise<{ id: number; version: number }> {
	const anna = by(cast.people.anna);
	const clientId = await createClient(db, anna, { name: `ООО «${title}»` });
	const { id } = await makeDeal(db, cast, 'anna', { title, clientId, amount: '100.00' });
	const step = { kindId: 1, summary: 'Позвонить', plan: { plannedOn: '2026-12-01' } };
	const done = await planInteraction(db, anna, id, step);
	await completeInteraction(db, anna, done, { version: 1, outcome: 'Поговорили', next: step });
	const lines = [{ row: 1, name: 'Печь', quantity: '2', price: '50.00' }];
	let version = await setDealProducts(db, anna, id, {
		version: 1,
		lines,
		amountFromProducts: true,
	});
	version = await addCollaborator(db, anna, id, { version, personId: cast.people.gleb.id });
	await db.transaction((tx) => setTags(tx, 'deal', id, ['важно']));
	return { id, version };
}

/** All that a deal is, row by row. */
async function wholeOf(id: number): Promise<Record<string, unknown[]>> {
	const whole: Record<string, unknown[]> = {
		deals: (await pool.query('select * from deals where id = $1', [id])).rows,
	};
	for (const table of TABLES)
		whole[table] = (
			await pool.query(`select to_jsonb(t) as row from ${table} t where deal_id = $1 order by 1`, [
				id,
			])
		).rows;
	return whole;
}

test('a head deletes a deal with all that is on it, and «Отменить» brings every row back', async () => {
	const { id, version } = await full('Опечатка');
	const before = await wholeOf(id);
	const tallies = `select sum(deals)::int as n, sum(amount) as amount from deal_tallies`;
	const { rows: counted } = await pool.query(tallies);
	const menu = read((await person.vera.get(`/deals/${id}/menu`)).body);
	expect(menu.byTag('a').map((link) => attribute(link, 'href'))).toContain(
		`/deals/${id}/removal?returnTo=%2Fboard`,
	);
	const dialog = read((await person.vera.get(`/deals/${id}/removal`)).body);
	const [form] = dialog.byTag('form', dialog.byId(`deal-${id}-removal`) ?? undefined);
	expect(textOf(dialog.byId(`deal-${id}-removal`) as never)).toContain(
		'история и 2 взаимодействия',
	);
	const answer = await person.vera.htmx(
		'/board',
		`/deals/${id}/removal`,
		fieldsOf(dialog, form as never),
	);
	expect(answer.statusCode).toBe(200);
	expect(Object.values(await wholeOf(id)).flat()).toEqual([]);
	for (const url of [`/deals/${id}`, `/deals/${id}/menu`])
		expect((await person.vera.get(url)).statusCode).toBe(404);
	expect((await person.vera.get('/deals?q=Опечатка')).body).not.toContain(`deal-${id}"`);
	const page = read(answer.body);
	const [undo] = page.byTag('form', page.byId('toast') ?? undefined);
	const back = attribute(undo as never, 'hx-post') ?? '';
	expect((await person.vera.htmx('/board', back, fieldsOf(page, undo as never))).statusCode).toBe(
		200,
	);
	const after = await wholeOf(id);
	expect(after.deals).toMatchObject([{ ...(before.deals?.[0] as object), version: version + 1 }]);
	for (const table of TABLES) expect(after[table], table).toEqual(before[table]);
	expect((await pool.query(tallies)).rows).toEqual(counted);
	const history = textOf(read((await person.anna.get(`/deals/${id}`)).body).byId('work') as never);
	expect(history).toContain('Интерес удалён');
	expect(history).toContain('Удалённый интерес возвращён');
	// Once is enough: it is there.
	const again = await person.vera.json(`/deals/${id}/recovery`, { version: version + 1 });
	expect(again.statusCode).toBe(422);
	expect((await person.ada.get(`/admin/audit?record=deal:${id}`)).body).toContain(
		'Удалённый интерес возвращён',
	);
});

test('from its own page the deletion leads to the list, with scripts and without', async () => {
	const [one, two] = [await full('Раз'), await full('Два')];
	const answer = await person.ada.htmx(`/deals/${one.id}`, `/deals/${one.id}/removal`, {
		version: one.version,
	});
	expect(answer.headers['hx-redirect']).toBe('/deals');
	const plain = await person.ada.post(`/deals/${two.id}/removal`, { version: two.version });
	expect([plain.statusCode, plain.headers.location]).toEqual([303, '/deals']);
});

test('who has no right to it deletes nothing and is not asked; nor does anybody from a stale version', async () => {
	const { id, version } = await full('Чужое');
	const before = await ledgerOf(database);
	expect((await person.anna.json(`/deals/${id}/removal`, { version })).statusCode).toBe(403);
	expect((await person.boris.json(`/deals/${id}/removal`, { version })).statusCode).toBe(404);
	expect(
		(await person.vera.json(`/deals/${id}/removal`, { version: version - 1 })).statusCode,
	).toBe(409);
	expect(await ledgerOf(database)).toEqual(before);
	expect((await person.anna.get(`/deals/${id}/menu`)).body).not.toContain('/removal');
});

test('only who may delete and could see it brings a deal back, and only as it was deleted', async () => {
	const { id, version } = await full('Возврат');
	await person.ada.json(`/deals/${id}/removal`, { version });
	expect((await person.anna.json(`/deals/${id}/recovery`, { version })).statusCode).toBe(403);
	expect((await person.gleb.json(`/deals/${id}/recovery`, { version })).statusCode).toBe(404);
	expect(
		(await person.vera.json(`/deals/${id}/recovery`, { version: version + 5 })).statusCode,
	).toBe(404);
	const both = await Promise.all(
		['vera', 'ada'].map((login) =>
			person[login as Login].json(`/deals/${id}/recovery`, { version }),
		),
	);
	expect(both.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
});

test('what is gone meanwhile does not keep a deal from coming back', async () => {
	const { id, version } = await full('Без клиента');
	const { rows } = await pool.query('select client_id as id from deals where id = $1', [id]);
	await person.vera.json(`/deals/${id}/removal`, { version });
	await pool.query('delete from contact_points where client_id = $1', [rows[0].id]);
	await pool.query('delete from clients where id = $1', [rows[0].id]);
	await pool.query('delete from deal_tags');
	await pool.query('delete from tags');
	expect((await person.vera.json(`/deals/${id}/recovery`, { version })).statusCode).toBe(200);
	const { rows: back } = await pool.query('select client_id from deals where id = $1', [id]);
	expect(back).toEqual([{ client_id: null }]);
});

test('a copy has the client, the worth, products, tags and helpers of its deal, begins anew and opens', async () => {
	const { id } = await full('Повтор');
	await pool.query('update deals set stage_id = $2 where id = $1', [id, cast.open[2].id]);
	const answer = await person.anna.post(`/deals/${id}/copies`, {});
	expect(answer.statusCode).toBe(303);
	const made = Number(/^\/deals\/(\d+)$/.exec(String(answer.headers.location))?.[1]);
	const [old, copy] = [await wholeOf(id), await wholeOf(made)];
	const facts = ({
		client_id,
		amount,
		owner_id,
		amount_from_products,
	}: Record<string, unknown>) => ({
		...{ client_id, amount, owner_id, amount_from_products },
	});
	expect(facts(copy.deals?.[0] as never)).toEqual(facts(old.deals?.[0] as never));
	expect(copy.deals?.[0]).toMatchObject({
		title: 'Повтор (копия)',
		stage_id: cast.open[0].id,
		version: 1,
	});
	for (const table of ['deal_products', 'deal_tags', 'deal_collaborators'])
		expect(copy[table], table).toEqual(
			old[table]?.map((one) => ({ row: { ...(one as { row: object }).row, deal_id: made } })),
		);
	expect(copy.interactions).toEqual([]);
	expect((await person.anna.get(`/deals/${made}`)).body).toContain('Создано копированием');
	// Who only helps makes one of their own.
	const own = (await person.gleb.json(`/deals/${id}/copies`, { title: 'Своё' })).json() as {
		dealId: number;
	};
	expect((await wholeOf(own.dealId)).deals).toMatchObject([
		{ owner_id: cast.people.gleb.id, title: 'Своё' },
	]);
});
