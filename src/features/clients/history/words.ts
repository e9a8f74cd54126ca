import { bornWords } from '#src/features/clients/client/facts.ts';
import { type ExtraField, extraWords } from '#src/features/company/extra-fields/extra-fields.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';

/** An event about a client, with the names of those that it speaks of. */
type Told = {
	id: number;
	type: string;
	at: Date;
	actorName: string | null;
	door: string;
	data: Record<string, unknown>;
	names: { people?: Record<string, string> | null };
};

/** What happened, ready to be drawn; the same as a line of a deal's history. */
type Line = {
	id: number;
	at: Date;
	icon: string;
	title: string;
	text: string | null;
	changes: Change[];
	by: string;
	mend: null;
};
type Change = { label: string; from: string | null; to: string | null };

const TITLES: Record<string, { icon: string; key: MessageKey }> = {
	'client.created': { icon: 'plus', key: 'history.clientCreated' },
	'client.edited': { icon: 'edit', key: 'history.clientEdited' },
	'client.merged': { icon: 'move', key: 'history.clientMerged' },
	'client.unmerged': { icon: 'move', key: 'history.clientUnmerged' },
	'client.erased': { icon: 'flag', key: 'event.clientErased' },
	'client.archived': { icon: 'flag', key: 'history.clientArchived' },
	'client.restored': { icon: 'flag', key: 'history.clientRestored' },
	'contact.added': { icon: 'users', key: 'history.contactAdded' },
	'contact.edited': { icon: 'users', key: 'history.contactEdited' },
	'contact.archived': { icon: 'users', key: 'history.contactArchived' },
	'contact.restored': { icon: 'users', key: 'history.contactRestored' },
	'contact.removed': { icon: 'users', key: 'history.contactRemoved' },
	'contact.erased': { icon: 'users', key: 'event.contactErased' },
};

const LABELS: Record<string, MessageKey> = {
	name: 'label.name',
	legalKind: 'label.legalKind',
	status: 'label.status',
	ownerId: 'label.ownerId',
	inn: 'label.inn',
	kpp: 'label.kpp',
	ogrn: 'label.ogrn',
	bankName: 'label.bankName',
	bic: 'label.bic',
	account: 'label.account',
	correspondentAccount: 'label.correspondentAccount',
	website: 'label.website',
	segment: 'label.segment',
	region: 'label.region',
	source: 'label.source',
	note: 'label.note',
	tags: 'label.tags',
	phones: 'label.phones',
	emails: 'label.emails',
	legalAddress: 'label.legalAddress',
	actualAddress: 'label.actualAddress',
	postalAddress: 'label.postalAddress',
	deliveryAddress: 'label.deliveryAddress',
	position: 'label.position',
	role: 'label.role',
	bornOn: 'label.bornOn',
};

type Telling = { entry: Told; extra: readonly ExtraField[]; viewer: Viewer };

/** A line of history about a client itself or a contact; null for what is told of deals and steps. */
export function clientLine(entry: Told, extra: readonly ExtraField[], viewer: Viewer): Line | null {
	const title = TITLES[entry.type];
	if (title === undefined) return null;
	const say = (key: MessageKey, args?: MessageArgs) => translate(viewer.language, key, args);
	const { name, names } = entry.data as { name?: unknown; names?: unknown };
	const told = { entry, extra, viewer };
	return {
		...{ id: entry.id, at: entry.at, icon: title.icon, mend: null },
		title: say(title.key, { name: String(name ?? '') }),
		text: Array.isArray(names) ? names.join(', ') : null,
		changes: changesOf(told),
		by: [entry.actorName, say('history.door', { door: entry.door })].filter(Boolean).join(', '),
	};
}

function changesOf(told: Telling): Change[] {
	const changes = (told.entry.data.changes ?? {}) as Record<string, [unknown, unknown]>;
	return Object.entries(changes).map(([field, [from, to]]) => {
		const own = told.extra.find(({ id }) => field === `extra_${id}`);
		return {
			label: own?.name ?? translate(told.viewer.language, LABELS[field] ?? 'history.field'),
			from: valueWords(field, from, own, told),
			to: valueWords(field, to, own, told),
		};
	});
}

function valueWords(
	field: string,
	value: unknown,
	own: ExtraField | undefined,
	{ entry, viewer }: Telling,
): string | null {
	if (value === null || value === undefined || value === '') return null;
	const said = String(value);
	if (own) return extraWords(own, value, viewer);
	if (field === 'ownerId') return entry.names.people?.[said] ?? `№ ${said}`;
	if (field === 'legalKind') return translate(viewer.language, 'client.kind', { kind: said });
	if (field === 'status') return translate(viewer.language, 'client.status', { status: said });
	return field === 'bornOn' ? bornWords(said, viewer) : said;
}
