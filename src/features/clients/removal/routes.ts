import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { mayErase } from '#src/features/access/rights.ts';
import { answerClient } from '#src/features/clients/client/answer.ts';
import { findEditableContact } from '#src/features/clients/contacts/contacts.ts';
import { findDuplicates } from '#src/features/clients/duplicates/duplicates.ts';
import { knownOf } from '#src/features/clients/duplicates/warning.ts';
import { MergeParams, VersionForm } from '#src/features/clients/merge/forms.ts';
import { lastMergeInto } from '#src/features/clients/merge/queries.ts';
import { findClient, findEditableClient } from '#src/features/clients/record.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { archiveClient, isUsed, removeClient, removeContact, stepsOf, usesOf } from './removal.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'client' as const } };
const CHANGES_CONTACT = { config: { access: 'signed-in' as const, changes: 'contact' as const } };

/** Clients and contacts leave: into the archive and back, or for good where nothing names them. */
export function removalRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(MergeParams, request.params).id;

	app.get('/clients/:id/menu', SIGNED_IN, async (request, reply) => {
		const actor = actorOf(request);
		const client = await findClient(db, actor, idOf(request));
		const duplicates = await findDuplicates(db, actor, knownOf(client));
		const merge = await lastMergeInto(db, client.id);
		const data = { client, duplicates, merge, erases: mayErase(actor) };
		const view = { fragment: 'clients/client/_menu', title: 'client.menu', data } as const;
		return await drawForm(request, reply, view);
	});

	app.get(
		'/clients/:id/removal',
		SIGNED_IN,
		async (request, reply) => await drawRemoval(request, reply, null),
	);

	async function drawRemoval(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const client = await findEditableClient(db, actorOf(request), idOf(request));
		const uses = await usesOf(db, client.id);
		const data = { client, uses, used: isUsed(uses) };
		const view = { fragment: 'clients/removal/_removal', title: 'client.remove', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/clients/:id/removal', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version } = readForm(VersionForm, request.body);
				const { name } = await once(db, request, async (sql) => ({
					...{ clientId: idOf(request) },
					name: await removeClient(sql, acting(request), idOf(request), version),
				}));
				const toast = { key: 'toast.clientRemoved', args: { name } } as const;
				return leaveFor(request, reply, '/clients', toast);
			},
			async (problem) => await drawRemoval(request, reply, problem),
		),
	);

	for (const [noun, archived] of [
		['archive', true],
		['restoration', false],
	] as const)
		app.post(`/clients/:id/${noun}`, CHANGES, async (request, reply) =>
			attempt(
				request,
				async () => {
					const clientId = idOf(request);
					const { version, returnTo } = readForm(VersionForm, request.body);
					const by = acting(request);
					const done = await once(db, request, async (sql) => ({
						...{ clientId, ...(await archiveClient(sql, by, clientId, version, archived)) },
					}));
					const undo = wayBack('client.restore', clientId, { version: String(done.version) });
					const args = { name: done.name };
					const toast = archived
						? ({ key: 'toast.clientArchived', args, undo } as const)
						: ({ key: 'toast.clientRestored', args } as const);
					const json = { version: done.version };
					return await answerClient(connection, request, reply, {
						...{ clientId, toast, json, returnTo },
					});
				},
				async (problem) => await drawRemoval(request, reply, problem),
			),
		);

	app.get(
		'/contacts/:id/removal',
		SIGNED_IN,
		async (request, reply) => await drawContact(request, reply, null),
	);

	async function drawContact(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const contact = await findEditableContact(db, actorOf(request), idOf(request));
		const interactions = await stepsOf(db, contact.id);
		const data = { contact, interactions };
		const fragment = 'clients/contacts/_contact-removal';
		const view = { fragment, title: 'contact.remove', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/contacts/:id/removal', CHANGES_CONTACT, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version, returnTo } = readForm(VersionForm, request.body);
				const { clientId, name } = await once(db, request, (sql) =>
					removeContact(sql, acting(request), idOf(request), version),
				);
				const toast = { key: 'toast.contactRemoved', args: { name } } as const;
				return await answerClient(connection, request, reply, { clientId, toast, returnTo });
			},
			async (problem) => await drawContact(request, reply, problem),
		),
	);
}
