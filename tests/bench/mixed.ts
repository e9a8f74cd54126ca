import { setTimeout as pause } from 'node:timers/promises';
import { send } from './instance.ts';
import { rateOf } from './rate.ts';
import { signIn } from './screens.ts';
import type { Site } from './site.ts';

/** Ninety looks to ten moves at a fixed rate: how long they took (p95, ms), against the floor at the same rate. */
export type Mixed = {
	requests: number;
	errors: number;
	looks: number;
	moves: number;
	floor: number;
};

const A_SECOND = 50;
const SECONDS = 20;
/** Every so manieth is a move. */
const MOVE_EACH = 10;
const PAGES = ['/board', '/deals', '/agenda', '/clients', '/board?view=dates'];

type Sent = { status: number };

/** Fifty requests a second, whether the answers come or not; then as many of the floor. */
export async function measureMixed({ instance, connection: { pool } }: Site): Promise<Mixed> {
	const { origin } = instance;
	const headers = await signIn(origin, 'seller1');
	const { rows: deals } = await pool.query<{ id: number; version: number; stageId: number }>(
		`select d.id, d.version, d.stage_id as "stageId" from deals d join people p on p.id = d.owner_id
		where p.login = 'seller1' and d.closed_on is null order by d.id limit 60`,
	);
	const { rows: stages } = await pool.query<{ id: number }>(
		`select id from stages where kind = 'open' order by position limit 2`,
	);
	const [one, other] = stages.map(({ id }) => id) as [number, number];
	let turn = 0;
	const move = async (): Promise<Sent> => {
		const deal = deals[turn++ % deals.length] as (typeof deals)[number];
		const stageId = deal.stageId === one ? other : one;
		const body = `stageId=${stageId}&version=${deal.version}`;
		const type = {
			'content-type': 'application/x-www-form-urlencoded',
			accept: 'application/json',
		};
		const path = new URL(`/deals/${deal.id}/moves`, origin);
		const answer = await send(path, { method: 'POST', headers: { ...headers, ...type }, body });
		if (answer.status === 200) Object.assign(deal, { stageId, version: deal.version + 1 });
		return answer;
	};
	const look = async (nth: number): Promise<Sent> =>
		await instance.get({ path: PAGES[nth % PAGES.length] as string, headers });

	const [looks, moves, hellos]: [number[], number[], number[]] = [[], [], []];
	let errors = 0;
	const timed = async (tookMs: number[], sent: Promise<Sent>) => {
		const from = performance.now();
		const { status } = await sent.catch(() => ({ status: 0 }));
		tookMs.push(performance.now() - from);
		if (status !== 200) errors += 1;
	};
	await atRate(async (nth) =>
		nth % MOVE_EACH === 0 ? await timed(moves, move()) : await timed(looks, look(nth)),
	);
	const requests = looks.length + moves.length;
	await atRate(async () => await timed(hellos, instance.get({ path: '/hello', headers: {} })));
	const p95 = (tookMs: number[]) => rateOf(tookMs, 1).p95;
	return { requests, errors, looks: p95(looks), moves: p95(moves), floor: p95(hellos) };
}

async function atRate(ask: (nth: number) => Promise<void>): Promise<void> {
	const asked: Promise<void>[] = [];
	const from = performance.now();
	for (let nth = 0; nth < A_SECOND * SECONDS; nth += 1) {
		await pause(Math.max(0, from + (nth * 1_000) / A_SECOND - performance.now()));
		asked.push(ask(nth));
	}
	await Promise.all(asked);
}

/** The figures in words. */
export function drawMixed({ requests, errors, looks, moves, floor }: Mixed): string {
	const ms = (value: number) => `${Math.round(value)} мс`;
	return [
		`Вперемешку, 90 просмотров на 10 переносов, ${A_SECOND} запросов в секунду: ${requests}, ошибок ${errors}`,
		`p95: просмотры ${ms(looks)}, переносы ${ms(moves)}, GET /hello ${ms(floor)} (в ${(looks / floor).toFixed(1)} и ${(moves / floor).toFixed(1)} раза больше)`,
	].join('\n');
}
