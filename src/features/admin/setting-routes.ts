import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Permission } from '#src/features/auth/tables.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import { attempt, drawForm, type FormView, type Problem } from '#src/platform/web/dialog.ts';
import { wantsFragments, wantsJson } from '#src/platform/web/errors.ts';
import { keepToast, type Toast } from '#src/platform/web/flash.ts';
import { form, id, readQuery } from '#src/platform/web/forms.ts';
import { onlyTouched } from '#src/platform/web/merging.ts';

const SettingParams = form({ id: id() });

/** What a change comes to: what to say, and what a program is told. */
export type Done = { toast: Toast | null; json?: Record<string, unknown> };
type Change = (request: FastifyRequest, id: number) => Promise<Done>;

/** A directory that an administrator sets up: its page, the form of one record, and what its buttons do. */
export type SettingPage<Row> = {
	/** Such as `/admin/teams`; a record's form is at `/admin/teams/7/edit`. */
	path: string;
	access: Permission;
	changes: NonNullable<FastifyContextConfig['changes']>;
	title: MessageKey;
	/** The fragment of the whole page and the id of its root. */
	fragment: string;
	root: string;
	read: (request: FastifyRequest) => Promise<Record<string, unknown>>;
	find: (id: number) => Promise<Row>;
	form: (request: FastifyRequest, row: Row | null) => Promise<FormView>;
	add: (request: FastifyRequest) => Promise<Done>;
	edit: Change;
	/** Buttons beside a record, by the end of their address: `position`, `removal` … */
	buttons?: Record<string, Change>;
};

/** The doors of a directory: page, form of a new record and of one, saving, the buttons beside each. */
export function settingRoutes<Row>(app: FastifyInstance, page: SettingPage<Row>): void {
	const { path, access, changes, title, fragment, root } = page;
	const READS = { config: { access } };
	const CHANGES = { config: { access, changes } };
	const MAKES = { config: { access, changes: 'new' as const } };
	const idOf = (request: FastifyRequest) => readQuery(SettingParams, request.params).id;

	app.get(path, READS, async (request, reply) => await drawPage(request, reply, null));

	async function drawPage(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		if (problem) reply.code(problem.status);
		const data = { ...(await page.read(request)), problem, title, fragment, root };
		if (!wantsFragments(request)) return await reply.page('admin/setting', data);
		return await reply.fragments('admin/setting-changed', { ...data, toast: null });
	}

	const drawRecord = async (
		request: FastifyRequest,
		reply: FastifyReply,
		row: Row | null,
		problem: Problem | null = null,
	) =>
		await drawForm(request, reply, await page.form(request, row), problem && onlyTouched(problem));

	app.get(`${path}/new`, READS, async (request, reply) => await drawRecord(request, reply, null));
	app.get(`${path}/:id/edit`, READS, async (request, reply) =>
		drawRecord(request, reply, await page.find(idOf(request))),
	);

	app.post(path, MAKES, async (request, reply) =>
		attempt(
			request,
			async () => await answer(request, reply, await page.add(request)),
			async (problem) => await drawRecord(request, reply, null, problem),
		),
	);
	app.post(`${path}/:id/edit`, CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => await answer(request, reply, await page.edit(request, idOf(request))),
			async (problem) => await drawRecord(request, reply, await page.find(idOf(request)), problem),
		),
	);
	// A button has nothing to lose: what is refused is said above the page as it is now.
	for (const [name, press] of Object.entries(page.buttons ?? {}))
		app.post(`${path}/:id/${name}`, CHANGES, async (request, reply) =>
			attempt(
				request,
				async () => await answer(request, reply, await press(request, idOf(request))),
				async (problem) => await drawPage(request, reply, problem),
			),
		);

	async function answer(request: FastifyRequest, reply: FastifyReply, { toast, json = {} }: Done) {
		if (wantsJson(request)) return reply.send(json);
		if (!wantsFragments(request)) {
			if (toast) keepToast(reply, toast);
			return reply.redirect(path, 303);
		}
		const data = { ...(await page.read(request)), problem: null, title, fragment, root, toast };
		return await reply.fragments('admin/setting-changed', data);
	}
}
