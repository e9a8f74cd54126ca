import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import { listExtraFields } from '#src/features/company/extra-fields/extra-fields.ts';
import type { EXTRA_KINDS } from '#src/features/company/extra-fields/tables.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let ada: Browser;
let id: number;
type Kind = (typeof EXTRA_KINDS)[number];
let fields: Record<Kind, number>;

const add = (name: string, kind: Kind, choices: string[] = []) =>
	addExtraField(db, by(cast.people.ada), { noun: 'client', name, kind, choices });

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, ada] = [await signIn(served, 'anna'), await signIn(served, 'ada')];
	fields = {
		text: await add('Девиз', 'text'),
		number: await add('Отсрочка', 'number'),
		day: await add('Договор до', 'day'),
		choice: await add('Канал', 'choice', ['Дилер', 'Тендер']),
		yes_no: await add('Нужен монтаж', 'yes_no'),
	};
});
beforeEach(async () => {
	id = await createClient(db, by(cast.people.anna), { name: 'Свои поля' });
});

const extra = async () =>
	(await pool.query('select extra from clients where id = $1', [id])).rows[0].extra;
const edit = (typed: Fields) => anna.htmx(`/clients/${id}`, `/clients/${id}/edit`, typed);
const name = (kind: Kind) => `extra_${fields[kind]}`;
const ALL = {
	text: 'Быстрее',
	number: '1 234,50',
	day: '24.12.2026',
	choice: 'Тендер',
	yes_no: 'no',
};
const typedAll = () =>
	Object.fromEntries(Object.entries(ALL).map(([kind, value]) => [name(kind as Kind), value]));

describe('on a client', () => {
	test('every kind is stored as it is, shown in words and told with old and new', async () => {
		const answer = await edit({ version: 1, ...typedAll() });
		expect(answer.statusCode).toBe(200);
		expect(await extra()).toEqual({
			...{ [fields.text]: 'Быстрее', [fields.number]: '1234.5', [fields.day]: '2026-12-24' },
			...{ [fields.choice]: 'Тендер', [fields.yes_no]: false },
		});
		const page = read(answer.body);
		const shown = (kind: Kind) => textOf(page.byId(`fact-${name(kind)}`) as never);
		expect(shown('number')).toContain('1234,5');
		expect(shown('day')).toContain('24 дек');
		expect(shown('yes_no')).toContain('Нет');
		const history = textOf(page.byId('history-lines') as never);
		expect(history).toContain('Девиз: Быстрее');
		expect(history).toContain('Нужен монтаж: Нет');
	});

	test('one that is emptied is gone, one that is not sent stays', async () => {
		await edit({ version: 1, ...typedAll() });
		await edit({ version: 2, [name('text')]: '' });
		expect(Object.keys(await extra())).toHaveLength(4);
		const { rows } = await pool.query(
			'select data from events where client_id = $1 order by id desc limit 1',
			[id],
		);
		expect(rows[0].data.changes).toEqual({ [name('text')]: ['Быстрее', null] });
	});

	test.each([
		['number', 'много'],
		['day', '31.02.2026'],
		['choice', 'Розница'],
		['yes_no', 'может быть'],
		['text', 'ы'.repeat(501)],
	] as [Kind, string][])(
		'a wrong %s is refused, told by the field’s own name and kept',
		async (kind, typed) => {
			const before = await ledgerOf(database);
			const answer = await edit({ version: 1, [name(kind)]: typed, segment: 'Опт' });
			expect(answer.statusCode).toBe(422);
			const page = read(answer.body);
			expect(attribute(page.byId(`f-${name(kind)}`) as never, 'aria-invalid')).toBe('true');
			expect(textOf(page.byId('form-problem') as never)).not.toContain('undefined');
			expect(attribute(page.byId('f-segment') as never, 'value')).toBe('Опт');
			expect(await ledgerOf(database)).toEqual(before);
		},
	);

	test('can be told with a new client', async () => {
		const answer = await anna.json('/clients', { name: 'ООО «Сразу»', [name('choice')]: 'Дилер' });
		id = answer.json().clientId;
		expect(await extra()).toEqual({ [fields.choice]: 'Дилер' });
	});

	test('a choice that is gone from the list stays with who has it', async () => {
		await edit({ version: 1, [name('choice')]: 'Дилер' });
		const field = await row(fields.choice);
		const changed = { version: field.version, name: field.name, choices: 'Тендер\nСайт' };
		await ada.post(`/admin/extra-fields/${fields.choice}/edit`, changed);
		const page = read((await anna.get(`/clients/${id}/edit`)).body);
		const options = page.byTag('option', page.byId(`f-${name('choice')}`) as never);
		expect(options.map((option) => attribute(option, 'value'))).toEqual([
			'',
			'Тендер',
			'Сайт',
			'Дилер',
		]);
		expect((await edit({ version: 2, [name('choice')]: 'Дилер' })).statusCode).toBe(200);
	});
});

