import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting } from '#src/features/auth/guard.ts';
import { listExtraFields } from '#src/features/clients/extra-fields.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { attempt, type Problem } from '#src/platform/web/dialog.ts';
import { wantsJson } from '#src/platform/web/errors.ts';
import { keepToast } from '#src/platform/web/flash.ts';
import { readQuery } from '#src/platform/web/forms.ts';
import { DealParams, readStageRules } from './forms.ts';
import { REQUIRABLE, REQUIRABLE_LABELS } from './required-fields.ts';
import { listStageSettings, setStageRules } from './stages.ts';

const ADMINISTRATORS = { config: { access: 'catalogs' as const } };
const CHANGES_STAGE = { config: { ...ADMINISTRATORS.config, changes: 'stage' as const } };

/** What administrators set up of states: the fields that they demand, and when their deals are idle. */
export function stageRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get(
		'/admin/stages',
		ADMINISTRATORS,
		async (request, reply) => await draw(request, reply, null),
	);

	async function draw(
		request: FastifyRequest,
		reply: FastifyReply,
		failed: { stageId: number; problem: Problem } | null,
	) {
		const { language } = request.viewer;
		const stages = await listStageSettings(db);
		const extra = await listExtraFields(db, 'deal');
		const fields = [
			...REQUIRABLE.map((name) => ({
				name: name as string,
				label: translate(language, REQUIRABLE_LABELS[name]),
			})),
			...extra.map(({ id, name }) => ({ name: `extra_${id}`, label: name })),
		];
		if (failed) reply.code(failed.problem.status);
		return await reply.page('deals/stages', { stages, fields, failed });
	}

	app.post('/admin/stages/:id', CHANGES_STAGE, async (request, reply) => {
		const stageId = readQuery(DealParams, request.params).id;
		return await attempt(
			request,
			async () => {
				const rules = readStageRules(request.body);
				const version = await setStageRules(db, acting(request), stageId, rules);
				if (wantsJson(request)) return { stageId, version };
				keepToast(reply, { key: 'toast.stageSaved' });
				return reply.redirect('/admin/stages', 303);
			},
			async (problem) => await draw(request, reply, { stageId, problem }),
		);
	});
}
