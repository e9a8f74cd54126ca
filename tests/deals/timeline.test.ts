import { beforeAll, beforeEach, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { editDeal } from '#src/features/deals/deal/editing.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import {
	logInteraction,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import { allTold } from '#src/platform/history/teller.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, type Page, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const DAY = 86_400_000;

let cast: Cast;
let anna: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	const now = new Date(NOW.getTime() - 9 * DAY);
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь', amount: '100.00', now })).id;
});

const ago = (days: number) => by(cast.people.anna, new Date(NOW.getTime() - days * DAY), 'board');
const squeezed = (text: string) => text.replace(/[\s\u00a0\u202f]+/g, ' ').trim();
const linesOf = (page: Page): string[] =>
	page.byClass('line', page.byId('timeline') ?? undefined).map((line) => squeezed(textOf(line)));
const open = async (query = '') => read((await anna.get(`/deals/${id}${query}`)).body);

test('says who, when, by which door, and each field from old to new', async () => {
	await editDeal(db, ago(2), id, 1, {
		amount: '2500.50',
		expectedCloseOn: '2026-12-24',
		clientName: 'ООО «Новый»',
		note: 'Торопятся',
		tags: ['опт', 'сети'],
		probability: 40,
	});
	const [line] = linesOf(await open());
	expect(line).toContain('Изменены сведения');
	expect(line).toContain('Сумма: 100 ₽ → 2 500,50 ₽');
	expect(line).toContain('Закрыть до: чт, 24 дек');
	expect(line).toContain('Клиент: ООО «Новый»');
	expect(line).toContain('Метки: опт, сети');
	expect(line).toContain('Анна Соколова, с доски');
	expect(line).toContain('12:00');
});

test('a move says how long the deal stood before it, and the page adds it up by state', async () => {
	await moveDeal(db, ago(6), { dealId: id, version: 1, stageId: cast.open[1].id });
	await moveDeal(db, ago(4), { dealId: id, version: 2, stageId: cast.open[0].id });
	await moveDeal(db, ago(1), { dealId: id, version: 3, stageId: cast.open[2].id });
	const page = await open();
	expect(linesOf(page)[0]).toContain('Первичный интерес → Подготовка предложения');
	expect(linesOf(page)[0]).toContain('3 дня в прошлом состоянии');
	const stood = page
		.byTag('div', page.byId('stood') ?? undefined)
		.map((one) => squeezed(textOf(one)));
	expect(stood).toEqual([
		'Первичный интерес6 дней',
		'Выявление потребностей2 дня',
		'Подготовка предложения1 день и сейчас',
	]);
});

test('a note, a new owner with a word to them, and who is gone from the lists are told too', async () => {
	await noteDeal(db, ago(3), id, 'Решает\nдиректор');
	const vera = by(cast.people.vera, new Date(NOW.getTime() - DAY));
	await reassignDeal(db, vera, id, 1, cast.people.boris.id, 'Клиент ждёт звонка');
	const boris = await signIn(served, 'boris');
	const lines = linesOf(read((await boris.get(`/deals/${id}`)).body));
	expect(lines[0]).toContain('Анна Соколова → Борис ЛунинКлиент ждёт звонка');
	expect(lines[1]).toContain('ЗаметкаРешает директор');
});

test('each part shows its own, an empty one says so, and the address holds it', async () => {
	await noteDeal(db, ago(3), id, 'Важное');
	await anna.json(`/deals/${id}/interactions`, { kindId: 1, done: '1', summary: 'Созвонились' });
	await editDeal(db, ago(2), id, 1, { source: 'Сайт' });
	expect(linesOf(await open())).toHaveLength(4);
	expect(linesOf(await open('?part=notes'))).toEqual([expect.stringContaining('Важное')]);
	expect(linesOf(await open('?part=interactions'))).toEqual([
		expect.stringContaining('Созвонились'),
	]);
	expect(linesOf(await open('?part=changes'))).toHaveLength(2);
	const documents = await open('?part=documents');
	expect(textOf(documents.byId('history-panel') as never)).toContain(
		'Документов по интересу пока нет',
	);
	const tabs = documents.byTag('a', documents.byId('history-panel') ?? undefined);
	const current = tabs.filter((tab) => attribute(tab, 'aria-current') !== null);
	expect(current.map((tab) => attribute(tab, 'href'))).toEqual([
		`/deals/${id}?part=documents#history`,
	]);
	expect((await anna.get(`/deals/${id}?part=secrets`)).statusCode).toBe(400);
	expect((await anna.get(`/deals/${id}?after=x`)).statusCode).toBe(400);
	expect((await anna.get(`/deals/${id}?from=mail`)).statusCode).toBe(200);
});

