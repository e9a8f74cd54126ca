import { JSON_ANSWER, type Open, type Rules, type Tools, versionOf } from './rights-rules.ts';

const ABSENT = 999_999;
let names = 0;

// A filter is nobody's record but one's own: each person asks for one that they have saved before.
const onOwnFilter =
	(method: 'get' | 'json', path: string): Open['call'] =>
	async (person) => {
		names += 1;
		const fields = { screen: 'deals', name: `Отбор ${names}`, query: 'idle=1' };
		const { id = ABSENT } = (await person.json('/filters', fields)).json() as { id?: number };
		const url = `/filters/${id}${path}`;
		return method === 'get'
			? await person.get(url, JSON_ANSWER)
			: await person.json(url, { version: 1 });
	};

/** The list of deals, many deals at once, the board by dates, saved filters. */
export function bulkRules({ database, cast }: Tools): Rules {
	const read = (url: string): Open => ({
		call: (person) => person.get(url, JSON_ANSWER),
		status: 200,
	});
	return {
		records: {
			'POST /interactions/:id/date': {
				call: async (person, { stepId }) =>
					await person.json(`/interactions/${stepId}/date`, {
						to: 'later',
						version: await versionOf(database, 'interactions', stepId),
					}),
				seen: 200,
			},
		},
		signedIn: {
			'GET /deals/print': read('/deals/print'),
			'GET /deals/export': read('/deals/export?format=csv'),
			'GET /deals/selection': read('/deals/selection'),
			'GET /deals/bulk/new': read('/deals/bulk/new?verb=tag&n=2'),
			// Whose deals they may touch is each verb's own question: see tests/deals/bulk.test.ts.
			'POST /deals/bulk': {
				call: (person) =>
					person.json('/deals/bulk', {
						...{ verb: 'stage', stageId: cast().open[1].id, deal: `${ABSENT}.1` },
					}),
				status: 200,
			},
			'GET /agenda/selection': read('/agenda/selection'),
			'GET /clients/selection': read('/clients/selection'),
			'GET /clients/bulk/new': read('/clients/bulk/new?verb=status&n=2'),
			// Whose they may touch: tests/clients/bulk.test.ts, tests/interactions/bulk.test.ts.
			'POST /clients/bulk': {
				call: (person) =>
					person.json('/clients/bulk', {
						...{ verb: 'status', status: 'active', client: `${ABSENT}.1` },
					}),
				status: 200,
			},
			'GET /interactions/bulk/new': read('/interactions/bulk/new?verb=done&n=2'),
			'POST /interactions/bulk': {
				call: (person) => person.json('/interactions/bulk', { verb: 'done', step: `${ABSENT}.1` }),
				status: 200,
			},
			'GET /filters/new': read('/filters/new?screen=deals'),
			'POST /filters': {
				call: (person) => {
					names += 1;
					return person.json('/filters', { screen: 'board', name: `Отбор ${names}` });
				},
				status: 200,
			},
			'GET /filters/:id/edit': { call: onOwnFilter('get', '/edit'), status: 200 },
			'POST /filters/:id': { call: onOwnFilter('json', ''), status: 200 },
			'POST /filters/:id/removal': { call: onOwnFilter('json', '/removal'), status: 200 },
		},
	};
}
