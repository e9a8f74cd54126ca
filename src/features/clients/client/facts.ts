import type { Colleague } from '#src/features/access/queries.ts';
import { formatPhone, telHref } from '#src/features/clients/contacts/phones.ts';
import type { ClientRecord, Point } from '#src/features/clients/record.ts';
import { ADDRESS_KINDS, CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import { type ExtraField, extraFacts } from '#src/features/company/extra-fields/extra-fields.ts';
import { LEGAL_KINDS, requisiteWarnings } from '#src/features/company/requisites.ts';
import { tagText } from '#src/features/company/tags/tags.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { Fact } from '#src/platform/pages/fields.ts';

/** What a form of a client offers to choose from; a page that only shows has none of it. */
export type ClientLists = {
	/** Who may become the owner; empty where this person may not give clients away. */
	colleagues: Colleague[];
	tags: string[];
	sources: string[];
};
export const NO_LISTS: ClientLists = { colleagues: [], tags: [], sources: [] };

type Telling = { client: ClientRecord; lists: ClientLists; viewer: Viewer; mayGive: boolean };

/** All that is known of a client, as facts of its card and of its forms: see platform/pages/fields.ts. */
export function clientFacts(telling: Telling & { extra: readonly ExtraField[] }): Fact[] {
	const { client, viewer, extra } = telling;
	return [
		...mainFacts(telling),
		...requisiteFacts(telling),
		...reachFacts(telling),
		...ADDRESS_KINDS.map((kind) => linesFact(`${kind}Address`, addressLines(client, kind), viewer)),
		...extraFacts(extra, client.extra, viewer),
	];
}

type TextField = Exclude<
	{
		[K in keyof ClientRecord]: ClientRecord[K] extends string | null ? K : never;
	}[keyof ClientRecord],
	'ownerName'
>;

const say = (viewer: Viewer, key: MessageKey, args?: Record<string, string | number>) =>
	translate(viewer.language, key, args);

const textFact = (
	{ client, viewer }: Telling,
	name: TextField,
	more: Partial<Fact> = {},
): Fact => ({
	name,
	label: say(viewer, `label.${name}`),
	shown: client[name],
	value: client[name] ?? '',
	...more,
});

function mainFacts(telling: Telling): Fact[] {
	const { client, lists, viewer, mayGive } = telling;
	const kinds = LEGAL_KINDS.map((id) => ({ id, name: say(viewer, 'client.kind', { kind: id }) }));
	const statuses = CLIENT_STATUSES.map((id) => ({
		id,
		name: say(viewer, 'client.status', { status: id }),
	}));
	const named = (all: { id: string; name: string }[], id: string) =>
		all.find((one) => one.id === id)?.name ?? id;
	return [
		textFact(telling, 'name', { max: 300, required: true }),
		textFact(telling, 'legalKind', {
			...{ kind: 'select', options: kinds, shown: named(kinds, client.legalKind) },
		}),
		textFact(telling, 'status', {
			...{ kind: 'select', options: statuses, shown: named(statuses, client.status) },
		}),
		ownerFact(client, lists.colleagues, viewer, mayGive),
		textFact(telling, 'segment', { max: 200 }),
		textFact(telling, 'region', { max: 200 }),
		textFact(telling, 'source', { max: 200, suggestions: lists.sources }),
		{
			...{
				name: 'tags',
				label: say(viewer, 'label.tags'),
				value: tagText(client.tags),
				many: true,
			},
			shown: tagText(client.tags) || null,
			chips: client.tags.map(({ name }) => name),
			...{ max: 1300, suggestions: lists.tags, hint: say(viewer, 'form.commas') },
		},
		textFact(telling, 'note', { kind: 'area', max: 4000 }),
	];
}

function ownerFact(
	client: ClientRecord,
	colleagues: Colleague[],
	viewer: Viewer,
	mayGive: boolean,
): Fact {
	const { ownerId, ownerName } = client;
	// Who owns the client stays to be chosen, in whatever team.
	const gone = ownerId !== null && !colleagues.some(({ id }) => id === ownerId);
	return {
		name: 'ownerId',
		label: say(viewer, 'label.ownerId'),
		shown: ownerName ?? say(viewer, 'client.noOwner'),
		value: ownerId === null ? '' : String(ownerId),
		kind: 'select',
		options: [...(gone ? [{ id: ownerId, name: ownerName ?? '' }] : []), ...colleagues],
		...(ownerId === null ? { empty: '—' } : {}),
		...(mayGive ? {} : { fixed: true }),
	};
}

function requisiteFacts(telling: Telling): Fact[] {
	const { client, viewer } = telling;
	const warnings = requisiteWarnings(client);
	const digits = (name: 'inn' | 'kpp' | 'ogrn' | 'bic' | 'account' | 'correspondentAccount') => {
		const warning = warnings[name];
		return textFact(telling, name, {
			...{ max: 40, mode: name === 'kpp' ? undefined : 'numeric' },
			...(warning ? { warning: say(viewer, warning.key, warning.args) } : {}),
		} as Partial<Fact>);
	};
	return [
		...(['inn', 'kpp', 'ogrn'] as const).map(digits),
		textFact(telling, 'bankName', { max: 300 }),
		...(['bic', 'account', 'correspondentAccount'] as const).map(digits),
	];
}

function reachFacts(telling: Telling): Fact[] {
	const { client, viewer } = telling;
	const href = client.website && siteHref(client.website);
	const of = (kind: Point['kind']) =>
		client.points.filter((point) => point.kind === kind).map((point) => pointLine(point, viewer));
	return [
		textFact(telling, 'website', { max: 300, ...(href ? { href } : {}) }),
		linesFact('phones', of('phone'), viewer),
		linesFact('emails', of('email'), viewer),
	];
}

/** A phone or a mail as people read it, as it was typed, and the address that dials or writes. */
export type PointLine = { text: string; typed: string; href?: string | null };

/** A phone or a mail as a line; everybody who shows one shows this. */
export function pointLine(point: Point, viewer: Viewer): PointLine {
	const typed = point.value;
	if (point.kind === 'email') return { typed, text: typed, href: mailHref(typed) };
	return { typed, text: formatPhone(point, viewer.language), href: telHref(point) };
}

/** The phone that a step is done by, as a line; null where there is none. */
export function phoneLine(
	{
		phone,
		e164,
		extension,
	}: { phone: string | null; e164: string | null; extension: string | null },
	viewer: Viewer,
): PointLine | null {
	return phone === null
		? null
		: pointLine({ kind: 'phone', value: phone, e164, extension }, viewer);
}

/** The address that writes a mail; only the address itself, whatever else was typed. */
function mailHref(address: string): string | null {
	return /^[^\s@]+@[^\s@]+$/.test(address)
		? `mailto:${encodeURIComponent(address).replace('%40', '@')}`
		: null;
}

const addressLines = (client: ClientRecord, kind: string): PointLine[] =>
	client.addresses
		.filter((one) => one.kind === kind)
		.map(({ value }) => ({ text: value, typed: value }));

function linesFact(name: LinesField, lines: PointLine[], viewer: Viewer): Fact {
	return {
		...{ name, label: say(viewer, `label.${name}`), kind: 'area', max: 10_000, lines },
		value: lines.map(({ typed }) => typed).join('\n'),
		shown: lines.length ? lines.map(({ text }) => text).join('\n') : null,
		hint: say(viewer, 'form.onePerLine'),
	};
}
type LinesField = 'phones' | 'emails' | `${(typeof ADDRESS_KINDS)[number]}Address`;

/** Where a website leads: only http and https; with neither, https. Null for what is no address. */
export function siteHref(typed: string): string | null {
	const address =
		/^[a-z][a-z\d+.-]*:/i.test(typed) && !/^[^/]+:\d+/.test(typed) ? typed : `https://${typed}`;
	if (!URL.canParse(address)) return null;
	const { protocol, hostname, href } = new URL(address);
	return /^https?:$/.test(protocol) && hostname.includes('.') ? href : null;
}

/** A birthday: «12 мар 1985»; on what weekday it was tells nobody anything. */
export function bornWords(day: string, viewer: Viewer): string {
	const words = formatDay(day, viewer);
	return words.slice(words.indexOf(', ') + 2);
}
