import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let id: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});
beforeEach(async () => {
	id = await createClient(db, by(cast.people.anna), {
		...{ name: 'ООО «Василёк»', inn: '7707083893', segment: 'Опт', tags: ['сети'] },
		legalAddress: ['Москва, ул. Лесная, 1'],
	});
});

const client = async () => (await pool.query('select * from clients where id = $1', [id])).rows[0];
const edit = (person: Browser, fields: Fields) =>
	person.htmx(`/clients/${id}`, `/clients/${id}/edit`, fields);
const lastEvent = async () =>
	(
		await pool.query(
			'select type, actor_id, data from events where client_id = $1 order by id desc limit 1',
			[id],
		)
	).rows[0];
async function form(person: Browser): Promise<Record<string, string>> {
	const page = read((await person.get(`/clients/${id}/edit`)).body);
	const inside = page.byTag('form', page.byId(`client-${id}-edit`) ?? undefined)[0];
	return fieldsOf(page, inside as never);
}

describe('a form', () => {
	test('that is sent back untouched changes nothing', async () => {
		const fields = await form(anna);
		expect(fields).toMatchObject({ name: 'ООО «Василёк»', version: '1', tags: 'сети' });
		const before = await ledgerOf(database);
		const answer = await anna.post(`/clients/${id}/edit`, { ...fields, returnTo: '/board' });
		expect([answer.statusCode, answer.headers.location]).toEqual([303, '/board']);
		expect(await ledgerOf(database)).toEqual(before);
	});

	test('with one field changes that field and nothing else', async () => {
		const before = await client();
		expect((await edit(anna, { version: 1, region: 'Тверь' })).statusCode).toBe(200);
		expect(await client()).toEqual({ ...before, region: 'Тверь', version: 2 });
		expect(await lastEvent()).toEqual({
			...{ type: 'client.edited', actor_id: cast.people.anna.id },
			data: { changes: { region: [null, 'Тверь'] } },
		});
	});

	test('with an empty field empties it; the name cannot be emptied', async () => {
		await edit(anna, { version: 1, segment: '', tags: '', legalAddress: '' });
		expect(await client()).toMatchObject({ segment: null, version: 2 });
		expect((await lastEvent()).data.changes).toEqual({
			...{ segment: ['Опт', null], tags: ['сети', null] },
			legalAddress: ['Москва, ул. Лесная, 1', null],
		});
		const before = await ledgerOf(database);
		expect((await edit(anna, { version: 2, name: ' ' })).statusCode).toBe(422);
		expect(await ledgerOf(database)).toEqual(before);
	});

	test('stores lists in their order, requisites without spaces, phones understood', async () => {
		await edit(anna, {
			...{ version: 1, account: '4070 2810 1382 5012 3017', deliveryAddress: 'Тверь\n\nОрёл' },
			...{ phones: '8 (495) 123-45-67 доб. 12\nспросить Олю', emails: 'Info@Vasilek.ru' },
		});
		expect(await client()).toMatchObject({ account: '40702810138250123017' });
		const points = await pool.query(
			`select kind, value, e164, extension, search_key from contact_points
			where client_id = $1 order by kind desc, position`,
			[id],
		);
		expect(points.rows).toMatchObject([
			{ kind: 'phone', e164: '+74951234567', extension: '12', search_key: '4951234567' },
			{ kind: 'phone', value: 'спросить Олю', e164: null },
			{ kind: 'email', value: 'Info@Vasilek.ru', search_key: 'info@vasilek.ru' },
		]);
		const { rows } = await pool.query(
			`select value from addresses where client_id = $1 and kind = 'delivery' order by position`,
			[id],
		);
		expect(rows).toEqual([{ value: 'Тверь' }, { value: 'Орёл' }]);
	});

	test('knows no fields but its own', async () => {
		const before = await ledgerOf(database);
		for (const extra of [{ archivedAt: '1' }, { mergedInto: 1 }, { id: 1 }, { extra_999: 'x' }])
			expect((await anna.json(`/clients/${id}/edit`, { version: 1, ...extra })).statusCode).toBe(
				400,
			);
		expect(await ledgerOf(database)).toEqual(before);
	});
});

