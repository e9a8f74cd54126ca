import { form, id, oneOf, optional, text } from '#src/platform/forms/readers.ts';
import { JOB_STATES } from './rules.ts';

/** A page of the list of jobs. */
export const JobListQuery = form({
	state: optional(oneOf(...JOB_STATES)),
	after: optional(text(1000)),
});

/** A job by its id. */
export const JobParams = form({ id: id() });

/** What is done with a job; `state`: which list to go back to. */
export const JobDone = form({ state: optional(oneOf(...JOB_STATES)) });
