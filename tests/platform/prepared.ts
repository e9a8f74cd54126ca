import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { migrate } from '#src/platform/db/migrate.ts';
import { startEmbedded } from '#src/platform/embedded/embedded.ts';
import { dataFolder, removeFolder, scratchFolder } from './program.ts';

/**
 * Makes data as an earlier run left them, with one person in, once for a test file. Returns a function
 * that gives each test a copy: creating and seeding them anew takes ten times as long.
 */
export async function preparedData(): Promise<() => Promise<string>> {
	const original = await scratchFolder();
	const server = await startEmbedded({ dataDir: original, say: () => {} });
	const connection = connect(server.url);
	await migrate(connection.pool);
	await connection.pool.query(
		`insert into people (login, name, role) values ('ada', 'Ада Миронова', 'administrator')`,
	);
	await connection.close();
	await server.stop();
	afterAll(() => removeFolder(original));
	return async () => {
		const copy = await dataFolder();
		// cp keeps the owner and the mode, without which Postgres refuses the data; fs.cp does not.
		execFileSync('cp', ['-a', join(original, 'postgres'), copy]);
		return copy;
	};
}
