import { sql } from 'drizzle-orm';
import type { Acting, Owners } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound } from '#src/platform/errors.ts';
import { momentOf } from '#src/platform/history/clock.ts';
import { reassignDeal } from './reassign.ts';

type Given = { from: number; to: number; steps?: number[]; helped?: boolean };

const REGRET = '10 minutes';

/**
 * Takes the last reassignment of a deal back: it goes to whoever had it, with the interactions that went along and no
 * others, and who helped with it before helps again. Nobody is written to. Whoever has just given a deal out of their own
 * sight may do so while nobody else has done anything with it. Throws like reassignDeal, and NotFound where the deal was
 * never given away.
 */
export async function giveDealBack(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	version: number,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const { rows } = await tx.execute<{ data: Given; fresh: boolean }>(sql`
			select e.data, e.actor_id = ${acting.actorId} and e.at > ${momentOf(acting)} - ${REGRET}::interval
				and not exists (select from events o where o.deal_id = ${dealId} and o.id > e.id
					and o.actor_id is distinct from ${acting.actorId}) as fresh
			from events e where e.deal_id = ${dealId} and e.type = 'deal.reassigned'
			order by e.id desc limit 1`);
		const given = rows[0];
		if (given === undefined) throw new NotFound('error.notFound');
		const { from, to, steps = [], helped = false } = given.data;
		const by = given.fresh ? reaching(acting, to) : acting;
		const now = await reassignDeal(tx, by, dealId, version, from, null, steps);
		if (helped)
			await tx.execute(sql`
				insert into deal_collaborators (deal_id, person_id) values (${dealId}, ${to})
				on conflict do nothing`);
		return now;
	});
}

// As far as to the one who has it now: the giver's own scope may end before them.
function reaching(acting: Acting, personId: number): Acting {
	const withThem = (owners: Owners): Owners => (owners === 'all' ? owners : [...owners, personId]);
	const { actor } = acting;
	const wide = { scope: withThem(actor.scope), editScope: withThem(actor.editScope) };
	return { ...acting, actor: { ...actor, ...wide } };
}
