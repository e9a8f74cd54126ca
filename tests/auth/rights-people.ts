import type { Rules, Tools } from './rights-rules.ts';
import { JSON_ANSWER, type Open } from './rights-rules.ts';

const page = (url: string): Open => ({
	call: (person) => person.get(url, JSON_ANSWER),
	status: 200,
});
const nowhere = (url: string): Open => ({
	call: (person) => person.get(url, JSON_ANSWER),
	status: 404,
});
const change = (url: string, body: Record<string, unknown> = {}): Open => ({
	call: (person) => person.json(url, { version: 1, ...body }),
	status: 404,
});
const made = (url: string, body: () => Record<string, unknown>): Open => ({
	call: (person) => person.json(url, body()),
	status: 200,
});

/** People, teams, roles and groups of the directory: an administrator's alone. */
export function peopleRules(_tools: Tools): Rules {
	let n = 0;
	const name = () => `Новое ${++n}`;
	return {
		signedIn: { 'GET /sign-in/again': page('/sign-in/again') },
		administrators: {
			'GET /admin/people': page('/admin/people'),
			'GET /admin/people/new': page('/admin/people/new'),
			'GET /admin/people/:id/edit': nowhere('/admin/people/999999/edit'),
			'GET /admin/people/:id/leaving/new': nowhere('/admin/people/999999/leaving/new'),
			'POST /admin/people': made('/admin/people', () => ({
				...{ name: name(), login: `p${n}`, role: 'manager' },
			})),
			'POST /admin/people/:id/edit': change('/admin/people/999999/edit', {
				...{ name: 'Никто', login: 'nobody', role: 'manager' },
			}),
			'POST /admin/people/:id/leaving': change('/admin/people/999999/leaving'),
			'POST /admin/people/:id/admission': change('/admin/people/999999/admission'),
			'POST /admin/people/:id/linking': change('/admin/people/999999/linking', { accountId: 1 }),
			'POST /admin/people/:id/strangeness': change('/admin/people/999999/strangeness', {
				accountId: 1,
			}),
			'GET /admin/erasure': page('/admin/erasure'),
			...Object.fromEntries(
				['client', 'contact', 'person'].flatMap((noun) => [
					[`GET /admin/erasure/${noun}/:id`, nowhere(`/admin/erasure/${noun}/999999`)],
					[
						`POST /admin/erasure/${noun}/:id`,
						change(`/admin/erasure/${noun}/999999`, { typed: 999_999 }),
					],
				]),
			),
			'GET /admin/teams': page('/admin/teams'),
			'GET /admin/teams/new': page('/admin/teams/new'),
			'GET /admin/teams/:id/edit': nowhere('/admin/teams/999999/edit'),
			'POST /admin/teams': made('/admin/teams', () => ({ name: name() })),
			'POST /admin/teams/:id/edit': change('/admin/teams/999999/edit', { name: 'Никакая' }),
			'POST /admin/teams/:id/removal': change('/admin/teams/999999/removal'),
			'GET /admin/roles': page('/admin/roles'),
			'GET /admin/roles/new': page('/admin/roles/new'),
			'GET /admin/roles/:id/edit': nowhere('/admin/roles/999999/edit'),
			'POST /admin/roles': made('/admin/roles', () => ({
				...{ name: name(), viewScope: 'own', editScope: 'own' },
			})),
			'POST /admin/roles/:id/edit': change('/admin/roles/999999/edit', {
				...{ name: 'Никакая', viewScope: 'own', editScope: 'own' },
			}),
			'POST /admin/roles/:id/removal': change('/admin/roles/999999/removal'),
			'GET /admin/mappings': page('/admin/mappings'),
			'GET /admin/mappings/new': page('/admin/mappings/new'),
			'GET /admin/mappings/:id/edit': nowhere('/admin/mappings/999999/edit'),
			'POST /admin/mappings': made('/admin/mappings', () => ({
				...{ pattern: name(), role: 'manager' },
			})),
			'POST /admin/mappings/:id/edit': change('/admin/mappings/999999/edit', {
				...{ pattern: 'нет', role: 'manager' },
			}),
			'POST /admin/mappings/:id/position': change('/admin/mappings/999999/position', { way: 'up' }),
			'POST /admin/mappings/:id/removal': change('/admin/mappings/999999/removal'),
		},
	};
}
