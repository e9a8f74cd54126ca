import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { listColleagues } from '#src/features/access/queries.ts';
import { type Actor, asEditor, can } from '#src/features/access/rights.ts';
import { readClientSelection } from '#src/features/clients/list/list.ts';
import { CLIENT_STATUSES } from '#src/features/clients/tables.ts';
import { listTags } from '#src/features/company/tags/tags.ts';
import { answerBulk, type BulkChange } from '#src/features/deals/board/answer.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { chosenIn, withJoined } from '#src/platform/forms/chosen.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { onceEach } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { doWithClients, undoWithClients } from './bulk.ts';
import {
	CLIENT_BULK_VERBS,
	ClientBulkForm,
	ClientBulkQuery,
	type ClientBulkVerb,
	type ClientCommand,
	clientBar,
	clientCommandIn,
	clientsBackIn,
} from './forms.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'clients' as const } };

/** Many clients at once: which, what, and what became of each. */
export function clientBulkRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/clients/selection', SIGNED_IN, async (request, reply) => {
		const actor = actorOf(request);
		const found = await readClientSelection(db, actor, request.query, request.viewer);
		const chosen = found.lines.map(({ token }) => token);
		if (wantsJson(request)) return reply.send({ chosen, count: found.count });
		const bulk = clientBar(actor, true);
		return await reply.page('shared/selection', { ...found, bulk, nav: 'clients' });
	});

	app.get('/clients/bulk/new', SIGNED_IN, async (request, reply) => {
		const { verb, client, n } = readQuery(ClientBulkQuery, withJoined(request.query, 'client'));
		if (client === undefined && n === undefined) throw new RuleBroken('bulk.noneChosen');
		const count = client === undefined ? (n ?? 0) : chosenIn(client, 'client').length;
		return await drawBulk(request, reply, { verb, chosen: client ?? '', count }, null);
	});

	type Asked = { verb: ClientBulkVerb; chosen: string; count: number };

	async function drawBulk(
		request: FastifyRequest,
		reply: FastifyReply,
		asked: Asked,
		problem: Problem | null,
	) {
		const [colleagues, tags] = await Promise.all([
			asked.verb === 'owner' ? listOwners(actorOf(request)) : [],
			asked.verb === 'tag' ? listTags(db) : [],
		]);
		const form = { noun: 'client', action: '/clients/bulk', fields: 'clients/bulk/_bulk-fields' };
		const data = { ...asked, ...form, colleagues, tags, statuses: CLIENT_STATUSES };
		const view = { fragment: 'shared/_bulk-form', title: 'bulk.form', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	// Only them: to anybody else it would be refused.
	const listOwners = async (actor: Actor) =>
		can(actor, 'deals.reassign') ? await listColleagues(db, asEditor(actor)) : [];

	app.post('/clients/bulk', CHANGES, async (request, reply) => {
		const body = withJoined(request.body, 'client');
		return await attempt(
			request,
			async () => {
				const { client, returnTo } = readForm(ClientBulkForm, body);
				const command = clientCommandIn(body);
				const by = acting(request);
				const { viewer } = request;
				const each = await onceEach(db, request);
				const result =
					command.verb === 'back'
						? await undoWithClients(db, each, by, viewer, clientsBackIn(client))
						: await doWithClients(db, each, by, viewer, chosenIn(client, 'client'), command);
				return await answerBulk(connection, request, reply, {
					...{ result, noun: 'client', home: '/clients', returnTo },
					told: await toldOf(command, request),
					undo: result.back && wayBack('clients.bulk', 0, result.back),
				});
			},
			async (problem) => {
				const { verb, client = '' } = problem.typed;
				const asked = CLIENT_BULK_VERBS.find((one) => one === verb) ?? 'tag';
				const count = client === '' ? 0 : client.split(',').length;
				return await drawBulk(request, reply, { verb: asked, chosen: client, count }, problem);
			},
		);
	});

	/** What was done to what, for a message, and the list that shows it. */
	async function toldOf(
		command: ClientCommand,
		request: FastifyRequest,
	): Promise<BulkChange['told']> {
		const { verb } = command;
		if (verb === 'owner') {
			const owners = await listOwners(actorOf(request));
			const to = owners.find(({ id }) => id === command.ownerId)?.name ?? '';
			return { verb, to, open: `/clients?owner=${command.ownerId}` };
		}
		if (verb === 'status') {
			const { status } = command;
			const to = translate(request.viewer.language, 'client.status', { status });
			return { verb, to, open: `/clients?status=${status}` };
		}
		if (verb !== 'tag') return { verb, to: '' };
		const tag = (await listTags(db)).find(({ name }) => name === command.tag);
		const open = tag && !command.remove ? { open: `/clients?tag=${tag.id}` } : {};
		return { verb: command.remove ? 'untag' : verb, to: command.tag, ...open };
	}
}
