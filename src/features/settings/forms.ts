import type { StaticDecode } from 'typebox';
import { BOARD_VIEWS, DENSITIES, THEMES } from '#src/features/access/tables.ts';
import { REMINDERS } from '#src/features/interactions/forms.ts';
import type { SavedFilter, Screen } from '#src/features/saved-filters/rules.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import {
	checked,
	form,
	id,
	oneOf,
	optional,
	text,
	time,
	version,
} from '#src/platform/forms/readers.ts';
import { clockOf, minutesOf } from '#src/platform/i18n/workdays.ts';
import type { Fields, Shape } from '#src/platform/pages/three-way-merge.ts';
import type { Choices, Settings } from './rules.ts';

/** Where people of the company may sit: the zones of Russia and its neighbours. */
export const ZONES = [
	'Europe/Kaliningrad',
	'Europe/Moscow',
	'Europe/Minsk',
	'Europe/Samara',
	'Europe/Saratov',
	'Asia/Yekaterinburg',
	'Asia/Omsk',
	'Asia/Novosibirsk',
	'Asia/Krasnoyarsk',
	'Asia/Irkutsk',
	'Asia/Yakutsk',
	'Asia/Vladivostok',
	'Asia/Magadan',
	'Asia/Kamchatka',
	'Asia/Almaty',
	'Asia/Tashkent',
	'Asia/Bishkek',
	'Asia/Baku',
	'Asia/Tbilisi',
	'Asia/Yerevan',
	'UTC',
] as const;

const WORLD = Intl.supportedValuesOf('timeZone');

/** Every zone that there is, the company's first. */
export const allZones = (): readonly string[] => [...new Set([...ZONES, ...WORLD])];

/** What a person decides for themselves. */
export const SettingsForm = form({
	version: version(),
	language: oneOf('ru', 'en'),
	timeZone: text(60),
	workFrom: time(),
	workUntil: time(),
	remindMinutes: optional(oneOf(...REMINDERS.map(String))),
	mailReminders: optional(checked()),
	mailDigest: optional(checked()),
	theme: optional(oneOf(...THEMES)),
	density: optional(oneOf(...DENSITIES)),
	keysOff: optional(checked()),
	boardView: optional(oneOf(...BOARD_VIEWS)),
	boardFilterId: optional(id()),
	dealsFilterId: optional(id()),
	was: optional(text(2000)),
});

/** Its boxes: off, they send nothing. */
export const SETTINGS_SHAPE: Shape = { boxes: ['mailReminders', 'mailDigest', 'keysOff'] };

/** What the fields of the form hold. */
export function fieldsOf(settings: Settings): Fields {
	const { language, timeZone, workFrom, workUntil, remindMinutes } = settings;
	const { theme, density, boardView, boardFilterId, dealsFilterId } = settings;
	const filled = (id: number | null) => (id === null ? '' : String(id));
	return {
		...{ language, timeZone, workFrom: clockOf(workFrom), workUntil: clockOf(workUntil) },
		remindMinutes: remindMinutes === null ? '' : String(remindMinutes),
		mailReminders: settings.mailReminders ? '1' : '',
		mailDigest: settings.mailDigest ? '1' : '',
		...{ theme, density, boardView, keysOff: settings.keysOff ? '1' : '' },
		boardFilterId: filled(boardFilterId),
		dealsFilterId: filled(dealsFilterId),
	};
}

/**
 * The choices of a form. Throws InvalidForm for an unknown zone, for work that ends before it begins, and for a
 * saved filter that the person cannot choose.
 */
export function choicesOf(
	fields: StaticDecode<typeof SettingsForm>,
	present: Settings,
	filters: Pick<SavedFilter, 'id' | 'screen'>[],
): Choices {
	const known: readonly string[] = [...allZones(), present.timeZone];
	if (!known.includes(fields.timeZone))
		throw new InvalidForm({ timeZone: { key: 'field.choice' } }, {});
	const [workFrom, workUntil] = [minutesOf(fields.workFrom), minutesOf(fields.workUntil)];
	if (workUntil <= workFrom) throw new InvalidForm({ workUntil: { key: 'field.workHours' } }, {});
	const chosen = (name: 'boardFilterId' | 'dealsFilterId', screen: Screen) => {
		const id = fields[name] ?? null;
		if (id !== null && !filters.some((one) => one.id === id && one.screen === screen))
			throw new InvalidForm({ [name]: { key: 'field.choice' } }, {});
		return id;
	};
	return {
		language: fields.language,
		timeZone: fields.timeZone,
		workFrom,
		workUntil,
		remindMinutes: fields.remindMinutes === undefined ? null : Number(fields.remindMinutes),
		mailReminders: fields.mailReminders ?? false,
		mailDigest: fields.mailDigest ?? false,
		theme: fields.theme ?? present.theme,
		density: fields.density ?? present.density,
		keysOff: fields.keysOff ?? false,
		boardView: fields.boardView ?? present.boardView,
		boardFilterId: chosen('boardFilterId', 'board'),
		dealsFilterId: chosen('dealsFilterId', 'deals'),
	};
}
