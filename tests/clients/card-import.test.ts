import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { readCards } from '#src/features/clients/vcard/reading.ts';
import { type Answer, type Browser, signIn, testApp } from '../app.ts';
import { by, type Company, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database);
let company: Company;
let anna: Browser;
let daisy: number;

const FILE = 'tests/clients/fixtures/quoted-2.1-cp1251.vcf';
const quoted = readFileSync(join(ROOT, FILE));
const card = (...lines: string[]) =>
	['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD', ''].join('\r\n');

beforeAll(async () => {
	company = await makeCompany(db);
	anna = await signIn(served, 'anna');
	daisy = await createClient(db, by(company.people.anna), {
		name: 'Ромашка, ООО',
		contacts: [{ name: 'Пётр Иванов', phone: '8 916 111-22-33' }],
	});
	await createClient(db, by(company.people.gleb), {
		name: 'АО «Тайна»',
		contacts: [{ name: 'Секрет', email: 'secret@tayna.ru' }],
	});
});

function upload(
	url: string,
	bytes: Buffer | string,
	name = 'cards.vcf',
	person = anna,
): Promise<Answer> {
	const edge = 'edge-of-parts';
	const head = `--${edge}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/vcard\r\n\r\n`;
	return served.app.inject({
		method: 'POST',
		url,
		payload: Buffer.concat([
			Buffer.from(head),
			Buffer.from(bytes),
			Buffer.from(`\r\n--${edge}--\r\n`),
		]),
		headers: { 'content-type': `multipart/form-data; boundary=${edge}`, cookie: person.cookie },
	});
}

/** What the page of verdicts shows, and what its form would send. */
function previewOf(answer: Answer) {
	expect(answer.statusCode, answer.body.slice(0, 400)).toBe(200);
	const page = read(answer.body);
	const form = page.byTag('form').find((one) => attribute(one, 'action')?.endsWith('/cards'));
	const ticked = page.byTag('input').filter((one) => attribute(one, 'checked') !== null);
	const names = new Set(ticked.map((one) => attribute(one, 'name')));
	const all = Object.entries(fieldsOf(page, form as never));
	return {
		action: attribute(form as never, 'action') as string,
		fields: Object.fromEntries(all.filter(([name]) => name === 'cards' || names.has(name))),
		verdicts: page.byClass('badge').map((one) => textOf(one)),
		all: Object.fromEntries(all),
	};
}

test('contacts are looked at first, then those that are ticked are added; the second time nothing is new', async () => {
	const file =
		quoted.toString('latin1') + card('FN:Петр Иванов', 'TEL:+7 916 111 22 33') + card('NOTE:пусто');
	const before = await ledgerOf(database);
	const first = previewOf(
		await upload(`/clients/${daisy}/contacts/vcard`, Buffer.from(file, 'latin1')),
	);
	expect(await ledgerOf(database)).toEqual(before);
	expect(first.verdicts).toEqual(['Новый контакт', 'Уже есть', 'Нет имени']);
	const taken = await anna.post(first.action, first.fields);
	expect([taken.statusCode, taken.headers.location]).toEqual([303, `/clients/${daisy}`]);
	const { rows } = await pool.query(
		`select co.name, co.born_on as "bornOn", array_agg(coalesce(cp.e164, cp.value) || coalesce(' ' || cp.extension, '') order by cp.kind desc, cp.id) as points
		 from contacts co join contact_points cp on cp.contact_id = co.id where co.client_id = $1 group by co.id order by co.id`,
		[daisy],
	);
	expect(rows[1]).toEqual({
		name: 'Ольга Петровна Ёлкина, заместитель директора по закупкам',
		bornOn: '1980-03-22',
		points: ['+74951234567 12', '+79160000001', 'olga@romashka.ru'],
	});
	const again = previewOf(await upload(`/clients/${daisy}/contacts/vcard`, quoted));
	expect(again.verdicts).toEqual(['Уже есть']);
	// The same page sent twice: what has become known meanwhile is left out.
	const twice = await ledgerOf(database);
	await anna.post(first.action, first.fields);
	expect(await ledgerOf(database)).toEqual(twice);
	const knowingly = await anna.post(again.action, { ...again.fields, take_0: 'known' });
	expect(knowingly.statusCode).toBe(303);
	const counted = await pool.query('select count(*)::int from contacts where client_id = $1', [
		daisy,
	]);
	expect(counted.rows[0].count).toBe(3);
});

