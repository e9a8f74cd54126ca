import type { Browser } from '../app.ts';
import { JSON_ANSWER, type Open, type Rules } from './rights-rules.ts';

const ABSENT = 999_999;

/** The routes of imports. Whose import is whose is tried in tests/imports/life.test.ts. */
export function importRules(): Rules {
	const page = (path: string): Open => ({
		call: (person: Browser) => person.get(`/import/${ABSENT}${path}`, JSON_ANSWER),
		status: 404,
	});
	const order = (path: string, fields: Record<string, string | number> = {}): Open => ({
		call: (person) => person.json(`/import/${ABSENT}/${path}`, { version: 1, ...fields }),
		status: 404,
	});
	return {
		signedIn: {
			'GET /import': { call: (person) => person.get('/import', JSON_ANSWER), status: 200 },
			// A form that brings no file.
			'POST /import': { call: (person) => person.json('/import', {}), status: 400 },
			'GET /import/:id': page(''),
			'GET /import/:id/progress': page('/progress'),
			'GET /import/:id/:file': page('/rejected.csv'),
			'POST /import/:id/reading': order('reading', { headerLine: 1 }),
			'POST /import/:id/names': order('names', {}),
			'POST /import/:id/columns': order('columns', { way: 'name', known: 'update' }),
			'POST /import/:id/start': order('start'),
			'POST /import/:id/cancellation': order('cancellation'),
			'POST /import/:id/undo': order('undo'),
			'POST /import/:id/removal': order('removal'),
		},
	};
}
