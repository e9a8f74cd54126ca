import { eq, sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { demandEverybodys } from '#src/features/access/grants.ts';
import { peopleOnly } from '#src/features/access/people/actions.ts';
import { findTeam, type TeamRecord } from '#src/features/access/people/queries.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { teams } from '#src/features/access/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { conflictOn } from '#src/platform/history/conflict.ts';
import { record } from '#src/platform/history/record.ts';

/** A team as an administrator sets it up. */
export type TeamEdit = Pick<TeamRecord, 'name' | 'parentId'>;

/** Locks all teams: whether a tree stays one is everybody's. */
export async function lockTeams(tx: Tx): Promise<void> {
	await tx.execute(sql`select from teams order by id for update`);
}

async function findTeamToEdit(tx: Tx, teamId: number, version: number): Promise<TeamRecord> {
	await lockTeams(tx);
	const team = await findTeam(tx, teamId);
	if (team.version !== version) throw await conflictOn(tx, 'team', team);
	return team;
}

/** Adds a team. Returns its id. Throws Forbidden, InvalidForm for a team above that there is not. */
export async function addTeam(
	sqlOrTx: Sql,
	acting: Acting,
	{ name, parentId }: TeamEdit,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		await lockTeams(tx);
		await checkParent(tx, null, parentId);
		const [made] = await tx.insert(teams).values({ name, parentId }).returning({ id: teams.id });
		const teamId = made?.id as number;
		await record(tx, acting, { type: 'team.added', data: { teamId, name } });
		return teamId;
	});
}

async function checkParent(tx: Tx, self: number | null, parentId: number | null): Promise<void> {
	if (parentId === null) return;
	const { rows } = await tx.execute<{ id: number }>(sql`
		with recursive up(id, parent_id) as (
			select id, parent_id from teams where id = ${parentId}
			union select t.id, t.parent_id from teams t join up on t.id = up.parent_id
		) select id from up`);
	if (rows.length === 0) throw new InvalidForm({ parentId: { key: 'field.choice' } }, {});
	if (rows.some(({ id }) => id === self))
		throw new InvalidForm({ parentId: { key: 'team.belowItself' } }, {});
}

/**
 * Changes a team's name and the one above it. Returns the version. Throws Forbidden, NotFound, Conflict,
 * NotGranted, InvalidForm where a team would stand below itself.
 */
export async function editTeam(
	sqlOrTx: Sql,
	acting: Acting,
	teamId: number,
	version: number,
	edit: TeamEdit,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const found = await findTeamToEdit(tx, teamId, version);
		await checkParent(tx, teamId, edit.parentId);
		const changes: Record<string, FieldChange> = {};
		if (found.name !== edit.name) changes.name = [found.name, edit.name];
		if (found.parentId !== edit.parentId) changes.parentId = [found.parentId, edit.parentId];
		if (Object.keys(changes).length === 0) return version;
		if (changes.parentId) demandEverybodys(acting.actor);
		await tx
			.update(teams)
			.set({ name: edit.name, parentId: edit.parentId, version: nextVersion(teams.version) })
			.where(eq(teams.id, teamId));
		await record(tx, acting, { type: 'team.edited', data: { teamId, changes } });
		return version + 1;
	});
}

/** Removes a team that is empty. Returns its name. Throws Forbidden, NotFound, Conflict, RuleBroken with the count. */
export async function removeTeam(
	sqlOrTx: Sql,
	acting: Acting,
	teamId: number,
	version: number,
): Promise<string> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const { name, people, below } = await findTeamToEdit(tx, teamId, version);
		const { rows } = await tx.execute(
			sql`select from group_mappings where team_id = ${teamId} limit 1`,
		);
		if (people + below > 0) throw new RuleBroken('team.inUse', { name, people, below });
		if (rows.length > 0) throw new RuleBroken('team.mapped', { name });
		await tx.delete(teams).where(eq(teams.id, teamId));
		await record(tx, acting, { type: 'team.removed', data: { teamId, name } });
		return name;
	});
}
