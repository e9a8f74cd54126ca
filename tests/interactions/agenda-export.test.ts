import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';

/* «Мои дела» as a file says what the page shows: group by group, narrowed alike, nobody else's. */
const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;
let anna: Browser;
let vera: Browser;

const plan = async (title: string, day: string, summary = title) => {
	const { stepId } = await makeDeal(database.db, cast, 'anna', { title, plan: { plannedOn: day } });
	await database.pool.query('update interactions set summary = $2 where id = $1', [
		stepId,
		summary,
	]);
};

beforeAll(async () => {
	cast = await makeCast(database.db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	await database.pool.query(`delete from interactions where owner_id = $1`, [cast.people.anna.id]);
	await plan('Позже', '2027-01-15');
	await plan('Просрочка', '2026-11-20', '=1+1');
	await plan('Сегодня', '2026-11-24', 'Позвонить; уточнить');
});

const linesOf = (body: string) => body.replace('\ufeff', '').trimEnd().split('\r\n');

test('it has the groups of the page in their order, its own words and no formula', async () => {
	const answer = await anna.get('/agenda/export?format=csv');
	expect(answer.statusCode).toBe(200);
	expect(decodeURIComponent(String(answer.headers['content-disposition']))).toContain(
		'Мои дела 2026-11-24.csv',
	);
	const [headings, ...lines] = linesOf(answer.body);
	expect(headings).toBe(
		'Срок;Когда;Вид;Что сделать;Клиент;Интерес;Контактное лицо;Телефон;Место;"Длительность, мин";Результат',
	);
	expect(lines.map((line) => line.split(';').slice(0, 2).join(';'))).toEqual([
		'Просрочено;20.11.2026',
		'Сегодня;24.11.2026',
		'Позже;15.01.2027',
	]);
	expect(lines[0]).toContain(";'=1+1;");
	expect(lines[1]).toContain(';"Позвонить; уточнить";');
	const xlsx = await anna.get('/agenda/export?format=xlsx');
	expect(xlsx.rawPayload.subarray(0, 2).toString()).toBe('PK');
});

test('it is narrowed as the page is, and the page links to it so', async () => {
	const page = await anna.get('/agenda?period=late');
	expect(page.body).toContain('/agenda/export?period=late&amp;format=xlsx');
	const late = await anna.get('/agenda/export?period=late&format=csv');
	expect(linesOf(late.body)).toHaveLength(2);
	const found = await anna.get(`/agenda/export?q=${encodeURIComponent('уточнить')}&format=csv`);
	expect(linesOf(found.body)).toHaveLength(2);
});

test('a head has a person’s and the team’s, a manager nobody else’s', async () => {
	const hers = await vera.get(`/agenda/export?owner=${cast.people.anna.id}&format=csv`);
	expect(linesOf(hers.body)).toHaveLength(4);
	expect(decodeURIComponent(String(hers.headers['content-disposition']))).toContain(
		'Мои дела – Анна Соколова',
	);
	const team = linesOf((await vera.get('/agenda/export?owner=team&format=csv')).body);
	expect(team[0]).toBe(
		'Ответственный;Просрочено;Осталось сегодня;Запланировано всего;Сделано сегодня;Сделано за неделю',
	);
	expect(team).toContain('Анна Соколова;1;1;3;0;0');
	expect(team.join()).not.toContain('Глеб');
	for (const owner of [cast.people.gleb.id, cast.people.vera.id, 999_999])
		expect((await anna.get(`/agenda/export?owner=${owner}&format=csv`)).statusCode).toBe(404);
	for (const query of ['', 'format=pdf', 'format=csv&zzz=1', 'format=csv&period=x'])
		expect((await anna.get(`/agenda/export?${query}`)).statusCode, query).toBe(400);
});
