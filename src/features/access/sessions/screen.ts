import type { FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/access/guard.ts';
import type { Database } from '#src/platform/db/client.ts';
import { anywhere } from '#src/platform/db/text-search.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { listAllSessions, listSessions, MOST_SESSIONS } from './queries.ts';

const BROWSERS: [RegExp, string][] = [
	[/YaBrowser\//, 'Yandex'],
	[/Edg(?:e|A|iOS)?\//, 'Edge'],
	[/OPR\//, 'Opera'],
	[/Firefox\/|FxiOS\//, 'Firefox'],
	[/Chromium-Gost|Chrome\/|CriOS\//, 'Chrome'],
	[/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
	[/Android/, 'Android'],
	[/iPhone|iPad/, 'iOS'],
	[/Windows/, 'Windows'],
	[/Mac OS X/, 'macOS'],
	[/Linux/, 'Linux'],
];

/** Where the person is signed in, with the session that asks marked; for their settings. */
export async function readSessions(db: Database, request: FastifyRequest, currentId: string) {
	const { language, now } = request.viewer;
	const sessions = await listSessions(db, actorOf(request).id, now);
	return sessions.map((session) => ({
		...session,
		device: deviceOf(session.agent, language),
		current: session.id === currentId,
	}));
}

/** Who is signed in, by person, with the session that asks marked; for administrators. */
export async function readEverybody(
	db: Database,
	request: FastifyRequest,
	{ q, currentId }: { q: string | null; currentId: string },
) {
	const { language, now } = request.viewer;
	const all = await listAllSessions(db, now, q && anywhere(q));
	const shown = all.slice(0, MOST_SESSIONS).map((session) => ({
		...session,
		device: deviceOf(session.agent, language),
		current: session.id === currentId,
	}));
	const people = [...Map.groupBy(shown, ({ personId }) => personId)].map(([id, sessions]) => ({
		...{ id, name: sessions[0]?.person ?? '', sessions },
		current: sessions.some(({ current }) => current),
	}));
	return { q, people, count: shown.length, cut: all.length > MOST_SESSIONS, most: MOST_SESSIONS };
}

/** What a person calls the thing they sit at: «Firefox, Windows». */
export function deviceOf(agent: string | null, language: Language): string {
	const named = (list: [RegExp, string][]) => list.find(([form]) => form.test(agent ?? ''))?.[1];
	const [browser, system] = [named(BROWSERS), named(SYSTEMS)];
	if (browser === undefined) return translate(language, 'session.program');
	const called = browser === 'Yandex' ? translate(language, 'session.yandex') : browser;
	return system === undefined
		? called
		: translate(language, 'session.browser', { browser: called, system });
}
