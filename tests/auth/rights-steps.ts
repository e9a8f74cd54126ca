import { type Call, get, JSON_ANSWER, type Rules, type Tools, versionOf } from './rights-rules.ts';

/** «Мои дела», an interaction's own page and its changes, steps of a client. */
export function stepRules({ database }: Tools): Rules {
	const change =
		(path: string, body: Record<string, unknown>): Call =>
		async (person, { stepId }) =>
			await person.json(`/interactions/${stepId}${path}`, {
				...body,
				version: await versionOf(database, 'interactions', stepId),
			});
	const clientOf = async (dealId: number): Promise<number> => {
		const { rows } = await database.pool.query<{ id: number }>(
			'select client_id as id from deals where id = $1',
			[dealId],
		);
		return rows[0]?.id ?? dealId;
	};
	const reading = (path: string) => ({
		call: (person: Parameters<Call>[0]) => person.get(path, JSON_ANSWER),
		status: 200,
	});
	return {
		records: {
			'GET /deals/:id/interactions/new': {
				call: get(({ dealId }) => `/deals/${dealId}/interactions/new`),
				seen: 200,
			},
			'POST /deals/:id/interactions': {
				call: (person, { dealId }) =>
					person.json(`/deals/${dealId}/interactions`, { kindId: 1, plannedDay: '2026-12-01' }),
				seen: 200,
			},
			'GET /interactions/:id/completion/new': {
				call: get(({ stepId }) => `/interactions/${stepId}/completion/new`),
				seen: 200,
			},
			'GET /interactions/:id/postponement/new': {
				call: get(({ stepId }) => `/interactions/${stepId}/postponement/new`),
				seen: 200,
			},
			'POST /interactions/:id/completion': { call: change('/completion', {}), seen: 200 },
			'POST /interactions/:id/postponement': {
				call: change('/postponement', { to: 'week' }),
				seen: 200,
			},
			'POST /interactions/:id/cancellation': { call: change('/cancellation', {}), seen: 200 },
			'GET /interactions/:id': { call: get(({ stepId }) => `/interactions/${stepId}`), seen: 200 },
			'GET /interactions/:id/edit': {
				call: get(({ stepId }) => `/interactions/${stepId}/edit`),
				seen: 200,
			},
			'GET /interactions/:id/cancellation/new': {
				call: get(({ stepId }) => `/interactions/${stepId}/cancellation/new`),
				seen: 200,
			},
			'POST /interactions/:id': { call: change('', { place: 'Тут' }), seen: 200 },
			// To whoever gives it: it stays with those who may see it.
			'POST /interactions/:id/owner': {
				call: async (person, { stepId }) => {
					const { rows } = await database.pool.query(
						'select owner_id as id, version from interactions where id = $1',
						[stepId],
					);
					const { id: ownerId = 1, version = 1 } = rows[0] ?? {};
					return await person.json(`/interactions/${stepId}/owner`, { ownerId, version });
				},
				seen: 200,
			},
			'POST /interactions/:id/deletion': { call: change('/deletion', {}), seen: 200 },
			// What is planned still is planned already.
			'POST /interactions/:id/reopening': { call: change('/reopening', {}), seen: 422 },
			// What is there cannot be brought back.
			'POST /interactions/:id/restoration': { call: change('/restoration', {}), seen: 422 },
			'GET /clients/:id/interactions/new': {
				call: async (person, { dealId }) =>
					await person.get(`/clients/${await clientOf(dealId)}/interactions/new`, JSON_ANSWER),
				seen: 200,
			},
			'POST /clients/:id/interactions': {
				call: async (person, { dealId }) =>
					await person.json(`/clients/${await clientOf(dealId)}/interactions`, {
						...{ kindId: 1, plannedDay: '2026-12-01' },
					}),
				seen: 200,
			},
		},
		signedIn: {
			'GET /agenda': reading('/agenda'),
			'GET /agenda/more': reading('/agenda/more?after=late.1.1.1795510800000'),
			'GET /agenda/print': reading('/agenda/print'),
			'GET /interactions/clashes': reading('/interactions/clashes?plannedDay=2026-12-01'),
		},
	};
}
