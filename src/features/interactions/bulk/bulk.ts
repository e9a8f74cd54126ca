import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import {
	cancelInteraction,
	completeInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import { planOf } from '#src/features/interactions/forms.ts';
import { reopenInteraction } from '#src/features/interactions/interaction/editing.ts';
import { findInteraction, interactionVisibleTo } from '#src/features/interactions/queries.ts';
import type { Database, Tx } from '#src/platform/db/client.ts';
import { type BulkResult, eachOf, type Naming, type Work } from '#src/platform/forms/bulk.ts';
import type { ChosenOne } from '#src/platform/forms/chosen.ts';
import { formatTime, type Viewer } from '#src/platform/i18n/dates.ts';
import type { Each } from '#src/platform/idempotency/keys.ts';
import type { StepBack, StepCommand } from './forms.ts';

type Doing = Exclude<StepCommand, { verb: 'back' }>;

/**
 * Does one thing with many steps: the single verb for each, with the version that the person saw, each in a
 * transaction of its own, one after the other.
 */
export async function doWithSteps(
	db: Database,
	each: Each,
	acting: Acting,
	viewer: Viewer,
	chosen: ChosenOne[],
	command: Doing,
): Promise<BulkResult> {
	const names = await namesOf(db, acting, chosen);
	const work = workOf(acting, viewer, command);
	const { back, ...result } = await eachOf(each, viewer, names, chosen, work);
	const kind = command.verb === 'postpone' ? 'postpone' : 'ended';
	return { ...result, back: back === null ? null : { verb: 'back', back: kind, step: back } };
}

function workOf(acting: Acting, viewer: Viewer, command: Doing): Work<ChosenOne> {
	if (command.verb === 'postpone')
		return async (tx, one) => ({ back: await putOffStep(tx, acting, viewer, one, command) });
	return async (tx, { id, version }) => {
		const now =
			command.verb === 'done'
				? await completeInteraction(tx, acting, id, { ...command, version, next: null })
				: await cancelInteraction(tx, acting, id, version, command.reason);
		return { back: `${id}.${now.version}` };
	};
}

/** Takes back what was done with many steps, each where it still stands as it was left. */
export async function undoWithSteps(
	db: Database,
	each: Each,
	acting: Acting,
	viewer: Viewer,
	back: StepBack[],
): Promise<BulkResult> {
	const names = await namesOf(db, acting, back);
	const result = await eachOf(each, viewer, names, back, async (tx, { id, version, plan }) => {
		if (plan) await postponeInteraction(tx, acting, id, version, plan);
		else await reopenInteraction(tx, acting, id, version);
		return {};
	});
	return { ...result, back: null };
}

/**
 * Puts a step off to a day: without a time a moment keeps its clock and a day stays a day. Returns what takes it
 * back, `step.version.plan`. Throws as postponeInteraction does.
 */
export async function putOffStep(
	tx: Tx,
	acting: Acting,
	viewer: Viewer,
	{ id, version }: ChosenOne,
	{ day, time }: { day: string; time: string | undefined },
): Promise<string> {
	const step = await findInteraction(tx, acting.actor, id);
	const clock = step.plannedAt ? formatTime(step.plannedAt, viewer) : undefined;
	await postponeInteraction(tx, acting, id, version, planOf(day, time ?? clock, viewer));
	return `${id}.${version + 1}.${step.plannedOn ?? step.plannedAt?.getTime()}`;
}

async function namesOf(db: Database, { actor }: Acting, chosen: { id: number }[]): Promise<Naming> {
	const ids = sql.param(chosen.map(({ id }) => id));
	const { rows } = await db.execute<{ id: number; title: string; beside: string | null }>(sql`
		select i.id, i.summary as title, nullif(concat_ws(' · ', c.name, d.title), '') as beside
		from interactions i left join deals d on d.id = i.deal_id
		left join clients c on c.id = coalesce(d.client_id, i.client_id)
		where i.id = any(${ids}::bigint[]) and ${interactionVisibleTo(actor)}`);
	const named = rows.map(({ id, title, beside }): [number, NamedStep] => [
		id,
		{ title, beside, href: `/interactions/${id}` },
	]);
	return { named: new Map(named), absent: 'bulk.absentStep' };
}

type NamedStep = { title: string; beside: string | null; href: string };