test('a step whose words are its kind is told by it once', async () => {
	for (const fields of [{ plannedDay: '2026-12-01' }, { done: '1', outcome: 'Ждут' }])
		await anna.json(`/deals/${id}/interactions`, { kindId: 1, summary: '', ...fields });
	const [done, planned] = linesOf(await open('?part=interactions'));
	expect(done).toMatch(/^Звонок ?Ждут/);
	expect(planned).toMatch(/Запланировано: Звонок ?на /);
	const [step] = (
		await pool.query("select id from interactions where deal_id = $1 and status = 'planned'", [id])
	).rows;
	const opened = read((await anna.get(`/interactions/${step.id}/completion/new`)).body);
	expect(opened.byTag('h2').map(textOf)).toContain('Звонок');
});

test('is read in pages that neither lose nor double a line, and a day is headed once', async () => {
	const hoursAgo = (n: number) => new Date(NOW.getTime() - n * 3_600_000);
	for (let n = 69; n >= 0; n -= 1)
		await noteDeal(db, by(cast.people.anna, hoursAgo(n)), id, `№ ${n}.`);
	const seen: string[] = [];
	const days: string[] = [];
	let url: string | null = `/deals/${id}`;
	for (let page = 0; url !== null; page += 1) {
		const answer: Page = read(
			(await anna.htmx(`/deals/${id}`, page === 0 ? `${url}?part=notes` : url)).body,
		);
		seen.push(...answer.byClass('said').map((one) => squeezed(textOf(one))));
		days.push(...answer.byClass('day').map((one) => squeezed(textOf(one))));
		const more = answer.byId('more-lines');
		url = more && attribute(answer.byTag('a', more)[0] as never, 'hx-get');
	}
	expect(seen).toEqual(Array.from({ length: 70 }, (_, n) => `№ ${n}.`));
	expect(days).toEqual(['сегодня', 'вчера', 'вс, 22 ноя', 'сб, 21 ноя']);
	const plain = await open(`?part=notes`);
	const [link] = plain.byTag('a', plain.byId('more-lines') ?? undefined);
	const onward = read((await anna.get(attribute(link as never, 'href') ?? '')).body);
	expect(linesOf(onward)[0]).toContain('№ 30.');
});

test('a change shows as many lines as were unfolded, and the part that was looked at', async () => {
	for (let n = 0; n < 40; n += 1) await noteDeal(db, ago(1), id, `№ ${n}.`);
	const seen = `/deals/${id}?part=notes`;
	const fields = { stageId: cast.open[1].id, version: 1 };
	const few = await anna.htmx(seen, `/deals/${id}/moves`, fields);
	expect(linesOf(read(few.body))).toHaveLength(30);
	const back = { stageId: cast.open[0].id, version: 2 };
	const all = await anna.htmx(seen, `/deals/${id}/moves`, back, { 'x-lines-shown': '40' });
	expect(linesOf(read(all.body))).toHaveLength(40);
});

test('the page takes six statements, the session’s among them', async () => {
	await pool.query('update sessions set seen_at = $1', [NOW]);
	await allTold(pool);
	let statements = 0;
	const query = pool.query;
	pool.query = ((...args: Parameters<typeof query>) => {
		statements += 1;
		return query.apply(pool, args);
	}) as typeof query;
	const answer = await anna.get(`/deals/${cast.deals.late}?part=changes`);
	pool.query = query;
	expect([answer.statusCode, statements]).toEqual([200, 6]);
});

