import type { WorkerEvents } from 'graphile-worker';

/** Workers ask for jobs every two seconds; after so long without a sign the work counts as interrupted, then as at a standstill. */
const QUIET_MS = 20_000;
const STANDSTILL_MS = 60_000;
/** How long a runner that says that it stops may take for it. */
const WINDING_UP_MS = 10_000;
const LOOK_MS = 1_000;

/** The work of one runner as others see it. */
export type Work = {
	/** Whether jobs are asked for, or everybody has one in hand. */
	goesOn: () => boolean;
	/** Rejects when the work stands still, or its end does not come; never settles otherwise. */
	over: Promise<never>;
	end: () => void;
};

/**
 * Watches what the library does, for its promises may never settle: it has said that it stopped and stood there for
 * a quarter of an hour. `hands`: how many jobs it does at once.
 */
export function watchWork(events: WorkerEvents, hands: number): Work {
	const { promise, reject } = Promise.withResolvers<never>();
	promise.catch(() => {});
	let [seenAt, busy, windingUpAt] = [Date.now(), 0, Number.POSITIVE_INFINITY];
	const sign = () => {
		seenAt = Date.now();
	};
	const windUp = () => {
		windingUpAt = Math.min(windingUpAt, Date.now());
	};
	events.on('worker:getJob:start', sign);
	events.on('job:start', () => {
		busy += 1;
		sign();
	});
	events.on('job:complete', () => {
		busy -= 1;
		sign();
	});
	for (const name of [
		'pool:gracefulShutdown',
		'pool:forcefulShutdown',
		'worker:fatalError',
	] as const)
		events.on(name, windUp);
	events.on('stop', windUp);
	const quietFor = () => (busy >= hands ? 0 : Date.now() - seenAt);
	const windingUpFor = () => Date.now() - windingUpAt;
	const timer = setInterval(() => {
		if (windingUpFor() > WINDING_UP_MS) reject(new Error('it stops and does not end'));
		else if (quietFor() > STANDSTILL_MS) reject(new Error('it asks for no jobs'));
	}, LOOK_MS).unref();
	return {
		goesOn: () => windingUpFor() < 0 && quietFor() < QUIET_MS,
		over: promise,
		end: () => clearInterval(timer),
	};
}
