import { beforeAll, expect, test } from 'vitest';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { openCompany } from './directory.ts';

/* A sign-in that a slip in the settings keeps out: those who look after it read what answered, how, and which setting it is. */

const database = await testDatabase();
const wrong = await openCompany(database, { OIDC_CLIENT_SECRET: 'not the secret that was given' });

beforeAll(async () => {
	await makeCompany(database.db);
	wrong.accounts.anna = { preferred_username: 'anna', name: 'Анна Соколова' };
});

async function lastDetail(): Promise<string> {
	const { rows } = await database.pool.query(
		`select data ->> 'detail' as detail from events where type = 'session.refused' order by id desc limit 1`,
	);
	return rows[0]?.detail ?? '';
}

test('a wrong secret of the client is told by address, status and setting', async () => {
	const page = await wrong.signIn('anna');
	expect(page.status).toBe(403);
	const detail = await lastDetail();
	expect(detail).toContain(`${wrong.issuer}/token answered 401`);
	expect(detail).toContain('check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET');
	expect(detail).not.toContain('not the secret');
});
