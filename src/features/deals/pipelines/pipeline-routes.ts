import type { FastifyInstance } from 'fastify';
import {
	settingButtons,
	settingEmptied,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { EmptyingForm } from '#src/features/access/directory/forms.ts';
import { acting } from '#src/features/access/guard.ts';
import { groupedStages } from '#src/features/deals/moves/stage-choice.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { NewPipelineForm, PipelineForm } from './forms.ts';
import { removePipeline, statesElsewhere } from './pipeline-removal.ts';
import {
	addPipeline,
	editPipeline,
	findPipeline,
	listPipelineRecords,
	lockPipelines,
	movePipeline,
	type PipelineRecord,
} from './pipelines.ts';

/** The pipelines of deals, as an administrator sets them up. */
export function pipelineRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	settingRoutes<PipelineRecord>(app, {
		db,
		...{ path: '/admin/pipelines', access: 'catalogs', changes: 'pipeline' },
		...{ title: 'pipelines.title', fragment: 'deals/pipelines/_pipelines', root: 'pipelines-page' },
		find: async (pipelineId, sql) => await findPipeline(sql, pipelineId),
		fields: ({ name }) => ({ name }),
		lock: lockPipelines,
		read: async () => ({ pipelines: await listPipelineRecords(db) }),
		async form(_request, pipeline) {
			const data = { pipeline, others: pipeline ? [] : await listPipelineRecords(db) };
			const title = pipeline ? 'pipeline.edit' : 'pipeline.new';
			return { fragment: 'deals/pipelines/_pipeline-form', title, data };
		},
		async add(request, sql) {
			const { name, likeId } = readForm(NewPipelineForm, request.body);
			const pipelineId = await addPipeline(sql, acting(request), { name, likeId });
			return settingSaved(name, { pipelineId });
		},
		async edit(request, pipelineId, body, sql) {
			const { version, name } = readForm(PipelineForm, body);
			const now = await editPipeline(sql, acting(request), pipelineId, version, { name });
			return settingSaved(name, { pipelineId, version: now });
		},
		buttons: settingButtons({ move: movePipeline }),
		questions: {
			removal: {
				async form({ viewer: { language } }, pipelineId) {
					const pipeline = await findPipeline(db, pipelineId);
					const states = await statesElsewhere(db, pipeline);
					const data = {
						...{ record: pipeline, action: `/admin/pipelines/${pipelineId}/removal` },
						others: groupedStages(states, await listPipelineRecords(db)),
						about: translate(language, 'pipeline.removalHint'),
					};
					return { fragment: 'shared/directory/_emptying', title: 'setting.removal', data };
				},
				async submit(request, pipelineId, sql) {
					const { version, intoId = null } = readForm(EmptyingForm, request.body);
					return settingEmptied(
						await removePipeline(sql, acting(request), pipelineId, version, intoId),
					);
				},
			},
		},
	});
}
