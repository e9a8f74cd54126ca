import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import { setTags } from '#src/features/company/tags/tags.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { mergeDeals } from '#src/features/deals/merge/merge.ts';
import type { Choices } from '#src/features/deals/merge/plan.ts';
import { unmergeDeals } from '#src/features/deals/merge/unmerge.ts';
import { setDealProducts } from '#src/features/deals/products/products.ts';
import { archiveDeal } from '#src/features/deals/removal/archive.ts';
import { removeDeal } from '#src/features/deals/removal/removal.ts';
import { completeInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { by, type Cast, type Login, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

/* Two deals that are one: nothing of either is lost, and taking it back leaves no trace but in the history. */
const database = await testDatabase();
const { db, pool } = database;
let cast: Cast;
let extra: number;

beforeAll(async () => {
	cast = await makeCast(db);
	const field = { kind: 'text' as const, choices: [], name: 'Девиз' };
	extra = await addExtraField(db, by(cast.people.ada), { ...field, noun: 'deal' });
});

const acting = (login: Login) => by(cast.people[login]);
const rowOf = async (id: number) =>
	(await pool.query('select * from deals where id = $1', [id])).rows[0];
const versionOf = async (id: number): Promise<number> => (await rowOf(id)).version;
const values = async (sql: string, id: number) =>
	(await pool.query({ text: sql, values: [id], rowMode: 'array' })).rows.flat();
const order = async (survivorId: number, mergedId: number, choices: Choices = {}) => ({
	survivorId,
	deals: await Promise.all(
		[survivorId, mergedId].map(async (id) => ({ id, version: await versionOf(id) })),
	),
	choices,
});
const merge = async (login: Login, survivorId: number, mergedId: number, choices: Choices = {}) =>
	await mergeDeals(db, acting(login), await order(survivorId, mergedId, choices));
const unmerge = async (login: Login, id: number) =>
	await unmergeDeals(db, acting(login), id, await versionOf(id));

/** Everything that belongs to deals, versions aside and what is only ever added to. */
async function world(): Promise<Record<string, unknown>> {
	const tables = ['deals', 'interactions', 'deal_products', 'deal_tags', 'deal_collaborators'];
	const told = [...tables, 'client_summaries', 'clients', 'client_search'];
	const rows = await Promise.all(
		told.map(async (table) => [
			table,
			(
				await pool.query(`select (to_jsonb(t) - 'version')::text as row from ${table} t order by 1`)
			).rows.map(({ row }) => row),
		]),
	);
	const { rows: tallied } = await pool.query(
		`select stage_id, currency, closed_on, sum(deals) as deals, sum(amount) as amount from deal_tallies
			group by 1, 2, 3 having sum(deals) <> 0 order by 1, 2, 3`,
	);
	return { ...Object.fromEntries(rows), tallied };
}

type Full = { id: number; clientId: number; planned: number; done: number };

/** A deal with all that a deal can have. */
async function full(login: Login, title: string, product: string): Promise<Full> {
	const who = acting(login);
	const clientId = await createClient(db, who, { name: `ООО «${title}»` });
	const { id } = await makeDeal(db, cast, login, { title, clientId, amount: '100.00' });
	const plan = { plannedOn: title === 'Первый' ? '2026-12-05' : '2026-12-01' };
	const done = await planInteraction(db, who, id, { kindId: 1, summary: `Был ${title}`, plan });
	await completeInteraction(db, who, done, { version: 1, outcome: 'Договорились', next: null });
	const planned = await planInteraction(db, who, id, { kindId: 1, summary: `Шаг ${title}`, plan });
	const lines = [
		{ row: 1, name: product, quantity: '2.000', price: '30.00' },
		{ row: 2, name: 'Общее', quantity: '1.000', price: title === 'Первый' ? '40.00' : '50.00' },
	];
	const version = await versionOf(id);
	await setDealProducts(db, who, id, { version, lines, amountFromProducts: false });
	await transact(db, async (tx) => await setTags(tx, 'deal', id, ['общая', title]));
	const helper = cast.people[login === 'gleb' ? 'ada' : 'gleb'].id;
	await addCollaborator(db, who, id, { version: await versionOf(id), personId: helper });
	await editDeal(db, who, id, await versionOf(id), {
		...(title === 'Первый' ? { source: 'Сайт' } : { campaign: 'Осень', note: 'Ждут звонка' }),
		extra: title === 'Первый' ? {} : { [extra]: 'Быстро' },
	});
	return { id, clientId, planned, done };
}

test('all that the other deal has comes to the kept one, and undoing brings everything back', async () => {
	const [one, other] = [await full('anna', 'Первый', 'Печь'), await full('anna', 'Второй', 'Стол')];
	const before = await world();
	const merged = await merge('anna', one.id, other.id);
	expect(merged).toMatchObject({ survivorId: one.id, mergedId: other.id, title: 'Первый' });
	expect(await rowOf(one.id)).toMatchObject({
		...{ title: 'Первый', client_id: one.clientId, source: 'Сайт', campaign: 'Осень' },
		...{ note: 'Ждут звонка', extra: { [extra]: 'Быстро' }, amount: '100.00' },
		...{ next_interaction_id: other.planned, next_planned_on: '2026-12-01' },
	});
	expect(await rowOf(other.id)).toMatchObject({ merged_into: one.id, next_interaction_id: null });
	expect((await rowOf(other.id)).archived_at).not.toBeNull();
	const steps = 'select id from interactions where deal_id = $1 order by id';
	expect(await values(steps, one.id)).toEqual(
		[one.planned, one.done, other.planned, other.done].sort((a, b) => a - b),
	);
	expect(await values(steps, other.id)).toEqual([]);
	const products = `select p.name, l.price from deal_products l join products p on p.id = l.product_id
		where deal_id = $1 order by l.position`;
	// A product of both is one line, as the kept one has it.
	expect(await values(products, one.id)).toEqual([
		'Печь',
		'30.00',
		'Общее',
		'40.00',
		'Стол',
		'30.00',
	]);
	const tags = `select t.name from deal_tags l join tags t on t.id = l.tag_id where deal_id = $1 order by t.name`;
	expect(new Set(await values(tags, one.id))).toEqual(new Set(['Второй', 'общая', 'Первый']));
	expect(
		await values('select person_id from deal_collaborators where deal_id = $1', one.id),
	).toEqual([cast.people.gleb.id]);
	const { rows: events } = await pool.query(
		`select deal_id, type, data->>'title' as title from events where deal_id = any($1) order by id desc limit 1`,
		[[one.id, other.id]],
	);
	expect(events).toEqual([{ deal_id: one.id, type: 'deal.merged', title: 'Второй' }]);
	const undone = await unmerge('anna', other.id);
	expect(undone).toMatchObject({ survivorId: one.id, kept: [], stayed: 0 });
	expect(await world()).toEqual(before);
});

test('what is chosen is what becomes: client, amount, state with its end, owner; and all of it goes back', async () => {
	const [one, other] = [
		await full('anna', 'Первый', 'Печь'),
		await full('boris', 'Второй', 'Стол'),
	];
	await moveDeal(db, acting('boris'), {
		...{ dealId: other.id, version: await versionOf(other.id), stageId: cast.won.id },
		...{ amount: '777.77', closedOn: TODAY },
	});
	const before = await world();
	const all = ['title', 'clientId', 'amount', 'stageId', 'ownerId'];
	await merge('vera', one.id, other.id, Object.fromEntries(all.map((key) => [key, other.id])));
	expect(await rowOf(one.id)).toMatchObject({
		...{ title: 'Второй', client_id: other.clientId, amount: '777.77', stage_id: cast.won.id },
		...{ closed_on: TODAY, owner_id: cast.people.boris.id, source: 'Сайт' },
	});
	// Whoever had the other one goes on seeing it; who is the owner helps no more.
	const helpers = 'select person_id from deal_collaborators where deal_id = $1 order by 1';
	expect(await values(helpers, one.id)).toEqual(
		[cast.people.anna.id, cast.people.gleb.id].sort((a, b) => a - b),
	);
	const passed = `select from_stage_id, to_stage_id from stage_changes where deal_id = $1 order by id desc limit 1`;
	expect(await values(passed, one.id)).toEqual([cast.open[0].id, cast.won.id]);
	expect(await unmerge('vera', other.id)).toMatchObject({ kept: [], stayed: 0 });
	expect(await values(passed, one.id)).toEqual([cast.won.id, cast.open[0].id]);
	expect(await world()).toEqual(before);
});

test('an amount that follows the products follows those that came, and goes back with them', async () => {
	const [one, other] = [await full('anna', 'Первый', 'Печь'), await full('anna', 'Второй', 'Стол')];
	await pool.query('update deals set amount_from_products = true, amount = 100.00 where id = $1', [
		one.id,
	]);
	const before = await world();
	await merge('anna', one.id, other.id);
	expect((await rowOf(one.id)).amount).toBe('160.00');
	await unmerge('anna', other.id);
	expect(await world()).toEqual(before);
});

test('money of another currency is never taken for the same', async () => {
	const [one, other] = [await full('anna', 'Первый', 'Печь'), await full('anna', 'Второй', 'Стол')];
	await pool.query(`update deals set currency = 'USD' where id = $1`, [other.id]);
	await pool.query('update deals set amount = null where id = $1', [one.id]);
	const before = await world();
	await expect(merge('anna', one.id, other.id, { amount: other.id })).rejects.toMatchObject({
		key: 'deal.mergeCurrency',
	});
	await merge('anna', one.id, other.id);
	expect(await rowOf(one.id)).toMatchObject({ amount: null, currency: 'RUB' });
	const price = `select l.price from deal_products l join products p on p.id = l.product_id
		where deal_id = $1 and p.name = 'Стол'`;
	expect(await values(price, one.id)).toEqual([null]);
	await unmerge('anna', other.id);
	expect(await world()).toEqual(before);
});

test('what somebody has changed since stays, and is told', async () => {
	const [one, other] = [await full('anna', 'Первый', 'Печь'), await full('anna', 'Второй', 'Стол')];
	const third = await makeDeal(db, cast, 'anna', { title: 'Третий' });
	await merge('anna', one.id, other.id, { title: other.id });
	await editDeal(db, acting('anna'), one.id, await versionOf(one.id), {
		title: 'Наш',
		source: 'Звонок',
	});
	await pool.query('update interactions set deal_id = $2 where id = $1', [other.planned, third.id]);
	const undone = await unmerge('anna', other.id);
	expect(undone).toMatchObject({ kept: ['title'], stayed: 1 });
	expect(await rowOf(one.id)).toMatchObject({ title: 'Наш', source: 'Звонок', campaign: null });
	expect(await values('select id from interactions where deal_id = $1', other.id)).toEqual([
		other.done,
	]);
	await expect(unmerge('anna', other.id)).rejects.toMatchObject({ key: 'deal.notMerged' });
});

test('what is gone meanwhile does not come back: a client who was merged, an owner who has left', async () => {
	const [one, other] = [
		await full('anna', 'Первый', 'Печь'),
		await full('boris', 'Второй', 'Стол'),
	];
	await merge('vera', one.id, other.id, { clientId: other.id, ownerId: other.id });
	await pool.query('update clients set archived_at = now(), merged_into = $2 where id = $1', [
		...[one.clientId, other.clientId],
	]);
	await pool.query('update people set active = false where id = $1', [cast.people.anna.id]);
	const undone = await unmerge('ada', other.id);
	await pool.query('update people set active = true where id = $1', [cast.people.anna.id]);
	expect(undone.kept.sort()).toEqual(['clientId', 'ownerId']);
	expect(await rowOf(one.id)).toMatchObject({
		...{ client_id: other.clientId, owner_id: cast.people.boris.id },
	});
});

test('merges are undone backwards; what was merged is nobody’s to change, and its heir is not deleted', async () => {
	const ids: number[] = [];
	for (const title of ['А', 'Б', 'В', 'Г'])
		ids.push((await makeDeal(db, cast, 'anna', { title })).id);
	const [a, b, c, d] = ids as [number, number, number, number];
	await merge('anna', a, b);
	await merge('anna', a, c);
	await expect(unmerge('anna', b)).rejects.toMatchObject({ key: 'deal.mergedLater' });
	await merge('anna', d, a);
	await expect(unmerge('anna', c)).rejects.toMatchObject({ key: 'deal.mergedLater' });
	const before = await ledgerOf(database);
	const at = async (id: number) => await versionOf(id);
	const tries: [string, () => Promise<unknown>][] = [
		['deal.merged', async () => await editDeal(db, acting('anna'), b, await at(b), { title: 'Х' })],
		['deal.merged', async () => await archiveDeal(db, acting('vera'), b, await at(b), false)],
		['deal.merged', async () => await removeDeal(db, acting('vera'), b, await at(b))],
		['deal.hasMerged', async () => await removeDeal(db, acting('vera'), d, await at(d))],
		['deal.merged', async () => await merge('anna', d, b)],
		['deal.mergeTwo', async () => await merge('anna', d, d)],
	];
	for (const [key, tried] of tries) await expect(tried(), key).rejects.toMatchObject({ key });
	expect(await ledgerOf(database)).toEqual(before);
	await archiveDeal(db, acting('anna'), d, await at(d), true);
	await expect(unmerge('anna', a)).rejects.toMatchObject({ key: 'deal.archived' });
	await archiveDeal(db, acting('anna'), d, await at(d), false);
	for (const id of [a, c, b]) await unmerge('anna', id);
	const { rows } = await pool.query(
		'select id from deals where id = any($1) and archived_at is null',
		[ids],
	);
	expect(rows).toHaveLength(4);
});

test('helping is not enough to take a deal over, nor to give one’s own where one may not', async () => {
	const mine = await makeDeal(db, cast, 'anna', { title: 'Моя' });
	const theirs = await makeDeal(db, cast, 'boris', { title: 'Чужая' });
	const foreign = await makeDeal(db, cast, 'gleb', { title: 'Невидимая' });
	const personId = cast.people.anna.id;
	await addCollaborator(db, acting('boris'), theirs.id, { version: 1, personId });
	const before = await ledgerOf(database);
	await expect(merge('anna', mine.id, theirs.id)).rejects.toMatchObject({
		key: 'deal.mergeOthers',
	});
	await expect(merge('anna', mine.id, foreign.id)).rejects.toMatchObject({ key: 'error.notFound' });
	await expect(
		mergeDeals(db, acting('anna'), {
			...(await order(mine.id, theirs.id)),
			deals: [
				{ id: mine.id, version: 1 },
				{ id: theirs.id, version: 1 },
			],
		}),
	).rejects.toMatchObject({ status: 409 });
	expect(await ledgerOf(database)).toEqual(before);
	// One gives one's own to whom one may give it.
	await merge('anna', theirs.id, mine.id);
	expect(
		await values('select person_id from deal_collaborators where deal_id = $1', theirs.id),
	).toEqual([personId]);
});
