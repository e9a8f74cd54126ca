import { expect, test } from 'vitest';
import { foldClientTallies } from '#src/features/clients/list/tallies.ts';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';

const { db, pool } = await testDatabase();

test('the company is counted by what a director filters by, also after folding', async () => {
	await makeCompany(db);
	const tallied = async () => {
		const { rows } = await pool.query(`
			select segment, region, status, archived, owned, sum(clients)::int as n from client_tallies
			group by 1, 2, 3, 4, 5 having sum(clients) <> 0 order by 1, 2, 3, 4, 5`);
		return rows;
	};
	const recounted = async () => {
		const { rows } = await pool.query(`
			select segment, region, status, archived_at is not null as archived, owner_id is not null as owned,
				count(*)::int as n from clients group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`);
		return rows;
	};
	const silent = async () => {
		const { rows } = await pool.query(`
			select hour, sum(clients)::int as n from client_contact_tallies group by 1 having sum(clients) <> 0
			except select date_trunc('hour', last_contact_at, 'UTC'), count(*)::int from client_summaries group by 1`);
		return rows;
	};
	await pool.query(`insert into clients (name, segment, region, status, archived_at)
		select 'Много ' || n, case when n % 3 > 0 then 'С' || n % 3 end, case when n % 2 > 0 then 'Р' end,
			(array['prospect', 'active', 'former'])[1 + n % 3], case when n % 5 = 0 then now() end
		from generate_series(1, 60) n`);
	await pool.query(`update clients set region = 'Урал', archived_at = null where name like '%7'`);
	await pool.query(`delete from clients where name like 'Много %3'`);
	expect(await tallied()).toEqual(await recounted());
	expect(await foldClientTallies(db)).toBe(true);
	expect(await tallied()).toEqual(await recounted());
	expect(await silent()).toEqual([]);
	const { rows } = await pool.query(
		'select count(*)::int as n from client_tallies where clients < 1',
	);
	expect(rows[0].n).toBe(0);
});
