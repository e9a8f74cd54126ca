import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { migrate } from '#src/platform/db/migrate.ts';
import { testDatabase } from '../database.ts';
import { type Engine, endConnectionsAfterEach, value } from './engine.ts';
import { type OwnServer, ownPooler, ownPostgres, startPooler, startPostgres } from './servers.ts';
import { together } from './together.ts';
import { values } from './values.ts';

/*
 * What the program relies on in Postgres, one assertion each: on the embedded server, on the machine's own
 * (Debian's 15 in CI) directly, and on that through PgBouncer in transaction mode.
 */
endConnectionsAfterEach();
const contract = (engine: () => Engine) => {
	values(engine);
	together(engine);
};

const embedded = await testDatabase();
describe('the embedded server', () => contract(() => ({ ...embedded, directUrl: embedded.url })));

const programs = await ownPostgres();
const pooled = await ownPooler();
if (!programs) console.warn('NOT TESTED: PostgreSQL 15 of the machine is not installed');
if (!pooled) console.warn('NOT TESTED: PgBouncer is not installed');

describe.skipIf(!programs)('the machine’s own server', () => {
	let server: OwnServer;
	beforeAll(async () => {
		server = await startPostgres(programs as string);
	});
	afterAll(() => server.stop());

	describe('directly', () => {
		let engine: Engine;
		beforeAll(async () => {
			engine = { ...connect(server.url), url: server.url, directUrl: server.url };
			await migrate(engine.pool);
		});
		afterAll(() => engine.close());
		contract(() => engine);
	});

	describe.skipIf(!pooled)('through PgBouncer in transaction mode', () => {
		let engine: Engine;
		let stop: () => Promise<void>;
		beforeAll(async () => {
			const { url: first } = server;
			const base = Object.assign(new URL(first), { pathname: '/pooled' }).href;
			const owner = connect(first);
			await owner.pool.query('create database pooled');
			await owner.close();
			const pooler = await startPooler(base);
			stop = pooler.stop;
			engine = { ...connect(pooler.url, 60), url: pooler.url, directUrl: base };
			await migrate(engine.pool);
		});
		afterAll(async () => {
			await engine.close();
			await stop();
		});
		contract(() => engine);

		test('sixty connections of ours are five of the server', async () => {
			const asked = Array.from({ length: 60 }, () =>
				value(engine.pool, 'select pg_backend_pid() from pg_sleep(0.01)'),
			);
			expect(new Set(await Promise.all(asked)).size).toBeLessThanOrEqual(5);
		});
	});
});
