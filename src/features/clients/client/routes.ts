import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import {
	duplicatesBelow,
	duplicatesOf,
	knownOf,
	newlySaid,
	wantedOf,
	warnOfDuplicates,
} from '#src/features/clients/duplicates/warning.ts';
import { editOf, newClientOf } from '#src/features/clients/edits.ts';
import {
	ClientForm,
	ClientParams,
	HistoryQuery,
	NewClientForm,
	NewClientQuery,
	SuggestQuery,
} from '#src/features/clients/forms.ts';
import { askedQuery } from '#src/features/clients/history/history-filter.ts';
import { findClientToEdit, heirOf } from '#src/features/clients/record.ts';
import { suggestClients } from '#src/features/clients/search/search.ts';
import { readWithExtra } from '#src/features/company/extra-fields/extra-fields.ts';
import { innRemark } from '#src/features/company/requisites.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { drawFacts, standing } from '#src/platform/pages/fields.ts';
import { mergedBody, mergeEdit } from '#src/platform/pages/three-way-merge.ts';
import { answerClient, type ClientChange } from './answer.ts';
import { readClientCard, readClientForm, readMoreHistory, readNewClient } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'client' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const SUGGESTIONS = 8;

/** The client's card and the doors to its verbs. */
export function clientRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(ClientParams, request.params).id;

	app.get('/clients/suggestions', SIGNED_IN, async (request, reply) => {
		const { clientName } = readQuery(SuggestQuery, request.query);
		const clients = clientName
			? await suggestClients(db, actorOf(request), clientName, SUGGESTIONS)
			: [];
		return await reply.fragments('clients/client/suggested', { clients });
	});

	app.get('/clients/:id', SIGNED_IN, async (request, reply) => {
		const place = readQuery(HistoryQuery, request.query);
		const card = await readClientCard(db, actorOf(request), idOf(request), place, request.viewer);
		const { id, mergedInto } = card.client;
		if (mergedInto !== null) return reply.redirect(`/clients/${await heirOf(db, id)}`, 303);
		return await reply.page('clients/client/show', card);
	});

	app.get('/clients/:id/history', SIGNED_IN, async (request, reply) => {
		const place = readQuery(HistoryQuery, request.query);
		const id = idOf(request);
		const more = await readMoreHistory(db, actorOf(request), id, place, request.viewer);
		if (wantsFragments(request)) return await reply.fragments('clients/history/unfolded', more);
		const { part, after, ...asked } = place;
		const query = { ...(part && { part }), ...askedQuery(asked), ...(after && { after }) };
		return reply.redirect(`/clients/${id}?${new URLSearchParams(query)}`, 303);
	});

	app.get('/clients/new', SIGNED_IN, async (request, reply) => {
		const { name } = readQuery(NewClientQuery, request.query);
		return await drawNew(request, reply, null, name);
	});

	async function drawNew(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
		name = '',
	) {
		const duplicates = await duplicatesOf(db, request, problem, { of: 'client' });
		const inn = problem?.typed.inn;
		const remark = inn ? innRemark(inn) : null;
		const data = { ...(await readNewClient(db, request.viewer)), name, duplicates, remark };
		return await drawForm(
			request,
			reply,
			{ fragment: 'clients/client/_new', title: 'client.new', data },
			problem,
		);
	}

	app.post('/clients', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { extraFields } = await readNewClient(db, request.viewer);
				const { part, extra } = readWithExtra(NewClientForm, extraFields, {}, request.body);
				if (!part.name) throw new InvalidForm({ name: { key: 'field.required' } }, {});
				const client = newClientOf({ ...part, name: part.name }, extra);
				const by = acting(request);
				const clientId = await once(db, request, async (sql) => {
					await warnOfDuplicates(sql, request, wantedOf(client), part.anyway);
					return await createClient(sql, by, client);
				});
				const toast = { key: 'toast.clientCreated', args: { name: part.name } } as const;
				return await answerClient(connection, request, reply, { clientId, toast, made: true });
			},
			async (problem) => await drawNew(request, reply, problem),
		),
	);

	app.get(
		'/clients/:id/edit',
		SIGNED_IN,
		async (request, reply) => await drawEdit(request, reply, null),
	);

	async function drawEdit(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const form = await readClientForm(db, actorOf(request), idOf(request), request.viewer);
		const known = { of: 'client', except: form.client.id } as const;
		const data = { ...form, duplicates: await duplicatesOf(db, request, problem, known) };
		return await drawFacts(
			request,
			reply,
			{
				fragment: 'clients/client/_edit',
				title: 'client.edit',
				data,
				below: duplicatesBelow(data),
			},
			problem,
		);
	}

	app.post('/clients/:id/edit', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const clientId = idOf(request);
				const by = acting(request);
				const lock = async (tx: Tx) => await findClientToEdit(tx, by.actor, clientId);
				const edited = async (sql: Sql): Promise<ClientChange> => {
					const form = await readClientForm(sql, by.actor, clientId, request.viewer);
					const { client, extraFields, facts } = form;
					const body = mergedBody(request.body, standing(client, facts));
					const { part, extra } = readWithExtra(ClientForm, extraFields, client.extra, body);
					const { version, edit } = editOf(part, extra);
					// Who comes second hears that first.
					if (part.was && version === client.version) {
						const said = newlySaid(wantedOf(edit), knownOf(client));
						await warnOfDuplicates(sql, request, said, part.anyway);
					}
					const now = await editClient(sql, by, clientId, version, edit);
					const args = { name: part.name ?? client.name };
					const toast = { key: 'toast.clientSaved', args } as const;
					const returnTo = part.returnTo ?? undefined;
					return { clientId, toast, json: { version: now }, returnTo };
				};
				const change = await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edited));
				return await answerClient(connection, request, reply, change);
			},
			async (problem) => await drawEdit(request, reply, problem),
		),
	);
}
