import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { toldOfExport } from '#src/features/access/exports.ts';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { askedAgain, takeHeld } from '#src/features/access/sessions/fresh-sign-in.ts';
import { listUnknownNames } from '#src/features/imports/columns/instead.ts';
import {
	rejectedColumns,
	rejectedName,
	rejectedRows,
} from '#src/features/imports/files/rejected-sheet.ts';
import { LIMITS } from '#src/features/imports/files/spool.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import { withUpload } from '#src/platform/forms/disk-upload.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { type SheetFormat, sendSheet } from '#src/platform/tables/sheets.ts';
import {
	cancelImport,
	chooseColumns,
	putNames,
	receiveImport,
	removeImport,
	rereadImport,
	startImport,
	undoImport,
} from './actions.ts';
import {
	choiceFields,
	FileParams,
	ImportParams,
	ImportsQuery,
	namesFields,
	OrderForm,
	ReadingForm,
	RowsQuery,
	readingOf,
	UploadForm,
} from './forms.ts';
import { findImport } from './queries.ts';
import {
	type RowsAsked,
	readImportPage,
	readImports,
	readProgress,
	typedChoice,
} from './screen.ts';

const SIGNED_IN = { config: { access: 'import' as const } };
const NEW = { config: { access: 'import' as const, changes: 'new' as const } };
const CHANGES_IMPORT = { config: { access: 'import' as const, changes: 'import' as const } };
const STALE_REFRESH_SECONDS = 2;

