import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import type { Ear } from './listen.ts';
import { readNews } from './news.ts';

const EVERY_MS = 1_000;
/** How far back an event may still appear: a transaction that began before others ended writes a lower id. */
const LOOK_BACK = 1_000;

/**
 * Asks for the newest events again and again, and tells of each that was not there before, until `signal`:
 * where LISTEN is impossible. The order of ids is not the order of commits, so ids that were skipped are looked
 * at again for a while.
 */
export async function pollEvents(pool: pg.Pool, ear: Ear, signal: AbortSignal): Promise<void> {
	let seen: Set<number> | null = null;
	while (!signal.aborted) {
		try {
			const ids: number[] = await newestIds(pool);
			const fresh = seen === null ? [] : ids.filter((id) => !seen?.has(id));
			// More than are looked at: some were skipped for good.
			if (seen !== null && fresh.length >= LOOK_BACK) ear.missed();
			else if (fresh.length > 0) for (const news of await newsOf(pool, fresh)) ear.heard(news);
			// Between the last look and the first one anything may have happened.
			if (seen === null) ear.missed();
			seen = new Set(ids);
		} catch {
			// The database is away: what happened meanwhile shows when it is back.
			if (seen !== null && seen.size > 0) seen = null;
		}
		await pause(EVERY_MS, undefined, { signal }).catch(() => {});
	}
}

async function newestIds(pool: pg.Pool): Promise<number[]> {
	const { rows } = await pool.query<{ id: number }>(
		`select id from events order by id desc limit ${LOOK_BACK}`,
	);
	return rows.map(({ id }) => id);
}

async function newsOf(pool: pg.Pool, ids: number[]) {
	const { rows } = await pool.query<{ news: string | null }>(
		`select news_of(jsonb_agg(jsonb_build_object('type', type, 'dealId', deal_id, 'clientId', client_id,
			'interactionId', interaction_id, 'data', data)), null, null) as news
		from events where id = any($1::bigint[])`,
		[ids],
	);
	return rows.flatMap(({ news }) => (news === null ? [] : (readNews(news) ?? [])));
}
