import type { Login } from '../cast.ts';
import { get, JSON_ANSWER, onDeal, type Rules, type Tools } from './rights-rules.ts';

/** Heads and administrators delete deals. */
const mayRemove = (status: number) => (me: Login) => (['vera', 'ada'].includes(me) ? status : 403);

/** The routes of one deal, and of what all deals share. */
export function dealRules(tools: Tools): Rules {
	const { cast } = tools;
	return {
		records: {
			'GET /deals/:id': { call: get(({ dealId }) => `/deals/${dealId}`), seen: 200 },
			'GET /deals/:id/menu': { call: get(({ dealId }) => `/deals/${dealId}/menu`), seen: 200 },
			'GET /deals/:id/removal': {
				call: get(({ dealId }) => `/deals/${dealId}/removal`),
				seen: mayRemove(200),
			},
			// Stale, or there already: the matrix deletes nothing, it only asks.
			'POST /deals/:id/removal': {
				call: (person, { dealId }) => person.json(`/deals/${dealId}/removal`, { version: 999_999 }),
				seen: mayRemove(409),
			},
			'POST /deals/:id/recovery': {
				call: onDeal(tools, '/recovery', () => ({})),
				seen: mayRemove(422),
			},
			// Stale: the matrix archives nothing, it only asks.
			'POST /deals/:id/archive': {
				call: (person, { dealId }) => person.json(`/deals/${dealId}/archive`, { version: 999_999 }),
				seen: 409,
			},
			'POST /deals/:id/restoration': {
				call: (person, { dealId }) =>
					person.json(`/deals/${dealId}/restoration`, { version: 999_999 }),
				seen: 409,
			},
			'GET /deals/:id/candidates': {
				call: get(({ dealId }) => `/deals/${dealId}/candidates`),
				seen: 200,
			},
			// It is merged into none.
			'POST /deals/:id/separation': { call: onDeal(tools, '/separation', () => ({})), seen: 422 },
			'POST /deals/:id/copies': {
				call: (person, { dealId }) => person.json(`/deals/${dealId}/copies`, {}),
				seen: 200,
			},
			'GET /deals/:id/edit': { call: get(({ dealId }) => `/deals/${dealId}/edit`), seen: 200 },
			'GET /deals/:id/products': {
				call: get(({ dealId }) => `/deals/${dealId}/products`),
				seen: 200,
			},
			'GET /deals/:id/collaborators/new': {
				call: get(({ dealId }) => `/deals/${dealId}/collaborators/new`),
				seen: 200,
			},
			'GET /deals/:id/moves/new': {
				call: get(({ dealId }) => `/deals/${dealId}/moves/new`),
				seen: 200,
			},
			'GET /deals/:id/closure/new': {
				call: get(({ dealId }) => `/deals/${dealId}/closure/new?stageId=${cast().won.id}`),
				seen: 200,
			},
			'POST /deals/:id': { call: onDeal(tools, '', () => ({ title: 'Новое имя' })), seen: 200 },
			'POST /deals/:id/edit': {
				call: onDeal(tools, '/edit', () => ({ source: 'Сайт' })),
				seen: 200,
			},
			'POST /deals/:id/moves': {
				call: onDeal(tools, '/moves', () => ({ stageId: cast().open[1].id })),
				seen: 200,
			},
			'POST /deals/:id/owner': {
				call: onDeal(tools, '/owner', (me) => ({ ownerId: cast().people[me].id })),
				seen: 200,
			},
			'POST /deals/:id/entries': {
				call: (person, { dealId }) =>
					person.json(`/deals/${dealId}/entries`, { kindId: 'note', text: 'Важное' }),
				seen: 200,
			},
			'POST /deals/:id/products': {
				call: onDeal(tools, '/products', () => ({ product1: 'Печь', price1: '5' })),
				seen: 200,
			},
			// Who helps sees the deal: the matrix takes nobody in, it only asks.
			'POST /deals/:id/collaborators': {
				call: onDeal(tools, '/collaborators', () => ({ personId: 999_999 })),
				seen: 422,
			},
			'POST /deals/:id/collaborators/removal': {
				call: onDeal(tools, '/collaborators/removal', () => ({ personId: 999_999 })),
				seen: 200,
			},
		},
		signedIn: {
			// Which deals they are is tried in tests/deals/merge-doors.test.ts.
			'GET /deals/merge': {
				call: (person) => person.get('/deals/merge?ids=999998,999999', JSON_ANSWER),
				status: 404,
			},
			'POST /deals/merge': {
				call: (person) =>
					person.json('/deals/merge', { version: '999998:1,999999:1', survivorId: 999_999 }),
				status: 404,
			},
			'GET /products/suggestions': {
				call: (person) => person.get('/products/suggestions?product=печь', JSON_ANSWER),
				status: 200,
			},
		},
		administrators: {},
	};
}
