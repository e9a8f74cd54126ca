import { beforeAll, expect, test } from 'vitest';
import { createClient, type NewClient } from '#src/features/clients/actions.ts';
import {
	findDuplicates,
	listDuplicateGroups,
	type Wanted,
} from '#src/features/clients/duplicates/duplicates.ts';
import { archiveClient } from '#src/features/clients/removal/removal.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Company, type Login, makeCompany, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';

const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database);
let company: Company;
let anna: Browser;
let vera: Browser;
let daisy: number;

const make = (login: Login, client: NewClient) =>
	createClient(db, by(company.people[login]), client);
const found = async (wanted: Wanted, login: Login = 'anna') =>
	(await findDuplicates(db, company.people[login], wanted)).map(({ name, reasons }) => [
		name,
		...reasons,
	]);

beforeAll(async () => {
	company = await makeCompany(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	daisy = await make('anna', {
		name: 'ООО «Ромашка»',
		inn: '7707083893',
		contacts: [{ name: 'Ольга', phone: '8 (495) 123-45-67 доб. 12', email: 'Olga@Romashka.ru' }],
	});
	await make('anna', { name: 'Магазин № 12' });
	await make('anna', { name: 'Северсталь' });
	await make('gleb', { name: 'ООО «Тайна Глеба»', inn: '7736050003' });
});

test.each<[string, Wanted, string[][]]>([
	['equal ИНН, however it is spaced', { inn: '7707 083 893' }, [['ООО «Ромашка»', 'inn']]],
	['equal phone in another writing', { phones: ['+7 495 1234567'] }, [['ООО «Ромашка»', 'phone']]],
	['equal mail in other letters', { emails: ['OLGA@romashka.RU '] }, [['ООО «Ромашка»', 'email']]],
	['a name without form and quotes', { name: 'ромашка' }, [['ООО «Ромашка»', 'name']]],
	['another legal form, typed in Latin', { name: 'OOO "РОМАШКА"' }, [['ООО «Ромашка»', 'name']]],
	['a legal form in full', { name: 'Акционерное общество Ромашка' }, [['ООО «Ромашка»', 'name']]],
	['one letter wrong', { name: 'Рамашка' }, [['ООО «Ромашка»', 'name']]],
	['several at once', { name: 'Ромашка', inn: '7707083893' }, [['ООО «Ромашка»', 'inn', 'name']]],
	['a name whose ИНН is another: it is another', { name: 'Ромашка', inn: '7736050003' }, []],
	['shop 13 is not shop 12', { name: 'Магазин № 13' }, []],
	['a beginning only', { name: 'Север' }, []],
	['a legal form alone', { name: 'ООО' }, []],
	['a phone too short to tell', { phones: ['12', 'нет'] }, []],
	['nothing', {}, []],
	['signs', { name: '«»%_\\', inn: "'--", phones: ['"'], emails: ["'"] }, []],
])('likely doubles are found by %s', async (_title, wanted, expected) => {
	expect(await found(wanted)).toEqual(expected);
});

test('a client is no double of itself, and an archived one is none of anybody', async () => {
	expect(await found({ inn: '7707083893', except: daisy })).toEqual([]);
	const id = await make('anna', { name: 'Убранная', inn: '5001007322' });
	await archiveClient(db, by(company.people.anna), id, 1, true);
	expect(await found({ inn: '5001007322', name: 'Убранная' })).toEqual([]);
});

test('what one may not see does not exist, not even by an equal ИНН; a deal of one’s own lets one see', async () => {
	expect(await found({ inn: '7736050003', name: 'Тайна Глеба' })).toEqual([]);
	expect(await found({ inn: '7736050003' }, 'ada')).toEqual([['ООО «Тайна Глеба»', 'inn']]);
	const { rows } = await pool.query(`select id from clients where inn = '7736050003'`);
	const answer = await anna.htmx('/clients/new', '/clients/duplicates?inn=7736050003');
	expect(answer.body).not.toContain('Глеб');
	await makeDeal(db, company, 'anna', { clientId: rows[0].id });
	expect(await found({ inn: '7736050003' })).toEqual([['ООО «Тайна Глеба»', 'inn']]);
});

test('while one types, the fragment tells of doubles and remembers that they were seen', async () => {
	const answer = await anna.htmx(
		'/clients/new',
		`/clients/duplicates?name=${encodeURIComponent('ромашка')}`,
	);
	const page = read(answer.body);
	expect(textOf(page.byId('duplicates') as never)).toContain('Анна Соколова');
	expect(attribute(page.byTag('input')[0] as never, 'value')).toBe(String(daisy));
	expect(page.byTag('a').map((link) => attribute(link, 'href'))).toEqual([`/clients/${daisy}`]);
});

test('without scripts the form comes back once with the doubles, and is saved the second time', async () => {
	const typed = { name: 'Ромашка', contactName: 'Пётр' };
	const first = await anna.post('/clients', typed);
	expect(first.statusCode).toBe(422);
	const page = read(first.body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/clients');
	const fields = fieldsOf(page, form as never);
	expect(fields).toMatchObject({ ...typed, anyway: String(daisy) });
	// Another name has other doubles: what was seen of the first does not excuse them.
	await make('anna', { name: 'Василёк' });
	expect((await anna.post('/clients', { ...fields, name: 'Василек' })).statusCode).toBe(422);
	expect((await anna.post('/clients', fields)).statusCode).toBe(303);
});

test('an edit is asked about only what it says newly; a contact about phones and mails of other clients', async () => {
	const id = await make('anna', { name: 'Лютик', inn: '7707083893' });
	const edit = { version: 1, was: '{}', note: 'Новое', name: 'Лютик', inn: '7707083893' };
	expect((await anna.post(`/clients/${id}/edit`, edit)).statusCode).toBe(303);
	const daisyNow = { ...edit, version: 2, name: 'Ромашка' };
	const refused = await anna.post(`/clients/${id}/edit`, daisyNow);
	expect(refused.statusCode).toBe(422);
	expect(read(refused.body).byClass('duplicates')).toHaveLength(1);
	const contact = { name: 'Ольга', phone_1: '495 1234567' };
	const again = await anna.post(`/clients/${id}/contacts`, contact);
	expect(again.statusCode).toBe(422);
	expect(again.body).toContain('ООО «Ромашка»');
	const own = await anna.post(`/clients/${daisy}/contacts`, contact);
	expect(own.statusCode).toBe(303);
	const program = await anna.json('/clients', { name: 'Ромашка' });
	expect(program.statusCode).toBe(200);
});

test('a field that is edited in its place is asked about as well, under it, and saved the second time', async () => {
	const id = await make('anna', { name: 'Подсолнух' });
	const said = {
		name: 'Ромашка',
		inn: '7707083893',
		phones: '84951234567',
		emails: 'olga@romashka.ru',
	};
	let version = 1;
	for (const [field, value] of Object.entries(said)) {
		const url = `/clients/${id}/edit?field=${field}`;
		const drawn = read((await anna.htmx(`/clients/${id}`, url)).body);
		const form = drawn.byTag('form')[0] as never;
		expect(attribute(form, 'data-duplicates')).toContain(field);
		const typed = { ...fieldsOf(drawn, form), [field]: value };
		const held = await anna.htmx(`/clients/${id}`, url, typed);
		expect(held.statusCode).toBe(422);
		const page = read(held.body);
		const fact = page.byId(`fact-${field}`);
		expect(page.byTag('form')).toHaveLength(1);
		expect(textOf(page.byClass('duplicates', fact as never)[0] as never)).toContain(
			'ООО «Ромашка»',
		);
		const again = fieldsOf(page, page.byTag('form')[0] as never);
		expect(again[field]).toBe(value);
		expect(again.anyway?.split(',')).toContain(String(daisy));
		expect((await anna.htmx(`/clients/${id}`, url, again)).statusCode).toBe(200);
		version += 1;
	}
	const { rows } = await pool.query('select version from clients where id = $1', [id]);
	expect(rows).toEqual([{ version }]);
	await archiveClient(db, by(company.people.anna), id, version, true);
	const other = read(
		(await anna.htmx(`/clients/${daisy}`, `/clients/${daisy}/edit?field=region`)).body,
	);
	expect(other.byClass('duplicates')).toEqual([]);
	const typing = await anna.htmx(
		`/clients/${daisy}`,
		`/clients/duplicates?at=duplicates-here&inn=7736050003`,
	);
	expect(read(typing.body).byId('duplicates-here')).not.toBeNull();
});

test('the page lists groups by ИНН, phone, mail and name, page by page, and only visible clients', async () => {
	const inns = Array.from({ length: 5 }, (_, n) => `77010000${n}0`);
	for (const inn of inns)
		for (const login of ['anna', 'boris'] as const)
			await make(login, { name: `Двойник ${inn}`, inn });
	const keys: string[] = [];
	for (let after: string | null = ''; after !== null; ) {
		const page = await listDuplicateGroups(db, company.people.vera, 'inn', after, 2);
		keys.push(...page.groups.map(({ key }) => key));
		after = page.next;
	}
	expect(keys).toEqual([...inns, '7707083893']);
	expect((await listDuplicateGroups(db, company.people.boris, 'inn', '', 50)).groups).toEqual([]);
	const all = await listDuplicateGroups(db, company.people.ada, 'inn', '', 50);
	expect(all.groups.map(({ key }) => key)).toEqual([...inns, '7707083893']);
	await make('boris', {
		name: 'Иной',
		contacts: [{ name: 'О', phone: '+7 (495) 123 45 67', email: 'olga@romashka.ru' }],
	});
	for (const kind of ['phone', 'email'] as const)
		for (const login of ['vera', 'ada'] as const) {
			const { groups } = await listDuplicateGroups(db, company.people[login], kind, '', 50);
			expect(groups[0]?.members.map(({ name }) => name)).toContain('ООО «Ромашка»');
			expect(groups).toHaveLength(1);
		}
	const names = await listDuplicateGroups(db, company.people.ada, 'name', '', 50);
	expect(names.groups.map(({ members }) => members.length)).toContain(2);
});

test('clients of one name with different ИНН are not listed; those said to be different neither, until one more comes', async () => {
	const ids = [
		await make('vera', { name: 'Близнец', inn: '1' }),
		await make('vera', { name: 'Близнец', inn: '2' }),
	];
	const listed = async () =>
		(await listDuplicateGroups(db, company.people.vera, 'name', '', 50)).groups.map(
			({ key }) => key,
		);
	expect(await listed()).not.toContain('близнец');
	ids.push(await make('vera', { name: 'АО «Близнец»' }));
	expect(await listed()).toContain('близнец');
	const said = { kind: 'name', alike: 'близнец', ids: ids.join(',') };
	expect((await vera.post('/clients/differences', said)).statusCode).toBe(303);
	expect(await listed()).not.toContain('близнец');
	await make('vera', { name: 'близнец' });
	expect(await listed()).toContain('близнец');
});

test('clients whom one does not know cannot be said to be different, nor a known one from them', async () => {
	const own = await make('anna', { name: 'Свой близнец', inn: '88' });
	const theirs = await make('gleb', { name: 'Чужой близнец', inn: '88' });
	for (const ids of [`${own},${theirs}`, `${theirs},999999`, `${own},999999`]) {
		const said = { kind: 'inn', alike: '88', ids };
		expect((await anna.post('/clients/differences', said)).statusCode, ids).toBe(404);
	}
	const { rows } = await database.pool.query(`select from not_duplicates where key = '88'`);
	expect(rows).toEqual([]);
});

test('hostile names are text on the page and in the warning', async () => {
	const name = '<img src=x onerror=alert(1)>"\'';
	for (const inn of ['3', '3']) await make('anna', { name, inn });
	const urls = ['/clients/duplicates', '/clients/duplicates?by=name&after=%00'];
	const page = await anna.get(urls[0] as string);
	expect(read(page.body).byTag('img')).toEqual([]);
	expect(page.body).toContain('&lt;img');
	const warning = await anna.htmx('/clients/new', '/clients/duplicates?inn=3');
	expect(read(warning.body).byTag('img')).toEqual([]);
	expect((await anna.get(urls[1] as string)).statusCode).toBe(400);
	expect((await anna.get('/clients/duplicates?by=password')).statusCode).toBe(400);
	expect(
		(await anna.post('/clients/differences', { kind: 'name', alike: name, ids: '1' })).statusCode,
	).toBe(422);
});

test('an ИНН whose checksum is wrong is told while it is typed, beside the likely doubles', async () => {
	const told = async (query: string) => {
		const page = read((await anna.htmx('/clients/new', `/clients/duplicates?${query}`)).body);
		return page.byClass('warning').map(textOf).join(' ');
	};
	expect(await told('inn=7707083894')).toContain('Контрольная сумма не сходится');
	expect(await told('inn=7707%20083%20894&name=x')).toContain('Контрольная сумма не сходится');
	expect(await told('inn=7707083893')).toBe('');
	expect(await told('inn=770708')).toBe('');
	expect(await told('inn=7707083893&legalKind=person')).toContain('12');
	expect(await told('inn=77070838931')).toContain('10 или 12');
});
