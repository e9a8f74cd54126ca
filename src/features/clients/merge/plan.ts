/**
 * What a merge does, worked out before anything is written: which contact is the same person, which phone
 * and address is there already, what moves. Pure, so that nothing that is lost can hide in SQL.
 */

/** What a merge chooses among, by the names of a client's fields. */
export const MERGED_FIELDS = [
	'name',
	'legalKind',
	'inn',
	'kpp',
	'ogrn',
	'ownerId',
	'source',
	'segment',
	'region',
	'status',
	'bankName',
	'bic',
	'account',
	'correspondentAccount',
	'website',
	'note',
] as const;
export type MergedField = (typeof MERGED_FIELDS)[number];

type Value = string | number | null;
/** Values of a client's fields, and of its extra fields by their ids. */
export type Values = Record<MergedField, Value> & { extra: Record<string, string | boolean> };

/** What a contact says beside its name; a merge fills in what the kept one lacks. */
export const CONTACT_FACTS = ['position', 'role', 'born_on', 'note'] as const;
type ContactFact = (typeof CONTACT_FACTS)[number];

export type MergedContact = {
	id: number;
	clientId: number;
	/** Lower case, «ё» as «е». */
	nameSearch: string;
	archived: boolean;
} & Record<ContactFact, string | null>;

export type MergedPoint = {
	id: number;
	clientId: number;
	contactId: number | null;
	kind: string;
	value: string;
	e164: string | null;
	extension: string | null;
	searchKey: string;
};

export type MergedAddress = { id: number; clientId: number; kind: string; value: string };

/** Everything below the clients of a merge that may be there twice; the survivor's first, then by id. */
export type Belongings = {
	contacts: MergedContact[];
	points: MergedPoint[];
	addresses: MergedAddress[];
};

/** A row that changes its client, and which it had. */
export type MovedRow = { id: number; from: number };
export type MovedPoint = MovedRow & { fromContact: number | null; toContact: number | null };
export type FilledContact = { id: number; facts: Partial<Record<ContactFact, string>> };
/** A contact that is a person whom the survivor has already, and which contact that is. */
export type SamePerson = { id: number; same: number };

export type Plan = {
	contacts: MovedRow[];
	points: MovedPoint[];
	addresses: MovedRow[];
	filled: FilledContact[];
	same: SamePerson[];
};

/** What undoing a merge needs, as `client_merges.snapshot` keeps it. */
export type Snapshot = Plan & {
	before: Values;
	after: Values;
	/** Names of the merged clients, for history. */
	names: string[];
	/** Tags that the survivor did not have. */
	tags: number[];
	/** Rows of the tables that follow their client, by table: see merge.ts. */
	followers: Record<string, MovedRow[]>;
	/** Interactions that spoke of a contact who was there already. */
	interactionContacts: { id: number; from: number; to: number }[];
};

/** Works out what moves to the survivor, what is there already and what it fills in. */
export function planMerge(survivorId: number, { contacts, points, addresses }: Belongings): Plan {
	const { moved, filled, same } = planContacts(survivorId, contacts);
	const sameAs = new Map(same.map((one) => [one.id, one.same]));
	const target = (contactId: number | null) =>
		contactId === null ? null : (sameAs.get(contactId) ?? contactId);
	const isThere = seen<MergedPoint>(({ contactId, kind, e164, extension, searchKey, value }) =>
		[target(contactId), kind, e164 ?? (searchKey || value), extension].join('\0'),
	);
	const isThereAlready = seen<MergedAddress>(({ kind, value }) => `${kind}\0${bare(value)}`);
	return {
		contacts: moved,
		filled,
		same,
		points: points
			.filter((point) => !isThere(point) && point.clientId !== survivorId)
			.map(({ id, clientId, contactId }) => ({
				...{ id, from: clientId },
				...{ fromContact: contactId, toContact: target(contactId) },
			})),
		addresses: addresses
			.filter((address) => !isThereAlready(address) && address.clientId !== survivorId)
			.map(({ id, clientId }) => ({ id, from: clientId })),
	};
}

function planContacts(survivorId: number, contacts: MergedContact[]) {
	const kept: MergedContact[] = [];
	const moved: MovedRow[] = [];
	const same: SamePerson[] = [];
	const filled = new Map<number, FilledContact['facts']>();
	for (const contact of contacts) {
		const twin = contact.clientId !== survivorId && kept.find((one) => isSame(one, contact));
		if (!twin) {
			// A copy: what later ones fill in must be seen by those after them.
			kept.push({ ...contact });
			if (contact.clientId !== survivorId) moved.push({ id: contact.id, from: contact.clientId });
			continue;
		}
		same.push({ id: contact.id, same: twin.id });
		for (const fact of CONTACT_FACTS)
			if (twin[fact] === null && contact[fact] !== null) {
				twin[fact] = contact[fact];
				filled.set(twin.id, { ...filled.get(twin.id), [fact]: contact[fact] });
			}
	}
	return { moved, same, filled: [...filled].map(([id, facts]) => ({ id, facts })) };
}

// The same name at the same firm, and nothing that says it is somebody else.
function isSame(one: MergedContact, other: MergedContact): boolean {
	return (
		one.nameSearch === other.nameSearch &&
		one.archived === other.archived &&
		CONTACT_FACTS.every(
			(fact) => one[fact] === null || other[fact] === null || bare(one[fact]) === bare(other[fact]),
		)
	);
}

const bare = (text: string) =>
	text
		.toLowerCase()
		.replace(/[\s.,;]+/g, ' ')
		.trim();

/** Whether a thing with the same key came before; the first of each is new. */
function seen<T>(keyOf: (thing: T) => string): (thing: T) => boolean {
	const keys = new Set<string>();
	return (thing) => {
		const key = keyOf(thing);
		if (keys.has(key)) return true;
		keys.add(key);
		return false;
	};
}
