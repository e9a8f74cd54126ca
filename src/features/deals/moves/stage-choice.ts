import type { Pipeline, Stage } from '#src/features/deals/queries.ts';

/** A state to choose: under the name of its pipeline where there are several. */
export type StageChoice<One> = One & { group?: string };

/** States as a list to choose from offers them. */
export function groupedStages<One extends Pick<Stage, 'id' | 'name' | 'pipelineId'>>(
	stages: One[],
	pipelines: Pipeline[],
): StageChoice<One>[] {
	if (pipelines.length < 2) return stages;
	const names = new Map(pipelines.map(({ id, name }) => [id, name]));
	return stages.map((stage) => ({ ...stage, group: names.get(stage.pipelineId) ?? '' }));
}
