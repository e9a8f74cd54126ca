import { expect, test } from 'vitest';
import { findActor } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { readBoard } from '#src/features/deals/board/screen.ts';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { testDatabase } from '../database.ts';

const NOW = new Date('2026-11-24T09:00:00Z');
const [first, again] = [await testDatabase(), await testDatabase()];
await Promise.all([makeDemoCompany(first.db, NOW), makeDemoCompany(again.db, NOW)]);

/** Everything that a person sees of the company's deals and steps, without the rows' own ids. */
async function company({ pool }: typeof first): Promise<unknown[]> {
	const { rows } = await pool.query(
		`select p.login, s.name as stage, c.name as client, d.title, d.amount, d.closed_on,
			d.next_planned_on, d.next_planned_at, d.last_done_at, d.created_at,
			(select count(*) from events e where e.deal_id = d.id) as events
		from deals d join people p on p.id = d.owner_id join stages s on s.id = d.stage_id
		left join clients c on c.id = d.client_id order by d.id`,
	);
	return rows;
}

test('is five people of two teams with five hundred deals, in every state', async () => {
	const { rows } = await first.pool.query(`
		select count(*)::int as deals, count(distinct owner_id)::int as people,
			count(distinct stage_id)::int as stages from deals`);
	expect(rows).toEqual([{ deals: 500, people: 5, stages: 7 }]);
	const teams = await first.pool.query('select count(*)::int as n from teams');
	expect(teams.rows).toEqual([{ n: 2 }]);
});

test('is the same every time', async () => {
	expect(await company(again)).toEqual(await company(first));
});

test('lives around today: overdue, today, without a step and later, for each who sells', async () => {
	for (const login of ['anna', 'boris', 'vera', 'gleb']) {
		const actor = (await findActor(first.db, login)) as Actor;
		const viewer = viewerAt(NOW, 'ru', actor.timeZone);
		const { chips } = await readBoard(first.db, actor, { owner: 'me' }, viewer);
		for (const group of ['late', 'today', 'none', 'later'] as const)
			expect(chips[group], `${login}: ${group}`).toBeGreaterThan(0);
	}
});

test('has no past before a deal began, and no deeds in the future', async () => {
	const { rows } = await first.pool.query(
		`select count(*)::int as n from events e join deals d on d.id = e.deal_id
		where e.at < d.created_at or e.at > $1`,
		[NOW],
	);
	expect(rows).toEqual([{ n: 0 }]);
});
