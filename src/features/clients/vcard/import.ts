import { sql } from 'drizzle-orm';
import type { AppEvent } from '#src/events.ts';
import type { Acting, Actor } from '#src/features/access/rights.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { type ContactFacts, insertContact } from '#src/features/clients/contacts/contacts.ts';
import { phoneOf } from '#src/features/clients/contacts/phones.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { findClientToEdit } from '#src/features/clients/record.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { searchable } from '#src/platform/db/text-search.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { record } from '#src/platform/history/record.ts';
import type { Card } from './reading.ts';

/** The most cards of one file. */
export const MOST_CARDS = 500;

/** What becomes of a card: a person at a client that is there or new, a client of its own, or nothing. */
export type CardVerdict = {
	card: Card;
	/** `known`: the person is there; `repeat`: earlier in the file; `person`: no firm; `empty`: nothing to call it by. */
	verdict: 'contact' | 'client' | 'person' | 'known' | 'repeat' | 'empty';
	/** The client that it goes to or where the person was found; null for a new one. */
	client: { id: number; name: string } | null;
};

type KnownPerson = { clientId: number; clientName: string; key: string };
type Firm = { name: string; key: string; id: number | null; clientName: string | null };

/**
 * Says of each card what would become of it: at the client `clientId`, or at clients by their firms. Only
 * what the actor sees counts as being there.
 */
export async function judgeCards(
	db: Sql,
	actor: Actor,
	cards: readonly Card[],
	given: { id: number; name: string } | null,
): Promise<CardVerdict[]> {
	const firms = given ? new Map<string, Firm>() : await firmsOf(db, actor, cards);
	const clientOf = (card: Card) => {
		const firm = card.org === null ? undefined : firms.get(card.org);
		return given ?? (firm?.id ? { id: firm.id, name: firm.clientName as string } : null);
	};
	const known = await knownPersons(db, actor, cards, given, firms);
	const seen = new Set<string>();
	return cards.map((card) => {
		const client = clientOf(card);
		const name = nameOf(card);
		if (name === null) return { card, verdict: 'empty', client };
		const firm = card.org === null ? undefined : firms.get(card.org);
		const place = client?.id ?? firm?.key ?? '';
		const keys = keysOf(card);
		const there = known.find(
			(one) => keys.includes(one.key) || (one.clientId === client?.id && one.key === nameKey(name)),
		);
		if (there)
			return { card, verdict: 'known', client: { id: there.clientId, name: there.clientName } };
		// Colleagues share their office's phone: a phone alone makes nobody a repeat.
		const marks = [nameKey(name), ...pointKeys([], card.emails)].map((key) => `${place} ${key}`);
		const repeated = marks.some((mark) => seen.has(mark));
		for (const mark of marks) seen.add(mark);
		if (repeated) return { card, verdict: 'repeat', client };
		if (client) return { card, verdict: isFirmCard(card) && !given ? 'known' : 'contact', client };
		return { card, verdict: card.org === null ? 'person' : 'client', client };
	});
}

/** What a card's person is called; a firm's card may have no person. */
const nameOf = ({ name, org, emails, phones }: Card) =>
	name ?? org ?? emails[0] ?? phones[0] ?? null;
const isFirmCard = ({ name, org }: Card) =>
	org !== null && (name === null || searchable(name) === searchable(org));

const nameKey = (name: string) => `name ${searchable(name)}`;
const pointKeys = (phones: readonly string[], emails: readonly string[]) => [
	...phones.flatMap((typed) => {
		const { searchKey, extension } = phoneOf(typed);
		return searchKey.length < 6 ? [] : [`phone ${searchKey} ${extension ?? ''}`];
	}),
	...emails.map((typed) => `email ${typed.toLowerCase()} `),
];
const keysOf = ({ phones, emails }: Card) => pointKeys(phones, emails);

async function firmsOf(db: Sql, actor: Actor, cards: readonly Card[]): Promise<Map<string, Firm>> {
	const names = [...new Set(cards.flatMap(({ org }) => (org === null ? [] : [org])))];
	const { rows } = await db.execute<Firm>(sql`
		select distinct on (t.name) t.name, t.key, c.id, c.name as "clientName"
		from (select name, client_name_key(name) as key from unnest(${sql.param(names)}::text[]) name) t
		left join clients c on c.name_key = t.key and c.archived_at is null and ${clientVisibleTo(actor)}
		order by t.name, c.id`);
	return new Map(rows.map((firm) => [firm.name, firm]));
}