/** Files that people bring in: sent, read, checked row by row, brought in, stopped, undone. */
export function importRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(ImportParams, request.params).id;

	app.get('/import', SIGNED_IN, async (request, reply) => await drawAll(request, reply, null));

	async function drawAll(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const { before } = readQuery(ImportsQuery, problem ? {} : request.query);
		const data = await readImports(db, actorOf(request), before ?? null, request.viewer);
		if (problem) reply.code(problem.status);
		return await reply.page('imports/list', { ...data, problem, typed: problem?.typed ?? {} });
	}

	app.post('/import', NEW, async (request, reply) => {
		// A form that brings a file has no body to redraw from.
		let typed: Record<string, string> = {};
		return await attempt(
			request,
			async () => {
				const { megabytes } = LIMITS;
				const id = await withUpload(request, { field: 'file', megabytes }, async (upload) => {
					typed = upload.fields;
					const { feeds, ...asked } = readForm(UploadForm, upload.fields);
					const { path, name: fileName, bytes } = upload;
					const file = { feeds, path, fileName, bytes, reading: readingOf(asked) };
					const by = acting(request);
					const said = { ...upload.fields, fileName, bytes };
					return await once(db, request, (sql) => receiveImport(sql, by, file), said);
				});
				return await sendOn(request, reply, id);
			},
			async (problem) => await drawAll(request, reply, { ...problem, typed }),
		);
	});

	async function sendOn(request: FastifyRequest, reply: FastifyReply, id: number, toast?: Toast) {
		if (wantsJson(request)) return await reply.send({ id });
		if (toast) keepToast(reply, toast);
		return await reply.redirect(`/import/${id}`, 303);
	}

	app.get('/import/:id', SIGNED_IN, async (request, reply) => {
		const asked = readQuery(RowsQuery, request.query);
		const held = await takeHeld(db, request);
		const message = translate(request.viewer.language, 'import.provedAgain');
		return await drawOne(request, reply, asked, held && { ...held, message });
	});

	async function drawOne(
		request: FastifyRequest,
		reply: FastifyReply,
		asked: RowsAsked,
		problem: Problem | null,
	) {
		const page = await readImportPage(db, actorOf(request), idOf(request), asked, request.viewer);
		if (problem) reply.code(problem.status);
		if (problem && page.columns)
			page.columns.choice = typedChoice(problem.typed, page.columns.choice);
		const refresh = page.view === 'progress' ? STALE_REFRESH_SECONDS : null;
		return await reply.page('imports/show', { ...page, problem, refresh });
	}

	app.get('/import/:id/progress', SIGNED_IN, async (request, reply) => {
		const { found } = await readProgress(db, actorOf(request), idOf(request));
		if (wantsJson(request)) {
			const { status, rows, doneRows, counts, version } = found;
			return { status, rows, done: doneRows, counts, version };
		}
		const page = await readImportPage(db, actorOf(request), found.id, {}, request.viewer);
		return await reply.fragments('imports/changed', { ...page, problem: null });
	});

	/** A change of an import by a form on its page: done and shown, or drawn again with what is wrong. */
	const change = (
		path: string,
		work: (request: FastifyRequest, id: number, sql: Sql) => Promise<Toast | null>,
		{ fresh = false, ...asked }: RowsAsked & { fresh?: boolean } = {},
	) =>
		app.post(`/import/:id/${path}`, CHANGES_IMPORT, async (request, reply) =>
			attempt(
				request,
				async () => {
					const id = idOf(request);
					if (fresh && (await provedAgain(request, reply, id))) return reply;
					const toast = await once(db, request, (sql) => work(request, id, sql));
					return await sendOn(request, reply, id, toast ?? undefined);
				},
				async (problem) => await drawOne(request, reply, asked, problem),
			),
		);

	// People come with rights.
	async function provedAgain(request: FastifyRequest, reply: FastifyReply, id: number) {
		const { feeds } = await findImport(db, actorOf(request), id);
		return feeds === 'people' && (await askedAgain(db, request, reply, `/import/${id}`));
	}

	change(
		'reading',
		async (request, id, sql) => {
			const { version, ...asked } = readForm(ReadingForm, request.body);
			await rereadImport(sql, acting(request), id, version, readingOf(asked));
			return null;
		},
		{ show: 'columns' },
	);

	change(
		'columns',
		async (request, id, sql) => {
			const { headers, choice } = await findImport(sql, actorOf(request), id);
			const form = readForm(choiceFields(headers.length), request.body);
			const { version, way, known, pipeline } = form;
			const columns = form as unknown as Record<string, string | undefined>;
			const fields = headers.map((_, at) => columns[`c${at}`] ?? '');
			await chooseColumns(sql, acting(request), id, version, {
				...{ fields, way, known, pipeline },
				instead: choice?.instead,
			});
			return null;
		},
		{ show: 'columns' },
	);

	change('names', async (request, id, sql) => {
		const found = await findImport(sql, actorOf(request), id);
		const names = await listUnknownNames(sql, found);
		const { version, ...said } = readForm(namesFields(names.length), request.body);
		const values = names.map((_, at) => (said as Record<string, string>)[`n${at}`]);
		await putNames(sql, acting(request), id, Number(version), values);
		return null;
	});

	change(
		'start',
		async (request, id, sql) => {
			await startImport(sql, acting(request), id, readForm(OrderForm, request.body).version);
			return null;
		},
		{ fresh: true },
	);

	change('cancellation', async (request, id, sql) => {
		const { version } = readForm(OrderForm, request.body);
		const status = await cancelImport(sql, acting(request), id, version);
		return status === 'mapping' ? { key: 'toast.importCancelled' } : null;
	});

	change('undo', async (request, id, sql) => {
		await undoImport(sql, acting(request), id, readForm(OrderForm, request.body).version);
		return null;
	});

	app.post('/import/:id/removal', CHANGES_IMPORT, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version } = readForm(OrderForm, request.body);
				await once(db, request, (sql) =>
					removeImport(sql, acting(request), idOf(request), version),
				);
				if (wantsJson(request)) return await reply.code(204).send();
				keepToast(reply, { key: 'toast.importRemoved' });
				return await reply.redirect('/import', 303);
			},
			async (problem) => await drawOne(request, reply, {}, problem),
		),
	);

	app.get('/import/:id/:file', SIGNED_IN, async (request, reply) => {
		const { id, file } = readQuery(FileParams, request.params);
		const found = await findImport(db, actorOf(request), id);
		const { language } = request.viewer;
		const format = file.slice('rejected.'.length) as SheetFormat;
		return await sendSheet(reply, {
			format,
			name: rejectedName(found, language),
			columns: rejectedColumns(found, language),
			batches: rejectedRows(db, found.id),
			viewer: request.viewer,
			told: toldOfExport(db, request, 'import', format),
		});
	});
}
