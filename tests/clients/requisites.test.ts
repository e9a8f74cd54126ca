import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
	accountHolds,
	bicHolds,
	innHolds,
	kppHolds,
	ogrnHolds,
	type Requisites,
	requisiteWarnings,
} from '#src/features/company/requisites.ts';

const SBER = {
	bic: '044525225',
	correspondent: '30101810400000000225',
	account: '40702810138250123017',
};
const TBANK = {
	bic: '044525974',
	correspondent: '30101810145250000974',
	account: '40802810700000002864',
};
const INNS = ['7707083893', '500100732259', '7736050003'];

/** The same number with one digit changed. */
const slipped = (number: string) =>
	fc
		.tuple(fc.nat({ max: number.length - 1 }), fc.integer({ min: 1, max: 9 }))
		.map(
			([at, by]) => number.slice(0, at) + ((Number(number[at]) + by) % 10) + number.slice(at + 1),
		);

describe('true requisites hold', () => {
	test.each(INNS)('ИНН %s', (inn) => expect(innHolds(inn)).toBe(true));
	test('ОГРН and ОГРНИП', () => {
		expect(ogrnHolds('1027700132195')).toBe(true);
		expect(ogrnHolds('304500116000157')).toBe(true);
	});
	test('КПП, with letters in the fifth and sixth place too', () => {
		expect(['773601001', '7736AZ001'].every(kppHolds)).toBe(true);
	});
	test.each([SBER, TBANK])('both accounts of bank $bic', ({ bic, correspondent, account }) => {
		expect(bicHolds(bic)).toBe(true);
		expect(accountHolds(account, bic)).toBe(true);
		expect(accountHolds(correspondent, bic)).toBe(true);
	});
	test('an account of the treasury has no key of this kind', () => {
		expect(bicHolds('007182108')).toBe(true);
		expect(accountHolds('03100643000000017300', '007182108')).toBe(true);
	});
});

describe('a slip of one digit is noticed', () => {
	test('in an ИНН of ten digits and in an ОГРН, save where a remainder of ten counts as none', () => {
		// The law takes the remainder 10 for 0: only there can two digits give one key.
		const unseen = (number: string, holds: (typed: string) => boolean) => {
			const typed = fc.sample(slipped(number), { numRuns: 200, seed: 7 });
			return typed.filter(holds).length / typed.length;
		};
		expect(unseen('7707083893', innHolds)).toBeLessThan(0.1);
		expect(unseen('1027700132195', ogrnHolds)).toBeLessThan(0.1);
	});
	test('in an account, always', () => {
		for (const { bic, account, correspondent } of [SBER, TBANK]) {
			fc.assert(fc.property(slipped(account), (typed) => !accountHolds(typed, bic)));
			// A slip in 301 itself makes it another kind of account.
			const behind = slipped(correspondent.slice(3)).map((rest) => `301${rest}`);
			fc.assert(fc.property(behind, (typed) => !accountHolds(typed, bic)));
		}
	});
	test('in an account of another bank', () => {
		expect(accountHolds(SBER.account, TBANK.bic)).toBe(false);
	});
});

test('nothing that is typed makes the checks fail', () => {
	const typed = fc.oneof(fc.string({ maxLength: 30 }), fc.constant(null));
	const client = fc.record({
		legalKind: fc.constantFrom('company', 'sole_proprietor', 'person', 'government'),
		...{ inn: typed, kpp: typed, ogrn: typed, bic: typed, account: typed },
		correspondentAccount: typed,
	});
	fc.assert(fc.property(client, (one) => typeof requisiteWarnings(one as Requisites) === 'object'));
});

const NONE: Requisites = {
	legalKind: 'company',
	...{ inn: null, kpp: null, ogrn: null, bic: null, account: null, correspondentAccount: null },
};
const warned = (client: Partial<Requisites>) =>
	Object.fromEntries(
		Object.entries(requisiteWarnings({ ...NONE, ...client })).map(([name, { key }]) => [name, key]),
	);

describe('what is warned of', () => {
	test('nothing where nothing is known, and nothing of a client whose requisites are true', () => {
		expect(warned({})).toEqual({});
		expect(
			warned({
				...{ inn: '7707083893', kpp: '773601001', ogrn: '1027700132195', bic: SBER.bic },
				...{ account: SBER.account, correspondentAccount: SBER.correspondent },
			}),
		).toEqual({});
		expect(
			warned({ legalKind: 'sole_proprietor', inn: '500100732259', ogrn: '304500116000157' }),
		).toEqual({});
	});
	test('a requisite that a client of this kind does not have', () => {
		expect(warned({ legalKind: 'sole_proprietor', inn: '7707083893', kpp: '773601001' })).toEqual({
			inn: 'requisite.innKind',
			kpp: 'requisite.kppKind',
		});
		expect(warned({ inn: '500100732259', ogrn: '304500116000157' })).toEqual({
			inn: 'requisite.innKind',
			ogrn: 'requisite.ogrnKind',
		});
		expect(warned({ legalKind: 'person', ogrn: '1027700132195' })).toEqual({
			ogrn: 'requisite.ogrnPerson',
		});
	});
	test('wrong digits, and an account that does not go with the bank', () => {
		expect(
			warned({
				...{ inn: '7707083894', kpp: '7736', ogrn: '12', bic: '144525225', account: '4070281' },
				correspondentAccount: SBER.account,
			}),
		).toEqual({
			inn: 'requisite.sum',
			kpp: 'requisite.kppForm',
			ogrn: 'requisite.ogrnDigits',
			bic: 'requisite.bicForm',
			account: 'requisite.accountDigits',
			correspondentAccount: 'requisite.correspondentForm',
		});
		expect(warned({ bic: TBANK.bic, account: SBER.account })).toEqual({
			account: 'requisite.accountKey',
		});
	});
	test('no key without a bank to check it with', () => {
		expect(warned({ account: '40702810038250123018' })).toEqual({});
	});
});
