import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { can } from '#src/features/access/rights.ts';
import { findDuplicates, markDifferent } from '#src/features/clients/duplicates/duplicates.ts';
import { listExtraFields } from '#src/features/company/extra-fields/extra-fields.ts';
import { innRemark } from '#src/features/company/requisites.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import {
	CandidatesQuery,
	DifferentForm,
	DuplicatesQuery,
	MergeParams,
	MergeQuery,
	mergeForm,
	VersionForm,
} from './forms.ts';
import { mergeClients } from './merge.ts';
import { readCandidates, readDuplicatesPage, readMergeForm, readMergePage } from './screen.ts';
import { unmergeClients } from './unmerge.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'clients' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const UNDOES = {
	config: { access: 'merges.undo' as const, changes: 'merge' as const },
};

/** Likely doubles, while one types and as a list; merging them; taking a merge back. */
export function mergeRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get('/clients/duplicates', SIGNED_IN, async (request, reply) => {
		const {
			by,
			after,
			at = 'duplicates',
			legalKind,
			...typed
		} = readQuery(DuplicatesQuery, request.query);
		const actor = actorOf(request);
		if (wantsFragments(request) && !by) {
			const lines = (text: string | undefined) => text?.split(/[\n,;]/) ?? [];
			const wanted = { ...typed, phones: lines(typed.phone), emails: lines(typed.email) };
			const duplicates = await findDuplicates(db, actor, wanted);
			const remark = typed.inn ? innRemark(typed.inn, legalKind) : null;
			return await reply.fragments('clients/duplicates/warned', { duplicates, at, remark });
		}
		const page = await readDuplicatesPage(db, actor, by, after);
		return await reply.page('clients/duplicates/duplicates', page);
	});

	app.post('/clients/differences', MAKES, async (request, reply) => {
		const { kind, alike, ids, after } = readForm(DifferentForm, request.body);
		await once(db, request, (sql) => markDifferent(sql, acting(request), kind, alike, ids));
		const query = new URLSearchParams({ by: kind, ...(after ? { after } : {}) });
		const toast = { key: 'toast.markedDifferent' } as const;
		return leaveFor(request, reply, `/clients/duplicates?${query}`, toast);
	});

	app.get('/clients/candidates', SIGNED_IN, async (request, reply) => {
		const { ids, q } = readQuery(CandidatesQuery, request.query);
		return await reply.page(
			'clients/merge/candidates',
			await readCandidates(db, actorOf(request), ids, q),
		);
	});

	app.get('/clients/merge', SIGNED_IN, async (request, reply) => {
		const { ids, returnTo } = readQuery(MergeQuery, request.query);
		return await drawMerge(request, reply, ids, returnTo, null);
	});

	async function drawMerge(
		request: FastifyRequest,
		reply: FastifyReply,
		ids: number[],
		returnTo: string | undefined,
		problem: Problem | null,
	) {
		const data = await readMergeForm(db, actorOf(request), ids, request.viewer);
		if (problem) reply.code(problem.status);
		const back = localPath(returnTo, `/clients/${data.survivorId}`);
		const typed = problem?.typed ?? {};
		return await reply.page('clients/merge/merge', { ...data, problem, typed, returnTo: back });
	}

	app.post('/clients/merge', CHANGES, async (request, reply) => {
		const Form = mergeForm(await listExtraFields(db, 'client'));
		const { version: clients, survivorId, returnTo, ...choices } = readForm(Form, request.body);
		return await attempt(
			request,
			async () => {
				const order = { survivorId, clients, choices: choices as Record<string, number> };
				const merged = await once(db, request, (sql) => mergeClients(sql, acting(request), order));
				const args = { name: merged.name, n: merged.names.length };
				const undo = wayBack('merge.undo', merged.mergeId, { version: '1' });
				const mayUndo = can(actorOf(request), 'merges.undo');
				const toast = { key: 'toast.merged', args, ...(mayUndo ? { undo } : {}) } as const;
				return leaveFor(request, reply, `/clients/${survivorId}`, toast, merged);
			},
			async (problem) => {
				const ids = clients.map(({ id }) => id);
				return await drawMerge(request, reply, ids, returnTo, problem);
			},
		);
	});

	app.get('/merges/:id', SIGNED_IN, async (request, reply) => await drawPage(request, reply, null));

	async function drawPage(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const { id } = readQuery(MergeParams, request.params);
		const page = await readMergePage(db, actorOf(request), id, request.viewer);
		if (problem) reply.code(problem.status);
		return await reply.page('clients/merge/merged', { ...page, problem });
	}

	app.post('/merges/:id/undoing', UNDOES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { id } = readQuery(MergeParams, request.params);
				const { version } = readForm(VersionForm, request.body);
				const undone = await once(db, request, (sql) =>
					unmergeClients(sql, acting(request), id, version),
				);
				const args = { n: undone.names.length, kept: undone.kept.length, stayed: undone.stayed };
				const toast = { key: 'toast.unmerged', args } as const;
				return leaveFor(request, reply, `/clients/${undone.survivorId}`, toast, undone);
			},
			async (problem) => await drawPage(request, reply, problem),
		),
	);
}
