import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import ICAL from 'ical.js';
import iconv from 'iconv-lite';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import type { ClientRecord, Contact } from '#src/features/clients/record.ts';
import { type Card, readCards } from '#src/features/clients/vcard/reading.ts';
import { clientCards, contactCard } from '#src/features/clients/vcard/writing.ts';

const SAMPLES = join(ROOT, '../shared/samples/vcard');
const cardsIn = (path: string) => readCards(readFileSync(path), 500).cards;
const fixture = (name: string) => cardsIn(join(ROOT, 'tests/clients/fixtures', name));
const NOTHING: Card = {
	...{ name: null, org: null, position: null, phones: [], emails: [], bornOn: null },
	...{ website: null, address: null, note: null },
};

test('version 2.1: quoted-printable over several lines, charsets, bare types, a picture, a card inside', () => {
	expect(fixture('quoted-2.1-cp1251.vcf')).toEqual([
		{
			...NOTHING,
			name: 'Ольга Петровна Ёлкина, заместитель директора по закупкам',
			org: 'ООО «Ромашка»',
			phones: ['8 (495) 123-45-67 доб. 12', '+7 916 000-00-01'],
			emails: ['olga@romashka.ru'],
			bornOn: '1980-03-22',
			note: 'Любит «чай»;\nне звонить до 10\nФакс: +7 495 123-45-68',
		},
	]);
});

test('version 3.0: folded lines, escapes, groups, a mark at the beginning; what is no day or mail is left out', () => {
	expect(fixture('folded-3.0.vcf')).toEqual([
		{
			...NOTHING,
			name: 'Пётр, сын Ивана',
			org: 'АО \\"Василёк\\"; Тула',
			position: 'Директор\nпо развитию',
			phones: ['8 916 111-22-33', 'тел. нет'],
			emails: ['petr@vasilek.ru'],
			website: 'https://vasilek.ru',
			address: '300000, Россия, Тула, ул. Мира, 1',
		},
		{ ...NOTHING, org: 'АО Василёк', phones: ['+74872000000'] },
	]);
});

test('version 4.0: addresses as URI; hostile text stays text, controls go, a card without an end is none', () => {
	expect(fixture('hostile-4.0.vcf')).toEqual([
		{
			...NOTHING,
			name: '<img src=x onerror=alert(1)>\u202e',
			org: "=cmd|'/c calc'!A0",
			phones: ['+7-495-765-43-21 доб. 102'],
			emails: ['x@example.ru'],
			note: 'без конца и  нуль',
		},
	]);
});

// Loud where the folder of samples is not beside the project.
test.skipIf(!existsSync(SAMPLES))('cards that Outlook and the RFC wrote are read', () => {
	const [outlook] = cardsIn(join(SAMPLES, 'outlook.vcf'));
	expect(outlook).toMatchObject({
		...{ name: 'Mr. John Richter James Doe Sr.', org: 'IBM', position: 'Money Counter' },
		...{ phones: ['(905) 555-1234', '(905) 666-1234'], emails: ['john.doe@ibm.cm'] },
		bornOn: '1980-03-22',
	});
	const [rfc] = cardsIn(join(SAMPLES, 'rfc6350.vcf'));
	expect(rfc).toMatchObject({
		...{ name: 'Simon Perreault', org: 'Viagenie', emails: ['simon.perreault@viagenie.ca'] },
		...{ phones: ['+1-418-656-9254 доб. 102', '+1-418-262-6501'], bornOn: null },
	});
});

test('whatever bytes come, reading ends, and in time that grows with them', () => {
	const bytes = fc.oneof(
		fc.uint8Array({ maxLength: 500 }).map((all) => Buffer.from(all)),
		fc
			.array(
				fc.constantFrom(
					'BEGIN:VCARD',
					'END:VCARD',
					'VERSION:2.1',
					'FN',
					':',
					';',
					'=',
					'\r\n',
					' ',
					'"',
					'\\',
					'TEL;quoted-printable:=',
					'=D0',
				),
				{ maxLength: 60 },
			)
			.map((all) => Buffer.from(all.join(''))),
	);
	fc.assert(fc.property(bytes, (some) => readCards(some, 3).cards.length <= 3));
	for (const piece of [';', '"', '\\', '=', 'FN;quoted-printable:=\n', 'BEGIN:VCARD\n', 'a;'])
		readCards(
			Buffer.from(`BEGIN:VCARD\n${piece.repeat(1_000_000 / piece.length)}\nEND:VCARD`),
			500,
		);
	const many = 'BEGIN:VCARD\nFN:Имя\nEND:VCARD\n'.repeat(510);
	expect(readCards(Buffer.from(many), 500)).toMatchObject({ more: 10 });
	const utf16 = Buffer.from(`\ufeffBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ёж\r\nEND:VCARD`, 'utf16le');
	expect(readCards(utf16, 5).cards[0]?.name).toBe('Ёж');
});

