import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Parts } from '#src/feature.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Acting } from '#src/features/access/rights.ts';
import type { Database, Sql } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { removeJob, retryJob } from './actions.ts';
import { JobDone, JobListQuery, JobParams } from './forms.ts';
import { countJobs, listJobs, MOST_COUNTED } from './queries.ts';
import { JOB_STATES, type JobState } from './rules.ts';
import { type TaskWords, taskWordsOf } from './words.ts';

const READS = { config: { access: 'jobs' as const } };
const CHANGES = { config: { access: 'jobs' as const, changes: 'job' as const } };
const PAGE = 50;

/** What the program does behind people's backs: what runs, waits or failed, trying again, taking out. */
export function jobRoutes(
	app: FastifyInstance,
	{ connection: { db }, features }: Pick<Parts, 'connection' | 'features'>,
): void {
	const words = taskWordsOf(features);
	app.get('/admin/jobs', READS, async (request, reply) => {
		const data = await readJobs(db, request.query, words);
		if (wantsFragments(request)) return await reply.fragments('jobs/listed', data);
		return await reply.page('jobs/list', { ...data, problem: null });
	});

	app.post('/admin/jobs/:id/retry', CHANGES, async (request, reply) =>
		change(request, reply, retryJob, { key: 'toast.jobRetried' }),
	);

	app.post('/admin/jobs/:id/removal', CHANGES, async (request, reply) =>
		change(request, reply, removeJob, { key: 'toast.jobRemoved' }),
	);

	async function change(
		request: FastifyRequest,
		reply: FastifyReply,
		verb: (sql: Sql, acting: Acting, id: number) => Promise<string>,
		toast: Toast,
	) {
		return await attempt(
			request,
			async () => {
				const { state } = readForm(JobDone, request.body);
				const { id } = readQuery(JobParams, request.params);
				await once(db, request, (sql) => verb(sql, acting(request), id));
				if (wantsJson(request)) return reply.code(204).send();
				keepToast(reply, toast);
				return reply.redirect(pathOf({ state: state ?? null }), 303);
			},
			async (problem: Problem) => {
				reply.code(problem.status);
				return await reply.page('jobs/list', { ...(await readJobs(db, {}, words)), problem });
			},
		);
	}
}

async function readJobs(db: Database, query: unknown, words: TaskWords) {
	const { state = null, after = null } = readQuery(JobListQuery, query);
	const { rows, next } = await listJobs(db, state, { after, limit: PAGE });
	const { counts, workers, behindMinutes } = await countJobs(db);
	const jobs = rows.map((job) => ({ ...job, words: words[job.task] ?? null }));
	const url = (change: { state?: JobState | null; after?: string }) => pathOf({ state, ...change });
	return {
		...{ jobs, next, state, counts, workers, behindMinutes, url, onward: after !== null },
		...{ states: JOB_STATES, mostCounted: MOST_COUNTED },
	};
}

function pathOf({ state, after }: { state: JobState | null; after?: string }): string {
	const search = new URLSearchParams({ ...(state && { state }), ...(after && { after }) });
	return search.size > 0 ? `/admin/jobs?${search}` : '/admin/jobs';
}
