import type { FastifyInstance } from 'fastify';
import { actorOf } from '#src/features/auth/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { form, optional, readQuery, text } from '#src/platform/web/forms.ts';
import { suggestClients } from './queries.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const SuggestQuery = form({ clientName: optional(text(300)) });
const SUGGESTIONS = 8;

/** Clients while their name is typed. */
export function clientRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/clients/suggestions', SIGNED_IN, async (request, reply) => {
		const { clientName } = readQuery(SuggestQuery, request.query);
		const clients = clientName
			? await suggestClients(db, actorOf(request), clientName, SUGGESTIONS)
			: [];
		return await reply.fragments('clients/suggested', { clients });
	});
}