const point = (
	kind: 'phone' | 'email',
	value: string,
	e164: string | null = null,
	extension: string | null = null,
) => ({ kind, value, e164, extension });
const contact = (facts: Partial<Contact>): Contact => ({
	...{ id: 1, clientId: 1, name: 'Ольга', position: null, role: null, bornOn: null, note: null },
	...{ archivedAt: null, version: 1, points: [], ...facts },
});

test('a contact is written so that other programs read it: folded by octets, escaped, with its extension', () => {
	const note = 'Строка, с знаками \\ и\nпереносом '.repeat(8).trim();
	const written = contactCard(
		contact({
			...{ name: 'Ёлкина Ольга Петровна', position: 'Директор', bornOn: '1980-03-22', note },
			points: [
				point('phone', '8 495 123-45-67 доб 12', '+74951234567', '12'),
				point('phone', '8 916 000 00 01', '+79160000001'),
				point('email', 'olga@romashka.ru'),
			],
		}),
		'ООО «Ромашка»; Тула',
	);
	for (const line of written.split('\r\n')) {
		expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
		expect(line).not.toContain('\ufffd');
	}
	const card = new ICAL.Component(ICAL.parse(written) as never);
	expect(card.getFirstPropertyValue('version')).toBe('3.0');
	expect(card.getFirstPropertyValue('n')).toEqual(['Ёлкина', 'Ольга', 'Петровна', '', '']);
	expect(card.getFirstPropertyValue('note')).toBe(note);
	expect(card.getAllProperties('tel').map((tel) => tel.getFirstValue())).toEqual([
		'+74951234567,,12',
		'+79160000001',
	]);
	expect(readCards(Buffer.from(written), 1).cards[0]).toMatchObject({
		...{ name: 'Ёлкина Ольга Петровна', org: 'ООО «Ромашка»; Тула', note, bornOn: '1980-03-22' },
	});
});

test('a client is a card of a firm and one for each contact', () => {
	const client = {
		...{ name: 'ООО «Ромашка»', website: 'https://romashka.ru' },
		points: [point('phone', '123')],
		addresses: [{ kind: 'legal', value: 'Тула, ул. Мира, 1' }],
	} as unknown as ClientRecord;
	const written = clientCards(client, [contact({})]);
	const { cards } = readCards(Buffer.from(written), 9);
	expect(cards.map(({ name, org }) => [name, org])).toEqual([
		['ООО «Ромашка»', 'ООО «Ромашка»'],
		['Ольга', 'ООО «Ромашка»'],
	]);
	expect(cards[0]).toMatchObject({ address: 'Тула, ул. Мира, 1', phones: ['123'] });
});

test('any name, note and firm come back as they were written', () => {
	const text = fc
		.string({ minLength: 1, maxLength: 200, unit: 'grapheme' })
		.map((one) => one.replace(/[\p{Cc}\p{Cs}]/gu, '').trim())
		.filter(Boolean);
	fc.assert(
		fc.property(text, text, text, (name, note, firm) => {
			const written = contactCard(contact({ name, note }), firm);
			expect(readCards(Buffer.from(written), 1).cards[0]).toMatchObject({ name, note, org: firm });
		}),
	);
});

test('one card of another encoding, or one wrong byte, garbles no other card', () => {
	const card = (name: string) => `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:${name}\r\nEND:VCARD\r\n`;
	const file = Buffer.concat([
		Buffer.from(card('Ольга Ёлкина')),
		iconv.encode(card('Пётр Яковлев'), 'windows-1251'),
		Buffer.from(card('Анна')).subarray(0, -14),
		Buffer.from('\r\nEND:VCARD\r\n'),
		Buffer.from(card('Глеб')),
	]);
	const { cards } = readCards(file, 10);
	expect(cards.map(({ name }) => name?.slice(0, 3))).toEqual(['Оль', 'Пёт', 'Анн', 'Гле']);
});

test('a fold within a letter is no fault', () => {
	const whole = Buffer.from('BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ёлкина\r\nEND:VCARD\r\n');
	const at = whole.indexOf('FN:') + 4;
	const folded = Buffer.concat([whole.subarray(0, at), Buffer.from('\r\n '), whole.subarray(at)]);
	expect(readCards(folded, 10).cards[0]?.name).toBe('Ёлкина');
});
