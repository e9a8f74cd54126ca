import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerChange } from '#src/features/board/answer.ts';
import type { Connection } from '#src/platform/db/client.ts';
import type { Toast } from '#src/platform/web/flash.ts';
import type { InteractionView } from './queries.ts';

/** What a door to an interaction did: the interaction as it is now, and what to say. */
export type StepChange = {
	step: Pick<InteractionView, 'id' | 'dealId' | 'clientId' | 'stageId' | 'version'>;
	toast: Toast;
	returnTo: string | undefined;
	/** For programs: what else happened. */
	json?: Record<string, unknown>;
};

/** Answers for an interaction as every door that changes a deal does; without a deal, its client is its home. */
export async function answerStep(
	connection: Connection,
	request: FastifyRequest,
	reply: FastifyReply,
	{ step, toast, returnTo, json }: StepChange,
): Promise<unknown> {
	const { dealId, clientId, stageId } = step;
	return await answerChange(connection, request, reply, {
		...{ dealId, toast, returnTo },
		stageIds: stageId === null ? [] : [stageId],
		...(dealId === null ? { home: clientId === null ? '/agenda' : `/clients/${clientId}` } : {}),
		json: { interactionId: step.id, version: step.version, ...json },
	});
}
