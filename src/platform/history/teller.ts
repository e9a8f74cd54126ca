import type pg from 'pg';

/** An action that was stored: its events as news_of takes them, their ids, who did it and on which page. */
export type Stored = {
	happened: unknown[];
	ids: number[];
	actor: number | null;
	tab: string | null;
};

/** NOTIFY refuses what is longer than 8,000 bytes. */
const MOST_BYTES = 7_900;

const waiting = new WeakMap<pg.Pool, { stored: Stored[]; telling: Promise<void> | null }>();

/**
 * Tells all instances of what was stored, after its commit: within it, NOTIFY would make the commits of the whole cluster
 * wait for each other, each with its flush and its replica. What comes while one word is on its way goes with the
 * next, one person's page as one. What is lost with this process or its connection others find by asking (polling.ts).
 */
export function tell(pool: pg.Pool, stored: Stored): void {
	const own = waiting.get(pool) ?? { stored: [], telling: null };
	waiting.set(pool, own);
	own.stored.push(stored);
	own.telling ??= (async () => {
		while (own.stored.length > 0) await tellOnce(pool, mergedOf(own.stored.splice(0)));
		own.telling = null;
	})();
}

async function tellOnce(pool: pg.Pool, stored: Stored[]): Promise<void> {
	const told = stored.map(({ ids, ...rest }) => ({ ...rest, ids: rangesOf(ids) }));
	await pool
		.query(
			`select set_config('synchronous_commit', 'off', true), pg_notify('changed', case
				when octet_length(whole) <= ${MOST_BYTES} then whole else news end)
			from jsonb_array_elements($1::jsonb) told,
				news_of(told->'happened', (told->>'actor')::bigint, told->>'tab') news,
				lateral (select (news::jsonb || jsonb_build_object('ids', told->'ids'))::text as whole) w
			where news is not null`,
			[JSON.stringify(told)],
		)
		// The database is away, or the program ends: whoever listens asks for it soon.
		.catch(() => {});
}

function mergedOf(stored: Stored[]): Stored[] {
	const byPage = Map.groupBy(stored, ({ actor, tab }) => `${actor} ${tab}`);
	return [...byPage.values()].map((some) => ({
		...(some[0] as Stored),
		happened: some.flatMap(({ happened }) => happened),
		ids: some.flatMap(({ ids }) => ids),
	}));
}

/** Ids as the first and the last of each row of them. */
export function rangesOf(ids: number[]): [number, number][] {
	const ranges: [number, number][] = [];
	for (const id of ids.toSorted((a, b) => a - b)) {
		const last = ranges.at(-1);
		if (last && id <= last[1] + 1) last[1] = id;
		else ranges.push([id, id]);
	}
	return ranges;
}

/** Settles when nothing that was stored through this pool waits to be told. */
export async function allTold(pool: pg.Pool): Promise<void> {
	await waiting.get(pool)?.telling;
}
