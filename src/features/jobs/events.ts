/*
 * What can happen of the queue.
 */

export type JobEvent = {
	type: 'job.retried' | 'job.removed';
	data: { jobId: number; task: string };
};

declare module '#src/events.ts' {
	interface Events {
		job: JobEvent;
	}
}
