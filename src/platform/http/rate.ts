import { isIP } from 'node:net';

/** Whoever was not here for longest is forgotten first: a forgotten one is met as a new one. */
const MOST_KEPT = 10_000;
const MINUTE_MS = 60_000;

/** A store of so many entries at most, the last used at its end. */
export function recent<T>() {
	const kept = new Map<string, T>();
	return {
		get: (key: string) => kept.get(key),
		set(key: string, value: T): void {
			kept.delete(key);
			kept.set(key, value);
			const [oldest] = kept.size > MOST_KEPT ? kept.keys() : [];
			if (oldest !== undefined) kept.delete(oldest);
		},
		forget: (key: string) => kept.delete(key),
	};
}

/**
 * A bucket for each key that holds `most` requests and fills up again within a minute; `now` is a clock in ms that
 * never goes back. `take` tells after how many seconds the next one is due, 0 where this one is.
 */
export function buckets(most: number, now: () => number) {
	const kept = recent<{ left: number; at: number }>();
	const filled = (key: string) => {
		const { left, at } = kept.get(key) ?? { left: most, at: now() };
		return Math.min(most, left + ((now() - at) / MINUTE_MS) * most);
	};
	return {
		take(key: string): number {
			const left = filled(key);
			const taken = left >= 1;
			kept.set(key, { left: taken ? left - 1 : left, at: now() });
			return taken ? 0 : Math.max(1, Math.ceil(((1 - left) * MINUTE_MS) / most / 1_000));
		},
		giveBack(key: string): void {
			kept.set(key, { left: Math.min(most, filled(key) + 1), at: now() });
		},
	};
}

/** Turns for each key: `most` at once, some more wait in the order they came. */
export function turns(most: number, waitingEach: number) {
	const lines = new Map<string, { running: number; waiting: (() => void)[] }>();
	return {
		/** Calls `go` when it is its turn; false where too many wait, and `go` is never called. */
		take(key: string, go: () => void): boolean {
			const line = lines.get(key) ?? { running: 0, waiting: [] };
			lines.set(key, line);
			if (line.running >= most && line.waiting.length >= most * waitingEach) return false;
			if (line.running >= most) line.waiting.push(go);
			else {
				line.running += 1;
				go();
			}
			return true;
		},
		leave(key: string): void {
			const line = lines.get(key);
			const next = line?.waiting.shift();
			if (next) next();
			else if (line && --line.running === 0) lines.delete(key);
		},
	};
}

/** The address as it is counted: a household has a whole /64 of IPv6 for itself. */
export function countedAddress(ip: string): string {
	if (isIP(ip) !== 6 || ip.includes('.')) return ip;
	const [head = ''] = ip.split('::');
	return [...head.split(':'), '0', '0', '0', '0'].slice(0, 4).join(':');
}
