/** Repeatable chance: the same seed gives the same company every time. */
export type Chance = {
	next: () => number;
	below: (n: number) => number;
	pick: <T>(list: readonly T[]) => T;
};

/** Mulberry32, a small generator in the public domain: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function chance(seed: number): Chance {
	let state = seed;
	const next = () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
	const below = (n: number) => Math.floor(next() * n);
	return { next, below, pick: (list) => list[below(list.length)] as (typeof list)[number] };
}
