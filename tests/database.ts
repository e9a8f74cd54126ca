import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { type Connection, connect } from '#src/platform/db/client.ts';
import { databaseUrl, statement } from './global-setup.ts';

/** Whose clock says when something changed: the test's own, as the application is told it, or the database's, as at work. */
type Setting = { clock?: 'told' | 'database' };

export type TestDatabase = Connection & { url: string };

/**
 * A migrated, otherwise empty database for one test file: `const database = await testDatabase()` at the
 * top of the file. It is dropped after the file's last test. `template0` has no tables either.
 */
export async function testDatabase(
	template?: 'template0',
	{ clock = 'told' }: Setting = {},
): Promise<TestDatabase> {
	const server = inject('server');
	const name = `test_${process.pid}_${randomBytes(4).toString('hex')}`;
	await statement(server.url, `create database ${name} template ${template ?? server.template}`);
	const place = new URL(databaseUrl(server.url, name));
	if (clock === 'told') place.searchParams.set('options', '-c app.clock=told');
	const url = place.href.replaceAll('+', '%20');
	const connection = connect(url, 10, 0, 'kept');
	afterAll(async () => {
		await connection.close();
		await statement(server.url, `drop database ${name} with (force)`);
	});
	return { ...connection, url };
}
