import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { sessionIdOf } from '#src/features/auth/actions.ts';
import { cookieName } from '#src/features/auth/cookies.ts';
import { acting, actorOf } from '#src/features/auth/guard.ts';
import { readSessions } from '#src/features/auth/screen.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { attempt, type Problem } from '#src/platform/web/dialog.ts';
import { wantsJson } from '#src/platform/web/errors.ts';
import { keepToast } from '#src/platform/web/flash.ts';
import { readForm } from '#src/platform/web/forms.ts';
import { saveSettings } from './actions.ts';
import { choicesOf, SettingsForm } from './forms.ts';
import { findSettings } from './queries.ts';
import { readSettingsPage } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'person' as const } };

/** What a person decides for themselves. */
export function settingsRoutes(
	app: FastifyInstance,
	{ connection: { db }, config }: { connection: Connection; config: Config },
): void {
	const page = async (request: FastifyRequest, problem: Problem | null) => ({
		...(await readSettingsPage(db, request, problem)),
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
				const fields = readForm(SettingsForm, request.body);
				const present = await findSettings(db, actorOf(request));
				const version = await saveSettings(
					db,
					acting(request),
					fields.version,
					choicesOf(fields, present),
				);
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
