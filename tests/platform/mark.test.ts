import { describe, expect, test } from 'vitest';
import { signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const cast = await makeCast(database.db);
const office = await testApp(database);

const HTMX = { 'hx-request': 'true' };
const JSON_ASKED = { accept: 'application/json' };

describe('every answer of ours says that it is ours', () => {
	test.each([
		['a page', '/board', {}],
		['fragments', '/board', HTMX],
		['data', '/live', JSON_ASKED],
		['a refusal', '/deals/999999', HTMX],
		['a place that is none', '/nowhere', {}],
		['a question that is none', '/deals/zero', JSON_ASKED],
	])('%s', async (_what, url, headers) => {
		const anna = await signIn(office, 'anna');
		const { cookie } = anna;
		const answer = await office.app.inject({ url, headers: { cookie, ...headers } });
		expect(answer.headers['x-moi-prodazhi']).toMatch(/^[\da-f]{12}$/);
	});

	test('a stranger, a foreign host and a cross-site change', async () => {
		const { cookie } = await signIn(office, 'anna');
		const answers = await Promise.all([
			office.app.inject({ url: '/board', headers: HTMX }),
			office.app.inject({ url: '/board', headers: { cookie, host: 'evil.example' } }),
			office.app.inject({
				...{ method: 'POST', url: `/deals/${cast.deals.late}/moves` },
				headers: { cookie, ...HTMX, 'sec-fetch-site': 'cross-site' },
			}),
		]);
		expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 400, 403]);
		for (const { headers } of answers) expect(headers['x-moi-prodazhi']).toBeDefined();
	});
});

test('a script is shown no redirect, which it could not tell from a portal’s: it is told where to go', async () => {
	const { cookie } = await signIn(office, 'anna');
	const asked = { url: '/', headers: { cookie } };
	const page = await office.app.inject(asked);
	expect(page.statusCode).toBe(303);
	const answer = await office.app.inject({ ...asked, headers: { cookie, ...HTMX } });
	expect(answer.statusCode).toBe(200);
	expect(answer.headers['hx-redirect']).toBe(page.headers.location);
	expect(answer.headers.location).toBeUndefined();
});
