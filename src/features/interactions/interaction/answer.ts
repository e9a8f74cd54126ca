import type { FastifyReply, FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/access/guard.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { clashArgs, findClash } from '#src/features/interactions/clash/clash.ts';
import type { StepKept } from '#src/features/interactions/queries.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import type { Toast } from '#src/platform/pages/flash.ts';

/** What a door to an interaction did: the interaction as it is now, and what to say. */
export type StepChange = {
	step: StepKept;
	toast: Toast;
	returnTo: string | undefined;
	/** Whether it was made, and not only changed. */
	made?: boolean;
	/** Whether all that is planned of its series was changed with it. */
	series?: boolean;
	/** For programs: what else happened. */
	json?: Record<string, unknown>;
};

/** What is said of a step whose owner has something else at that time: it is told, not forbidden. */
export async function clashNote(
	db: Sql,
	request: FastifyRequest,
	stepId: number,
	series?: boolean,
): Promise<Pick<Toast, 'note'>> {
	const clash = await findClash(db, actorOf(request), stepId, series);
	return clash ? { note: { key: 'toast.clash', args: clashArgs(clash, request.viewer) } } : {};
}

/** Answers for an interaction as every door that changes a deal does; without a deal, its client is its home. */
export async function answerStep(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	{ step, toast, returnTo, json, series, made }: StepChange,
): Promise<unknown> {
	const { dealId, clientId, stageId } = step;
	// Of a step that is done it is the next one that takes time.
	const planned = typeof json?.nextId === 'number' ? json.nextId : step.id;
	const note = await clashNote(connection.db, request, planned, series);
	const clash = note.note?.args ?? null;
	return await answerChange(connection, request, reply, {
		...{ dealId, toast: { ...toast, ...note }, returnTo, ...(made && { made }) },
		stageIds: stageId === null ? [] : [stageId],
		...(dealId === null ? { home: clientId === null ? '/agenda' : `/clients/${clientId}` } : {}),
		json: { interactionId: step.id, version: step.version, clash, ...json },
	});
}
