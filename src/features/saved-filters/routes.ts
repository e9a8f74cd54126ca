import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { localPath } from '#src/platform/http/origin.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import {
	type Fields,
	mergedBody,
	mergeEdit,
	onlyTouched,
} from '#src/platform/pages/three-way-merge.ts';
import { changeFilter, removeFilter, saveFilter } from './actions.ts';
import {
	ChangeFilterForm,
	FilterParams,
	NewFilterQuery,
	RemoveFilterForm,
	SaveFilterForm,
} from './forms.ts';
import { findFilter, findFilterToEdit, listSavedFilters } from './queries.ts';
import { type SavedFilter, SCREEN_PATHS, type Screen, savedMenu, screenAt } from './rules.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const MAKES = { config: { access: 'signed-in' as const, changes: 'new' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'filter' as const } };

/** Filters with names, of the board and of the lists: kept, renamed, shared, taken away. */
export function filterRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(FilterParams, request.params).id;

	app.get('/filters/new', SIGNED_IN, async (request, reply) => await drawNew(request, reply, null));

	async function drawNew(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const asked = problem ? problem.typed : readQuery(NewFilterQuery, request.query);
		const data = { screen: asked.screen ?? 'board', query: asked.query ?? '' };
		const view = { fragment: 'saved-filters/_new', title: 'filter.save', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/filters', MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { screen, name, query, visibleTo, returnTo } = readForm(SaveFilterForm, request.body);
				const shared = visibleTo === 'team';
				const filter = { screen, name, query: query ?? '', shared };
				const by = acting(request);
				const id = await once(db, request, (sql) => saveFilter(sql, by, filter));
				const toast = { key: 'toast.filterSaved', args: { name } } as const;
				return await answer(request, reply, { id, screen, toast, returnTo });
			},
			async (problem) => await drawNew(request, reply, problem),
		),
	);

	app.get(
		'/filters/:id/edit',
		SIGNED_IN,
		async (request, reply) => await drawEdit(request, reply, null),
	);

	async function drawEdit(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const filter = await findFilter(db, actorOf(request), idOf(request));
		const asked = problem ? problem.typed : readQuery(NewFilterQuery, request.query);
		const was = JSON.stringify(fieldsOf(filter));
		const data = { filter, query: asked.query ?? '', me: actorOf(request).id, was };
		const view = { fragment: 'saved-filters/_edit', title: 'filter.edit', data } as const;
		return await drawForm(request, reply, view, problem && onlyTouched(problem));
	}

	app.post('/filters/:id', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const by = acting(request);
				const filterId = idOf(request);
				const lock = async (tx: Tx) => await findFilterToEdit(tx, by.actor, filterId);
				const edited = async (sql: Sql) => {
					const stands = await findFilter(sql, by.actor, filterId);
					const now = { version: stands.version, fields: fieldsOf(stands) };
					const read = readForm(ChangeFilterForm, mergedBody(request.body, now));
					const { version, name, visibleTo, take, query, returnTo } = read;
					const shared = visibleTo === undefined ? undefined : visibleTo === 'team';
					const change = { name, shared, query: take ? (query ?? '') : undefined };
					const saved = await changeFilter(sql, by, filterId, version, change);
					return { id: saved.id, screen: saved.screen, name: saved.name, returnTo };
				};
				const done = await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edited));
				const toast = { key: 'toast.filterSaved', args: { name: done.name } } as const;
				return await answer(request, reply, { ...done, toast });
			},
			async (problem) => await drawEdit(request, reply, problem),
		),
	);

	app.post('/filters/:id/removal', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version, returnTo } = readForm(RemoveFilterForm, request.body);
				const gone = await once(db, request, async (sql) => {
					const by = acting(request);
					const { id, screen, name } = await removeFilter(sql, by, idOf(request), version);
					return { id, screen, name };
				});
				const toast = { key: 'toast.filterRemoved', args: { name: gone.name } } as const;
				return await answer(request, reply, { ...gone, toast, returnTo });
			},
			async (problem) => await drawEdit(request, reply, problem),
		),
	);

	type Done = { id: number; screen: Screen; toast: Toast; returnTo?: string | undefined };

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		{ id, screen, toast, returnTo }: Done,
	) {
		if (wantsJson(request)) return reply.send({ id });
		if (!wantsFragments(request)) {
			keepToast(reply, toast);
			return reply.redirect(localPath(returnTo, SCREEN_PATHS[screen]), 303);
		}
		const { pathname, search } = pageSeen(request);
		const actor = actorOf(request);
		const seen = screenAt(pathname) ?? screen;
		const filters = await listSavedFilters(db, actor, seen);
		const saved = savedMenu(actor, seen, filters, search);
		return await reply.fragments('saved-filters/changed', { saved, toast });
	}
}

/** What the fields of a filter's form hold. */
const fieldsOf = ({ name, shared }: SavedFilter): Fields => ({
	name,
	visibleTo: shared ? 'team' : 'me',
});

function pageSeen(request: FastifyRequest): URL {
	const header = request.headers['hx-current-url'];
	return new URL(typeof header === 'string' && URL.canParse(header) ? header : 'http://here/');
}
