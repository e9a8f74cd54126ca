import { type SQL, sql } from 'drizzle-orm';
import type { Settled, SettledStep } from '#src/event-shapes.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import type { StageKind } from '#src/features/deals/pipelines/tables.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import type { Tx } from '#src/platform/db/client.ts';

/** What becomes of what is planned on a deal that is finished. */
export const SETTLEMENTS = ['cancel', 'keep'] as const;
export type Settlement = (typeof SETTLEMENTS)[number];

/**
 * What becomes of it where nobody says: of a lost deal nothing is left to do, so its steps are cancelled; of a won
 * one much may be (delivery, payment), so they stay.
 */
export const usualSettlement = (kind: StageKind): Settlement =>
	kind === 'lost' ? 'cancel' : 'keep';

/** How a deal goes from one kind of state to another, into the archive or out of it, and what is to become of its planned steps. */
export type Settling = {
	dealId: number;
	/** `open` for one that enters the archive, whatever its state, as it is for one that leaves it. */
	from: StageKind | 'archive';
	to: StageKind | 'archive';
	/** All of them as said, or just these: what a move that is taken back had given back. */
	steps: Settlement | number[];
};

/**
 * Settles the steps of deals that enter a final state or the archive, or leave one: what is planned is cancelled, or kept; what an
 * end had cancelled and nobody has touched since comes back as it leaves it. Returns what was done by deal.
 */
export async function settleSteps(tx: Tx, settlings: Settling[]): Promise<Map<number, Settled>> {
	const done = new Map<number, Settled>();
	const note = (key: keyof Settled, rows: Row[]) => {
		for (const { dealId, ...step } of rows) {
			const settled = done.get(dealId) ?? {};
			done.set(dealId, { ...settled, [key]: [...(settled[key] ?? []), step] });
		}
	};
	const leaving = Map.groupBy(settlings, ({ from }) => from);
	leaving.delete('open');
	for (const [from, left] of leaving)
		note('returned', await giveBack(tx, left, from === 'archive' ? ARCHIVINGS : ENDINGS));
	const cancelling = settlings.filter(({ to, steps }) => to !== 'open' && steps !== 'keep');
	if (cancelling.length > 0) note('cancelled', await cancel(tx, cancelling));
	for (const dealId of done.keys()) await refreshNextStep(tx, dealId);
	return done;
}

type Row = SettledStep & { dealId: number };
const ROW = sql`i.deal_id as "dealId", i.id, i.version, i.kind_id as "kindId", i.summary`;

async function cancel(tx: Tx, settlings: Settling[]): Promise<Row[]> {
	const whole = settlings.filter(({ steps }) => steps === 'cancel').map(({ dealId }) => dealId);
	const parts = settlings.filter(({ steps }) => Array.isArray(steps));
	const only = parts.flatMap(({ steps }) => steps as number[]);
	const { rows } = await tx.execute<Row>(sql`
		update interactions i set status = 'cancelled', version = version + 1
		where i.status = 'planned' and (i.deal_id = any(${idsOf(whole)})
			or (i.deal_id = any(${idsOf(parts.map(({ dealId }) => dealId))}) and i.id = any(${idsOf(only)})))
		returning ${ROW}`);
	return inOrder(rows);
}

// Only what nobody has touched since: its version is still the one that the end left.
async function giveBack(tx: Tx, settlings: Settling[], passages: string[]): Promise<Row[]> {
	const { rows } = await tx.execute<Row>(sql`
		update interactions i set status = 'planned', outcome = null, version = i.version + 1
		from unnest(${idsOf(settlings.map(({ dealId }) => dealId))}) ended(deal_id)
		cross join lateral (${lastPassage(sql`ended.deal_id`, passages)}) last
		cross join lateral jsonb_to_recordset(last.data->'cancelled') step(id bigint, version int)
		where i.id = step.id and i.version = step.version and i.status = 'cancelled'
			and i.deal_id = ended.deal_id
		returning ${ROW}`);
	await refreshReminders(tx, { ids: rows.map(({ id }) => id) });
	return inOrder(rows);
}

/** The steps that the last passage of a deal gave back: what taking that passage back cancels again. */
export async function givenBack(tx: Tx, dealId: number): Promise<number[]> {
	const { rows } = await tx.execute<{ returned: SettledStep[] | null }>(
		sql`select data->'returned' as returned from (${lastPassage(sql`${dealId}`, ENDINGS)}) last`,
	);
	return (rows[0]?.returned ?? []).map(({ id }) => id);
}

const ENDINGS = ['deal.won', 'deal.lost', 'deal.reopened'];
const ARCHIVINGS = ['deal.archived', 'deal.restored'];
const lastPassage = (dealId: SQL, types: string[]) => sql`
	select data from events where deal_id = ${dealId} and type = any(${sql.param(types)}::text[])
	order by id desc limit 1`;

const idsOf = (ids: number[]) => sql`${sql.param(ids)}::bigint[]`;
const inOrder = (rows: Row[]) => rows.sort((a, b) => a.id - b.id);
