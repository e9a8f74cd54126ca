import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { type Acting, mayErase } from '#src/features/access/rights.ts';
import { answerClient, type ClientChange } from '#src/features/clients/client/answer.ts';
import {
	duplicatesOf,
	newlySaid,
	reachOf,
	warnOfDuplicates,
} from '#src/features/clients/duplicates/warning.ts';
import { contactOf } from '#src/features/clients/edits.ts';
import {
	ArchiveForm,
	ClientParams,
	ContactRows,
	NewContactRows,
} from '#src/features/clients/forms.ts';
import { findEditableClient } from '#src/features/clients/record.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { readForm, readPart, readQuery } from '#src/platform/forms/readers.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { standing } from '#src/platform/pages/fields.ts';
import { mergedBody, mergeEdit, onlyTouched } from '#src/platform/pages/three-way-merge.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { CONTACT_SHAPE, contactForm } from './contact-form.ts';
import {
	addContact,
	archiveContact,
	editContact,
	factsOf,
	findContact,
	lockContact,
} from './contacts.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'contact' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };

/** The people at a client: added, edited, put out of use and back. */
export function contactRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(ClientParams, request.params).id;

	app.get(
		'/clients/:id/contacts/new',
		SIGNED_IN,
		async (request, reply) => await drawNew(request, reply, null),
	);

	async function drawNew(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const client = await findEditableClient(db, actorOf(request), idOf(request));
		const known = { of: 'contact', except: client.id } as const;
		const duplicates = await duplicatesOf(db, request, problem, known);
		const form = contactForm(null, request.viewer, problem?.typed);
		const data = { client, contact: null, duplicates, ...form };
		return await drawForm(
			request,
			reply,
			{ fragment: 'clients/contacts/_contact', title: 'contact.new', data },
			problem,
		);
	}

	app.post('/clients/:id/contacts', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const clientId = idOf(request);
				const { returnTo, ...part } = readPart(NewContactRows, request.body);
				const { name } = part;
				if (!name) throw new InvalidForm({ name: { key: 'field.required' } }, {});
				const contact = { ...contactOf(part), name };
				const by = acting(request);
				const contactId = await once(db, request, async (sql) => {
					await warnOfDuplicates(sql, request, reachOf(contact, clientId), part.anyway);
					return await addContact(sql, by, clientId, contact);
				});
				const toast = { key: 'toast.contactSaved', args: { name } } as const;
				return await answerClient(connection, request, reply, {
					...{ clientId, toast, json: { contactId }, returnTo: returnTo ?? undefined },
				});
			},
			async (problem) => await drawNew(request, reply, problem),
		),
	);

	app.get(
		'/contacts/:id/edit',
		SIGNED_IN,
		async (request, reply) => await drawEdit(request, reply, null),
	);

	async function drawEdit(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const actor = actorOf(request);
		const contact = await findContact(db, actor, idOf(request));
		const client = await findEditableClient(db, actor, contact.clientId);
		const touched = problem && onlyTouched(problem);
		const known = { of: 'contact', except: client.id } as const;
		const duplicates = await duplicatesOf(db, request, problem, known);
		const form = contactForm(contact, request.viewer, touched?.typed);
		const data = { client, contact, duplicates, erases: mayErase(actor), ...form };
		return await drawForm(
			request,
			reply,
			{ fragment: 'clients/contacts/_contact', title: 'contact.edit', data },
			touched,
		);
	}

	app.post('/contacts/:id/edit', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const contactId = idOf(request);
				const by = acting(request);
				const lock = async (tx: Tx) => await lockContact(tx, by.actor, contactId);
				const edited = async (sql: Sql) => {
					const before = await findContact(sql, by.actor, contactId);
					const stands = standing(before, contactForm(before, request.viewer).all);
					const body = mergedBody(request.body, stands, CONTACT_SHAPE);
					const { version, returnTo, ...part } = readPart(ContactRows, body);
					const edit = contactOf(part);
					const known = reachOf(factsOf(before), before.clientId);
					const said = newlySaid(reachOf(edit, before.clientId), known);
					// Who comes second hears that first.
					if (version === before.version) await warnOfDuplicates(sql, request, said, part.anyway);
					const now = await editContact(sql, by, contactId, version, edit);
					return await told(sql, by, contactId, now, 'toast.contactSaved', returnTo);
				};
				const change = await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edited));
				return await answerClient(connection, request, reply, change);
			},
			async (problem) => await drawEdit(request, reply, problem),
		),
	);

	for (const [noun, archived, key] of [
		['archive', true, 'toast.contactArchived'],
		['restoration', false, 'toast.contactRestored'],
	] as const)
		app.post(`/contacts/:id/${noun}`, CHANGES, async (request, reply) =>
			attempt(
				request,
				async () => {
					const contactId = idOf(request);
					const { version, returnTo } = readForm(ArchiveForm, request.body);
					const by = acting(request);
					const change = await once(db, request, async (sql) => {
						const now = await archiveContact(sql, by, contactId, version, archived);
						return await told(sql, by, contactId, now, key, returnTo);
					});
					return await answerClient(connection, request, reply, change);
				},
				async (problem) => await drawEdit(request, reply, problem),
			),
		);
}

async function told(
	sql: Sql,
	{ actor }: Acting,
	contactId: number,
	version: number,
	key: 'toast.contactSaved' | 'toast.contactArchived' | 'toast.contactRestored',
	returnTo: string | null | undefined,
): Promise<ClientChange> {
	const { clientId, name } = await findContact(sql, actor, contactId);
	const undo = wayBack('contact.restore', contactId, { version: String(version) });
	const toast = {
		...{ key, args: { name } },
		...(key === 'toast.contactArchived' ? { undo } : {}),
	};
	return { clientId, toast, json: { contactId, version }, returnTo: returnTo ?? undefined };
}
