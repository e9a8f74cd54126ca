import { once } from 'node:events';
import autocannon from 'autocannon';
import { CONNECTIONS, type Rate, rateOf } from './rate.ts';

/** A request that is sent again and again. */
export type Visit = { path: string; headers: Record<string, string> };

/** Deals that are moved there and back between two states, each with its current version. */
export type Moving = {
	headers: Record<string, string>;
	deals: { id: number; version: number; stageId: number }[];
	between: [number, number];
};

/** Loads an address with ten connections for some seconds; visits are dealt out to them in turn. */
export async function loadVisits(origin: string, visits: Visit[], seconds: number): Promise<Rate> {
	return await cannonade(origin, seconds, (nth) => [
		{ method: 'GET', ...(visits[nth % visits.length] as Visit) },
	]);
}

/** The same with moves: every connection moves deals of its own, and so meets no conflict. */
export async function loadMoves(origin: string, moving: Moving, seconds: number): Promise<Rate> {
	const { headers, deals, between } = moving;
	return await cannonade(origin, seconds, (nth) => {
		const own = deals.filter((_, index) => index % CONNECTIONS === nth % CONNECTIONS);
		let turn = 0;
		let moved = own[0] as Moving['deals'][number];
		return [
			{
				method: 'POST',
				headers,
				setupRequest(request: autocannon.Request) {
					moved = own[turn++ % own.length] as typeof moved;
					const stageId = between[moved.stageId === between[0] ? 1 : 0];
					const body = `version=${moved.version}&stageId=${stageId}`;
					return { ...request, path: `/deals/${moved.id}/moves`, body };
				},
				onResponse(status: number) {
					if (status !== 200) return;
					moved.version += 1;
					moved.stageId = between[moved.stageId === between[0] ? 1 : 0];
				},
			},
		];
	});
}

async function cannonade(
	origin: string,
	seconds: number,
	requestsOf: (connection: number) => autocannon.Request[],
): Promise<Rate> {
	let connection = 0;
	const tookMs: number[] = [];
	const refused = new Map<number, number>();
	const from = performance.now();
	let until = from;
	const settings: autocannon.Options = {
		url: origin,
		connections: CONNECTIONS,
		duration: seconds,
		setupClient: (client) => client.setRequests(requestsOf(connection++)),
	};
	// With a callback it is an emitter of every answer; without one it promises only a summary.
	const cannon = autocannon(settings, () => {});
	cannon.on('response', (_client, status, _bytes, took) => {
		tookMs.push(took);
		until = performance.now();
		if (status !== 200) refused.set(status, (refused.get(status) ?? 0) + 1);
	});
	await once(cannon, 'done');
	if (refused.size > 0 || tookMs.length === 0)
		throw new Error(
			`not every answer was 200: ${JSON.stringify([...refused])}, ${tookMs.length} in all`,
		);
	return rateOf(tookMs, until - from);
}
