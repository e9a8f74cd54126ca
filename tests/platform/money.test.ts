import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addSum, type Sum } from '#src/features/deals/board/totals.ts';
import { form, money, readForm } from '#src/platform/forms/readers.ts';
import {
	currencySymbol,
	formatMoney,
	formatNumber,
	moneyForInput,
} from '#src/platform/i18n/money.ts';

const Amount = form({ amount: money() });
const parse = (amount: string) => readForm(Amount, { amount }).amount;
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ');

/** Amounts as the database gives them, up to its largest. */
const amounts = fc
	.bigInt({ min: 0n, max: 999_999_999_999_999n })
	.map((kopecks) => `${kopecks / 100n}.${String(kopecks % 100n).padStart(2, '0')}`);

test('an amount is drawn for the reader, with kopecks where there are any', () => {
	expect(plain(formatMoney('ru', '1234567.50', 'RUB'))).toBe('1 234 567,50 ₽');
	expect(plain(formatMoney('ru', '1234567.00', 'RUB'))).toBe('1 234 567 ₽');
	expect(plain(formatMoney('ru', '0.01', 'RUB'))).toBe('0,01 ₽');
	expect(formatMoney('en', '1234567.50', 'USD')).toBe('$1,234,567.50');
	expect(plain(formatMoney('ru', '5.00', 'XTS'))).toContain('5');
	expect([currencySymbol('ru', 'RUB'), currencySymbol('ru', 'EUR')]).toEqual(['₽', '€']);
	expect(plain(formatNumber('ru', 8800))).toBe('8 800');
	expect(plain(formatNumber('ru', 88_000))).toBe('88 000');
});

test('what is drawn reads back as the same kopecks, in a cell and in an input, in both languages', () => {
	fc.assert(
		fc.property(amounts, fc.constantFrom('ru' as const, 'en' as const), (amount, language) => {
			expect(parse(moneyForInput(language, amount))).toBe(amount);
			if (language === 'ru') expect(parse(formatMoney('ru', amount, 'RUB'))).toBe(amount);
			const digits = formatMoney(language, amount, 'RUB').replaceAll(/\D/g, '');
			const exact = amount.endsWith('.00') ? amount.slice(0, -3) : amount.replace('.', '');
			expect(BigInt(digits)).toBe(BigInt(exact));
		}),
	);
});

test('an unknown amount is an empty input', () => {
	expect(moneyForInput('ru', null)).toBe('');
});

test('sums are exact to the kopeck and apart by currency', () => {
	const parts = fc.array(
		fc.record({ currency: fc.constantFrom('RUB', 'USD', 'EUR'), amount: amounts }),
		{ maxLength: 30 },
	);
	fc.assert(
		fc.property(parts, (added) => {
			const sums: Sum[] = [];
			for (const part of added) addSum(sums, { ...part });
			for (const currency of ['RUB', 'USD', 'EUR']) {
				const expected = added
					.filter((part) => part.currency === currency)
					.reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n);
				const sum = sums.find((one) => one.currency === currency);
				expect(BigInt((sum?.amount ?? '0.00').replace('.', ''))).toBe(expected);
				if (sum) expect(sum.amount).toMatch(/^\d+\.\d\d$/);
			}
		}),
	);
});

test('a tenth and two tenths are three tenths', () => {
	const sums: Sum[] = [];
	for (const amount of ['0.10', '0.20', '0']) addSum(sums, { currency: 'RUB', amount });
	expect(sums).toEqual([{ currency: 'RUB', amount: '0.30' }]);
});
