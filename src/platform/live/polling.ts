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

async function newestIds(pool: pg.Pool, most = LOOK_BACK): Promise<number[]> {
	const { rows } = await pool.query<{ id: number }>(
		`select id from events order by id desc limit ${most}`,
	);
	return rows.map(({ id }) => id);
}

async function newsOf(pool: pg.Pool, ids: number[]) {
	const { rows } = await pool.query<{ news: string | null }>(
		`select news_of(jsonb_agg(jsonb_build_object('type', type, 'noun', noun, 'dealId', deal_id, 'clientId', client_id,
			'interactionId', interaction_id, 'data', data)), null, null) as news
		from events where id = any($1::bigint[]) and door <> 'seed'`,
		[ids],
	);
	return rows.flatMap(({ news }) => (news === null ? [] : (readNews(news) ?? [])));
}

const NET_MS = 2_000;
/** Ids come in the order in which they are taken, and show in that of commits: so long one is looked for behind the newest. */
const SHOWS_WITHIN_MS = 60_000;

/** Looks for events that nobody told of. */
export type Net = {
	told: (ids: [number, number][]) => void;
	spread: (signal: AbortSignal) => Promise<void>;
};

/**
 * Beside LISTEN: what is told goes out after its commit, and is lost with the process that had to say it. Every two seconds the
 * newest ids are asked for; what has stood there for a whole round and nobody told of is told from here.
 */
export function makeNet(pool: pg.Pool, ear: Ear): Net {
	let heard: [number, number][] = [];
	let untold = new Set<number>();
	let floors: { at: number; id: number }[] = [];

	async function look(): Promise<void> {
		const from = floors[0]?.id ?? (await newestIds(pool, 1))[0] ?? 0;
		const ids = (await newestIds(pool)).filter((id) => id > from);
		const strange = ids.filter((id) => !heard.some(([first, last]) => first <= id && id <= last));
		const lost = strange.filter((id) => untold.has(id));
		untold = new Set(strange);
		for (const id of lost) heard.push([id, id]);
		if (lost.length > 0) for (const news of await newsOf(pool, lost)) ear.heard(news);
		floors.push({ at: Date.now(), id: Math.max(from, ids[0] ?? 0) });
		const settled = floors.findLastIndex(({ at }) => at < Date.now() - SHOWS_WITHIN_MS);
		if (settled > 0) floors = floors.slice(settled);
		heard = heard.filter(([, last]) => last > (floors[0]?.id ?? 0));
	}

	return {
		told(ids) {
			heard.push(...ids);
		},
		async spread(signal) {
			while (!signal.aborted) {
				// A database that is away is noticed by the connection that listens.
				await look().catch(() => {});
				await pause(NET_MS, undefined, { signal, ref: false }).catch(() => {});
			}
		},
	};
}
