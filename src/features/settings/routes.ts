import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { sessionIdOf } from '#src/features/access/sessions/actions.ts';
import { cookieName } from '#src/features/access/sessions/cookies.ts';
import { readSessions } from '#src/features/access/sessions/screen.ts';
import { listFirstFilters } from '#src/features/saved-filters/queries.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast } from '#src/platform/pages/flash.ts';
import { mergedBody, mergeEdit, onlyTouched } from '#src/platform/pages/three-way-merge.ts';
import { saveSettings } from './actions.ts';
import { choicesOf, fieldsOf, SETTINGS_SHAPE, SettingsForm } from './forms.ts';
import { findSettings, findSettingsToEdit } from './queries.ts';
import { readSettingsPage } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'person' as const } };

/** What a person decides for themselves. */
export function settingsRoutes(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const page = async (request: FastifyRequest, problem: Problem | null) => ({
		...(await readSettingsPage(db, request, problem && onlyTouched(problem, SETTINGS_SHAPE))),
		sessions: await readSessions(
			db,
			request,
			sessionIdOf(request.cookies[cookieName(config)] ?? ''),
		),
	});

	app.get(
		'/settings',
		SIGNED_IN,
		async (request, reply) => await reply.page('settings/show', await page(request, null)),
	);

	app.post('/settings', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const actor = actorOf(request);
				const lock = async (tx: Tx) => await findSettingsToEdit(tx, actor);
				const edit = async (sql: Sql) => {
					const present = await findSettings(sql, actor);
					const stands = { version: present.version, fields: fieldsOf(present) };
					const body = mergedBody(request.body, stands, SETTINGS_SHAPE);
					const fields = readForm(SettingsForm, body);
					const filters = await listFirstFilters(sql, actor);
					const wanted = choicesOf(fields, present, filters);
					return await saveSettings(sql, acting(request), fields.version, wanted);
				};
				const version = await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edit));
				if (wantsJson(request)) return { version };
				keepToast(reply, { key: 'toast.settingsSaved' });
				return reply.redirect('/settings', 303);
			},
			async (problem) => {
				reply.code(problem.status);
				return await reply.page('settings/show', await page(request, problem));
			},
		),
	);
}
