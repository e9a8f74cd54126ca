import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loginFor } from '#src/features/imports/engine/logins.ts';
import { inn, kpp, ogrn } from '#src/features/imports/engine/requisites.ts';
import {
	day,
	email,
	line,
	money,
	percent,
	type Reading,
} from '#src/features/imports/engine/values.ts';

const told = (reading: Reading) => ('value' in reading ? reading.value : reading.reason.key);

describe('an amount', () => {
	it.each([
		['1 234,56', '1234.56'],
		['1\u00a0234\u00a0567,5', '1234567.50'],
		['1\u2009234', '1234.00'],
		['1\u202f234,5 ₽', '1234.50'],
		['1.234,56', '1234.56'],
		["1'234,50", '1234.50'],
		['1’234’567.5', '1234567.50'],
		['1,234,567.8', '1234567.80'],
		['0012', '12.00'],
		['12.3000', '12.30'],
		['550 руб.', '550.00'],
		['-0', '0.00'],
		['9999999999999.99', '9999999999999.99'],
	])('«%s» is %s', (text, value) => {
		expect(told(money(text))).toBe(value);
	});

	it.each([
		['1,234', 'row.moneyPrecise'],
		['0.30000000000000004', 'row.moneyPrecise'],
		['10000000000000', 'row.moneyLarge'],
		['1000000000000000.01', 'row.moneyLarge'],
		['-5', 'row.moneyNegative'],
		['1e21', 'row.notMoney'],
		['NaN', 'row.notMoney'],
		['12 34', 'row.notMoney'],
		['1,2,3', 'row.notMoney'],
		['$5', 'row.notMoney'],
		['=1+1', 'row.notMoney'],
	])('«%s» is refused: %s', (text, key) => {
		expect(told(money(text))).toBe(key);
	});

	it('is read exactly however it is written', () => {
		fc.assert(
			fc.property(
				fc.bigInt({ min: 0n, max: 999_999_999_999_999n }),
				fc.constantFrom(' ', '\u00a0', '\u202f', '\u2009', ''),
				fc.constantFrom(',', '.'),
				(kopecks, space, point) => {
					const [whole, rest] = [String(kopecks / 100n), String(kopecks % 100n).padStart(2, '0')];
					const grouped = whole.replace(/\B(?=(\d{3})+$)/g, space);
					expect(told(money(`${grouped}${point}${rest}`))).toBe(`${whole}.${rest}`);
				},
			),
		);
	});
});

describe('a day', () => {
	it.each([
		['31.12.2026', '2026-12-31'],
		['1.2.2026', '2026-02-01'],
		['20-10-16', '2016-10-20'],
		['20-10-70', '1970-10-20'],
		['05/07/2017', '2017-07-05'],
		['2026-02-03', '2026-02-03'],
		['31 декабря 2026', '2026-12-31'],
		['31 дек. 2026 г.', '2026-12-31'],
		['1\u00a0мая 2026 года', '2026-05-01'],
		['7 Июнь 2026', '2026-06-07'],
		['3 Sep 2026', '2026-09-03'],
		['2026-02-03T23:59:59+14:00', '2026-02-03'],
		['03.02.2026 10:15', '2026-02-03'],
		['29.02.2028', '2028-02-29'],
		['45000', '2023-03-15'],
		['45000.75', '2023-03-15'],
	])('«%s» is %s', (text, value) => {
		expect(told(day(text))).toBe(value);
	});

	it.each([
		['31.02.2026', 'row.noSuchDay'],
		['29.02.2027', 'row.noSuchDay'],
		['12/31/2026', 'row.noSuchDay'],
		['01.01.0001', 'row.dayRange'],
		['31.12.9999', 'row.dayRange'],
		['31.12-2026', 'row.notDay'],
		['вчера', 'row.notDay'],
		['2026-02', 'row.notDay'],
	])('«%s» is refused: %s', (text, key) => {
		expect(told(day(text))).toBe(key);
	});

	it('is the same day in every way of writing it', () => {
		const days = fc.date({
			min: new Date('1970-01-01'),
			max: new Date('2069-12-31'),
			noInvalidDate: true,
		});
		fc.assert(
			fc.property(days, (date) => {
				const iso = date.toISOString().slice(0, 10);
				const [y = '', m, d] = iso.split('-');
				const ways = [iso, `${d}.${m}.${y}`, `${d}/${m}/${y}`, `${d}-${m}-${y.slice(2)}`];
				for (const way of ways) expect(told(day(way))).toBe(iso);
			}),
		);
	});
});

describe('text', () => {
	it('loses doubled spaces and keeps everything else', () => {
		expect(told(line(50)('  ООО\u00a0 «Ромашка» <b>\n'))).toBe('ООО «Ромашка» <b>');
	});

	it.each([
		['а\u0000б', 'row.damaged'],
		['\ufffd\ufffd', 'row.damaged'],
		['#ЗНАЧ!', 'row.excelError'],
		['x'.repeat(51), 'row.tooLong'],
	])('«%s» is refused: %s', (text, key) => {
		expect(told(line(50)(text))).toBe(key);
	});
});

describe('requisites', () => {
	it('pass by their digits; the zero that Excel has eaten comes back where the checksum is true', () => {
		expect(told(inn('7707083893'))).toBe('7707083893');
		expect(told(inn('500100732259'))).toBe('500100732259');
		expect(told(inn('105020300'))).toBe('0105020300');
		expect(told(inn('105020308'))).toBe('row.requisiteDigits');
		expect(told(inn('7707083894'))).toBe('7707083894');
		expect(told(inn('77070'))).toBe('row.requisiteDigits');
		expect(told(ogrn('1027700132195'))).toBe('1027700132195');
		expect(told(ogrn('1027700132196'))).toBe('1027700132196');
		expect(told(kpp('77301001'))).toBe('077301001');
		expect(told(kpp('1'))).toBe('row.requisiteDigits');
	});
});

describe('a login', () => {
	it.each([
		['Moses Frase', 'moses.frase'],
		['Mei-Mei Johns', 'mei-mei.johns'],
		['Щукина Юлия', 'shchukina.yuliya'],
		["Siân O'Neil Jr.", 'sian.oneil.jr'],
		['李', 'person'],
	])('of %s is %s', (name, login) => {
		expect(loginFor(name)).toBe(login);
	});
});

it('a long text that is no address, or no share, is told so by its length and its end', () => {
	expect(told(email(`a@${'.'.repeat(200_000)}@`))).toBe('row.notEmail');
	expect(told(percent(`5${' '.repeat(200_000)}x`))).toBe('row.notPercent');
	expect(told(percent('50 %'))).toBe(50);
});