test('clients are made by organization; the firm that is there gets its person; nobody is guessed', async () => {
	const file = [
		card('FN:Анна Белая', 'ORG:ООО «Новый дом»;Сбыт', 'TITLE:Директор', 'EMAIL:a@dom.ru'),
		card('FN:Олег Чёрный', 'ORG:ООО «Новый дом»', 'EMAIL:o@dom.ru'),
		card('FN:Олег Чёрный', 'ORG:ООО «Новый дом»'),
		card('FN:Мария', 'ORG:"РОМАШКА"', 'EMAIL:m@romashka.ru'),
		card('FN:Частное Лицо', 'TEL:+79990001122'),
		card('FN:АО «Тайна»', 'ORG:АО «Тайна»', 'EMAIL:secret@tayna.ru'),
	].join('');
	const seen = previewOf(await upload('/clients/vcard', file));
	expect(seen.verdicts).toEqual([
		...['Новый клиент', 'Новый клиент', 'Повтор в файле', 'Новый контакт'],
		// What one may not see does not exist.
		...['Без организации: физ. лицо', 'Новый клиент'],
	]);
	expect(Object.keys(seen.fields)).toEqual(['cards', 'take_0', 'take_1', 'take_3', 'take_5']);
	const answer = await anna.post(seen.action, { ...seen.fields, take_4: 'new' });
	expect(answer.headers.location).toBe('/clients');
	const { rows } = await pool.query(
		`
		select c.name, c.legal_kind as kind, p.login, (select array_agg(name order by id) from contacts where client_id = c.id) as contacts
		from clients c join people p on p.id = c.owner_id where c.id > $1 and p.login = 'anna' order by c.id`,
		[daisy],
	);
	expect(rows).toEqual([
		{
			name: 'ООО «Новый дом»',
			kind: 'company',
			login: 'anna',
			contacts: ['Анна Белая', 'Олег Чёрный'],
		},
		{ name: 'Частное Лицо', kind: 'person', login: 'anna', contacts: null },
		{ name: 'АО «Тайна»', kind: 'company', login: 'anna', contacts: null },
	]);
	const again = previewOf(await upload('/clients/vcard', file));
	expect(new Set(again.verdicts)).toEqual(new Set(['Уже есть']));
});

test('a file that is none, none at all, too large a one and too many cards are told', async () => {
	const url = `/clients/${daisy}/contacts/vcard`;
	for (const [bytes, told] of [
		['это не визитка', 'нет визиток vCard'],
		['', 'Заполните поле'],
		[Buffer.alloc(1024 * 1024 + 1, 65), 'больше 1 МБ'],
	] as const) {
		const answer = await upload(url, bytes);
		expect(answer.statusCode).toBe(422);
		expect(textOf(read(answer.body).byId('form-problem') as never)).toContain(told);
	}
	const many = Array.from({ length: 503 }, (_, n) => card(`FN:Имя ${n}`)).join('');
	const answer = await upload(url, many);
	expect(answer.body).toContain('Ещё 3 визитки не прочитаны');
	// All that was read fits into the form that sends it back.
	const { action, fields } = previewOf(answer);
	const few = { cards: fields.cards, take_499: 'new' };
	expect((await anna.post(action, few)).statusCode).toBe(303);
});

test('cards that no page of ours would send back are refused and write nothing', async () => {
	const before = await ledgerOf(database);
	const good = { ...readCards(quoted, 1).cards[0] };
	for (const cards of [
		'x',
		'{}',
		'[1]',
		JSON.stringify([{ ...good, ownerId: 1 }]),
		JSON.stringify([{ ...good, name: 'а\0' }]),
		JSON.stringify([{ ...good, bornOn: 'завтра' }]),
	]) {
		const answer = await anna.post(`/clients/${daisy}/contacts/vcard/cards`, {
			cards,
			take_0: 'new',
		});
		expect(answer.statusCode, cards.slice(0, 40)).toBe(400);
	}
	expect(await ledgerOf(database)).toEqual(before);
});

test('hostile cards and file names are text; a hostile client name makes one header and one card', async () => {
	const evil = '<img src=x onerror=alert(1)>';
	const file = card(`FN:${evil}`, `ORG:${evil}`, `TITLE:"'>${evil}`, 'EMAIL:x@y.ru');
	const answer = await upload('/clients/vcard', file, `${evil.replaceAll('"', '')}.vcf`);
	expect(read(answer.body).byTag('img')).toEqual([]);
	const name = `Кот "и"\r\nset-cookie: a=b; ${evil}/..\\\u202e`;
	const id = await createClient(db, by(company.people.anna), {
		name,
		contacts: [{ name: `${evil}\nEND:VCARD\nBEGIN:VCARD`, phone: '+7 495 000-00-00 доб. 7' }],
	});
	const cards = await anna.get(`/clients/${id}.vcf`);
	expect(cards.statusCode).toBe(200);
	expect(cards.headers['content-type']).toBe('text/vcard; charset=utf-8');
	expect(cards.headers['content-disposition']).toMatch(
		/^attachment; filename="[\x20-\x21\x23-\x7e]+\.vcf"; filename\*=UTF-8''[\w%.~-]+\.vcf$/,
	);
	expect(cards.headers['set-cookie']).toBeUndefined();
	const back = readCards(cards.rawPayload, 9).cards;
	expect(back).toHaveLength(2);
	expect(back[1]).toMatchObject({ phones: ['+74950000000,,7'] });
	const { rows } = await pool.query('select id from contacts where client_id = $1', [id]);
	const one = await anna.get(`/contacts/${rows[0].id}.vcf`);
	expect(readCards(one.rawPayload, 9).cards).toHaveLength(1);
	const gleb = await signIn(served, 'gleb');
	expect((await gleb.get(`/contacts/${rows[0].id}.vcf`)).statusCode).toBe(404);
	expect((await upload(`/clients/${daisy}/contacts/vcard`, file, 'x.vcf', gleb)).statusCode).toBe(
		404,
	);
});
