import { expect, test } from 'vitest';
import { bringInExample } from '#src/features/imports/console/example.ts';
import { makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();

test('the demo’s example is brought in by hand, and nothing of it is left to a worker that runs beside', async () => {
	await makeCast(database.db);
	await database.pool.query(`
		create table queued (task text);
		create function noted() returns trigger language plpgsql as $$ begin
			insert into queued select identifier from graphile_worker._private_tasks where id = new.task_id;
			return new;
		end $$;
		create trigger noted after insert on graphile_worker._private_jobs for each row execute function noted()`);
	await bringInExample(database, 'anna', NOW);
	const { rows } = await database.pool.query(`select status from imports`);
	expect(rows).toEqual([{ status: 'done' }]);
	const { rows: queued } = await database.pool.query(
		`select task from queued where task like 'import.%'`,
	);
	expect(queued).toEqual([]);
});
