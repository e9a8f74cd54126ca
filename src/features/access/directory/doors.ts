import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting } from '#src/features/access/guard.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { takeHeld } from '#src/features/access/sessions/fresh-sign-in.ts';
import type { Permission } from '#src/features/access/tables.ts';
import type { Database, Sql, Tx } from '#src/platform/db/client.ts';
import type { Place } from '#src/platform/forms/place.ts';
import { form, id, readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsFragments, wantsJson } from '#src/platform/http/errors.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { attempt, drawForm, type FormView, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import {
	type Fields,
	mergedBody,
	mergeEdit,
	onlyTouched,
	type Shape,
} from '#src/platform/pages/three-way-merge.ts';
import { ActivityForm, RemovalForm, readPosition } from './forms.ts';

const SettingParams = form({ id: id() });

/** What a change comes to: what to say, and what a program is told. */
export type Done = { toast: Toast | null; json?: Record<string, unknown> };
type Change = (request: FastifyRequest, id: number, sql: Sql) => Promise<Done>;

/** A directory that an administrator sets up: its page, the form of one record, and what its buttons do. */
export type SettingPage<Row> = {
	db: Database;
	/** Such as `/admin/teams`; a record's form is at `/admin/teams/7/edit`. */
	path: string;
	/** Where that form is sent to, after the record's address, if not to its own address. */
	saved?: '';
	access: Permission;
	/** Whether changes demand a sign-in of the last minutes. */
	fresh?: boolean;
	changes: NonNullable<FastifyContextConfig['changes']>;
	title: MessageKey;
	/** The fragment of the whole page and the id of its root. */
	fragment: string;
	root: string;
	read: (request: FastifyRequest) => Promise<Record<string, unknown>>;
	find: (id: number, sql: Sql) => Promise<Row>;
	/** What the form of a record says in its fields: two who change different ones are both kept. */
	fields: (row: Row) => Fields;
	shape?: Shape | ((row: Row) => Shape);
	/** Locks a record for the rest of the transaction. */
	lock: (tx: Tx, id: number) => Promise<unknown>;
	form: (request: FastifyRequest, row: Row | null) => Promise<FormView>;
	/** Makes a record with `sql`: sent twice, it is made once. */
	add: (request: FastifyRequest, sql: Sql) => Promise<Done>;
	/** Changes a record with `sql` by a body that may have been merged with what stands there now. */
	edit: (request: FastifyRequest, id: number, body: unknown, sql: Sql) => Promise<Done>;
	/** Buttons beside a record, by the end of their address: `position`, `removal` … */
	buttons?: Record<string, Change>;
	/** What asks something first, such as `merger`: its form at `/admin/tags/7/merger/new`, sent to `…/merger`. */
	questions?: Record<string, Question>;
};

type Question = {
	form: (request: FastifyRequest, id: number) => Promise<FormView>;
	submit: Change;
};

