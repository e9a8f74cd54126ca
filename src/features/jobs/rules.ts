/** running: under way; waiting: has its turn later; again: failed and will be tried again; failed: given up. */
export const JOB_STATES = ['running', 'waiting', 'again', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

const MOST_READ = 2_000;
const MOST_SHOWN = 500;

/**
 * What of a job's error people are shown: its first line, which has no values of a statement, and no password
 * of an address.
 */
export function errorShown(error: string | null): string | null {
	const line = error?.slice(0, MOST_READ).split('\n', 1)[0]?.trim() ?? '';
	const bare = line.replace(/\b([a-z][a-z\d+.-]*:\/\/)[^\s/@]*@/gi, '$1…@');
	return bare === '' ? null : bare.slice(0, MOST_SHOWN);
}
