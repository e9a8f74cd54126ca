import type { StaticDecode } from 'typebox';
import { form, optional, text, version } from '#src/platform/forms/readers.ts';
import type { Fields } from '#src/platform/pages/three-way-merge.ts';

/** The requisites of an organization, in the order of its form. */
export const REQUISITES = [
	...(['inn', 'kpp', 'ogrn', 'bic', 'bankName', 'account', 'correspondentAccount'] as const),
];

const organization = {
	name: text(300),
	inn: optional(text(20)),
	kpp: optional(text(20)),
	ogrn: optional(text(20)),
	bankName: optional(text(300)),
	bic: optional(text(20)),
	account: optional(text(40)),
	correspondentAccount: optional(text(40)),
	was: optional(text(5_000)),
	returnTo: optional(text(500)),
};
/** An organization to add. */
export const NewOrganizationForm = form(organization);
/** An organization as it is to be. */
export const OrganizationForm = form({ version: version(), ...organization });

type Read = Omit<StaticDecode<typeof NewOrganizationForm>, 'was' | 'returnTo'>;
type Facts = { name: string } & Record<(typeof REQUISITES)[number], string | null>;

/** What a form says of an organization; digits may be typed in groups. */
export function factsOf(read: Read): Facts {
	const said = REQUISITES.map((name) => [
		...[name, name === 'bankName' ? (read[name] ?? null) : digitsOf(read[name])],
	]);
	return { name: read.name, ...(Object.fromEntries(said) as Omit<Facts, 'name'>) };
}

const digitsOf = (typed: string | undefined): string | null => typed?.replaceAll(/\s/g, '') ?? null;

/** What the fields of its form say. */
export function organizationFields(facts: Facts): Fields {
	const said = REQUISITES.map((name) => [name, facts[name] ?? '']);
	return { name: facts.name, ...Object.fromEntries(said) };
}
