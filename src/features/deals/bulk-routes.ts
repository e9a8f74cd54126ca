import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/auth/guard.ts';
import { listColleagues } from '#src/features/auth/queries.ts';
import type { Actor } from '#src/features/auth/rules.ts';
import { answerChange } from '#src/features/board/answer.ts';
import { listTags } from '#src/features/clients/tags.ts';
import { suggestedDay } from '#src/features/interactions/forms.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { attempt, drawForm, type Problem } from '#src/platform/web/dialog.ts';
import { wantsFragments, wantsJson } from '#src/platform/web/errors.ts';
import type { Toast } from '#src/platform/web/flash.ts';
import { readForm, readQuery } from '#src/platform/web/forms.ts';
import { localPath } from '#src/platform/web/origin.ts';
import { wayBack } from '#src/platform/web/undo.ts';
import { type BulkResult, doWithDeals, undoWithDeals } from './bulk.ts';
import {
	BULK_VERBS,
	BulkForm,
	BulkQuery,
	type BulkVerb,
	backIn,
	chosenIn,
	commandIn,
	withDealsJoined,
} from './bulk-forms.ts';
import { listReceivers } from './form-screens.ts';
import { readSelection } from './list.ts';
import { listAllStages, listLossReasons, listPipelines } from './queries.ts';
import { groupedStages } from './stage-choice.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'deals' as const } };

/** Many deals at once: which, what, and what became of each. */
export function bulkRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;

	app.get('/deals/selection', SIGNED_IN, async (request, reply) => {
		const found = await readSelection(db, actorOf(request), request.query, request.viewer);
		if (wantsJson(request)) return reply.send({ deals: found.tokens, count: found.count });
		return await reply.page('deals/selection', found);
	});

	app.get('/deals/bulk/new', SIGNED_IN, async (request, reply) => {
		const { verb, deal, n } = readQuery(BulkQuery, withDealsJoined(request.query));
		if (deal === undefined && n === undefined) throw new RuleBroken('bulk.noneChosen');
		const count = deal === undefined ? (n ?? 0) : chosenIn(deal).length;
		return await drawBulk(request, reply, { verb, deal: deal ?? '', count }, null);
	});

	type Asked = { verb: BulkVerb; deal: string; count: number };

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
		const data = { ...asked, stages: open, reasons, colleagues, tags, suggested };
		const view = { fragment: 'deals/_bulk-form', title: 'bulk.form', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/deals/bulk', CHANGES, async (request, reply) => {
		const body = withDealsJoined(request.body);
		return await attempt(
			request,
			async () => {
				const { deal, returnTo } = readForm(BulkForm, body);
				const command = commandIn(body, request.viewer);
				const by = acting(request);
				const stages = await listAllStages(db);
				const result =
					command.verb === 'back'
						? await undoWithDeals(db, by, request.viewer, backIn(command.back, deal))
						: await doWithDeals(db, by, request.viewer, chosenIn(deal), command, stages);
				for (const error of result.errors)
					request.log.error({ err: error }, 'one of many deals failed');
				const stageIds = stages.map(({ id }) => id);
				const told = await toldOf(command, by.actor, request.viewer);
				return await answer(request, reply, { ...result, told, stageIds, returnTo });
			},
			async (problem) => {
				const { verb, deal = '' } = problem.typed;
				const asked = BULK_VERBS.find((one) => one === verb) ?? 'stage';
				const count = deal === '' ? 0 : deal.split(',').length;
				return await drawBulk(request, reply, { verb: asked, deal, count }, problem);
			},
		);
	});

	type Told = { verb: string; to: string; open?: string };
	type Done = BulkResult & { told: Told; stageIds: number[]; returnTo: string | undefined };

	/** What was done to what, for a message, and the list that shows it. */
	async function toldOf(
		command: ReturnType<typeof commandIn>,
		actor: Actor,
		viewer: Viewer,
	): Promise<Told> {
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

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		{ verdicts, done, back, told, stageIds, returnTo }: Done,
	) {
		if (wantsJson(request)) return reply.send({ done, verdicts });
		const args = { done, all: verdicts.length, verb: told.verb, to: told.to };
		const [only] = verdicts.length === 1 ? verdicts : [];
		const open = only ? `/deals/${only.dealId}` : told.open;
		const undo = back && wayBack('deals.bulk', 0, back);
		const toast: Toast =
			done === 0
				? { key: 'toast.bulkNone', args, error: true }
				: { key: 'toast.bulkDone', args, ...(undo ? { undo } : {}), ...(open ? { open } : {}) };
		const shown = { verdicts, done, undo, returnTo: localPath(returnTo, '/deals') };
		if (!wantsFragments(request)) return await reply.page('deals/bulk-done', shown);
		// Where all was done, the toast says enough.
		const refused = { fragment: 'deals/_verdicts', title: 'bulk.form', data: shown } as const;
		const dialog = done === verdicts.length ? {} : { dialog: refused };
		const change = { dealId: null, home: '/deals', stageIds, toast, ...dialog };
		return await answerChange(connection, request, reply, change);
	}
}
