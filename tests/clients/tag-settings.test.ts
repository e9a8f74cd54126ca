import { beforeAll, expect, test } from 'vitest';
import { listSourceRecords } from '#src/features/company/sources/actions.ts';
import { listTagRecords } from '#src/features/company/tags/actions.ts';
import { saveFilter } from '#src/features/saved-filters/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let ada: Browser;
let anna: Browser;
let clientId: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
	const { rows } = await pool.query('select client_id as id from deals where id = $1', [
		cast.deals.late,
	]);
	clientId = rows[0].id;
});

const one = async (table: string, id: number) =>
	(await pool.query(`select * from ${table} where id = $1`, [id])).rows[0];
const change = async (table: 'deals' | 'clients', id: number, fields: Record<string, string>) => {
	const { version } = await one(table, id);
	const answer = await anna.json(`/${table}/${id}/edit`, { version, ...fields });
	expect(answer.statusCode, answer.body).toBe(200);
};
const tag = async (name: string) => {
	const found = (await listTagRecords(db)).find((each) => each.name === name);
	if (found === undefined) throw new Error(`no tag ${name}`);
	return found;
};
const source = async (name: string) => {
	const found = (await listSourceRecords(db)).find((each) => each.name === name);
	if (found === undefined) throw new Error(`no source ${name}`);
	return found;
};
const savedQuery = async (id: number) => (await one('saved_filters', id)).query;
const lastEvent = async () =>
	(await pool.query('select type, data from events order by id desc limit 1')).rows[0];

test('a tag gets another name and colour wherever it stands', async () => {
	await change('deals', cast.deals.late, { tags: 'опт' });
	const { id, version } = await tag('опт');
	await ada.post(`/admin/tags/${id}/edit`, { version, name: 'Оптовик', colour: 'violet' });
	expect((await anna.get('/deals')).body).toContain('<span class="tag violet">Оптовик</span>');
	expect(await lastEvent()).toEqual({
		type: 'tag.edited',
		data: { tagId: id, changes: { name: ['опт', 'Оптовик'], colour: ['grey', 'violet'] } },
	});
	const edit = { version: version + 1, name: 'Оптовик' };
	expect((await ada.json(`/admin/tags/${id}/edit`, { ...edit, colour: 'skull' })).statusCode).toBe(
		422,
	);
});

test('a tag goes into another: what had both has it once, filters ask for the other, the count is told first', async () => {
	await change('deals', cast.deals.today, { tags: 'розница, магазин' });
	await change('deals', cast.deals.none, { tags: 'магазин' });
	await change('clients', clientId, { tags: 'магазин' });
	const [gone, kept] = [await tag('магазин'), await tag('розница')];
	const filterId = await saveFilter(db, by(cast.people.anna), {
		...{ screen: 'deals', name: 'Магазины', query: `tag=${gone.id}&idle=1`, shared: false },
	});
	const form = await ada.get(`/admin/tags/${gone.id}/merger/new`);
	expect(form.body).toContain('2 интереса, 1 клиент');
	expect(form.body).not.toContain(`<option value="${gone.id}"`);
	const sent = { version: gone.version, intoId: kept.id };
	const answer = await ada.htmx('/admin/tags', `/admin/tags/${gone.id}/merger`, sent);
	expect(answer.body).toContain('«магазин» объединено с «розница»');
	const { rows } = await pool.query('select deal_id from deal_tags where tag_id = $1 order by 1', [
		kept.id,
	]);
	expect(rows.map(({ deal_id }) => deal_id)).toEqual([cast.deals.today, cast.deals.none]);
	expect(await tag('розница')).toMatchObject({ deals: 2, clients: 1 });
	expect(await savedQuery(filterId)).toBe(`idle=1&tag=${kept.id}`);
	expect(await one('tags', gone.id)).toBeUndefined();
	expect(await lastEvent()).toEqual({
		type: 'tag.merged',
		data: {
			...{ tagId: gone.id, name: 'магазин', intoId: kept.id, into: 'розница' },
			...{ deals: 2, clients: 1 },
		},
	});
});

