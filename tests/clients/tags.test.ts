import { beforeAll, expect, test } from 'vitest';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import { listSources } from '#src/features/company/sources/queries.ts';
import { listTags, setTags, tagsOf } from '#src/features/company/tags/tags.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const { db, pool } = database;

let cast: Cast;
let clientId: number;

beforeAll(async () => {
	cast = await makeCast(db);
	clientId = await createClient(db, by(cast.people.anna), { name: 'ООО «Метка»' });
});

const set = (noun: 'client' | 'deal', id: number, names: string[]) =>
	db.transaction((tx) => setTags(tx, noun, id, names));
const names = async (noun: 'client' | 'deal', id: number) =>
	(await tagsOf(db, noun, id)).map(({ name }) => name);

test('one directory serves clients and deals; a new word makes a tag, a known one is taken', async () => {
	expect(await set('client', clientId, ['Опт', 'сети'])).toEqual([null, 'Опт, сети']);
	expect(await set('deal', cast.deals.late, ['опт', 'Ёлка'])).toEqual([null, 'Ёлка, Опт']);
	expect((await listTags(db)).map(({ name }) => name)).toEqual(['Ёлка', 'Опт', 'сети']);
});

test('what is not named any more is taken off, and nothing is told where nothing changed', async () => {
	await set('client', clientId, ['Опт', 'сети']);
	expect(await set('client', clientId, ['СЕТИ', 'опт'])).toBeNull();
	expect(await set('client', clientId, ['сети'])).toEqual(['Опт, сети', 'сети']);
	expect(await set('client', clientId, [])).toEqual(['сети', null]);
	expect(await names('deal', cast.deals.late)).toEqual(['Ёлка', 'Опт']);
});

test('two people who make the same tags at once make each once', async () => {
	const clients = await Promise.all(
		Array.from({ length: 8 }, (_, n) =>
			createClient(db, by(cast.people.anna), { name: `ООО «${n}»` }),
		),
	);
	const words = ['к', 'а', 'м', 'у', 'ш', 'е', 'к'];
	await Promise.all(
		clients.map((id, n) => set('client', id, [...words.slice(n % 3), ...words.slice(0, n % 3)])),
	);
	const { rows } = await pool.query('select count(*)::int as n from tags where length(name) = 1');
	expect(rows).toEqual([{ n: 6 }]);
	for (const id of clients) expect(await names('client', id)).toHaveLength(6);
});

test('sources and campaigns that are used are suggested from then on, each once', async () => {
	const acting = by(cast.people.anna);
	const id = await createClient(db, acting, { name: 'ООО «Исток»', source: 'Выставка' });
	await editClient(db, acting, id, 1, { source: 'Ярмарка' });
	await makeDeal(db, cast, 'anna', { source: 'выставка' });
	await pool.query(`update deals set campaign = 'Осень 2026'`);
	const { sources, campaigns } = await listSources(db);
	expect(sources.map(({ name }) => name)).toEqual(['Выставка', 'Ярмарка']);
	expect(campaigns.map(({ name }) => name)).toEqual(['Осень 2026']);
	await pool.query(`update sources set active = false where name = 'Ярмарка'`);
	await editClient(db, acting, id, 2, { source: 'ярмарка' });
	expect((await listSources(db)).sources.map(({ name }) => name)).toEqual(['Выставка']);
});
