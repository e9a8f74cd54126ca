import type { MessageArgs, MessageKey } from '#src/platform/i18n/translate.ts';

/*
 * What is true of requisites by law. Nothing here forbids: foreign companies and test data fail these
 * checks and are clients nevertheless.
 */

/** What a client or an organization is by law. */
export const LEGAL_KINDS = ['company', 'sole_proprietor', 'person', 'government'] as const;

const TEN = [2, 4, 10, 3, 5, 9, 4, 6, 8];
const ELEVEN = [7, ...TEN];
const TWELVE = [3, ...ELEVEN];
const ACCOUNT = [7, 1, 3];

/** Whether the last digits of an ИНН of 10 or 12 digits follow from the others. */
export function innHolds(inn: string): boolean {
	if (/^\d{10}$/.test(inn)) return rest(inn, TEN) === Number(inn[9]);
	return (
		/^\d{12}$/.test(inn) &&
		rest(inn, ELEVEN) === Number(inn[10]) &&
		rest(inn, TWELVE) === Number(inn[11])
	);
}

function rest(digits: string, weights: number[]): number {
	return (weights.reduce((total, weight, i) => total + weight * Number(digits[i]), 0) % 11) % 10;
}

/** Whether a КПП has its form: it has no checksum. */
export function kppHolds(kpp: string): boolean {
	return /^\d{4}[\dA-Z]{2}\d{3}$/.test(kpp);
}

/** Whether the last digit of an ОГРН (13 digits) or ОГРНИП (15) follows from the others. */
export function ogrnHolds(ogrn: string): boolean {
	if (!/^(\d{13}|\d{15})$/.test(ogrn)) return false;
	const remainder = BigInt(ogrn.slice(0, -1)) % BigInt(ogrn.length - 2);
	return Number(remainder % 10n) === Number(ogrn.at(-1));
}

/** Whether a БИК has its form: 04 of a bank, 00 to 02 of the treasury. */
export function bicHolds(bic: string): boolean {
	return /^0[0124]\d{7}$/.test(bic);
}

/**
 * Whether the key of a settlement or correspondent account of 20 digits goes with the bank. With a БИК of
 * the treasury, whose accounts have no such key, any does.
 */
export function accountHolds(account: string, bic: string): boolean {
	if (!/^\d{20}$/.test(account)) return false;
	if (!bic.startsWith('04')) return true;
	// Accounts with the Bank of Russia itself, and so all correspondent ones, are keyed by its division.
	const division = account.startsWith('301') || /00[012]$/.test(bic);
	const digits = (division ? `0${bic.slice(4, 6)}` : bic.slice(-3)) + account;
	const sum = [...digits].reduce(
		(total, digit, i) => total + ((Number(digit) * (ACCOUNT[i % 3] as number)) % 10),
		0,
	);
	return sum % 10 === 0;
}

/** What looks wrong with a requisite, as a message. */
export type Warning = { key: MessageKey; args?: MessageArgs };

/**
 * What looks wrong with an ИНН that is still being typed: nothing before it can be whole, nothing of a kind that is
 * not known.
 */
export function innRemark(typed: string, legalKind?: Requisites['legalKind']): Warning | null {
	const inn = typed.replace(/\s/g, '');
	if (inn.length < 10) return null;
	const kind = legalKind ?? (inn.length === 10 ? 'company' : 'person');
	return CHECKS.inn(inn, { legalKind: kind, bic: null });
}

/** The requisites of a client, as typed. */
export type Requisites = {
	legalKind: (typeof LEGAL_KINDS)[number];
} & Record<'inn' | 'kpp' | 'ogrn' | 'bic' | 'account' | 'correspondentAccount', string | null>;
export type Requisite = Exclude<keyof Requisites, 'legalKind'>;

/**
 * What looks wrong with the requisites of a client: digits, checksums, keys, and what a client of this
 * legal kind does not have. Warns, and never forbids.
 */
export function requisiteWarnings(client: Requisites): Partial<Record<Requisite, Warning>> {
	const found: Partial<Record<Requisite, Warning>> = {};
	for (const [name, check] of Object.entries(CHECKS) as [Requisite, Check][]) {
		const value = client[name];
		const warning = value === null ? null : check(value, client);
		if (warning !== null) found[name] = warning;
	}
	return found;
}

type Check = (value: string, client: Pick<Requisites, 'legalKind' | 'bic'>) => Warning | null;

const CHECKS: Record<Requisite, Check> = {
	inn: (inn, { legalKind }) => {
		if (!/^(\d{10}|\d{12})$/.test(inn)) return { key: 'requisite.innDigits' };
		if (!innHolds(inn)) return { key: 'requisite.sum' };
		const digits = isPerson(legalKind) ? 12 : 10;
		return inn.length === digits ? null : { key: 'requisite.innKind', args: { digits } };
	},
	kpp: (kpp, { legalKind }) => {
		if (!kppHolds(kpp)) return { key: 'requisite.kppForm' };
		return isPerson(legalKind) ? { key: 'requisite.kppKind' } : null;
	},
	ogrn: (ogrn, { legalKind }) => {
		if (!/^(\d{13}|\d{15})$/.test(ogrn)) return { key: 'requisite.ogrnDigits' };
		if (!ogrnHolds(ogrn)) return { key: 'requisite.sum' };
		if (legalKind === 'person') return { key: 'requisite.ogrnPerson' };
		const digits = legalKind === 'sole_proprietor' ? 15 : 13;
		return ogrn.length === digits ? null : { key: 'requisite.ogrnKind', args: { digits } };
	},
	bic: (bic) => (bicHolds(bic) ? null : { key: 'requisite.bicForm' }),
	account: (account, { bic }) => accountWarning(account, bic),
	correspondentAccount: (account, { bic }) =>
		/^\d{20}$/.test(account) && !account.startsWith('301') && !/^40102/.test(account)
			? { key: 'requisite.correspondentForm' }
			: accountWarning(account, bic),
};

const isPerson = (kind: Requisites['legalKind']) => kind === 'sole_proprietor' || kind === 'person';

function accountWarning(account: string, bic: string | null): Warning | null {
	if (!/^\d{20}$/.test(account)) return { key: 'requisite.accountDigits' };
	if (bic === null || !bicHolds(bic) || accountHolds(account, bic)) return null;
	return { key: 'requisite.accountKey' };
}
