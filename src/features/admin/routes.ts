import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting } from '#src/features/auth/guard.ts';
import type { Connection, Tx } from '#src/platform/db/client.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import { once } from '#src/platform/once/once.ts';
import { attempt, drawForm, type Problem } from '#src/platform/web/dialog.ts';
import { wantsFragments, wantsJson } from '#src/platform/web/errors.ts';
import { keepToast, type Toast } from '#src/platform/web/flash.ts';
import { readForm, readQuery } from '#src/platform/web/forms.ts';
import { mergedBody, mergeEdit, onlyTouched } from '#src/platform/web/merging.ts';

import {
	addExtraField,
	editExtraField,
	moveExtraField,
	removeExtraField,
	useExtraField,
} from './actions.ts';
import {
	ActivityForm,
	ExtraForm,
	ExtraParams,
	NewExtraForm,
	NewExtraQuery,
	PositionForm,
	RemovalForm,
} from './forms.ts';
import {
	type ExtraFieldRow,
	findExtraField,
	listAllExtraFields,
	lockExtraField,
} from './queries.ts';
import { extraNames } from './words.ts';

const access = 'catalogs' as const;
const READS = { config: { access } };
const CHANGES = { config: { access, changes: 'extra' as const } };
const MAKES = { config: { access, changes: 'new' as const } };
const PAGE = '/admin/extra-fields';

/** The company's own fields of clients and deals, as an administrator makes them. */
export function adminRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(ExtraParams, request.params).id;

	const readPage = async (request: FastifyRequest) => ({
		fields: await listAllExtraFields(db),
		...extraNames(request.viewer.language),
	});

	app.get(PAGE, READS, async (request, reply) => {
		return await reply.page('admin/extra-fields', { ...(await readPage(request)), problem: null });
	});

	app.get(`${PAGE}/new`, READS, async (request, reply) => {
		const { noun } = readQuery(NewExtraQuery, request.query);
		return await drawField(request, reply, null, null, noun);
	});

	async function drawField(
		request: FastifyRequest,
		reply: FastifyReply,
		field: ExtraFieldRow | null,
		problem: Problem | null,
		noun = 'client',
	) {
		const choices = field?.choices.join('\n') ?? '';
		const was = JSON.stringify({ name: field?.name ?? '', choices });
		const data = { field, choices, was, noun, ...extraNames(request.viewer.language) };
		const title: MessageKey = field ? 'extra.edit' : 'extra.new';
		const view = { fragment: 'admin/_field', title, data };
		return await drawForm(request, reply, view, problem && onlyTouched(problem));
	}

	app.post(PAGE, MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo: _, ...read } = readForm(NewExtraForm, request.body);
				const field = { ...read, choices: read.choices ?? [] };
				const by = acting(request);
				const fieldId = await once(db, request, by.actor.id, (sql) =>
					addExtraField(sql, by, field),
				);
				const toast = { key: 'toast.extraSaved', args: { name: field.name } } as const;
				return await answer(request, reply, toast, { fieldId });
			},
			async (problem) => await drawField(request, reply, null, problem),
		),
	);

	app.get(`${PAGE}/:id/edit`, READS, async (request, reply) => {
		const field = await findExtraField(db, idOf(request));
		return await drawField(request, reply, field, null);
	});

	app.post(`${PAGE}/:id/edit`, CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const fieldId = idOf(request);
				const by = acting(request);
				const lock = async (tx: Tx) => await lockExtraField(tx, fieldId);
				const { name, now } = await mergeEdit(db, request.body, lock, async (sql) => {
					const stands = await findExtraField(sql, fieldId);
					const fields = { name: stands.name, choices: stands.choices.join('\n') };
					const body = mergedBody(request.body, { version: stands.version, fields });
					const { version, name, choices = [] } = readForm(ExtraForm, body);
					const now = await editExtraField(sql, by, fieldId, version, { name, choices });
					return { name, now };
				});
				const toast = { key: 'toast.extraSaved', args: { name } } as const;
				return await answer(request, reply, toast, { fieldId, version: now });
			},
			async (problem) =>
				await drawField(request, reply, await findExtraField(db, idOf(request)), problem),
		),
	);

	app.post(`${PAGE}/:id/position`, CHANGES, async (request, reply) =>
		change(request, reply, 'toast.extraMoved', async (fieldId) => {
			const { version, way } = readForm(PositionForm, request.body);
			return await moveExtraField(db, acting(request), fieldId, version, way);
		}),
	);

	app.post(`${PAGE}/:id/activity`, CHANGES, async (request, reply) =>
		change(request, reply, 'toast.extraSaved', async (fieldId) => {
			const { version, active = false } = readForm(ActivityForm, request.body);
			return await useExtraField(db, acting(request), fieldId, version, active);
		}),
	);

	app.post(`${PAGE}/:id/removal`, CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const fieldId = idOf(request);
				const { version } = readForm(RemovalForm, request.body);
				const name = await removeExtraField(db, acting(request), fieldId, version);
				const toast = { key: 'toast.extraRemoved', args: { name } } as const;
				return await answer(request, reply, toast, { fieldId });
			},
			async (problem) => await refuse(request, reply, problem),
		),
	);

	async function change(
		request: FastifyRequest,
		reply: FastifyReply,
		key: 'toast.extraMoved' | 'toast.extraSaved',
		work: (fieldId: number) => Promise<number>,
	) {
		return await attempt(
			request,
			async () => {
				const fieldId = idOf(request);
				const version = await work(fieldId);
				const { name } = await findExtraField(db, fieldId);
				return await answer(request, reply, { key, args: { name } }, { fieldId, version });
			},
			async (problem) => await refuse(request, reply, problem),
		);
	}

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		toast: Toast,
		json: Record<string, unknown>,
	) {
		if (wantsJson(request)) return json;
		if (wantsFragments(request)) {
			const page = await readPage(request);
			return await reply.fragments('admin/extra-changed', { ...page, problem: null, toast });
		}
		keepToast(reply, toast);
		return reply.redirect(PAGE, 303);
	}

	// A button has nothing to lose: the page as it is now, with why not on top of it.
	async function refuse(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
		reply.code(problem.status);
		const page = { ...(await readPage(request)), problem };
		if (!wantsFragments(request)) return await reply.page('admin/extra-fields', page);
		return await reply.fragments('admin/extra-changed', { ...page, toast: null });
	}
}
