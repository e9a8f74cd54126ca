import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import {
	changesBetween,
	type Edit,
	edited,
	editInteraction,
} from '#src/features/interactions/interaction/editing.ts';
import type { InteractionView } from '#src/features/interactions/queries.ts';
import {
	about,
	checkPointers,
	findAtVersion,
	findPlanned,
	letIn,
	refreshDeal,
} from '#src/features/interactions/steps.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import {
	type Changes,
	columnsSet,
	endSeries,
	type Line,
	planAnew,
	type Row,
	type Rule,
	removeLines,
	sameRule,
} from './replanning.ts';
import { findSeriesToEdit, type Series } from './series.ts';

/** Which of a series are meant: this one and those after it, or all; done ones never are. */
export type Scope = 'following' | 'all';
export type Change = { scope: 'one' | Scope; edit: Edit; rule: Rule };

/**
 * Changes a step: by itself, or with the others of its series that are meant, which are planned anew where
 * their time or their rule changes; a step that stands alone can be given a rule. What has been done or
 * cancelled stays as it was. Throws as editInteraction does, and InvalidForm for a rule that comes to
 * nothing, or that would hold for one of a series alone.
 */
export async function editSteps(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	change: Change,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findAtVersion(tx, acting, id, version);
		const { edit, scope, rule } = change;
		const alone = found.seriesId === null;
		const plain = alone ? rule === undefined || rule === 'never' : scope === 'one';
		if (plain && !alone && !sameRule(found.seriesRule as string, rule))
			throw new InvalidForm({ scope: { key: 'series.scopeNeeded' } }, {});
		if (plain || found.status !== 'planned')
			return await editInteraction(tx, acting, id, version, edit);
		return await editSeries(tx, acting, found, {
			edit,
			rule,
			scope: scope === 'one' ? 'all' : scope,
		});
	});
}

async function editSeries(
	tx: Tx,
	acting: Acting,
	found: InteractionView,
	{ edit, scope, rule }: Change & { scope: Scope },
): Promise<InteractionView> {
	const { id, version } = found;
	const row = edited(found, edit);
	const changes = changesBetween(found, row);
	if (changes.outcome) throw new RuleBroken('interaction.notDone');
	const owner = await checkPointers(tx, found.clientId, row, found);
	if (changes.ownerId) await letIn(tx, found, owner);
	const held = found.seriesId === null ? null : await findSeriesToEdit(tx, found.seriesId);
	const lines = held ? await linesOf(tx, held.series.id, found, scope) : [{ id, occurrence: '' }];
	const moved = Boolean(changes.plannedOn || changes.plannedAt);
	if (held && !moved && sameRule(held.series.rule, rule))
		await editLines(tx, held.series, lines, row, changes);
	else await planAnew(tx, acting, { found, held, lines, row, edit, rule, changes, moved });
	await record(tx, acting, {
		type: 'interaction.edited',
		...about(found),
		data: { kindId: row.kindId, summary: row.summary, changes, scope, steps: lines.length },
	});
	await refreshReminders(tx, { ids: lines.map((line) => line.id) });
	await refreshDeal(tx, found);
	return { ...found, ...row, ownerName: owner.name, version: version + 1 };
}

/** The planned ones of a series that are meant, in their order. */
async function linesOf(
	tx: Tx,
	seriesId: number,
	found: InteractionView,
	scope: Scope,
): Promise<Line[]> {
	const { rows } = await tx.execute<Line>(sql`
		select id, occurrence from interactions
		where series_id = ${seriesId} and status = 'planned'
			${scope === 'following' ? sql`and occurrence >= ${found.occurrence}` : sql``}
	order by occurrence for update`);
	return rows;
}

// Only what was changed is changed in the others: what one of them says by itself stays.
async function editLines(
	tx: Tx,
	series: Series,
	lines: Line[],
	row: Row,
	changes: Changes,
): Promise<void> {
	const columns = columnsSet(row, changes);
	if (columns.length === 0) return;
	const set = sql.join(columns, sql`, `);
	await tx.execute(sql`
		update interactions set ${set}, version = version + 1
		where id = any(${sql.param(lines.map(({ id }) => id))}::bigint[])`);
	await tx.execute(sql`
		update interaction_series set ${set}, version = version + 1 where id = ${series.id}`);
}

/**
 * Gives up a planned step and the others of its series that are meant: this one is cancelled with its
 * reason, the others had never been more than planned ahead and go. Throws as cancelInteraction does.
 */
export async function cancelSeries(
	sqlOrTx: Sql,
	acting: Acting,
	id: number,
	version: number,
	scope: Scope,
	reason: string | null,
): Promise<InteractionView> {
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPlanned(tx, acting, id, version);
		const held = found.seriesId === null ? null : await findSeriesToEdit(tx, found.seriesId);
		const lines = held ? await linesOf(tx, held.series.id, found, scope) : [];
		if (held && lines[0]) await endSeries(tx, held.series, lines[0]);
		await removeLines(
			tx,
			lines.filter((line) => line.id !== id),
		);
		await tx.execute(sql`
			update interactions set status = 'cancelled', outcome = ${reason}, version = version + 1
			where id = ${id} and version = ${version}`);
		await record(tx, acting, {
			type: 'interaction.cancelled',
			...about(found),
			data: { kindId: found.kindId, summary: found.summary, reason, scope, steps: lines.length },
		});
		await refreshDeal(tx, found);
		return { ...found, status: 'cancelled', version: version + 1 };
	});
}
