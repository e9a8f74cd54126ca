import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { answerBulk, type BulkChange } from '#src/features/deals/board/answer.ts';
import { readTodoSelection } from '#src/features/interactions/agenda/screen.ts';
import { suggestedDay } from '#src/features/interactions/forms.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { chosenIn, withJoined } from '#src/platform/forms/chosen.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { onceEach } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { doWithSteps, undoWithSteps } from './bulk.ts';
import {
	STEP_BULK_VERBS,
	StepBulkForm,
	StepBulkQuery,
	type StepBulkVerb,
	type StepCommand,
	stepCommandIn,
	stepsBackIn,
} from './forms.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'interactions' as const } };

/** Many steps at once: which, what, and what became of each. */
export function stepBulkRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/agenda/selection', SIGNED_IN, async (request, reply) => {
		const found = await readTodoSelection(db, actorOf(request), request.query, request.viewer);
		const chosen = found.lines.map(({ token }) => token);
		if (wantsJson(request)) return reply.send({ chosen, count: found.count });
		return await reply.page('shared/selection', { ...found, nav: 'agenda' });
	});

	app.get('/interactions/bulk/new', SIGNED_IN, async (request, reply) => {
		const { verb, step, n } = readQuery(StepBulkQuery, withJoined(request.query, 'step'));
		if (step === undefined && n === undefined) throw new RuleBroken('bulk.noneChosen');
		const count = step === undefined ? (n ?? 0) : chosenIn(step, 'step').length;
		return await drawBulk(request, reply, { verb, chosen: step ?? '', count }, null);
	});

	type Asked = { verb: StepBulkVerb; chosen: string; count: number };

	async function drawBulk(
		request: FastifyRequest,
		reply: FastifyReply,
		asked: Asked,
		problem: Problem | null,
	) {
		const form = {
			noun: 'step',
			action: '/interactions/bulk',
			fields: 'interactions/bulk/_bulk-fields',
		};
		const data = { ...asked, ...form, suggested: suggestedDay(1, request.viewer) };
		const view = { fragment: 'shared/_bulk-form', title: 'bulk.form', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/interactions/bulk', CHANGES, async (request, reply) => {
		const body = withJoined(request.body, 'step');
		return await attempt(
			request,
			async () => {
				const { step, returnTo } = readForm(StepBulkForm, body);
				const { viewer } = request;
				const command = stepCommandIn(body, viewer);
				const by = acting(request);
				const each = await onceEach(db, request);
				const result =
					command.verb === 'back'
						? await undoWithSteps(db, each, by, viewer, stepsBackIn(command.back, step))
						: await doWithSteps(db, each, by, viewer, chosenIn(step, 'step'), command);
				return await answerBulk(connection, request, reply, {
					...{ result, noun: 'step', home: '/agenda', returnTo },
					told: toldOf(command, viewer),
					undo: result.back && wayBack('steps.bulk', 0, result.back),
				});
			},
			async (problem) => {
				const { verb, step = '' } = problem.typed;
				const asked = STEP_BULK_VERBS.find((one) => one === verb) ?? 'postpone';
				const count = step === '' ? 0 : step.split(',').length;
				return await drawBulk(request, reply, { verb: asked, chosen: step, count }, problem);
			},
		);
	});
}

/** What was done to what, for a message, and the page that shows it. */
function toldOf(command: StepCommand, viewer: Viewer): BulkChange['told'] {
	const { verb } = command;
	if (verb === 'postpone')
		return {
			...{ verb, to: formatDay(command.day, viewer, true) },
			open: `/calendar?view=day&on=${command.day}`,
		};
	return { verb, to: '', ...(verb === 'done' ? { open: '/agenda?period=done' } : {}) };
}
