import { ShareTaken } from './faults.ts';

/** Of all connections writers take so many at most: commits that hang, as for a replica that is away, leave the rest to readers. */
const PART = 0.7;

/** A part of a pool, one place for each transaction. */
export type Share = {
	/** Waits for a place and takes it. Throws ShareTaken when none comes free in time. */
	enter: () => Promise<void>;
	leave: () => void;
	/** How many wait. */
	waiting: () => number;
};

/** The writers' share of `max` connections; `patienceMs` is how long one waits for a place. */
export function writersShare(max: number, patienceMs: number): Share {
	let free = Math.max(1, Math.floor(max * PART));
	const queue: (() => void)[] = [];
	return {
		async enter() {
			if (free > 0) {
				free -= 1;
				return;
			}
			const turn = Promise.withResolvers<void>();
			queue.push(turn.resolve);
			const timer = setTimeout(() => {
				queue.splice(queue.indexOf(turn.resolve), 1);
				turn.reject(new ShareTaken(`no writer ended within ${patienceMs} ms`));
			}, patienceMs);
			try {
				await turn.promise;
			} finally {
				clearTimeout(timer);
			}
		},
		leave() {
			const next = queue.shift();
			if (next) next();
			else free += 1;
		},
		waiting: () => queue.length,
	};
}
