import { asc, eq, sql } from 'drizzle-orm';
import { pipelines, type StageKind, stages } from '#src/features/deals/pipelines/tables.ts';
import { MappingFault } from '#src/features/imports/console/messages.ts';
import { alike } from '#src/features/imports/engine/values.ts';
import type { Sql } from '#src/platform/db/client.ts';

/** `gone`: kept for the history of deals alone. */
export type Stage = {
	id: number;
	name: string;
	kind: StageKind;
	pipelineId: number;
	gone: boolean;
};

/** The pipeline that new deals enter, the state that they begin in, and every state there is. */
export type Course = { pipelineId: number; startsIn: Stage; stages: Map<number, Stage> };

/**
 * Looks up a pipeline by name (the first one for null) and the open state in which its finished deals
 * began (the first one for null). Throws MappingFault.
 */
export async function courseOf(
	tx: Sql,
	pipeline: string | null,
	startsIn: string | null,
): Promise<Course> {
	const rows = await tx
		.select({
			id: stages.id,
			name: stages.name,
			kind: stages.kind,
			pipelineId: stages.pipelineId,
			pipeline: pipelines.name,
			gone: sql<boolean>`coalesce(${stages.removedAt}, ${pipelines.removedAt}) is not null`,
		})
		.from(stages)
		.innerJoin(pipelines, eq(pipelines.id, stages.pipelineId))
		.orderBy(asc(pipelines.position), asc(pipelines.id), asc(stages.position), asc(stages.id));
	const own = rows.filter(
		({ gone, pipeline: name }) => !gone && (pipeline === null || alike(name) === alike(pipeline)),
	);
	const pipelineId = own[0]?.pipelineId;
	if (pipelineId === undefined)
		throw new MappingFault('mapping.pipeline', { name: pipeline ?? '' });
	const start = own.find(
		(row) =>
			row.pipelineId === pipelineId &&
			row.kind === 'open' &&
			(startsIn === null || alike(row.name) === alike(startsIn)),
	);
	if (!start) {
		const names = { pipeline: own[0]?.pipeline ?? '', name: startsIn ?? '' };
		throw new MappingFault('mapping.stage', names);
	}
	return { pipelineId, startsIn: start, stages: new Map(rows.map((row) => [row.id, row])) };
}
