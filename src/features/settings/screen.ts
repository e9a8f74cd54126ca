import type { FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/access/guard.ts';
import { BOARD_VIEWS, DENSITIES, THEMES } from '#src/features/access/tables.ts';
import { REMINDERS } from '#src/features/interactions/forms.ts';
import { listFirstFilters } from '#src/features/saved-filters/queries.ts';
import type { Database } from '#src/platform/db/client.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { clockOf } from '#src/platform/i18n/workdays.ts';
import type { Problem } from '#src/platform/pages/dialog.ts';
import { allZones, fieldsOf, ZONES } from './forms.ts';
import { findSettings } from './queries.ts';

/** The page of a person's settings, with what is wrong with the form if it came back. */
export async function readSettingsPage(
	db: Database,
	request: FastifyRequest,
	problem: Problem | null,
) {
	const { viewer } = request;
	const settings = await findSettings(db, actorOf(request));
	// A box that was taken off sends nothing: after a refusal what is absent was off, but after a conflict it
	// was left alone.
	const ticked = (name: 'mailReminders' | 'mailDigest' | 'keysOff') =>
		problem && (problem.was === undefined || name in problem.typed)
			? Boolean(problem.typed[name])
			: settings[name];
	const say = (key: MessageKey, args: Record<string, string>) =>
		translate(viewer.language, key, args);
	const ours: readonly string[] = ZONES;
	const zones = [...new Set([...allZones(), settings.timeZone])];
	return {
		problem,
		typed: problem?.typed ?? {},
		settings: {
			...settings,
			workFrom: clockOf(settings.workFrom),
			workUntil: clockOf(settings.workUntil),
		},
		was: JSON.stringify(fieldsOf(settings)),
		ticked: {
			mailReminders: ticked('mailReminders'),
			mailDigest: ticked('mailDigest'),
			keysOff: ticked('keysOff'),
		},
		themes: THEMES.map((id) => ({ id, name: say('settings.themeName', { theme: id }) })),
		densities: DENSITIES.map((id) => ({ id, name: say('settings.densityName', { density: id }) })),
		views: BOARD_VIEWS.map((id) => ({ id, name: say('board.view', { view: id }) })),
		filters: await listFirstFilters(db, actorOf(request)),
		languages: (['ru', 'en'] as const).map((id) => ({
			id,
			name: translate(viewer.language, 'language.name', { language: id }),
		})),
		zones: zones.map((id) => ({
			...{ id, name: zoneName(id, viewer) },
			group: translate(
				viewer.language,
				ours.includes(id) ? 'settings.zonesNear' : 'settings.zonesAll',
			),
		})),
		reminders: REMINDERS.map((minutes) => ({
			id: minutes,
			name: translate(viewer.language, 'remind.before', {
				minutes: String(minutes),
			}),
		})),
	};
}

const names = new Map<string, string>();

/** «GMT+3 · Москва»: how far from Greenwich it is now, and the city; what it is called by the world is often another's. */
function zoneName(timeZone: string, { language, now }: Viewer): string {
	const key = `${language} ${timeZone} ${now.toISOString().slice(0, 10)}`;
	const known = names.get(key);
	if (known !== undefined) return known;
	const offset = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: 'shortOffset' })
		.formatToParts(now)
		.find(({ type }) => type === 'timeZoneName')?.value;
	const zone = timeZone.split('/').at(-1) ?? timeZone;
	const city = ZONES.some((one) => one === timeZone)
		? translate(language, 'settings.city', { zone })
		: timeZone.replaceAll('_', ' ');
	const name = `${offset ?? timeZone} · ${city}`;
	if (names.size > 1_000) names.clear();
	names.set(key, name);
	return name;
}