test('a tag neither goes into itself nor into none; in use it is not taken away, unused it is', async () => {
	const { id, version } = await tag('розница');
	const before = await ledgerOf(database);
	for (const intoId of [id, 999_999])
		expect((await ada.json(`/admin/tags/${id}/merger`, { version, intoId })).statusCode).toBe(422);
	const refused = await ada.post(`/admin/tags/${id}/removal`, { version });
	expect(refused.statusCode).toBe(422);
	expect(refused.body).toContain('2 интереса, 1 клиент');
	expect((await ada.post('/admin/tags', { name: 'РОЗНИЦА' })).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	const { tagId } = (await ada.json('/admin/tags', { name: 'лишняя', colour: 'red' })).json();
	expect((await ada.json(`/admin/tags/${tagId}/removal`, { version: 1 })).statusCode).toBe(200);
	expect(await one('tags', tagId)).toBeUndefined();
});

test('a source is renamed in every client, deal and filter that says it, whatever its case', async () => {
	await change('deals', cast.deals.late, { source: 'Сайт' });
	await change('deals', cast.deals.today, { source: 'сайт' });
	await change('clients', clientId, { source: 'Сайт' });
	const { id, version } = await source('Сайт');
	const query = `source=${encodeURIComponent('Сайт')}`;
	const filterId = await saveFilter(db, by(cast.people.anna), {
		...{ screen: 'deals', name: 'С сайта', query, shared: false },
	});
	expect((await ada.get(`/admin/sources/${id}/edit`)).body).toContain('2 интереса, 1 клиент');
	const deal = await one('deals', cast.deals.late);
	await ada.post(`/admin/sources/${id}/edit`, { version, name: 'Наш сайт, форма' });
	for (const dealId of [cast.deals.late, cast.deals.today])
		expect((await one('deals', dealId)).source).toBe('Наш сайт, форма');
	expect((await one('clients', clientId)).source).toBe('Наш сайт, форма');
	// Whoever has the old word in an open form must be told.
	expect((await one('deals', cast.deals.late)).version).toBe(deal.version + 1);
	expect(new URLSearchParams(await savedQuery(filterId)).get('source')).toBe('Наш сайт, форма');
	expect((await listSourceRecords(db)).filter(({ name }) => /сайт/i.test(name))).toHaveLength(1);
	expect((await lastEvent()).data).toMatchObject({ deals: 2, clients: 1, kind: 'source' });
});

test('a source goes into another of its kind; a campaign is another list', async () => {
	await change('deals', cast.deals.none, { source: 'Вебсайт', campaign: 'Осень' });
	const [gone, kept] = [await source('Вебсайт'), await source('Наш сайт, форма')];
	const campaign = await source('Осень');
	const merge = async (intoId: number) =>
		await ada.json(`/admin/sources/${gone.id}/merger`, { version: gone.version, intoId });
	expect((await merge(campaign.id)).statusCode).toBe(422);
	expect((await merge(gone.id)).statusCode).toBe(422);
	const answer = await merge(kept.id);
	expect(answer.json()).toEqual({ name: 'Вебсайт', into: kept.name, deals: 1, clients: 0 });
	expect(await one('deals', cast.deals.none)).toMatchObject({
		...{ source: kept.name, campaign: 'Осень' },
	});
	expect(await one('sources', gone.id)).toBeUndefined();
});

test('a source in use is switched off, not taken away; nobody is offered it any more', async () => {
	const { id, version } = await source('Осень');
	const refused = await ada.post(`/admin/sources/${id}/removal`, { version });
	expect(refused.statusCode).toBe(422);
	expect(refused.body).toContain('1 интерес, 0 клиентов');
	expect((await anna.get('/deals')).body).toContain('<option value="Осень">');
	await ada.post(`/admin/sources/${id}/activity`, { version });
	expect((await anna.get('/deals')).body).not.toContain('<option value="Осень">');
	expect((await one('deals', cast.deals.none)).campaign).toBe('Осень');
	const taken = { kind: 'campaign', name: 'осень' };
	expect((await ada.json('/admin/sources', taken)).statusCode).toBe(422);
	expect((await ada.json('/admin/sources', { ...taken, kind: 'source' })).statusCode).toBe(200);
});