test('is filtered by who, by which door and on which days, in the address, and says from what a step was moved', async () => {
	const step = await planInteraction(db, ago(5), id, {
		...{ kindId: 1, summary: 'Позвонить', plan: { plannedOn: '2026-11-25' } },
	});
	await postponeInteraction(db, ago(3), step, 1, { plannedOn: '2026-11-27' });
	const vera = by(cast.people.vera, new Date(NOW.getTime() - 2 * DAY), 'card');
	await noteDeal(db, vera, id, 'Слово Веры');
	expect(linesOf(await open()).join(' ')).toContain('День: ср, 25 ноя → пт, 27 ноя');
	const only = async (query: string) => linesOf(await open(query));
	expect(await only(`?person=${cast.people.vera.id}`)).toHaveLength(1);
	expect((await only('?door=card')).join()).toContain('Слово Веры');
	expect((await only('?since=2026-11-21&until=2026-11-21')).join()).toContain('Перенесено');
	expect(await only('?since=2026-11-21&until=2026-11-21')).toHaveLength(1);
	const none = await open(`?part=notes&person=${cast.people.anna.id}`);
	expect(none.byId('timeline')).toBeNull();
	const page = await open('?part=notes&door=card&since=2026-11-01');
	const form = page
		.byTag('form')
		.find((one) => attribute(one, 'action') === `/deals/${id}#history`);
	expect(fieldsOf(page, form as never)).toEqual({
		...{ part: 'notes', person: '', door: 'card', since: '2026-11-01', until: '' },
	});
	const tabs = page.byTag('a').map((link) => attribute(link, 'href'));
	expect(tabs).toContain(`/deals/${id}?part=changes&door=card&since=2026-11-01#history`);
	// Who is nobody in this history still stands in the filter that they are asked for by.
	const strange = await open('?person=99999&door=api');
	const asked = strange
		.byTag('form')
		.find((one) => attribute(one, 'action') === `/deals/${id}#history`);
	expect(fieldsOf(strange, asked as never)).toMatchObject({ person: '99999', door: 'api' });
	const [{ clientId } = { clientId: 0 }] = (
		await pool.query<{ clientId: number }>(
			'select client_id as "clientId" from deals where client_id is not null limit 1',
		)
	).rows;
	expect((await anna.get(`/clients/${clientId}?person=99999`)).body).toContain(
		'За эти дни от этих',
	);
	for (const query of ['?person=x', '?door=window', '?since=2026-02-31'])
		expect((await anna.get(`/deals/${id}${query}`)).statusCode, query).toBe(400);
	expect((await anna.get(`/deals/${id}?person=&door=&since=&until=`)).statusCode).toBe(200);
});

test('the result of what was done is mended from here: one event with old and new, and a late one is told', async () => {
	const step = await logInteraction(db, ago(1), id, {
		...{ kindId: 1, summary: 'Позвонил', outcome: 'Согласны' },
	});
	const page = await open();
	const link = page.byTag('a').find((one) => textOf(one) === 'Поправить результат');
	expect(attribute(link as never, 'href')).toBe(`/interactions/${step}/edit`);
	const edit = read((await anna.get(`/interactions/${step}/edit`)).body);
	const form = edit
		.byTag('form')
		.find((one) => attribute(one, 'action') === `/interactions/${step}`);
	const fields = fieldsOf(edit, form as never);
	expect(fields.outcome).toBe('Согласны');
	const mended = { ...fields, outcome: 'Просят скидку' };
	expect((await anna.post(`/interactions/${step}`, mended)).statusCode).toBe(303);
	const lines = linesOf(await open());
	expect(lines[0]).toContain('Результат: Согласны → Просят скидку');
	const late = { ...fields, outcome: 'Другое' };
	expect((await anna.post(`/interactions/${step}`, late)).statusCode).toBe(409);
	const { rows } = await pool.query(
		`select count(*)::int as n from events where interaction_id = $1 and type = 'interaction.edited'`,
		[step],
	);
	expect(rows).toEqual([{ n: 1 }]);
	const card = await anna.get(`/deals/${id}?part=changes`);
	expect(card.body).not.toContain('Поправить результат');
});
