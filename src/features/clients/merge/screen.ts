import { sql } from 'drizzle-orm';
import { type Actor, can, visibleTo } from '#src/features/access/rights.ts';
import { clientFacts, NO_LISTS } from '#src/features/clients/client/facts.ts';
import {
	type DuplicateGroup,
	listDuplicateGroups,
} from '#src/features/clients/duplicates/duplicates.ts';
import type { ClientName } from '#src/features/clients/queries.ts';
import { type ClientRecord, findClients } from '#src/features/clients/record.ts';
import { suggestClients } from '#src/features/clients/search/search.ts';
import {
	type ExtraField,
	extraName,
	listExtraFields,
} from '#src/features/company/extra-fields/extra-fields.ts';
import type { Sql } from '#src/platform/db/client.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { Fact } from '#src/platform/pages/fields.ts';
import { MOST_MERGED } from './forms.ts';
import { checkMergeable } from './merge.ts';
import { MERGED_FIELDS } from './plan.ts';
import { findMerge, hasLaterMerge, type Merge } from './queries.ts';
import { DUPLICATE_KINDS, type DuplicateKind } from './tables.ts';

const CANDIDATES = 20;

/** Whom clients can be merged with: what a text finds besides them. Throws NotFound for a client out of sight. */
export async function readCandidates(
	db: Sql,
	actor: Actor,
	ids: number[],
	q = '',
): Promise<{ clients: ClientRecord[]; q: string; found: ClientName[] }> {
	const [clients, found] = await Promise.all([
		findClients(db, actor, ids),
		q ? suggestClients(db, actor, q, CANDIDATES + ids.length) : [],
	]);
	return { clients, q, found: found.filter(({ id }) => !ids.includes(id)).slice(0, CANDIDATES) };
}

type Counts = { deals: number; contacts: number };
export type MergeColumn = Counts & Pick<ClientRecord, 'id' | 'name' | 'createdAt' | 'ownerName'>;
/** One field in all the clients; `chosen` is the client whose value is suggested. */
export type MergeRow = {
	name: string;
	label: string;
	cells: { id: number; shown: string | null }[];
	chosen: number;
};

/** All that the form of a merge draws. */
export type MergeForm = {
	columns: MergeColumn[];
	/** Fields in which the clients differ, and those in which all that say something say the same. */
	differing: MergeRow[];
	agreed: { label: string; shown: string }[];
	survivorId: number;
	version: string;
	extraFields: ExtraField[];
	/** How many clients one merge takes. */
	most: number;
};

/**
 * Reads the form of a merge: the fields side by side, the client with the most deals as the one that stays.
 * Throws NotFound, and what checkMergeable throws.
 */
export async function readMergeForm(
	db: Sql,
	actor: Actor,
	ids: number[],
	viewer: Viewer,
): Promise<MergeForm> {
	const [clients, counts, extraFields] = await Promise.all([
		findClients(db, actor, ids),
		countsOf(db, actor, ids),
		listExtraFields(db, 'client'),
	]);
	for (const client of clients) checkMergeable(actor, client);
	const columns = clients.map(({ id, name, createdAt, ownerName }) => ({
		...{ id, name, createdAt, ownerName },
		...(counts.get(id) ?? { deals: 0, contacts: 0 }),
	}));
	const survivorId = columns.toSorted((a, b) => b.deals - a.deals || a.id - b.id)[0]?.id as number;
	const rows = rowsOf(clients, extraFields, survivorId, viewer);
	const agreed = rows.filter(agrees).flatMap(({ label, cells }) => {
		const shown = cells.find((cell) => cell.shown !== null)?.shown;
		return shown ? [{ label, shown }] : [];
	});
	const version = clients.map((client) => `${client.id}:${client.version}`).join(',');
	const differing = rows.filter((row) => !agrees(row));
	return { columns, differing, agreed, survivorId, version, extraFields, most: MOST_MERGED };
}

async function countsOf(db: Sql, actor: Actor, ids: number[]): Promise<Map<number, Counts>> {
	const { rows } = await db.execute<Counts & { id: number }>(sql`
		select c.id, (select count(*) from contacts where client_id = c.id) as contacts,
			(select count(*) from deals d where d.client_id = c.id and ${visibleTo(actor, sql`d.owner_id`)}) as deals
		from clients c where c.id = any(${sql.param(ids)}::bigint[])`);
	return new Map(rows.map(({ id, ...counts }) => [id, counts]));
}

function rowsOf(
	clients: ClientRecord[],
	extra: ExtraField[],
	survivorId: number,
	viewer: Viewer,
): MergeRow[] {
	const facts = clients.map((client) => ({
		id: client.id,
		facts: new Map(
			clientFacts({ client, extra, lists: NO_LISTS, viewer, mayGive: true }).map((fact) => [
				fact.name,
				fact,
			]),
		),
	}));
	return [...MERGED_FIELDS, ...extra.map(extraName)].map((name) => {
		const cells = facts.map(({ id, facts }) => ({ id, shown: told(facts.get(name)) }));
		const own = cells.find(({ id, shown }) => id === survivorId && shown !== null);
		const chosen = (own ?? cells.find(({ shown }) => shown !== null))?.id ?? survivorId;
		return { name, label: facts[0]?.facts.get(name)?.label ?? name, cells, chosen };
	});
}

const told = (fact: Fact | undefined) => (fact?.value ? fact.shown : null);

// Only one has a value, or all have the same: there is nothing to choose.
const agrees = ({ cells }: MergeRow) =>
	new Set(cells.map(({ shown }) => shown).filter((shown) => shown !== null)).size < 2;

/** A merge that was done, as its page tells of it. */
export type MergePage = {
	merge: Merge;
	survivor: ClientRecord;
	/** Why it cannot be taken back, in the reader's words; null where it can. */
	hindrance: string | null;
	moved: number;
};

/** Reads the page of a merge. Throws NotFound where the actor may not see the client that remained. */
export async function readMergePage(
	db: Sql,
	actor: Actor,
	mergeId: number,
	viewer: Viewer,
): Promise<MergePage> {
	const merge = await findMerge(db, mergeId);
	const [survivor] = await findClients(db, actor, [merge.survivorId]);
	const key: MessageKey | null = merge.undoneAt
		? 'merge.undoneAlready'
		: (await hasLaterMerge(db, merge))
			? 'merge.laterFirst'
			: can(actor, 'merges.undo')
				? null
				: 'merge.administratorOnly';
	const { contacts, points, addresses, followers } = merge.snapshot;
	const moved = [contacts, points, addresses, ...Object.values(followers)].flat().length;
	return {
		...{ merge, moved, survivor: survivor as ClientRecord },
		hindrance: key && translate(viewer.language, key),
	};
}

const GROUPS = 20;

/** All that the page of likely doubles draws. */
export type DuplicatesPage = {
	kinds: readonly DuplicateKind[];
	by: DuplicateKind;
	groups: DuplicateGroup[];
	next: string | null;
	after: string;
};

/** Reads a page of likely doubles among the clients that the actor sees. */
export async function readDuplicatesPage(
	db: Sql,
	actor: Actor,
	by: DuplicateKind = 'inn',
	after = '',
): Promise<DuplicatesPage> {
	const { groups, next } = await listDuplicateGroups(db, actor, by, after, GROUPS);
	return { kinds: DUPLICATE_KINDS, by, groups, next, after };
}
