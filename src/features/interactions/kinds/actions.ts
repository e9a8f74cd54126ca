import { eq, sql } from 'drizzle-orm';
import { type Acting, demand } from '#src/features/access/rights.ts';
import { type InteractionKind, listKinds } from '#src/features/interactions/queries.ts';
import { interactionKinds } from '#src/features/interactions/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { lastPlace, reordered, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound, RuleBroken } from '#src/platform/errors.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { changesBetween } from '#src/platform/history/changes.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';

/** A kind of interactions as an administrator sets it up. */
export type KindSetting = {
	name: string;
	icon: string;
	/** Suggested after one of this kind; null: the same kind again. */
	nextKindId: number | null;
	/** In so many working days. */
	nextInDays: number;
	lengthMinutes: number | null;
};

const columnsOf = ({ name, icon, nextKindId, nextInDays, lengthMinutes }: KindSetting) => ({
	...{ name, icon, nextKindId, nextInDays, lengthMinutes },
});

/** Kinds that the program itself knows by these codes: they can be renamed and put out of use, not taken away. */
const OWN_CODES = ['call', 'meeting', 'email', 'proposal', 'task', 'other'];

/** A kind by its id, in use or not. Throws NotFound. */
export async function findKind(db: Sql, kindId: number): Promise<InteractionKind> {
	const kind = (await listKinds(db, 'all')).find(({ id }) => id === kindId);
	if (kind === undefined) throw new NotFound('error.notFound');
	return kind;
}

/** Locks the kinds, all of them: their order and their last one in use are everybody's. */
export async function lockKinds(tx: Tx): Promise<void> {
	await tx.execute(sql`select from interaction_kinds order by id for update`);
}

async function findKindToEdit(
	tx: Tx,
	acting: Acting,
	kindId: number,
	version: number,
): Promise<InteractionKind> {
	demand(acting, 'catalogs');
	await lockKinds(tx);
	const kind = await findKind(tx, kindId);
	if (kind.version !== version) throw await conflictOn(tx, 'kind', kind);
	return kind;
}

/**
 * Adds a kind, at the end of the order. Returns its id. Throws Forbidden for all but administrators,
 * InvalidForm for a name that is taken.
 */
export async function addKind(sqlOrTx: Sql, acting: Acting, kind: KindSetting): Promise<number> {
	demand(acting, 'catalogs');
	return await transact(sqlOrTx, async (tx) => {
		await checkSetting(tx, null, kind);
		const [made] = await tx
			.insert(interactionKinds)
			.values({
				code: sql`gen_random_uuid()::text`,
				...columnsOf(kind),
				position: lastPlace(interactionKinds),
			})
			.returning({ id: interactionKinds.id });
		const kindId = made?.id as number;
		await record(tx, acting, { type: 'kind.created', data: { kindId, name: kind.name } });
		return kindId;
	});
}

async function checkSetting(tx: Tx, id: number | null, kind: KindSetting): Promise<void> {
	const kinds = await listKinds(tx, 'all');
	const same = (name: string) => name.toLocaleLowerCase('ru') === kind.name.toLocaleLowerCase('ru');
	if (kinds.some((one) => one.id !== id && same(one.name)))
		throw new InvalidForm({ name: { key: 'field.taken' } }, {});
	if (kind.nextKindId !== null && !kinds.some((one) => one.id === kind.nextKindId))
		throw new InvalidForm({ nextKindId: { key: 'field.choice' } }, {});
}

const FIELDS = ['name', 'icon', 'nextKindId', 'nextInDays', 'lengthMinutes'] as const;

/** Sets up a kind; nothing is written where nothing changes. Returns the version. Throws Forbidden, NotFound, Conflict, InvalidForm. */
export async function editKind(
	sqlOrTx: Sql,
	acting: Acting,
	kindId: number,
	version: number,
	kind: KindSetting,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findKindToEdit(tx, acting, kindId, version);
		await checkSetting(tx, kindId, kind);
		const changes = changesBetween(found, kind, FIELDS);
		if (changes === null) return version;
		await tx
			.update(interactionKinds)
			.set({ ...columnsOf(kind), version: nextVersion(interactionKinds.version) })
			.where(eq(interactionKinds.id, kindId));
		await record(tx, acting, { type: 'kind.edited', data: { kindId, changes } });
		return version + 1;
	});
}

/** Moves a kind within the order; where it stands already nothing happens. Returns its name. Throws as editKind does. */
export async function moveKind(
	sqlOrTx: Sql,
	acting: Acting,
	kindId: number,
	version: number,
	where: Place,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const { name } = await findKindToEdit(tx, acting, kindId, version);
		const moved = reordered(
			(await listKinds(tx, 'all')).map(({ id }) => id),
			kindId,
			where,
		);
		if (moved === null) return name;
		await writeOrder(tx, sql`interaction_kinds`, moved.order, kindId);
		const changes = { position: moved.places };
		await record(tx, acting, { type: 'kind.edited', data: { kindId, changes } });
		return name;
	});
}

/**
 * Offers a kind, or offers it no more; what is of it stays. Returns its name. Throws as editKind does, and RuleBroken for
 * the last one that is offered.
 */
export async function useKind(
	sqlOrTx: Sql,
	acting: Acting,
	kindId: number,
	version: number,
	active: boolean,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findKindToEdit(tx, acting, kindId, version);
		const changes = changesBetween(found, { active }, ['active']);
		if (changes === null) return found.name;
		if (!active && (await listKinds(tx)).length === 1) throw new RuleBroken('kind.last');
		await tx
			.update(interactionKinds)
			.set({ active, version: nextVersion(interactionKinds.version) })
			.where(eq(interactionKinds.id, kindId));
		await record(tx, acting, { type: 'kind.edited', data: { kindId, changes } });
		return found.name;
	});
}

/**
 * Takes a kind away. Returns its name. Throws as editKind does, and RuleBroken for one that the program knows by itself and
 * for one in use: it tells of how many interactions.
 */
export async function removeKind(
	sqlOrTx: Sql,
	acting: Acting,
	kindId: number,
	version: number,
): Promise<string> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findKindToEdit(tx, acting, kindId, version);
		const { name } = found;
		if (OWN_CODES.includes(found.code)) throw new RuleBroken('kind.own', { name });
		const { rows } = await tx.execute<{ n: number; series: number }>(sql`
			select (select count(*)::int from interactions where kind_id = ${kindId}) as n,
				(select count(*)::int from interaction_series where kind_id = ${kindId}) as series`);
		const { n, series } = rows[0] as { n: number; series: number };
		if (n + series > 0) throw new RuleBroken('kind.used', { name, n });
		await tx
			.update(interactionKinds)
			.set({ nextKindId: null, version: nextVersion(interactionKinds.version) })
			.where(eq(interactionKinds.nextKindId, kindId));
		await tx.delete(interactionKinds).where(eq(interactionKinds.id, kindId));
		await record(tx, acting, { type: 'kind.removed', data: { kindId, name } });
		return name;
	});
}
