/** How fast something went: how many, per second, and how long one took, in milliseconds. */
export type Rate = { count: number; perSecond: number; p50: number; p95: number; p99: number };

/** Requests, or scripts of statements, under way at once. */
export const CONNECTIONS = 10;

/** The rate of things that took `tookMs` each, all of them within `withinMs`. */
export function rateOf(tookMs: number[], withinMs: number): Rate {
	const sorted = tookMs.toSorted((a, b) => a - b);
	const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
	return {
		count: sorted.length,
		perSecond: (sorted.length * 1000) / withinMs,
		p50: at(0.5),
		p95: at(0.95),
		p99: at(0.99),
	};
}

/** The middle one; on a shared machine the mean belongs to whoever was noisiest. */
export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[middle]] as [number, number];
	return (low + high) / 2;
}
