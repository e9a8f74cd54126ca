import type { Browser } from '../app.ts';
import { JSON_ANSWER, type Rules, type Tools, versionOf } from './rights-rules.ts';

/** The kinds of interactions; what is taken away is one that nobody uses. */
export function kindRules(tools: Tools): Rules {
	const { database } = tools;
	const kind = { icon: 'phone', nextInDays: '2' };
	let made = 0;
	let spare = 0;
	const change = async (path: string, body: Record<string, string>) => ({
		path: `/admin/kinds/${spare}${path}`,
		body: { ...body, version: await versionOf(database, 'interaction_kinds', spare) },
	});
	const changing = (path: string, body: Record<string, string>) => ({
		call: async (person: Browser) => {
			const sent = await change(path, body);
			return await person.json(sent.path, sent.body);
		},
		status: 200,
	});
	return {
		prepare: async () => {
			const { rows } = await database.pool.query<{ id: number }>(`
				insert into interaction_kinds (code, name, icon, position, next_in_days)
				values ('spare', 'Запасной', 'flag', 90, 1) returning id`);
			spare = rows[0]?.id ?? 0;
		},
		administrators: {
			'GET /admin/kinds': {
				call: (person) => person.get('/admin/kinds', JSON_ANSWER),
				status: 200,
			},
			'GET /admin/kinds/new': {
				call: (person) => person.get('/admin/kinds/new', JSON_ANSWER),
				status: 200,
			},
			'GET /admin/kinds/:id/edit': {
				call: (person) => person.get(`/admin/kinds/${spare}/edit`, JSON_ANSWER),
				status: 200,
			},
			'POST /admin/kinds': {
				call: (person) => {
					made += 1;
					return person.json('/admin/kinds', { ...kind, name: `Новый ${made}` });
				},
				status: 200,
			},
			'POST /admin/kinds/:id': changing('', { ...kind, name: 'Запасной вид' }),
			'POST /admin/kinds/:id/position': changing('/position', { way: 'up' }),
			'POST /admin/kinds/:id/activity': changing('/activity', {}),
			'POST /admin/kinds/:id/removal': changing('/removal', {}),
		},
	};
}
