import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { formatPhone, phoneOf, telHref } from '#src/features/clients/contacts/phones.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();

const WRITINGS: [typed: string, e164: string | null, extension: string | null, key: string][] = [
	['8 (495) 123-45-67', '+74951234567', null, '4951234567'],
	['+7 495 1234567', '+74951234567', null, '4951234567'],
	['7 495 123 45 67', '+74951234567', null, '4951234567'],
	['4951234567', '+74951234567', null, '4951234567'],
	['тел.: 8-495-123-45-67, Иван', '+74951234567', null, '4951234567'],
	['+7 495 123-45-67 доб. 12', '+74951234567', '12', '4951234567'],
	['+7(495)123-45-67 (доб. 1234)', '+74951234567', '1234', '4951234567'],
	['84951234567доб12', '+74951234567', '12', '4951234567'],
	['8 495 123-45-67 добавочный: 7 (Иван)', '+74951234567', '7', '4951234567'],
	['495 123-45-67 вн. 12', '+74951234567', '12', '4951234567'],
	['495 123-45-67 внутренний 5', '+74951234567', '5', '4951234567'],
	['8 495 123-45-67 #12', '+74951234567', '12', '4951234567'],
	['8 495 123-45-67 x12', '+74951234567', '12', '4951234567'],
	['8 495 123-45-67 х 12', '+74951234567', '12', '4951234567'],
	['+74951234567;ext=12', '+74951234567', '12', '4951234567'],
	['+74951234567,,12', '+74951234567', '12', '4951234567'],
	['8 495 123-45-67 цех 12', '+74951234567', null, '4951234567'],
	['8 495 123-45-67, 8 916 123-45-67', '+74951234567', null, '4951234567'],
	['８（４９５）１２３４５６７', '+74951234567', null, '4951234567'],
	['8 800 555 35 35', '+78005553535', null, '8005553535'],
	['8(4012)55-66-77', '+74012556677', null, '4012556677'],
	['+7 707 123 45 67', '+77071234567', null, '7071234567'],
	['8 707 123 45 67', '+77071234567', null, '7071234567'],
	['+375 29 123-45-67', '+375291234567', null, '5291234567'],
	['375 29 123-45-67', '+375291234567', null, '5291234567'],
	['8 (029) 123-45-67', '+375291234567', null, '5291234567'],
	['8-10-375-29-123-45-67', '+375291234567', null, '5291234567'],
	['+1 202 555 0123', '+12025550123', null, '2025550123'],
	['123-45-67', null, null, '1234567'],
	['1204 доб. 5', null, '5', '1204'],
	['12345678901', null, null, '2345678901'],
	['нет телефона', null, null, ''],
	['<img src=x onerror=alert(1)>', null, null, '1'],
	['', null, null, ''],
];

test.each(WRITINGS)('«%s» is understood', (typed, e164, extension, searchKey) => {
	expect(phoneOf(typed)).toEqual({ value: typed, e164, extension, searchKey });
});

test('a phone is shown as people here write it, and as typed where it was not understood', () => {
	const shown = (typed: string) => formatPhone(phoneOf(typed));
	expect(shown('84951234567 доб 12')).toBe('+7 495 123-45-67 доб. 12');
	expect(shown('87071234567')).toBe('+7 707 123-45-67');
	expect(shown('80291234567')).toBe('+375 29 123-45-67');
	expect(shown('+12025550123')).toBe('+1 202 555 0123');
	expect(shown('1204 доб. 5')).toBe('1204 доб. 5');
	expect(shown('спросить у Ольги')).toBe('спросить у Ольги');
	expect(formatPhone(phoneOf('84951234567 #12'), 'en')).toBe('+7 495 123-45-67 ext. 12');
});

test('a link dials the number with its extension; words alone are no link', () => {
	expect(telHref(phoneOf('8 495 123-45-67 вн. 12'))).toBe('tel:+74951234567;ext=12');
	expect(telHref(phoneOf('123-45-67 доб. 9'))).toBe('tel:1234567');
	expect(telHref(phoneOf('нет'))).toBeNull();
});

test('whatever is typed stays as typed, is understood the same again, and its link holds only a number', () => {
	const pieces = fc.constantFrom(
		...[
			'+',
			'7',
			'8',
			'(',
			'495',
			')',
			' ',
			'-',
			'доб.',
			'x',
			'#',
			'12',
			'ext=',
			';',
			',',
			'<',
			'"',
			'٣',
		],
	);
	const typed = fc.oneof(
		fc.array(pieces, { maxLength: 20 }).map((all) => all.join('')),
		fc.string(),
	);
	fc.assert(
		fc.property(typed, (text) => {
			const phone = phoneOf(text);
			expect(phone.value).toBe(text.trim());
			expect(phone.searchKey).toMatch(/^\d{0,10}$/);
			if (phone.e164) expect(phoneOf(phone.e164).e164).toBe(phone.e164);
			expect(phoneOf(formatPhone(phone)).e164).toBe(phone.e164);
			expect(telHref(phone) ?? 'tel:1').toMatch(/^tel:\+?\d+(;ext=\d+)?$/);
		}),
		{ numRuns: 300 },
	);
});

test('phones of before are understood by the migration as the library understands them', async () => {
	const { pool } = database;
	await pool.query(`insert into clients (name) values ('Давний')`);
	const old = WRITINGS.filter(
		([typed]) => /^[+78(49]/.test(typed) && !/029|375|10-|,|цех|^\+1/.test(typed),
	);
	for (const [typed] of old)
		await pool.query(
			`insert into contact_points (client_id, kind, value, search_key) select id, 'phone', $1, '' from clients`,
			[typed],
		);
	const migration = readFileSync(join(ROOT, 'drizzle/0004_clients.sql'), 'utf8');
	const statements = migration.split('--> statement-breakpoint');
	await pool.query(statements.find((one) => one.includes('UPDATE contact_points')) as string);
	const { rows } = await pool.query(
		'select value, e164, extension, search_key as "searchKey" from contact_points order by id',
	);
	expect(old.length).toBeGreaterThan(10);
	expect(rows).toEqual(old.map(([typed]) => phoneOf(typed)));
});