const row = async (fieldId: number) =>
	(await pool.query('select * from extra_fields where id = $1', [fieldId])).rows[0];
const press = async (fieldId: number, noun: string, typed: Fields = {}) =>
	ada.htmx('/admin/extra-fields', `/admin/extra-fields/${fieldId}/${noun}`, {
		version: (await row(fieldId)).version,
		...typed,
	});

describe('the administrator', () => {
	test('adds a field behind the others; its name is taken once per noun', async () => {
		const typed = { noun: 'client', name: 'Дилерский код', kind: 'text' };
		const answer = await ada.post('/admin/extra-fields', typed);
		expect(answer.headers.location).toBe('/admin/extra-fields');
		const before = await ledgerOf(database);
		const again = await ada.post('/admin/extra-fields', { ...typed, name: 'дилерский КОД' });
		expect(again.statusCode).toBe(422);
		expect(textOf(read(again.body).byId('e-name') as never)).toContain('уже есть');
		expect(
			(await ada.post('/admin/extra-fields', { ...typed, name: 'Выбор', kind: 'choice' }))
				.statusCode,
		).toBe(422);
		expect(await ledgerOf(database)).toEqual(before);
		expect((await ada.json('/admin/extra-fields', { ...typed, noun: 'deal' })).statusCode).toBe(
			200,
		);
		expect((await listExtraFields(db, 'deal')).map((one) => one.name)).toEqual(['Дилерский код']);
	});

	test('renames, and moves up and down; at the end nothing happens', async () => {
		const order = async () => (await listExtraFields(db, 'client')).map((one) => one.id);
		const before = await order();
		await press(fields.number, 'position', { way: 'up' });
		expect(await order()).toEqual([fields.number, fields.text, ...before.slice(2)]);
		const still = await ledgerOf(database);
		await press(fields.number, 'position', { way: 'up' });
		expect(await ledgerOf(database)).toEqual(still);
		await press(fields.number, 'edit', { name: 'Отсрочка, дней' });
		expect(await row(fields.number)).toMatchObject({ name: 'Отсрочка, дней' });
		const page = read((await anna.get(`/clients/${id}`)).body);
		expect(textOf(page.byId(`fact-extra_${fields.number}`) as never)).toContain('Отсрочка, дней');
	});

	test('puts a field out of use: it is neither shown nor taken, and its values come back with it', async () => {
		await edit({ version: 1, [name('text')]: 'Быстрее' });
		await press(fields.text, 'activity');
		const page = read((await anna.get(`/clients/${id}`)).body);
		expect(page.byId(`fact-${name('text')}`)).toBeNull();
		expect((await edit({ version: 2, [name('text')]: 'Выше' })).statusCode).toBe(400);
		await press(fields.text, 'activity', { active: '1' });
		const again = read((await anna.get(`/clients/${id}`)).body);
		expect(textOf(again.byId(`fact-${name('text')}`) as never)).toContain('Быстрее');
	});

	test('removes what nobody uses; what is in use is refused with a count', async () => {
		const fieldId = await add('На время', 'text');
		await edit({ version: 1, [`extra_${fieldId}`]: 'x' });
		const before = await ledgerOf(database);
		const refused = await press(fieldId, 'removal');
		expect(refused.statusCode).toBe(422);
		expect(refused.body).toContain('его заполнил 1 клиент');
		expect(await ledgerOf(database)).toEqual(before);
		await edit({ version: 2, [`extra_${fieldId}`]: '' });
		expect((await press(fieldId, 'removal')).statusCode).toBe(200);
		expect(await row(fieldId)).toBeUndefined();
		expect((await press(fields.text, 'edit', { version: 99, name: 'Чужое' })).statusCode).toBe(409);
	});

	test('alone comes in', async () => {
		const { version } = await row(fields.text);
		const before = await ledgerOf(database);
		for (const login of ['anna', 'vera'] as const) {
			const person = await signIn(served, login);
			const at = '/admin/extra-fields';
			const statuses = [
				await person.get(at),
				await person.get(`${at}/new`),
				await person.get(`${at}/${fields.text}/edit`),
				await person.json(at, { noun: 'client', name: 'Моё', kind: 'text' }),
				await person.json(`${at}/${fields.text}/edit`, { version, name: 'Моё' }),
				await person.json(`${at}/${fields.text}/position`, { version, way: 'down' }),
				await person.json(`${at}/${fields.text}/activity`, { version }),
				await person.json(`${at}/${fields.text}/removal`, { version }),
			].map(({ statusCode }) => statusCode);
			expect(new Set(statuses)).toEqual(new Set([403]));
		}
		const after = await ledgerOf(database);
		expect({ ...after, sessions: '', events: '' }).toEqual({ ...before, sessions: '', events: '' });
	});
});
