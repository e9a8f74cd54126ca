import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';

/* The list of deals for paper: all that is found, what was asked for in words, and where it is cut. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const MOST = 2_000;
let cast: Cast;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
	await makeDeal(db, cast, 'anna', { title: '<b>Печь</b>', amount: '1234.50' });
	await pool.query(`insert into tags (name, colour) values ('срочно', 'red')`);
	await pool.query(
		`insert into deals (stage_entered_at, pipeline_id, stage_id, title, owner_id, amount, source, campaign, expected_close_on)
		select stage_entered_at, pipeline_id, stage_id, 'Касса ' || n, owner_id, n, 'Сайт', 'Осень', '2026-12-01'
		from deals, generate_series(1, $1) n where title = '<b>Печь</b>'`,
		[MOST + 7],
	);
});

async function paperOf(query: string) {
	const answer = await anna.get(`/deals/print${query}`);
	expect(answer.statusCode).toBe(200);
	const page = read(answer.body);
	const titles = page.byTag('th').filter((th) => th.attrs.some(({ value }) => value === 'row'));
	return {
		body: answer.body,
		titles: titles.map(textOf),
		header: textOf(page.byTag('header')[0] as never),
	};
}

test('tells in words all that отбор asks for, and who printed it when', async () => {
	const { rows } = await pool.query('select id from tags');
	const query = new URLSearchParams({
		...{ q: 'Касса', owner: 'me', source: 'Сайт', campaign: 'Осень', tag: rows[0].id },
		...{ amountFrom: '5', amountTo: '10', expectedFrom: '2026-11-30', createdTo: '2027-01-31' },
		...{ idle: '1', helping: '1', period: 'overdue', stage: String(cast.open[0].id) },
	});
	const { header } = await paperOf(`?${query}`);
	expect(header).toContain(
		[
			`Отбор: ${cast.open[0].name}`,
			...['мои', 'текст «Касса»', 'Следующий шаг: просрочено', 'Простаивают', 'Участвую'],
			...['Источник: Сайт', 'Метка: срочно', 'Сумма от 5 до 10', 'Кампания: Осень'],
			...['Завершение с пн, 30 ноя', 'Создан по вс, 31 янв 2027'],
		].join('; '),
	);
	expect(header).toContain('Напечатано: Анна');
	expect((await paperOf('?kind=won&month=all')).header).toContain(
		'Отбор: Успешные; Завершены: За всё время',
	);
});

test('has every line in the order of the address, wherever the screen had got to; the rest is told', async () => {
	const few = await paperOf('?amountFrom=1980&amountTo=2002&sort=-amount&shown=50');
	expect(few.titles).toEqual(Array.from({ length: 23 }, (_, n) => `Касса ${2002 - n}`));
	expect(few.body).not.toContain('и ещё');
	const all = await paperOf('?q=Касса&sort=amount');
	expect(all.titles).toHaveLength(MOST);
	expect(all.titles.slice(0, 2)).toEqual(['Касса 1', 'Касса 2']);
	expect(all.body).toContain('… и ещё 7: уточните отбор');
	expect((await paperOf('?q=печь&amountFrom=1')).titles).toEqual(['<b>Печь</b>']);
});

test('asks for sense in the address', async () => {
	for (const query of ['?sort=zzz', '?zzz=1', '?amountFrom=x'])
		expect((await anna.get(`/deals/print${query}`)).statusCode, query).toBe(400);
});
