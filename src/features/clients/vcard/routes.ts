import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { findContact } from '#src/features/clients/contacts/contacts.ts';
import { findClient, findClientCard, findEditableClient } from '#src/features/clients/record.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { readUpload } from '#src/platform/forms/upload.ts';
import { attachment } from '#src/platform/http/attachment.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import {
	CardParams,
	MOST_CARD_BYTES,
	MOST_CARD_FORM_BYTES,
	TakeForm,
	wantedCards,
} from './forms.ts';
import { judgeCards, MOST_CARDS, takeCards } from './import.ts';
import { readCards } from './reading.ts';
import { clientCards, contactCard } from './writing.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };

type Given = { id: number; name: string } | null;

/** Visiting cards: contacts and clients out of a .vcf, with a verdict on each; and as a .vcf for phones and mail programs. */
export function cardRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(CardParams, request.params).id;
	const clientOf = async (request: FastifyRequest): Promise<Given> => {
		const { id, name } = await findEditableClient(db, actorOf(request), idOf(request));
		return { id, name };
	};
	const nobody = async (): Promise<Given> => null;

	for (const [path, givenOf] of [
		['/clients/:id/contacts/vcard', clientOf],
		['/clients/vcard', nobody],
	] as const) {
		app.get(
			path,
			SIGNED_IN,
			async (request, reply) => await drawUpload(request, reply, await givenOf(request), null),
		);

		app.post(path, MAKES, async (request, reply) => {
			const given = await givenOf(request);
			return await attempt(
				request,
				async () => {
					const { file } = await readUpload(request, MOST_CARD_BYTES);
					if (file === null) throw new InvalidForm({ file: { key: 'field.required' } }, {});
					const { cards, more } = readCards(file.bytes, MOST_CARDS);
					if (cards.length === 0) throw new InvalidForm({ file: { key: 'card.noCards' } }, {});
					const verdicts = await judgeCards(db, actorOf(request), cards, given);
					const { name } = file;
					return await reply.page('clients/vcard/cards', {
						verdicts,
						more,
						given,
						name,
						action: actionOf(given),
					});
				},
				async (problem) => await drawUpload(request, reply, given, problem),
			);
		});

		const takes = { ...MAKES, bodyLimit: MOST_CARD_FORM_BYTES };
		app.post(`${path}/cards`, takes, async (request, reply) => {
			const given = await givenOf(request);
			const wanted = wantedCards(readForm(TakeForm, request.body));
			const by = acting(request);
			const taken = await once(db, request, (sql) => takeCards(sql, by, wanted, given));
			const toast = { key: 'toast.cardsTaken', args: taken } as const;
			return leaveFor(request, reply, given ? `/clients/${given.id}` : '/clients', toast, taken);
		});
	}

	const actionOf = (given: Given) =>
		given ? `/clients/${given.id}/contacts/vcard` : '/clients/vcard';

	async function drawUpload(
		request: FastifyRequest,
		reply: FastifyReply,
		given: Given,
		problem: Problem | null,
	) {
		const data = { given, action: actionOf(given), most: MOST_CARDS };
		const view = { fragment: 'clients/vcard/_card-upload', title: 'card.take', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.get('/contacts/:id.vcf', SIGNED_IN, async (request, reply) => {
		const contact = await findContact(db, actorOf(request), idOf(request));
		const { name: firm } = await findClient(db, actorOf(request), contact.clientId);
		return sendCards(reply, contact.name, contactCard(contact, firm));
	});

	app.get('/clients/:id.vcf', SIGNED_IN, async (request, reply) => {
		const { contacts, ...client } = await findClientCard(db, actorOf(request), idOf(request));
		const inUse = contacts.filter(({ archivedAt }) => archivedAt === null);
		return sendCards(reply, client.name, clientCards(client, inUse));
	});
}

function sendCards(reply: FastifyReply, name: string, cards: string): FastifyReply {
	return reply
		.type('text/vcard; charset=utf-8')
		.header('content-disposition', attachment(`${name.trim().slice(0, 100) || 'card'}.vcf`))
		.header('cache-control', 'no-store')
		.send(cards);
}