/** The contacts that may be those of the cards, by phone, mail and, at the clients in question, by name. */
async function knownPersons(
	db: Sql,
	actor: Actor,
	cards: readonly Card[],
	given: { id: number } | null,
	firms: Map<string, Firm>,
): Promise<KnownPerson[]> {
	const keys = cards.flatMap(keysOf);
	const searchKeys = [...new Set(keys.map((key) => key.split(' ')[1] as string))];
	const clientIds = given ? [given.id] : [...firms.values()].flatMap(({ id }) => id ?? []);
	const names = cards.flatMap((card) => nameOf(card) ?? []).map(searchable);
	const { rows } = await db.execute<KnownPerson>(sql`
		select c.id as "clientId", c.name as "clientName", found.key from (
			select cp.client_id, cp.kind || ' ' || cp.search_key || ' ' || coalesce(cp.extension, '') as key
			from contact_points cp left join contacts co on co.id = cp.contact_id
			where cp.kind in ('phone', 'email') and cp.search_key = any(${sql.param(searchKeys)}::text[])
				and co.archived_at is null
			union all
			select co.client_id, 'name ' || co.name_search from contacts co
			where co.client_id = any(${sql.param(clientIds)}::bigint[]) and co.archived_at is null
				and co.name_search = any(${sql.param(names)}::text[])
		) found join clients c on c.id = found.client_id
		where c.archived_at is null and ${given ? sql`c.id = ${given.id}` : clientVisibleTo(actor)}
		order by c.id`);
	return rows;
}

/** What taking cards in did. */
export type TakenCards = { contacts: number; clients: number; skipped: number };
/** What a card was taken into: the clients that were checked already, those made out of this file, what happened. */
type Taking = {
	checked: Set<number>;
	made: Map<string, number>;
	taken: TakenCards;
	events: AppEvent[];
};

/**
 * Takes in the cards that were chosen, in one transaction: those that have become known since they were
 * judged are left out, unless the person chose them as known. Throws NotFound for a client that is not to be seen.
 */
export async function takeCards(
	sqlOrTx: Sql,
	acting: Acting,
	chosen: readonly { card: Card; asKnown: boolean }[],
	given: { id: number; name: string } | null,
): Promise<TakenCards> {
	return await transact(sqlOrTx, async (tx) => {
		const cards = chosen.map(({ card }) => card);
		const verdicts = await judgeCards(tx, acting.actor, cards, given);
		const taken = { contacts: 0, clients: 0, skipped: 0 };
		const taking: Taking = { checked: new Set(), made: new Map(), taken, events: [] };
		for (const [at, one] of verdicts.entries()) {
			const again = one.verdict === 'known' || one.verdict === 'repeat';
			if (one.verdict === 'empty' || (again && !chosen[at]?.asKnown)) taken.skipped++;
			else await takeOne(tx, acting, one, taking);
		}
		await record(tx, acting, ...taking.events);
		return taken;
	});
}

async function takeOne(
	tx: Tx,
	acting: Acting,
	{ card, client }: CardVerdict,
	{ checked, made, taken, events }: Taking,
): Promise<void> {
	const contact = contactOf(card);
	const firm = card.org === null ? null : searchable(card.org);
	const clientId = client?.id ?? (firm === null ? undefined : made.get(firm));
	if (clientId !== undefined) {
		if (!checked.has(clientId)) await findClientToEdit(tx, acting.actor, clientId);
		checked.add(clientId);
		const contactId = await insertContact(tx, acting, clientId, contact);
		events.push({ type: 'contact.added', clientId, data: { contactId, name: contact.name } });
		taken.contacts++;
		return;
	}
	const { phones, emails } = contact;
	const alone = firm === null || isFirmCard(card);
	const id = await createClient(tx, acting, {
		name: (card.org ?? contact.name).slice(0, 300),
		legalKind: firm === null ? 'person' : 'company',
		website: card.website?.slice(0, 300) ?? null,
		...(card.address ? { actualAddress: [card.address.slice(0, 500)] } : {}),
		...(alone ? { phones, emails, note: contact.note } : { contacts: [contact] }),
	});
	if (firm !== null) made.set(firm, id);
	taken.clients++;
	if (!alone) taken.contacts++;
}

function contactOf(card: Card): ContactFacts {
	const { position, bornOn, note, phones, emails } = card;
	return {
		name: (nameOf(card) ?? '—').slice(0, 300),
		position: position?.slice(0, 200) ?? null,
		role: null,
		...{ bornOn, note, phones: phones.map((one) => one.slice(0, 100)), emails },
	};
}
