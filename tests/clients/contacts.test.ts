import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { addContact } from '#src/features/clients/contacts/contacts.ts';
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
let clientId: number;
let id: number;
let made = 0;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
});
beforeEach(async () => {
	made += 1;
	const acting = by(cast.people.anna);
	clientId = await createClient(db, acting, { name: `Контактный клиент ${made}` });
	id = await addContact(db, acting, clientId, {
		...{ name: `Ольга ${made}`, position: 'закупки', bornOn: '1985-03-12' },
		...{
			phones: [`8 495 700-00-${10 + made}`, '+7 921 555-44-33 доб. 7'],
			emails: [`o${made}@x.ru`],
		},
	});
});

const contact = async () =>
	(await pool.query('select * from contacts where id = $1', [id])).rows[0];
const points = async () =>
	(
		await pool.query(
			'select value from contact_points where contact_id = $1 order by kind desc, position',
			[id],
		)
	).rows.map(({ value }) => value);
const lastEvent = async () =>
	(
		await pool.query(
			'select type, data from events where client_id = $1 order by id desc limit 1',
			[clientId],
		)
	).rows[0];
const save = (person: Browser, fields: Fields) =>
	person.htmx(`/clients/${clientId}`, `/contacts/${id}/edit`, fields);
async function form(person: Browser): Promise<Record<string, string>> {
	const page = read((await person.get(`/contacts/${id}/edit`)).body);
	return fieldsOf(page, page.byTag('form', page.byId('contact-form') ?? undefined)[0] as never);
}

describe('the form of a contact', () => {
	test('has its phones and mails and three empty rows of each', async () => {
		const fields = await form(anna);
		expect(Object.keys(fields).filter((name) => name.startsWith('phone_'))).toHaveLength(5);
		expect(Object.keys(fields).filter((name) => name.startsWith('email_'))).toHaveLength(4);
		expect(fields).toMatchObject({ phone_2: '+7 921 555-44-33 доб. 7', phone_3: '' });
	});

	test('that is sent back untouched changes nothing', async () => {
		const before = await ledgerOf(database);
		expect((await anna.post(`/contacts/${id}/edit`, await form(anna))).statusCode).toBe(303);
		expect(await ledgerOf(database)).toEqual(before);
	});

	test('takes several phones and mails, in their order; an emptied row is gone', async () => {
		const fields = await form(anna);
		await save(anna, { ...fields, phone_1: '', phone_4: '112', email_2: 'second@x.ru' });
		expect(await points()).toEqual([
			...['+7 921 555-44-33 доб. 7', '112', fields.email_1 ?? '', 'second@x.ru'],
		]);
		expect(await contact()).toMatchObject({ version: 2 });
		expect((await lastEvent()).data.changes.phones[1]).toBe('+7 921 555-44-33 доб. 7, 112');
	});

	test('with one field changes that field and nothing else', async () => {
		const before = [await contact(), await points()];
		await save(anna, { version: 1, role: 'Платит' });
		expect([await contact(), await points()]).toEqual([
			{ ...before[0], role: 'Платит', version: 2 },
			before[1],
		]);
		expect(await lastEvent()).toMatchObject({
			type: 'contact.edited',
			data: { contactId: id, changes: { role: [null, 'Платит'] } },
		});
	});

	test('comes back with what was wrong, and all that was typed', async () => {
		const before = await ledgerOf(database);
		const answer = await save(anna, {
			...(await form(anna)),
			...{ name: '', bornOn: '31.02.1985', email_3: 'не почта', phone_5: '555' },
		});
		expect(answer.statusCode).toBe(422);
		const page = read(answer.body);
		for (const name of ['name', 'bornOn', 'email_3'])
			expect(attribute(page.byId(`f-${name}`) as never, 'aria-invalid'), name).toBe('true');
		expect(attribute(page.byId('f-phone_5') as never, 'value')).toBe('555');
		const problem = textOf(page.byId('form-problem') as never);
		expect(problem).toContain('Имя');
		expect(problem).toContain('Почта 3');
		expect(await ledgerOf(database)).toEqual(before);
	});

	test('of who comes second shows both values', async () => {
		const fields = await form(anna);
		await save(vera, { version: 1, position: 'директор', phone_1: '111' });
		const answer = await save(anna, { ...fields, position: 'бухгалтер' });
		expect(answer.statusCode).toBe(409);
		const page = read(answer.body);
		expect(textOf(page.byId('form-problem') as never)).toContain('Вера Павлова');
		expect(textOf(page.byId('c-position') as never)).toContain('директор');
		const again = page.byTag('form', page.byId('contact-form') ?? undefined)[0];
		expect(fieldsOf(page, again as never)).toMatchObject({
			...{ version: '2', position: 'бухгалтер', phone_1: '111' },
		});
	});
});

describe('a contact', () => {
	test('is added with as many phones and mails as were typed', async () => {
		const answer = await anna.json(`/clients/${clientId}/contacts`, {
			...{ name: 'Иван', phone_1: '8 800 555-35-35', phone_3: '113', email_2: 'i@x.ru' },
		});
		const { contactId } = answer.json();
		const { rows } = await pool.query(
			'select value from contact_points where contact_id = $1 order by kind desc, position',
			[contactId],
		);
		expect(rows.map(({ value }) => value)).toEqual(['8 800 555-35-35', '113', 'i@x.ru']);
		expect(await lastEvent()).toEqual({
			type: 'contact.added',
			data: { contactId, name: 'Иван' },
		});
	});

	test('stands on the card with links that dial and write', async () => {
		const page = read((await anna.get(`/clients/${clientId}`)).body);
		const person = page.byId(`contact-${id}`);
		const links = page.byTag('a', person as never).map((link) => attribute(link, 'href'));
		expect(links).toContain('tel:+79215554433;ext=7');
		expect(links).toContain(`mailto:o${made}@x.ru`);
		expect(textOf(person as never)).toContain('12 мар 1985');
	});

	test('is put out of use and back, each once, and stays in history', async () => {
		await anna.post(`/contacts/${id}/archive`, { version: 1 });
		expect(await contact()).toMatchObject({ version: 2, archived_at: expect.any(Date) });
		expect((await lastEvent()).type).toBe('contact.archived');
		const page = read((await anna.get(`/clients/${clientId}`)).body);
		expect(textOf(page.byTag('details', page.byId('contacts') ?? undefined)[0] as never)).toContain(
			'В архиве: 1 контакт',
		);
		await anna.post(`/contacts/${id}/restoration`, { version: 2 });
		expect(await contact()).toMatchObject({ version: 3, archived_at: null });
	});

	test('of a stale version is not put out of use', async () => {
		await save(vera, { version: 1, role: 'Влияет' });
		const before = await ledgerOf(database);
		expect((await anna.post(`/contacts/${id}/archive`, { version: 1 })).statusCode).toBe(409);
		expect(await ledgerOf(database)).toEqual(before);
	});
});
