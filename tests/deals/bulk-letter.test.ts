import { expect, test } from 'vitest';
import { signIn, testApp } from '../app.ts';
import { makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

test('a kill between two deals: the letter of those that were given is in the queue already', async () => {
	const cast = await makeCast(db);
	await pool.query(`update people set email = login || '@firma.example'`);
	const { id: moment } = await makeDeal(db, cast, 'anna', { title: 'Момент' });
	const { id: day } = await makeDeal(db, cast, 'anna', { title: 'День' });
	// The second deal's change is the last thing that the process does.
	await pool.query(`
		create function mourn() returns trigger language plpgsql as $$
		begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
		create trigger mourn before update on deals for each row when (new.title = 'День') execute function mourn()`);
	const fields = { verb: 'owner', ownerId: cast.people.boris.id };
	const vera = await signIn(served, 'vera');
	const answer = await vera.json('/deals/bulk', { ...fields, deal: `${moment}.1,${day}.1` });
	const { verdicts } = answer.json() as { verdicts: { status: string }[] };
	await pool.query('drop function mourn cascade');
	expect(verdicts.map(({ status }) => status)).toEqual(['done', 'failed']);
	const letters = await pool.query(`select subject, status, deal_id from mails`);
	expect(letters.rows).toEqual([
		{ subject: expect.stringContaining('Момент'), status: 'queued', deal_id: moment },
	]);
});
