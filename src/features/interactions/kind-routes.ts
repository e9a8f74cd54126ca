import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting } from '#src/features/auth/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { once } from '#src/platform/once/once.ts';
import { attempt, drawForm, type Problem } from '#src/platform/web/dialog.ts';
import { wantsFragments, wantsJson } from '#src/platform/web/errors.ts';
import { keepToast, type Toast } from '#src/platform/web/flash.ts';
import { readForm, readQuery } from '#src/platform/web/forms.ts';
import { type Fields, mergedBody, mergeEdit, onlyTouched } from '#src/platform/web/merging.ts';
import {
	KIND_ICONS,
	KindActivityForm,
	KindForm,
	KindParams,
	KindPositionForm,
	KindRemovalForm,
	NewKindForm,
} from './kind-forms.ts';
import {
	addKind,
	editKind,
	findKind,
	type KindSetting,
	lockKinds,
	moveKind,
	removeKind,
	useKind,
} from './kinds.ts';
import { type InteractionKind, listKinds } from './queries.ts';

const access = 'catalogs' as const;
const READS = { config: { access } };
const CHANGES = { config: { access, changes: 'kind' as const } };
const MAKES = { config: { access, changes: 'new' as const } };
const PAGE = '/admin/kinds';

type Read = Omit<KindSetting, 'nextKindId' | 'lengthMinutes'> & {
	nextKindId?: number;
	lengthMinutes?: number;
};
const settingOf = ({ name, icon, nextInDays, nextKindId, lengthMinutes }: Read): KindSetting => ({
	...{ name, icon, nextInDays },
	nextKindId: nextKindId ?? null,
	lengthMinutes: lengthMinutes ?? null,
});

/** What the fields of a kind's form hold. */
function fieldsOf({ name, icon, nextKindId, nextInDays, lengthMinutes }: KindSetting): Fields {
	const values = { name, icon, nextKindId, nextInDays, lengthMinutes };
	const told = Object.entries(values).map(([field, value]) => [field, String(value ?? '')]);
	return Object.fromEntries(told);
}

/** The kinds of interactions, as an administrator sets them up. */
export function kindRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(KindParams, request.params).id;

	app.get(PAGE, READS, async (_request, reply) => await draw(reply, null));

	async function draw(reply: FastifyReply, problem: Problem | null) {
		if (problem) reply.code(problem.status);
		return await reply.page('interactions/kinds', { kinds: await listKinds(db, 'all'), problem });
	}

	app.get(
		`${PAGE}/new`,
		READS,
		async (request, reply) => await drawKind(request, reply, null, null),
	);
	app.get(`${PAGE}/:id/edit`, READS, async (request, reply) =>
		drawKind(request, reply, await findKind(db, idOf(request)), null),
	);

	async function drawKind(
		request: FastifyRequest,
		reply: FastifyReply,
		kind: InteractionKind | null,
		problem: Problem | null,
	) {
		const values = fieldsOf(kind ?? NEW_KIND);
		const was = JSON.stringify(values);
		const all = await listKinds(db, 'all');
		const kinds = all.filter((one) => one.active || one.id === kind?.nextKindId);
		const data = { kind, values, was, kinds, icons: KIND_ICONS };
		const title = kind ? 'kind.edit' : 'kind.new';
		const view = { fragment: 'interactions/_kind-form', title, data } as const;
		return await drawForm(request, reply, view, problem && onlyTouched(problem));
	}

	app.post(PAGE, MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const kind = settingOf(readForm(NewKindForm, request.body));
				const by = acting(request);
				const kindId = await once(db, request, by.actor.id, (sql) => addKind(sql, by, kind));
				return await answer(request, reply, saved(kind.name), { kindId });
			},
			async (problem) => await drawKind(request, reply, null, problem),
		),
	);

	app.post(`${PAGE}/:id`, CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const kindId = idOf(request);
				const name = await mergeEdit(db, request.body, lockKinds, async (sql) => {
					const kind = await findKind(sql, kindId);
					const stands = { version: kind.version, fields: fieldsOf(kind) };
					const { version, ...read } = readForm(KindForm, mergedBody(request.body, stands));
					await editKind(sql, acting(request), kindId, version, settingOf(read));
					return read.name;
				});
				return await answer(request, reply, saved(name));
			},
			async (problem) => drawKind(request, reply, await findKind(db, idOf(request)), problem),
		),
	);

	const saved = (name: string): Toast => ({ key: 'toast.kindSaved', args: { name } });

	/** A button beside a kind: what is refused is said above the list. */
	const button = (path: string, press: (request: FastifyRequest) => Promise<Toast | null>) =>
		app.post(`${PAGE}/:id/${path}`, CHANGES, async (request, reply) =>
			attempt(
				request,
				async () => await answer(request, reply, await press(request)),
				async (problem) => {
					if (!wantsFragments(request)) return await draw(reply, problem);
					reply.code(problem.status);
					return await reply.fragments('interactions/kinds-changed', {
						...{ kinds: await listKinds(db, 'all'), problem, toast: null },
					});
				},
			),
		);

	button('position', async (request) => {
		const { version, way } = readForm(KindPositionForm, request.body);
		await moveKind(db, acting(request), idOf(request), version, way);
		return null;
	});
	button('activity', async (request) => {
		const { version, active = false } = readForm(KindActivityForm, request.body);
		await useKind(db, acting(request), idOf(request), version, active);
		const { name } = await findKind(db, idOf(request));
		return { key: 'toast.kindUsed', args: { name, active: String(active) } };
	});
	button('removal', async (request) => {
		const { version } = readForm(KindRemovalForm, request.body);
		const { name } = await findKind(db, idOf(request));
		await removeKind(db, acting(request), idOf(request), version);
		return { key: 'toast.kindRemoved', args: { name } };
	});

	async function answer(
		request: FastifyRequest,
		reply: FastifyReply,
		toast: Toast | null,
		json: Record<string, unknown> = {},
	) {
		if (wantsJson(request)) return reply.send(json);
		if (wantsFragments(request))
			return await reply.fragments('interactions/kinds-changed', {
				...{ kinds: await listKinds(db, 'all'), problem: null, toast },
			});
		if (toast) keepToast(reply, toast);
		return reply.redirect(PAGE, 303);
	}
}

const NEW_KIND: KindSetting = {
	...{ name: '', icon: 'circle', nextKindId: null, nextInDays: 1, lengthMinutes: null },
};
