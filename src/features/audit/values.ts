import type { ProductChange } from '#src/events.ts';
import { isBuiltIn, roleWords } from '#src/features/access/people/words.ts';
import { quantityWords } from '#src/features/products/lines.ts';
import {
	formatDay,
	formatMoment,
	formatSpan,
	isDay,
	type Viewer,
} from '#src/platform/i18n/dates.ts';
import { moneyForInput } from '#src/platform/i18n/money.ts';
import {
	isMessage,
	type Language,
	type MessageKey,
	translate,
} from '#src/platform/i18n/translate.ts';
import { fieldOf, type Told } from './fields.ts';
import type { Names } from './queries.ts';
import type { AuditWords } from './words.ts';

/** What values are told with. */
export type Telling = { names: Names; viewer: Viewer; tasks: AuditWords['tasks'] };
type Tell = (said: string, telling: Telling) => string;

const say =
	(key: MessageKey, argument: string): Tell =>
	(said, { viewer }) =>
		translate(viewer.language, key, { [argument]: said });
const named =
	(noun: string): Tell =>
	(said, { names }) =>
		names.get(noun)?.get(said) ?? `№ ${said}`;

/** Where a value is no record's id: those are told by their names. */
const TELL: Partial<Record<Told, Tell>> = {
	roleCode: (said, { names, viewer }) => {
		const name = isBuiltIn(said) ? null : (names.get('roleCode')?.get(said) ?? said);
		return roleWords({ code: said, name }, viewer.language);
	},
	weekdays: (said, { viewer: { language } }) => {
		const names = translate(language, 'date.weekdays').split(' ');
		return said.replaceAll(/\d/g, (day) => names[Number(day) % 7] ?? day).replaceAll(',', ', ');
	},
	clock: (said) => {
		const minutes = Number(said);
		const two = (part: number) => String(part).padStart(2, '0');
		return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
	},
	colour: say('setting.colour', 'colour'),
	density: say('settings.densityName', 'density'),
	extraKind: say('extra.kind', 'kind'),
	extraNoun: say('extra.noun', 'noun'),
	fields: (said, telling) => each(said, (name) => labelOf('deal.edited', name, telling)),
	language: say('language.name', 'language'),
	legalKind: say('client.kind', 'kind'),
	message: (said, { viewer }) =>
		isMessage(said) ? translate(viewer.language, said, { login: '…', minutes: 15 }) : said,
	money: (said, { viewer }) => moneyForInput(viewer.language, said),
	planned: (said, { viewer }) => {
		if (isDay(said)) return formatDay(said, viewer);
		const moment = new Date(said);
		return Number.isNaN(moment.getTime()) ? said : formatMoment(moment, viewer);
	},
	permissions: (said, { viewer }) =>
		each(said, (one) =>
			translate(viewer.language, 'role.permission', { permission: one.replace('.', '_') }),
		),
	reach: say('role.scope', 'scope'),
	reopened: say('audit.reopened', 'status'),
	screen: say('audit.screen', 'screen'),
	series: say('series.scope', 'scope'),
	sourceKind: say('source.kind', 'kind'),
	span: (said, { viewer }) => formatSpan(Number(said), viewer.language),
	status: say('client.status', 'status'),
	task: (said, { viewer, tasks }) => {
		const words = tasks[said];
		return words ? translate(viewer.language, words) : said;
	},
	theme: say('settings.themeName', 'theme'),
	view: say('board.view', 'view'),
	way: say('session.line', 'way'),
	why: say('audit.ended', 'why'),
	yesNo: (said, { viewer }) =>
		translate(viewer.language, /^(true|1)$/.test(said) ? 'extra.yes' : 'extra.no'),
};

const each = (said: string, words: (one: string) => string) =>
	said.split(', ').map(words).join(', ');

/** What a value is called: an own field of the company by its name, an unknown one as the event says it. */
export function labelOf(type: string, name: string, telling: Telling): string {
	const { viewer } = telling;
	const own = /^extra_(\d+)$/.exec(name)?.[1];
	if (own) return named('extra')(own, telling);
	const label = fieldOf(type, name)?.[0];
	return label ? translate(viewer.language, label) : name;
}

type Line = NonNullable<ProductChange['to']>;

const isLine = (value: unknown): value is Line =>
	typeof value === 'object' && value !== null && 'quantity' in value;

const lineWords = ({ quantity, price }: Line, language: Language) =>
	[quantityWords(quantity, language), price && moneyForInput(language, price)]
		.filter(Boolean)
		.join(' × ');

/** A value in words; null where there is none. */
export function valueWords(
	type: string,
	name: string,
	value: unknown,
	telling: Telling,
): string | null {
	if (value === null || value === undefined || value === '') return null;
	const told = fieldOf(type, name)?.[1];
	const tell = told && (TELL[told] ?? named(told));
	const { language } = telling.viewer;
	if (Array.isArray(value))
		return value.map((one) => (tell ? tell(String(one), telling) : String(one))).join(', ');
	if (isLine(value)) return lineWords(value, language);
	if (typeof value === 'object') return JSON.stringify(value);
	if (tell) return tell(String(value), telling);
	if (typeof value === 'boolean') return translate(language, value ? 'extra.yes' : 'extra.no');
	return String(value);
}
