import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
	settingButtons,
	settingEmptied,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { EmptyingForm } from '#src/features/access/directory/forms.ts';
import { acting } from '#src/features/access/guard.ts';
import { REQUIRABLE_LABELS, type Requirable } from '#src/features/deals/moves/required-fields.ts';
import { isFinal } from '#src/features/deals/rules.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';
import { COLOURS } from '#src/platform/pages/colours.ts';
import type { Fields } from '#src/platform/pages/three-way-merge.ts';
import { boxOf, NewStageQuery, readNewStage, readStage } from './forms.ts';
import { listPipelineRecords } from './pipelines.ts';
import { othersOf, removeStage } from './stage-removal.ts';
import {
	addStage,
	type Demandable,
	editStage,
	findStageRecord,
	listDemandable,
	listStageRecords,
	lockStage,
	moveStage,
	type StageRecord,
} from './stages.ts';

/** A state with all that it could demand. */
type Row = StageRecord & { demandable: Demandable[] };

/** The states of deals by pipeline, as an administrator sets them up. */
export function stageRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	settingRoutes<Row>(app, {
		db,
		...{ path: '/admin/stages', access: 'catalogs', changes: 'stage', title: 'stages.title' },
		...{ fragment: 'deals/pipelines/_stage-list', root: 'stages-page' },
		find: async (stageId, sql) => ({
			...(await findStageRecord(sql, stageId)),
			demandable: await listDemandable(sql),
		}),
		fields: fieldsOf,
		shape: ({ demandable }) => ({ boxes: demandable.map(({ name }) => boxOf(name)) }),
		lock: lockStage,
		async read({ viewer: { language } }) {
			const [pipelines, stages, demandable] = await readAll(db);
			const labels = new Map(demandable.map((one) => [one.name, labelOf(one, language)]));
			const words = (stage: StageRecord) =>
				stage.requiredFields.flatMap((name) => labels.get(name) ?? []).join(', ');
			return { pipelines, stages: stages.map((stage) => ({ ...stage, words: words(stage) })) };
		},
		async form(request, stage) {
			const { language } = request.viewer;
			const demandable = (stage?.demandable ?? (await listDemandable(db))).map((one) => ({
				...{ box: boxOf(one.name), label: labelOf(one, language) },
				held: stage?.requiredFields.includes(one.name) ?? false,
			}));
			const pipelines = stage ? [] : await listPipelineRecords(db);
			const { pipelineId = pipelines[0]?.id } = askedBy(request, stage);
			const final = stage !== null && isFinal(stage.kind);
			const data = { stage, final, demandable, pipelines, pipelineId, colours: COLOURS };
			return {
				fragment: 'deals/pipelines/_stage-form',
				title: stage ? 'stage.edit' : 'stage.new',
				data,
			};
		},
		async add(request, sql) {
			const { pipelineId, stage } = readNewStage(request.body);
			const stageId = await addStage(sql, acting(request), pipelineId, stage);
			return settingSaved(stage.name, { stageId });
		},
		async edit(request, stageId, body, sql) {
			const { kind } = await findStageRecord(sql, stageId);
			const { version, edit } = readStage(body, isFinal(kind));
			const now = await editStage(sql, acting(request), stageId, version, edit);
			return settingSaved(edit.name, { stageId, version: now });
		},
		buttons: settingButtons({ move: moveStage }),
		questions: {
			removal: {
				async form({ viewer: { language } }, stageId) {
					const stage = await findStageRecord(db, stageId);
					const data = {
						...{ record: stage, others: await othersOf(db, stage) },
						action: `/admin/stages/${stageId}/removal`,
						about: translate(language, 'stage.removalHint'),
					};
					return { fragment: 'shared/directory/_emptying', title: 'setting.removal', data };
				},
				async submit(request, stageId, sql) {
					const { version, intoId = null } = readForm(EmptyingForm, request.body);
					return settingEmptied(await removeStage(sql, acting(request), stageId, version, intoId));
				},
			},
		},
	});
}

const readAll = async (db: Sql) =>
	await Promise.all([listPipelineRecords(db), listStageRecords(db), listDemandable(db)]);

const labelOf = ({ name, label }: Demandable, language: Language): string =>
	label ?? translate(language, REQUIRABLE_LABELS[name as Requirable]);

function fieldsOf(stage: Row): Fields {
	const { name, colour, probability, idleDays, requiredFields, demandable } = stage;
	if (isFinal(stage.kind)) return { name, colour };
	const boxes = demandable.map((one) => [
		...[boxOf(one.name), requiredFields.includes(one.name) ? '1' : ''],
	]);
	return {
		...{ name, colour, probability: String(probability), idleDays: String(idleDays ?? '') },
		...Object.fromEntries(boxes),
	};
}

// Only the way to a new one says for which pipeline; a form that comes back says it itself.
function askedBy({ method, query }: FastifyRequest, stage: Row | null): { pipelineId?: number } {
	return stage === null && method === 'GET' ? readQuery(NewStageQuery, query) : {};
}
