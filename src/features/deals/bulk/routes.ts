import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { listColleagues } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { listTags } from '#src/features/company/tags/tags.ts';
import { answerBulk, type BulkChange } from '#src/features/deals/board/answer.ts';
import { listReceivers } from '#src/features/deals/deal/form-screens.ts';
import { readSelection } from '#src/features/deals/list/list.ts';
import { groupedStages } from '#src/features/deals/moves/stage-choice.ts';
import { listAllStages, listLossReasons, listPipelines } from '#src/features/deals/queries.ts';
import { suggestedDay } from '#src/features/interactions/forms.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { withJoined } from '#src/platform/forms/chosen.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { onceEach } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { doWithDeals, undoWithDeals } from './bulk.ts';
import {
	BULK_VERBS,
	BulkForm,
	BulkQuery,
	type BulkVerb,
	backIn,
	chosenIn,
	commandIn,
	dealBar,
} from './forms.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'deals' as const } };

/** Many deals at once: which, what, and what became of each. */
export function bulkRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;

	app.get('/deals/selection', SIGNED_IN, async (request, reply) => {
		const found = await readSelection(db, actorOf(request), request.query, request.viewer);
		const chosen = found.lines.map(({ token }) => token);
		if (wantsJson(request)) return reply.send({ chosen, count: found.count });
		const bulk = dealBar(actorOf(request), true);
		return await reply.page('shared/selection', { ...found, bulk, nav: 'deals' });
	});

	app.get('/deals/bulk/new', SIGNED_IN, async (request, reply) => {
		const { verb, deal, n } = readQuery(BulkQuery, withJoined(request.query, 'deal'));
		if (deal === undefined && n === undefined) throw new RuleBroken('bulk.noneChosen');
		const count = deal === undefined ? (n ?? 0) : chosenIn(deal).length;
		return await drawBulk(request, reply, { verb, chosen: deal ?? '', count }, null);
	});

	type Asked = { verb: BulkVerb; chosen: string; count: number };

	async function drawBulk(
		request: FastifyRequest,
		reply: FastifyReply,
		asked: Asked,
		problem: Problem | null,
	) {
		const actor = actorOf(request);
		const [stages, pipelines, reasons, colleagues, tags] = await Promise.all([
			listAllStages(db),
			listPipelines(db),
			asked.verb === 'lost' ? listLossReasons(db) : [],
			asked.verb === 'owner' ? listReceivers(db, actor) : [],
			asked.verb === 'tag' ? listTags(db) : [],
		]);
		const choice = groupedStages(stages, pipelines);
		const open = choice.filter(({ kind }) => kind === 'open');
		const suggested = suggestedDay(1, request.viewer);
		const offered = { stages: open, reasons, colleagues, tags, suggested };
		const form = { noun: 'deal', action: '/deals/bulk', fields: 'deals/bulk/_bulk-fields' };
		const data = { ...asked, ...offered, ...form };
		const view = { fragment: 'shared/_bulk-form', title: 'bulk.form', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/deals/bulk', CHANGES, async (request, reply) => {
		const body = withJoined(request.body, 'deal');
		return await attempt(
			request,
			async () => {
				const { deal, returnTo } = readForm(BulkForm, body);
				const command = commandIn(body, request.viewer);
				const by = acting(request);
				const stages = await listAllStages(db);
				const each = await onceEach(db, request);
				const result =
					command.verb === 'back'
						? await undoWithDeals(db, each, by, request.viewer, backIn(command.back, deal))
						: await doWithDeals(db, each, by, request.viewer, chosenIn(deal), command, stages);
				return await answerBulk(connection, request, reply, {
					...{ result, noun: 'deal', home: '/deals', returnTo },
					told: await toldOf(command, by.actor, request.viewer),
					undo: result.back && wayBack('deals.bulk', 0, result.back),
					stageIds: stages.map(({ id }) => id),
				});
			},
			async (problem) => {
				const { verb, deal = '' } = problem.typed;
				const asked = BULK_VERBS.find((one) => one === verb) ?? 'stage';
				const count = deal === '' ? 0 : deal.split(',').length;
				return await drawBulk(request, reply, { verb: asked, chosen: deal, count }, problem);
			},
		);
	});

	/** What was done to what, for a message, and the list that shows it. */
	async function toldOf(
		command: ReturnType<typeof commandIn>,
		actor: Actor,
		viewer: Viewer,
	): Promise<BulkChange['told']> {
		const named = (all: { id: number; name: string }[], id: number) =>
			all.find((one) => one.id === id)?.name ?? '';
		const { verb } = command;
		if (verb === 'stage') {
			const to = named(await listAllStages(db), command.stageId);
			return { verb, to, open: `/deals?stage=${command.stageId}` };
		}
		if (verb === 'owner') {
			const to = named(await listReceivers(db, actor), command.ownerId);
			const seen = (await listColleagues(db, actor)).some(({ id }) => id === command.ownerId);
			return { verb, to, ...(seen && { open: `/deals?owner=${command.ownerId}` }) };
		}
		if (verb === 'date') return { verb, to: formatDay(command.day, viewer, true) };
		if (verb === 'archive') return { verb, to: '', open: '/deals?archived=only&kind=all' };
		if (verb === 'lost')
			return { verb, to: named(await listLossReasons(db), command.lossReasonId) };
		if (verb !== 'tag') return { verb, to: '' };
		const tag = (await listTags(db)).find(({ name }) => name === command.tag);
		const open = tag && !command.remove ? { open: `/deals?tag=${tag.id}` } : {};
		return { verb: command.remove ? 'untag' : verb, to: command.tag, ...open };
	}
}
