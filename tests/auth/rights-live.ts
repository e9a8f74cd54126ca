import { JSON_ANSWER, type Rules } from './rights-rules.ts';

/** The routes of what others change; what a stream tells whom stands in tests/live. */
export function liveRules(): Rules {
	return {
		records: {
			'POST /deals/:id/viewers': {
				call: (person, { dealId }) => person.json(`/deals/${dealId}/viewers`, {}),
				seen: 200,
			},
		},
		signedIn: {
			'GET /live': { call: (person) => person.get('/live', JSON_ANSWER), status: 200 },
			'GET /live/page': { call: (person) => person.htmx('/board', '/live/page'), status: 200 },
		},
	};
}