/** The doors of a directory: page, form of a new record and of one, saving, the buttons beside each. */
export function settingRoutes<Row extends { version: number }>(
	app: FastifyInstance,
	page: SettingPage<Row>,
): void {
	const { path, access, changes, title, fragment, root } = page;
	const READS = { config: { access } };
	const freshly = (back: (address: string) => string) => (page.fresh ? { fresh: back } : {});
	const CHANGES = { config: { access, changes, ...freshly(() => path) } };
	const EDITS = {
		config: {
			...{ access, changes },
			...freshly((address) => (page.saved === '' ? `${address}/edit` : address)),
		},
	};
	const MAKES = {
		config: { access, changes: 'new' as const, ...freshly((address) => `${address}/new`) },
	};
	const shapeOf = (row: Row | null): Shape | undefined => {
		if (typeof page.shape !== 'function') return page.shape;
		return row === null ? undefined : page.shape(row);
	};
	const idOf = (request: FastifyRequest) => readQuery(SettingParams, request.params).id;

	app.get(path, READS, async (request, reply) => await drawPage(request, reply, null));

	async function drawPage(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		if (problem) reply.code(problem.status);
		const data = { ...(await page.read(request)), problem, title, fragment, root };
		if (!wantsFragments(request)) return await reply.page('shared/directory/setting', data);
		return await reply.fragments('shared/directory/setting-changed', { ...data, toast: null });
	}

	const drawRecord = async (
		request: FastifyRequest,
		reply: FastifyReply,
		row: Row | null,
		problem: Problem | null = null,
	) =>
		await drawForm(
			request,
			reply,
			withBase(await page.form(request, row), row),
			problem && onlyTouched(problem, shapeOf(row)),
		);
	const withBase = (view: FormView, row: Row | null): FormView => ({
		...{ ...view, data: { ...view.data, was: row ? JSON.stringify(page.fields(row)) : '' } },
	});

	app.get(`${path}/new`, READS, async (request, reply) =>
		drawRecord(request, reply, null, await takeHeld(page.db, request)),
	);
	app.get(`${path}/:id/edit`, READS, async (request, reply) => {
		const row = await page.find(idOf(request), page.db);
		return await drawRecord(request, reply, row, await takeHeld(page.db, request));
	});

	app.post(path, MAKES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const done = await once(page.db, request, async (sql) => await page.add(request, sql));
				return await answer(request, reply, done);
			},
			async (problem) => await drawRecord(request, reply, null, problem),
		),
	);
	app.post(`${path}/:id${page.saved ?? '/edit'}`, EDITS, async (request, reply) =>
		attempt(
			request,
			async () => await answer(request, reply, await edit(request, idOf(request))),
			async (problem) =>
				await drawRecord(request, reply, await page.find(idOf(request), page.db), problem),
		),
	);
	async function edit(request: FastifyRequest, id: number): Promise<Done> {
		const lock = async (tx: Tx) => await page.lock(tx, id);
		return await once(page.db, request, (sql) =>
			mergeEdit(sql, request.body, lock, async (sql) => {
				const row = await page.find(id, sql);
				const standing = { version: row.version, fields: page.fields(row) };
				const body = mergedBody(request.body, standing, shapeOf(row));
				return await page.edit(request, id, body, sql);
			}),
		);
	}

	const change = async (request: FastifyRequest, work: Change) =>
		await once(page.db, request, (sql) => work(request, idOf(request), sql));

	// A button has nothing to lose: what is refused is said above the page as it is now.
	for (const [name, press] of Object.entries(page.buttons ?? {}))
		app.post(`${path}/:id/${name}`, CHANGES, async (request, reply) =>
			attempt(
				request,
				async () => await answer(request, reply, await change(request, press)),
				async (problem) => await drawPage(request, reply, problem),
			),
		);

	for (const [name, { form, submit }] of Object.entries(page.questions ?? {})) {
		app.get(`${path}/:id/${name}/new`, READS, async (request, reply) =>
			drawForm(request, reply, await form(request, idOf(request))),
		);
		app.post(`${path}/:id/${name}`, CHANGES, async (request, reply) =>
			attempt(
				request,
				async () => await answer(request, reply, await change(request, submit)),
				async (problem) =>
					await drawForm(request, reply, await form(request, idOf(request)), problem),
			),
		);
	}

	async function answer(request: FastifyRequest, reply: FastifyReply, { toast, json = {} }: Done) {
		if (wantsJson(request)) return reply.send(json);
		if (!wantsFragments(request)) {
			if (toast) keepToast(reply, toast);
			return reply.redirect(path, 303);
		}
		// A form that stands on a page of its own leads back to the list.
		if (toast && pageSeen(request).pathname !== path)
			return leaveFor(request, reply, path, toast, json);
		const data = { ...(await page.read(request)), problem: null, title, fragment, root, toast };
		return await reply.fragments('shared/directory/setting-changed', data);
	}
}

/** A record that was saved, under its name. */
export const settingSaved = (name: string, json: Record<string, unknown>): Done => ({
	...{ toast: { key: 'toast.settingSaved', args: { name } }, json },
});

/** A record that was taken away, and where what used it went. */
export function settingEmptied(told: { name: string; into: string | null; deals: number }): Done {
	const { name, into, deals } = told;
	if (into === null || deals === 0)
		return { toast: { key: 'toast.settingRemoved', args: { name } }, json: told };
	return { toast: { key: 'toast.settingEmptied', args: { name, into, deals } }, json: told };
}

/** What can be done with a record of a directory by a button; each verb returns the record's name. */
export type SettingVerbs = {
	move?: (sql: Sql, acting: Acting, id: number, version: number, where: Place) => Promise<string>;
	use?: (sql: Sql, acting: Acting, id: number, version: number, active: boolean) => Promise<string>;
	remove?: (sql: Sql, acting: Acting, id: number, version: number) => Promise<string>;
};

/** The buttons of views/admin/_doing.eta. */
export function settingButtons({ move, use, remove }: SettingVerbs): Record<string, Change> {
	return {
		...(move && {
			async position(request, id, sql) {
				const { version, where } = readPosition(request.body);
				const name = await move(sql, acting(request), id, version, where);
				return { toast: { key: 'toast.settingMoved', args: { name } } };
			},
		}),
		...(use && {
			async activity(request, id, sql) {
				const { version, active = false } = readForm(ActivityForm, request.body);
				const name = await use(sql, acting(request), id, version, active);
				return { toast: { key: 'toast.settingUsed', args: { name, active: String(active) } } };
			},
		}),
		...(remove && {
			async removal(request, id, sql) {
				const { version } = readForm(RemovalForm, request.body);
				const name = await remove(sql, acting(request), id, version);
				return { toast: { key: 'toast.settingRemoved', args: { name } } };
			},
		}),
	};
}