describe('a requisite that looks wrong', () => {
	test('is saved, and warned of beside it, on the card and in the form', async () => {
		const answer = await edit(anna, { version: 1, inn: '7707083894' });
		expect(answer.statusCode).toBe(200);
		expect(await client()).toMatchObject({ inn: '7707083894' });
		const fact = read(answer.body).byId('fact-inn');
		expect(textOf(fact as never)).toContain('Контрольная сумма не сходится');
		const page = read((await anna.get(`/clients/${id}/edit`)).body);
		expect(textOf(page.byId('w-inn') as never)).toContain('Контрольная сумма');
		expect(attribute(page.byId('f-inn') as never, 'aria-describedby')).toContain('w-inn');
	});
});

describe('one fact in its place', () => {
	const inPlace = (person: Browser, name: string, more = '') =>
		person.htmx(`/clients/${id}`, `/clients/${id}/edit?field=${name}${more}`);

	test('becomes a form with that field alone, and the fact again', async () => {
		const page = read((await inPlace(anna, 'segment')).body);
		expect(page.byTag('form')).toHaveLength(1);
		const fields = fieldsOf(page, page.byTag('form')[0] as never);
		expect(fields).toMatchObject({ version: '1', segment: 'Опт' });
		const shown = read((await inPlace(anna, 'segment', '&shown=1')).body);
		expect(shown.byTag('form')).toHaveLength(0);
		expect(textOf(shown.byId('fact-segment') as never)).toContain('Опт');
	});

	test('without scripts its link opens the whole form', async () => {
		const page = read((await anna.get(`/clients/${id}/edit?field=segment`)).body);
		expect(page.byId('f-name')).not.toBeNull();
		expect(page.byId('f-segment')).not.toBeNull();
	});

	test('is not there where it is unknown or not this person’s to change', async () => {
		expect((await inPlace(anna, 'nothing')).statusCode).toBe(404);
		expect((await inPlace(anna, 'ownerId')).statusCode).toBe(404);
		expect((await inPlace(vera, 'ownerId')).statusCode).toBe(200);
	});

	test('comes back in its place with what is wrong or who was first, and what was typed', async () => {
		const url = `/clients/${id}/edit?field=segment`;
		const long = 'ы'.repeat(201);
		const wrong = await anna.htmx(`/clients/${id}`, url, { version: 1, segment: long });
		expect(wrong.statusCode).toBe(422);
		expect(attribute(read(wrong.body).byId('in-f-segment') as never, 'value')).toBe(long);
		await edit(vera, { version: 1, segment: 'Розница' });
		const before = await ledgerOf(database);
		const late = await anna.htmx(`/clients/${id}`, url, { version: 1, segment: 'Моё' });
		expect(late.statusCode).toBe(409);
		expect(await ledgerOf(database)).toEqual(before);
		const page = read(late.body);
		const text = textOf(page.byId('fact-segment') as never);
		expect(text).toContain('Вера Павлова');
		expect(text).toContain('Сейчас: Розница');
		const fields = fieldsOf(page, page.byTag('form')[0] as never);
		expect(fields).toMatchObject({ version: '2', segment: 'Моё' });
		expect((await anna.htmx(`/clients/${id}`, url, fields)).statusCode).toBe(200);
		expect(await client()).toMatchObject({ segment: 'Моё', version: 3 });
	});
});

