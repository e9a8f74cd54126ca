import type { TestDatabase } from '../database.ts';

/** What the board sorts by, as it is kept on a deal. */
export type NextStepColumns = {
	id: number | null;
	on: string | null;
	at: Date | null;
	done: Date | null;
};

/** The next-step columns of every deal, by its id. */
export async function keptSteps({ pool }: TestDatabase): Promise<Map<number, NextStepColumns>> {
	const { rows } = await pool.query(`
		select id as deal, next_interaction_id as id, next_planned_on as on, next_planned_at as at,
			last_done_at as done from deals`);
	return new Map(rows.map(({ deal, ...columns }) => [deal, columns]));
}

/** The same out of the interactions, in plain words: the plan that is due first, the last one done. */
export async function recountedSteps({
	pool,
}: TestDatabase): Promise<Map<number, NextStepColumns>> {
	const { rows: deals } = await pool.query<{ id: number }>('select id from deals');
	const { rows } = await pool.query(`
		select i.id, i.deal_id, i.status, i.planned_on, i.planned_at, i.completed_at,
			coalesce(i.planned_at, ((i.planned_on + 1)::text || ' 00:00 ' || p.time_zone)::timestamptz) as due
		from interactions i join deals d on d.id = i.deal_id join people p on p.id = d.owner_id`);
	const recount = (dealId: number): NextStepColumns => {
		const own = rows.filter(({ deal_id }) => deal_id === dealId);
		const [next] = own
			.filter(({ status }) => status === 'planned')
			.sort((a, b) => a.due - b.due || a.id - b.id);
		const done = own.flatMap(({ completed_at }) => completed_at ?? []).sort((a, b) => b - a);
		return {
			...{ id: next?.id ?? null, on: next?.planned_on ?? null },
			...{ at: next?.planned_at ?? null, done: done[0] ?? null },
		};
	};
	return new Map(deals.map(({ id }) => [id, recount(id)]));
}
