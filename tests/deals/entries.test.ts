import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь' })).id;
});

const kind = (code: string) => cast.kinds.find((one) => one.code === code)?.id as number;
const say = (fields: Record<string, string | number>) =>
	anna.htmx(`/deals/${id}`, `/deals/${id}/entries`, fields);
const steps = async () =>
	(
		await pool.query(
			`select k.code, i.summary, i.outcome, i.description, i.status, i.planned_on
			from interactions i join interaction_kinds k on k.id = i.kind_id where deal_id = $1`,
			[id],
		)
	).rows;

test('a call is noted as done just now: the first line says what, the rest its result', async () => {
	const answer = await say({ kindId: kind('call'), text: 'Узнали решение\nБерут две\nдо пятницы' });
	expect(answer.statusCode).toBe(200);
	expect(await steps()).toEqual([
		expect.objectContaining({
			...{ code: 'call', status: 'done', summary: 'Узнали решение' },
			outcome: 'Берут две\nдо пятницы',
		}),
	]);
	const timeline = read(answer.body).byId('timeline');
	expect(textOf(timeline as never)).toContain('Звонок: Узнали решение');
});

test('two clicks are enough: without words the kind is what was done', async () => {
	await say({ kindId: kind('meeting') });
	expect(await steps()).toEqual([
		expect.objectContaining({ code: 'meeting', status: 'done', summary: 'Встреча', outcome: null }),
	]);
});

test('the same words are planned with the other button; the deal has its next step', async () => {
	const answer = await say({
		...{ kindId: kind('email'), text: 'Выслать прайс\nс доставкой', plan: '1' },
		plannedDay: '2026-12-01',
	});
	expect(await steps()).toEqual([
		expect.objectContaining({
			...{ code: 'email', status: 'planned', planned_on: '2026-12-01' },
			...{ summary: 'Выслать прайс', description: 'с доставкой' },
		}),
	]);
	expect(textOf(read(answer.body).byId('next') as never)).toContain('Выслать прайс');
});

test('a note is kept as it was written, and makes neither a step nor a version', async () => {
	const text = 'Решает   директор\n<img src=x onerror="alert(1)">';
	const answer = await say({ kindId: 'note', text });
	const page = read(answer.body);
	expect(textOf(page.byId('timeline') as never)).toContain(text);
	expect(page.byTag('img')).toEqual([]);
	expect(attribute(page.byId('deal-page') as never, 'data-version')).toBe('1');
	expect(await steps()).toEqual([]);
});

test('one long line is its own result, and nothing of it is lost', async () => {
	const text = 'Долгий разговор. '.repeat(40).trim();
	await say({ kindId: kind('call'), text });
	const [step] = await steps();
	expect(step.outcome).toBe(text);
	expect(step.summary.length).toBeLessThanOrEqual(200);
});

test('what is wrong comes back in its place with all that was typed, with scripts and without', async () => {
	const before = await ledgerOf(database);
	const wrong = { kindId: kind('call'), text: 'Позвонить', plan: '1', plannedDay: '31.02.2026' };
	const answer = await say(wrong);
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	expect(page.byTag('hx-partial').map((one) => attribute(one, 'hx-target'))).toEqual(['#compose']);
	expect(textOf(page.byId('c-text') as never)).toBe('Позвонить');
	expect(attribute(page.byId('c-plannedDay') as never, 'value')).toBe('31.02.2026');
	expect(attribute(page.byId('entry-problem') as never, 'role')).toBe('alert');
	const plain = await anna.post(`/deals/${id}/entries`, { kindId: 'note', text: '  ' });
	expect(plain.statusCode).toBe(422);
	const again = read(plain.body);
	const chosen = again.byTag('input').filter((one) => attribute(one, 'checked') !== null);
	expect(chosen.map((one) => attribute(one, 'value'))).toEqual(['note']);
	for (const kindId of ['999999', 'call', '-1'])
		expect((await say({ kindId, text: 'x' })).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
});

test('without scripts the form leads back to the page', async () => {
	const answer = await anna.post(`/deals/${id}/entries`, { kindId: 'note', text: 'Важное' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/deals/${id}`]);
});