describe('two people', () => {
	test('who saves second gets both values, and what was not touched shows what stands now', async () => {
		const fields = await form(anna);
		const theirs = { name: 'ООО «Ландыш»', region: 'Орёл', segment: 'Розница' };
		await edit(vera, { version: 1, ...theirs });
		const answer = await edit(anna, { ...fields, segment: 'Моё' });
		expect(answer.statusCode).toBe(409);
		const page = read(answer.body);
		const inside = page.byTag('form', page.byId(`client-${id}-edit`) ?? undefined)[0];
		expect(fieldsOf(page, inside as never)).toMatchObject({
			...{ version: '2', name: 'ООО «Ландыш»', region: 'Орёл', segment: 'Моё' },
		});
		expect(textOf(page.byId('c-segment') as never)).toContain('Розница');
	});

	test('of twenty edits from one version one is kept', async () => {
		const answers = await Promise.all(
			Array.from({ length: 20 }, (_, n) =>
				edit(n % 2 ? anna : vera, { version: 1, name: `ООО «${n}»` }),
			),
		);
		const statuses = answers.map(({ statusCode }) => statusCode);
		expect(statuses.filter((status) => status === 200)).toHaveLength(1);
		expect(statuses.filter((status) => status === 409)).toHaveLength(19);
		expect(await client()).toMatchObject({ version: 2 });
	});
});

describe('the owner', () => {
	test('is given within the team by who may, to nobody else and by nobody else', async () => {
		const { boris, gleb, anna: self } = cast.people;
		const before = await ledgerOf(database);
		expect(
			(await anna.json(`/clients/${id}/edit`, { version: 1, ownerId: boris.id })).statusCode,
		).toBe(403);
		expect(
			(await vera.json(`/clients/${id}/edit`, { version: 1, ownerId: gleb.id })).statusCode,
		).toBe(403);
		expect(await ledgerOf(database)).toEqual(before);
		expect(
			(await anna.json(`/clients/${id}/edit`, { version: 1, ownerId: self.id })).json(),
		).toMatchObject({ version: 1 });
		expect((await edit(vera, { version: 1, ownerId: boris.id })).statusCode).toBe(200);
		expect(await client()).toMatchObject({ owner_id: boris.id, version: 2 });
	});
});

describe('a new client', () => {
	const contact = {
		...{ contactName: 'Ольга', contactPhone: '+7 921 123-45-67', contactEmail: 'o@x.ru' },
	};

	test('is made with its first contact, and gone to', async () => {
		const fields = { name: 'ООО «Новый»', inn: '7736050003', tags: 'опт, сети', ...contact };
		const answer = await anna.post('/clients', fields);
		const made = Number(String(answer.headers.location).split('/').at(-1));
		expect(answer.statusCode).toBe(303);
		const { rows } = await pool.query(
			`select c.name, c.inn, c.owner_id, co.name as contact, count(cp.id)::int as points
			from clients c join contacts co on co.client_id = c.id
				left join contact_points cp on cp.contact_id = co.id
			where c.id = $1 group by c.id, co.id`,
			[made],
		);
		expect(rows).toEqual([
			{
				...{ name: 'ООО «Новый»', inn: '7736050003', owner_id: cast.people.anna.id },
				...{ contact: 'Ольга', points: 2 },
			},
		]);
		const gone = await anna.htmx('/board', '/clients', { name: 'ООО «Другой»' });
		expect(String(gone.headers['hx-redirect'])).toMatch(/^\/clients\/\d+$/);
	});

	test('a phone without a person is the client’s own', async () => {
		const answer = await anna.json('/clients', {
			name: 'ООО «Ничей телефон»',
			contactPhone: '112',
		});
		const { rows } = await pool.query(
			'select contact_id, value from contact_points where client_id = $1',
			[answer.json().clientId],
		);
		expect(rows).toEqual([{ contact_id: null, value: '112' }]);
	});

	test('without a name is refused, and nothing typed is lost', async () => {
		const before = await ledgerOf(database);
		const answer = await anna.post('/clients', { name: '', segment: 'Опт', ...contact });
		expect(answer.statusCode).toBe(422);
		const page = read(answer.body);
		expect(attribute(page.byId('f-segment') as never, 'value')).toBe('Опт');
		expect(attribute(page.byId('f-contactName') as never, 'value')).toBe('Ольга');
		expect(await ledgerOf(database)).toEqual(before);
	});
});
