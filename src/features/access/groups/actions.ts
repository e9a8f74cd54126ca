import { eq, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { demandEverybodys, demandRoles } from '#src/features/access/grants.ts';
import { peopleOnly } from '#src/features/access/people/actions.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { groupMappings } from '#src/features/access/sign-in/tables.ts';
import { notifyRights } from '#src/features/mail/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { lastPlace, writeOrder } from '#src/platform/db/order.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound } from '#src/platform/errors.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';

/** What a group of the directory gives whoever is in it: a role, a team, or both. */
export type MappingRecord = {
	id: number;
	/** The group's name; `*` stands for anything in it. */
	pattern: string;
	role: string | null;
	roleName: string | null;
	teamId: number | null;
	teamName: string | null;
	version: number;
};
/** A mapping as an administrator sets it up. */
export type MappingEdit = Pick<MappingRecord, 'pattern' | 'role' | 'teamId'>;

/** All mappings in the order in which they are asked: the first that fits gives. */
export async function listMappings(db: Sql): Promise<MappingRecord[]> {
	const { rows } = await db.execute<MappingRecord>(sql`
		select m.id, m.pattern, m.role, r.name as "roleName", m.team_id as "teamId", t.name as "teamName", m.version
		from group_mappings m left join roles r on r.code = m.role left join teams t on t.id = m.team_id
		order by m.position, m.id`);
	return rows;
}

/** One mapping. Throws NotFound. */
export async function findMapping(db: Sql, mappingId: number): Promise<MappingRecord> {
	const mapping = (await listMappings(db)).find(({ id }) => id === mappingId);
	if (mapping === undefined) throw new NotFound('error.notFound');
	return mapping;
}

/** Locks all mappings: their order is everybody's. */
export async function lockMappings(tx: Tx): Promise<void> {
	await tx.execute(sql`select from group_mappings order by id for update`);
}

async function findMappingToEdit(tx: Tx, id: number, version: number): Promise<MappingRecord> {
	await lockMappings(tx);
	const mapping = await findMapping(tx, id);
	if (mapping.version !== version) throw await conflictOn(tx, 'mapping', mapping);
	return mapping;
}

async function checkMapping(tx: Tx, { role, teamId }: MappingEdit): Promise<void> {
	if (role === null && teamId === null)
		throw new InvalidForm({ role: { key: 'mapping.givesNothing' } }, {});
	const { rows } = await tx.execute<{ role: boolean; team: boolean }>(sql`
		select ${role}::text is null or exists (select from roles where code = ${role}) as role,
			${teamId}::bigint is null or exists (select from teams where id = ${teamId}) as team`);
	if (!rows[0]?.role) throw new InvalidForm({ role: { key: 'field.choice' } }, {});
	if (!rows[0].team) throw new InvalidForm({ teamId: { key: 'field.choice' } }, {});
}

// The first that fits decides: whoever changes one of them may let any other decide.
async function demandMappings(
	tx: Tx,
	{ actor }: Acting,
	added: Pick<MappingEdit, 'role' | 'teamId'> | null = null,
): Promise<void> {
	const all = [...(await listMappings(tx)), ...(added ? [added] : [])];
	await demandRoles(
		tx,
		actor,
		all.map(({ role }) => role),
	);
	if (all.some(({ teamId }) => teamId !== null)) demandEverybodys(actor);
}

/** Adds a mapping behind the others. Returns its id. Throws Forbidden, NotGranted, InvalidForm. */
export async function addMapping(
	sqlOrTx: Sql,
	acting: Acting,
	{ pattern, role, teamId }: MappingEdit,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		await checkMapping(tx, { pattern, role, teamId });
		await demandMappings(tx, acting, { role, teamId });
		const [made] = await tx
			.insert(groupMappings)
			.values({ pattern, role, teamId, position: lastPlace(groupMappings) })
			.returning({ id: groupMappings.id });
		const mappingId = made?.id as number;
		await record(tx, acting, { type: 'mapping.added', data: { mappingId, name: pattern } });
		await notifyRights(tx, acting, { what: 'mapping', role: pattern });
		return mappingId;
	});
}

/** Changes a mapping; it counts from the next sign-in on. Returns the version. Throws Forbidden, NotFound, Conflict, NotGranted, InvalidForm. */
export async function editMapping(
	sqlOrTx: Sql,
	acting: Acting,
	mappingId: number,
	version: number,
	edit: MappingEdit,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const found = await findMappingToEdit(tx, mappingId, version);
		await checkMapping(tx, edit);
		await demandMappings(tx, acting, edit);
		const changes: Record<string, FieldChange> = {};
		for (const field of ['pattern', 'role', 'teamId'] as const)
			if (found[field] !== edit[field]) changes[field] = [found[field], edit[field]];
		if (Object.keys(changes).length === 0) return version;
		const { pattern, role, teamId } = edit;
		await tx
			.update(groupMappings)
			.set({ pattern, role, teamId, version: nextVersion(groupMappings.version) })
			.where(eq(groupMappings.id, mappingId));
		await record(tx, acting, { type: 'mapping.edited', data: { mappingId, changes } });
		await notifyRights(tx, acting, { what: 'mapping', role: edit.pattern });
		return version + 1;
	});
}

/** Moves a mapping one place up or down; at the end of the order nothing happens. Throws Forbidden, NotFound, Conflict, NotGranted. */
export async function moveMapping(
	sqlOrTx: Sql,
	acting: Acting,
	mappingId: number,
	version: number,
	way: 'up' | 'down',
): Promise<void> {
	peopleOnly(acting);
	await transact(sqlOrTx, async (tx) => {
		const { pattern } = await findMappingToEdit(tx, mappingId, version);
		await demandMappings(tx, acting);
		const order = (await listMappings(tx)).map(({ id }) => id);
		const from = order.indexOf(mappingId);
		const to = from + (way === 'up' ? -1 : 1);
		if (to < 0 || to >= order.length) return;
		order.splice(to, 0, ...order.splice(from, 1));
		await writeOrder(tx, sql`group_mappings`, order, mappingId);
		const changes: Record<string, FieldChange> = { position: [from + 1, to + 1] };
		await record(tx, acting, { type: 'mapping.edited', data: { mappingId, changes } });
		await notifyRights(tx, acting, { what: 'mapping', role: pattern });
	});
}

/** Takes a mapping away. Returns its pattern. Throws Forbidden, NotFound, Conflict, NotGranted. */
export async function removeMapping(
	sqlOrTx: Sql,
	acting: Acting,
	mappingId: number,
	version: number,
): Promise<string> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const { pattern } = await findMappingToEdit(tx, mappingId, version);
		await demandMappings(tx, acting);
		await tx.delete(groupMappings).where(eq(groupMappings.id, mappingId));
		await record(tx, acting, { type: 'mapping.removed', data: { mappingId, name: pattern } });
		await notifyRights(tx, acting, { what: 'mapping', role: pattern });
		return pattern;
	});
}
