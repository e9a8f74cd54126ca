import type pg from 'pg';
import { type Instance, type Reply, send } from './instance.ts';
import { loadMoves, loadVisits, type Moving, type Visit } from './load.ts';
import { explainWork, type Work } from './plans.ts';
import type { Rate } from './rate.ts';
import type { Screen } from './screens.ts';
import type { Site } from './site.ts';
import { insideTransaction, type Script, withParams } from './statements.ts';

/** Counts that do not wobble: the same on every run. Sizes in bytes. */
export type Counts = {
	statements: number;
	inTransaction: number;
	work: Work;
	raw: number;
	wire: number;
};

/** A screen ready to be loaded: the page over HTTP, and its own SQL alone. */
export type Prepared = {
	counts: Counts;
	page: (seconds: number) => Promise<Rate>;
	sql: (seconds: number) => Promise<Rate>;
};

const MOVED_DEALS = 60;
/** Versions of the recorded deal start here, so that they are told from every other parameter. */
const RECORDED_VERSION = 1_000_000;

/** Sends a screen's request once, counts what it costs, and makes it ready for the load. */
export async function prepare(site: Site, screen: Screen): Promise<Prepared> {
	return 'visits' in screen
		? await prepareVisits(site, screen.key, screen.visits)
		: await prepareMoves(site, screen.key, screen.headers);
}

async function prepareVisits(
	{ instance, connection }: Site,
	key: string,
	visits: Visit[],
): Promise<Prepared> {
	const recordings = [];
	for (const [nth, visit] of visits.entries()) {
		// Once before: the first request in five minutes also notes that the session is in use.
		await instance.get(visit);
		recordings.push(await instance.record(`${key}${nth}`, () => instance.get(visit)));
	}
	const [{ reply, script }] = recordings as [{ reply: Reply; script: Script }];
	const names = visits.map((_, nth) => `${key}${nth}`);
	return {
		counts: countsOf(reply, script, await explainWork(connection.pool, script)),
		page: (seconds) => loadVisits(instance.origin, visits, seconds),
		sql: (seconds) => instance.replay(names, seconds),
	};
}

async function prepareMoves(
	{ instance, connection: { pool } }: Site,
	key: string,
	headers: Record<string, string>,
): Promise<Prepared> {
	const [first, second] = await openStages(pool);
	const recorded = { id: await lastDealIn(pool, first), version: RECORDED_VERSION };
	const { id } = recorded;
	await instance.get({ path: '/board', headers });
	await pool.query('update deals set version = $2 where id = $1', [id, RECORDED_VERSION]);
	const there = await recordMove(instance, `${key}0`, headers, id, RECORDED_VERSION, second);
	await recordMove(instance, `${key}1`, headers, id, RECORDED_VERSION + 1, first);
	const again = withParams(there.script, new Map([[RECORDED_VERSION, RECORDED_VERSION + 2]]));
	const deals = () => dealsToMove(pool, first, second);
	return {
		counts: countsOf(there.reply, there.script, await explainWork(pool, again)),
		async page(seconds) {
			return await loadMoves(
				instance.origin,
				{ headers, deals: await deals(), between: [first, second] },
				seconds,
			);
		},
		async sql(seconds) {
			return await instance.replayMoves([`${key}0`, `${key}1`], recorded, await deals(), seconds);
		},
	};
}

async function recordMove(
	instance: Instance,
	name: string,
	headers: Record<string, string>,
	id: number,
	version: number,
	stageId: number,
): Promise<{ reply: Reply; script: Script }> {
	const body = `version=${version}&stageId=${stageId}`;
	const url = new URL(`/deals/${id}/moves`, instance.origin);
	const made = await instance.record(name, () => send(url, { method: 'POST', headers, body }));
	if (made.reply.status !== 200) throw new Error(`the move was answered ${made.reply.status}`);
	return made;
}

function countsOf(reply: Reply, script: Script, work: Work): Counts {
	if (reply.status !== 200) throw new Error(`the screen was answered ${reply.status}`);
	return {
		statements: script.flat().length,
		inTransaction: insideTransaction(script).length,
		work,
		raw: Buffer.byteLength(reply.text),
		wire: reply.wire,
	};
}

async function openStages(pool: pg.Pool): Promise<[number, number]> {
	const { rows } = await pool.query<{ id: number }>(
		`select id from stages where kind = 'open' order by position limit 2`,
	);
	return rows.map(({ id }) => id) as [number, number];
}

// The one with the greatest number, which is not among those that the load moves.
async function lastDealIn(pool: pg.Pool, stageId: number): Promise<number> {
	const { rows } = await pool.query<{ id: number }>(
		`select d.id from deals d join people p on p.id = d.owner_id
		where p.login = 'seller1' and d.stage_id = $1 order by d.id desc limit 1`,
		[stageId],
	);
	return rows[0]?.id ?? 0;
}

async function dealsToMove(pool: pg.Pool, first: number, second: number): Promise<Moving['deals']> {
	const { rows } = await pool.query<Moving['deals'][number]>(
		`select d.id, d.version, d.stage_id as "stageId" from deals d join people p on p.id = d.owner_id
		where p.login = 'seller1' and d.stage_id in ($1, $2) order by d.id limit ${MOVED_DEALS}`,
		[first, second],
	);
	return rows;
}
