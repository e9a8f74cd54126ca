import { beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '#src/features/access/rights.ts';
import { readClientQuery } from '#src/features/clients/list/filter.ts';
import { countClients, readClients } from '#src/features/clients/list/queries.ts';
import { suggestClients } from '#src/features/clients/search/search.ts';
import { bareClientName, readingsOf, switchedLayout } from '#src/features/clients/search/words.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Company, makeCompany, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ANNAS, GLEBS, makeClients, QUERIES } from './companies.ts';

const { db, pool } = await testDatabase();
const viewer = viewerAt(NOW, 'ru', 'Europe/Moscow');
let company: Company;
let keys: Map<number, string>;

beforeAll(async () => {
	company = await makeCompany(db);
	keys = await makeClients(db, company);
});

async function found(q: string, actor: Actor = company.people.anna): Promise<string[]> {
	const query = readClientQuery(actor, { q });
	const page = await readClients(db, actor, query, viewer, { after: null, limit: 100 });
	expect(await countClients(db, actor, query, viewer), q).toBe(page.rows.length);
	return page.rows.map(({ id }) => keys.get(id) as string);
}

test('there are forty queries and more, over sixty clients', () => {
	expect(QUERIES.length).toBeGreaterThanOrEqual(40);
	expect(ANNAS.length + GLEBS.length).toBeGreaterThanOrEqual(60);
});

describe('whatever is typed finds what is meant, all of it and nothing else:', () => {
	for (const [typed, expected] of QUERIES)
		test(`${typed} → ${expected.join(', ') || 'nothing'}`, async () => {
			expect((await found(typed)).sort()).toEqual([...expected].sort());
		});
});

test('everybody is looked through by an index as one person’s clients are one by one', async () => {
	for (const [typed, expected] of QUERIES) {
		const own = new Set(ANNAS.map(([key]) => key));
		const all = (await found(typed, company.people.ada)).filter((key) => own.has(key));
		// Where a stranger's client says it exactly, one of Anna's with a letter wrong is not asked for.
		if (all.length > 0) expect(all.sort(), typed).toEqual([...expected].sort());
	}
	expect(await found('ромашка', company.people.ada)).toEqual(['romashka', 'romashka2']);
});

test('the best comes first: the whole name, its beginning, its words, what else says it', async () => {
	await makeDeal(db, company, 'anna', { client: { name: 'Первый молочный' } });
	const { rows } = await pool.query(`select id from clients where name = 'Первый молочный'`);
	keys.set(rows[0].id, 'firstmilk');
	expect(await found('молочн')).toEqual(['milk', 'milkman', 'firstmilk']);
	expect((await found('дом'))[0]).toBe('house');
	expect((await suggestClients(db, company.people.anna, 'дом', 3)).map(({ name }) => name)[0]).toBe(
		'ООО «Дом книги»',
	);
});

test.each([
	['ООО «Ромашка»', 'Ромашка'],
	['АО "Гранит"', 'Гранит'],
	['Волгасвет, ООО', 'Волгасвет'],
	['ИП Орлов А. А.', 'Орлов А. А.'],
	['ООО «Отель «Причал»', 'Отель «Причал»'],
	['ООО «Отель «Причал»»', '«Отель «Причал»»'],
	['«Ромашка» и сыновья', '«Ромашка» и сыновья'],
	['Ооочень Большой Дом', 'Ооочень Большой Дом'],
	['ООО', 'ООО'],
	['', ''],
])('on a card %j is %j', (name, bare) => {
	expect(bareClientName(name)).toBe(bare);
});

test('nonsense finds nothing, and signs alone ask for nothing', async () => {
	for (const q of [
		'щшхъфы',
		'qzxwvk',
		'абракадабра',
		'99999999',
		'000 000-00-00',
		'zzz@zzz.zz',
		'ъъъ',
	])
		expect(await found(q), q).toEqual([]);
	for (const q of [
		'%',
		'_',
		'%%%',
		"''",
		'\\',
		'()',
		'@',
		'"',
		'…',
		'🙂',
		"' or 1=1 --",
		'<img src=x>',
	])
		expect((await found(q)).length, q).toBeLessThanOrEqual(1);
});

test('nobody finds, counts or is suggested a client of others', async () => {
	const { anna, boris, gleb, vera } = company.people;
	for (const q of ['тайна', '7705035012', '765-43-21', 'x@secret', 'Секретов', 'тайма глеба']) {
		for (const actor of [anna, boris, vera]) {
			expect(await found(q, actor), `${actor.name} ${q}`).toEqual([]);
			expect(await suggestClients(db, actor, q, 10)).toEqual([]);
		}
		expect(await found(q, gleb), q).toEqual(['secret']);
	}
	expect(await found('ромашка', gleb)).toEqual(['romashka2']);
	expect(await found('ромашка', vera)).toEqual(['romashka']);
	expect(await found('ромашка', boris)).toEqual([]);
});

test('a client of an own deal, and of one that one helps with, is found; suggestions leave archived ones out', async () => {
	const { anna, boris } = company.people;
	const idOf = (key: string) => [...keys].find(([, one]) => one === key)?.[0] as number;
	const deal = await makeDeal(db, company, 'boris', { clientId: idOf('cheese') });
	expect(await found('три козы', boris)).toEqual(['cheese']);
	await pool.query('update deals set owner_id = $1 where id = $2', [anna.id, deal.id]);
	expect(await found('три козы', boris)).toEqual([]);
	await pool.query('insert into deal_collaborators (deal_id, person_id) values ($1, $2)', [
		deal.id,
		boris.id,
	]);
	expect(await found('три козы', boris)).toEqual(['cheese']);
	await pool.query('update clients set archived_at = now() where id = $1', [idOf('cheese')]);
	expect(await suggestClients(db, anna, 'три козы', 5)).toEqual([]);
	expect(await found('три козы')).toEqual([]);
});

test('search follows every change of a name, a contact, a phone', async () => {
	const idOf = (key: string) => [...keys].find(([, one]) => one === key)?.[0] as number;
	await pool.query('update clients set name = $1 where id = $2', ['Чайная пагода', idOf('tea')]);
	expect([await found('пагода'), await found('пять листов')]).toEqual([['tea'], []]);
	await pool.query('update contacts set name = $1 where client_id = $2', [
		'Хризантема',
		idOf('tea'),
	]);
	expect([await found('хризантемой'), await found('Ли Чаев')]).toEqual([['tea'], []]);
	await pool.query(
		`insert into contact_points (client_id, kind, value, search_key) values ($1, 'phone', 'x', '3519998877')`,
		[idOf('tea')],
	);
	expect(await found('8 351 999-88-77')).toEqual(['tea']);
	await pool.query('delete from contact_points where client_id = $1', [idOf('tea')]);
	expect(await found('8 351 999-88-77')).toEqual([]);
});

test('what is typed is read as words, mails and numbers, in either layout', () => {
	expect(switchedLayout('ghbdtn')).toBe('привет');
	expect(switchedLayout('руддщ')).toBe('hello');
	expect(readingsOf('ООО')[0]?.words).toEqual(['ооо']);
	expect(readingsOf('ООО Ромашка')[0]?.words).toEqual(['ромашка']);
	expect(readingsOf('…')).toEqual([]);
	expect(readingsOf('Ольга 8 495 123-45-67')[0]).toMatchObject({
		words: ['ольга'],
		numbers: [{ within: ['84951234567', '4951234567'] }],
	});
	expect(readingsOf('7707083893/770701001')[0]?.numbers[0]?.within).toEqual(['7707083893']);
});
