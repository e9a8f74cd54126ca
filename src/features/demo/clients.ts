import type { Acting } from '#src/features/access/rights.ts';
import type { NewClient } from '#src/features/clients/actions.ts';
import type { ContactFacts } from '#src/features/clients/contacts/contacts.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import type { LEGAL_KINDS } from '#src/features/company/requisites.ts';
import { accountHolds, innHolds, ogrnHolds } from '#src/features/company/requisites.ts';
import type { Tx } from '#src/platform/db/client.ts';
import type { Chance } from './chance.ts';
import { BANKS, CITIES, ROLES, SEGMENTS, STREETS, TAGS } from './words.ts';

/** The company's own fields of clients, by their ids. */
export type DemoFields = { channel: number; credit: number };
const CHANNELS = ['Прямые продажи', 'Дилер', 'Тендер'];

/** Makes the two fields that the demo company has added for its clients, and one for its deals. */
export async function makeExtraFields(tx: Tx, acting: Acting): Promise<DemoFields> {
	const none: string[] = [];
	const channel = await addExtraField(tx, acting, {
		...{ noun: 'client', name: 'Канал продаж', kind: 'choice', choices: CHANNELS },
	});
	const credit = await addExtraField(tx, acting, {
		...{ noun: 'client', name: 'Отсрочка, дней', kind: 'number', choices: none },
	});
	await addExtraField(tx, acting, {
		...{ noun: 'deal', name: 'Нужен монтаж', kind: 'yes_no', choices: none },
	});
	return { channel, credit };
}

type LegalKind = (typeof LEGAL_KINDS)[number];

/** What is known of a demo client beside its name and its contacts. All of it is invented, and its checksums hold. */
export function clientFacts(
	legalKind: LegalKind,
	n: number,
	luck: Chance,
	fields: DemoFields,
): Omit<NewClient, 'name'> {
	const place = luck.pick(CITIES);
	const { bankName, bic, correspondentAccount } = luck.pick(BANKS);
	const person = legalKind === 'sole_proprietor';
	const inn = withKey(`${place.code}${digits(luck, person ? 8 : 7)}`, person ? 2 : 1, innHolds);
	const address = `${place.postcode}, ${place.city}, ${luck.pick(STREETS)}, д. ${1 + luck.below(90)}`;
	const begun = person ? 14 : 12;
	return {
		legalKind,
		status: luck.pick(['prospect', 'active', 'active'] as const),
		...{ segment: luck.pick(SEGMENTS), region: place.region, tags: tagsFor(luck) },
		// One in thirteen is typed wrongly, as it happens: the card says so.
		inn: n % 13 === 5 ? `${inn.slice(0, -1)}${(Number(inn.at(-1)) + 1) % 10}` : inn,
		kpp: person ? null : `${place.code}${digits(luck, 2)}01001`,
		ogrn: withKey(`${person ? 3 : 1}${digits(luck, begun - 1)}`, 1, ogrnHolds),
		...{ bankName, bic, correspondentAccount },
		account: accountIn(luck, bic, person),
		legalAddress: [address],
		actualAddress: luck.next() < 0.5 ? [address] : [],
		...(luck.next() < 0.3
			? { deliveryAddress: [`${place.city}, складской комплекс, ворота 4`] }
			: {}),
		extra: {
			[fields.channel]: luck.pick(CHANNELS),
			...(luck.next() < 0.5 ? { [fields.credit]: String(10 * (1 + luck.below(4))) } : {}),
		},
	};
}

const digits = (luck: Chance, length: number) =>
	Array.from({ length }, () => luck.below(10)).join('');

/** A number with the check digits that make it hold. */
function withKey(begun: string, keys: 1 | 2, holds: (number: string) => boolean): string {
	for (let key = 0; key < 10 ** keys; key += 1) {
		const number = begun + String(key).padStart(keys, '0');
		if (holds(number)) return number;
	}
	return begun;
}

function accountIn(luck: Chance, bic: string, person: boolean): string {
	const [front, back] = [person ? '40802810' : '40702810', digits(luck, 11)];
	const key = withKey('', 1, (one) => accountHolds(front + one + back, bic));
	return front + key + back;
}

const tagsFor = (luck: Chance) => TAGS.filter(() => luck.next() < 0.22).slice(0, 3);

/** What a demo contact has beside name, position, one phone and one mail. */
export function contactFacts(k: number, luck: Chance): Partial<ContactFacts> {
	const mobile = `+7 9${digits(luck, 2)} ${digits(luck, 3)}-${digits(luck, 2)}-${digits(luck, 2)}`;
	const born = `19${60 + luck.below(39)}-0${1 + luck.below(9)}-1${luck.below(10)}`;
	return {
		role: k === 0 ? luck.pick(ROLES) : null,
		bornOn: luck.next() < 0.4 ? born : null,
		phones: luck.next() < 0.6 ? [mobile] : [],
	};
}
