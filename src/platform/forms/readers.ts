import { type StaticDecode, type TObject, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { BadRequest, type FieldErrors, InvalidForm, VersionMissing } from '#src/platform/errors.ts';
import type { MessageArgs, MessageKey } from '#src/platform/i18n/translate.ts';

/** What is wrong with one field. */
class FieldError extends Error {
	readonly key: MessageKey;
	readonly args: MessageArgs;
	constructor(key: MessageKey, args: MessageArgs = {}) {
		super(key);
		this.key = key;
		this.args = args;
	}
}

const field = <T>(read: (typed: string) => T, choices?: readonly string[]) =>
	Type.Codec(Type.String(choices && { choices }))
		.Decode(read)
		.Encode((value) => String(value));

const MAX_MONEY_DIGITS = 13;

/** Text of at most `max` characters, trimmed, not empty; NUL is refused, for Postgres cannot keep it. */
export const text = (max: number) =>
	field((typed) => {
		const value = typed.replaceAll('\r\n', '\n').trim();
		if (value === '') throw new FieldError('field.required');
		if (value.includes('\0')) throw new FieldError('field.nul');
		if (value.length > max) throw new FieldError('field.tooLong', { max });
		return value;
	});

/** A record's id or another positive whole number. */
export const id = () =>
	field((typed) => {
		const value = Number(typed);
		if (!/^\d{1,15}$/.test(typed) || value < 1) throw new FieldError('field.number');
		return value;
	});

/** The version that a change started from. */
export const version = () => id();

/** Records' ids with commas between them, each once, in order: `least` to `most` of them. */
export const ids = (least: number, most: number) =>
	field((typed) => {
		const all = [...new Set(typed.split(',').map((one) => one.trim()))];
		if (all.some((one) => !/^[1-9]\d{0,14}$/.test(one)) || all.length < least)
			throw new FieldError('field.choice');
		if (all.length > most) throw new FieldError('field.tooMany', { max: most });
		return all.map(Number).sort((a, b) => a - b);
	});

/** Versions of several records by their ids, as `5:1,7:3`; at most `most` of them. */
export const versions = (most: number) =>
	field((typed) => {
		const all = typed.split(',').map((one) => /^([1-9]\d{0,14}):([1-9]\d{0,14})$/.exec(one));
		if (all.length > most) throw new FieldError('field.tooMany', { max: most });
		return all.map((match) => {
			if (match === null) throw new FieldError('field.number');
			return { id: Number(match[1]), version: Number(match[2]) };
		});
	});

/** A whole number from min to max. */
export const whole = (min: number, max: number) =>
	field((typed) => {
		const value = Number(typed);
		if (!/^\d{1,9}$/.test(typed) || value < min || value > max)
			throw new FieldError('field.number');
		return value;
	});

/** An amount as people type it («1 234 567,50 ₽», «1234.5») as an exact decimal string. */
export const money = () =>
	field((typed) => {
		const bare = typed.replace(/[\s\u00a0\u202f₽$€]|руб\.?/g, '').replace(',', '.');
		const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(bare);
		if (!match) throw new FieldError('field.money');
		const whole = (match[1] ?? '').replace(/^0+(?=\d)/, '');
		if (whole.length > MAX_MONEY_DIGITS) throw new FieldError('field.moneyTooBig');
		return `${whole}.${(match[2] ?? '').padEnd(2, '0')}`;
	});

/** How many or how much, as people type it («2», «0,5»): more than nothing, in thousandths at the finest. */
export const quantity = () =>
	field((typed) => {
		const bare = typed.replace(/[\s\u00a0\u202f]/g, '').replace(',', '.');
		const match = /^0*(\d{1,12}(?:\.\d{1,3})?)$/.exec(bare);
		if (!match?.[1] || !/[1-9]/.test(match[1])) throw new FieldError('field.quantity');
		return match[1];
	});

/** A number as people type it («1 234,5», «-3»), as an exact decimal string without needless zeros. */
export const decimal = () =>
	field((typed) => {
		const bare = typed
			.replace(/[\s\u00a0\u202f]/g, '')
			.replace('−', '-')
			.replace(',', '.');
		const match = /^(-?)0*(\d{1,15})(?:\.(\d{1,6}))?$/.exec(bare);
		if (!match) throw new FieldError('field.decimal');
		const fraction = (match[3] ?? '').replace(/0+$/, '');
		const value = fraction ? `${match[2]}.${fraction}` : (match[2] as string);
		return value === '0' ? value : `${match[1]}${value}`;
	});

/**
 * Words or phrases with commas between them, each of at most `max` characters, `most` of them; doubled
 * ones (case aside) count once.
 */
export const words = (most: number, max: number) =>
	field((typed) => {
		const all = typed.split(',').map((word) => word.replace(/\s+/g, ' ').trim());
		const once = new Map(all.filter(Boolean).map((word) => [word.toLowerCase(), word]));
		if (typed.includes('\0')) throw new FieldError('field.nul');
		if (once.size > most) throw new FieldError('field.tooMany', { max: most });
		if ([...once.values()].some((word) => word.length > max))
			throw new FieldError('field.tooLong', { max });
		return [...once.values()];
	});

/** One thing a line, each of at most `max` characters, `most` of them; empty lines do not count. */
export const lines = (most: number, max: number) =>
	field((typed) => {
		const all = typed.split('\n').map((line) => line.trim());
		const said = all.filter((line) => line !== '');
		if (typed.includes('\0')) throw new FieldError('field.nul');
		if (said.length > most) throw new FieldError('field.tooMany', { max: most });
		if (said.some((line) => line.length > max)) throw new FieldError('field.tooLong', { max });
		return said;
	});

/** An address of mail as one types it. */
export const email = () =>
	field((typed) => {
		if (!/^[^\s@,;<>"]{1,64}@[^\s@,;<>"]{1,190}$/.test(typed)) throw new FieldError('field.email');
		return typed;
	});

/** A day out of a date input (`2026-11-24`) or typed (`24.11.2026`), as `2026-11-24`. */
export const day = () =>
	field((typed) => {
		const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(typed);
		const iso = dotted
			? `${dotted[3]}-${dotted[2]?.padStart(2, '0')}-${dotted[1]?.padStart(2, '0')}`
			: typed;
		const date = new Date(`${iso}T00:00:00Z`);
		const real = /^(19|20|21)\d\d-\d\d-\d\d$/.test(iso) && !Number.isNaN(date.getTime());
		// 31.02 becomes 3 March in a Date: what comes back must be what went in.
		if (!real || date.toISOString().slice(0, 10) !== iso) throw new FieldError('field.day');
		return iso;
	});

/** A clock time, as `15:30`. */
export const time = () =>
	field((typed) => {
		if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(typed)) throw new FieldError('field.time');
		return typed;
	});

/** One of a fixed list of words, which its schema tells as `choices`. */
export const oneOf = <const T extends readonly string[]>(...values: T) =>
	field((typed): T[number] => {
		if (!values.includes(typed)) throw new FieldError('field.choice');
		return typed;
	}, values);

/** Yes or no of a choice that can also be left open. */
export const yesNo = () =>
	field((typed) => {
		if (typed !== 'yes' && typed !== 'no') throw new FieldError('field.choice');
		return typed === 'yes';
	});

/** A check box: present or not. */
export const checked = () => field((typed) => typed !== '' && typed !== '0');

export const optional = Type.Optional;

/** A form: its fields and nothing else. */
export const form = <T extends Record<string, TSchema>>(fields: T) =>
	Type.Object(fields, { additionalProperties: false });

/**
 * Reads a form or a JSON body. Empty optional fields are left out. Throws BadRequest for what no
 * page of ours sends (unknown, doubled or nested fields), VersionMissing, and InvalidForm with a
 * message for every wrong field and all that was typed.
 */
export function readForm<T extends TObject>(schema: T, body: unknown): StaticDecode<T> {
	const typed = flat(body, schema.properties);
	if ('version' in schema.properties && !typed.version) throw new VersionMissing();
	const values: Record<string, unknown> = {};
	const errors: FieldErrors = {};
	for (const [name, fieldSchema] of Object.entries(schema.properties)) {
		const raw = typed[name]?.trim() ?? '';
		if (raw === '' && Type.IsOptional(fieldSchema)) continue;
		try {
			values[name] = Value.Decode(fieldSchema, raw);
		} catch (error) {
			if (!(error instanceof FieldError)) throw error;
			errors[name] = raw === '' ? { key: 'field.required' } : { key: error.key, args: error.args };
		}
	}
	if (Object.keys(errors).length > 0) throw new InvalidForm(errors, typed);
	return values as StaticDecode<T>;
}

/** What a form says of each field: a value, null for one that was emptied, nothing for one that it has not. */
export type Part<T> = {
	[K in Exclude<keyof T, 'version'>]?: Exclude<T[K], undefined> | null;
} & Pick<T, Extract<keyof T, 'version'>>;

/**
 * Reads a form that may hold only some of its fields: what it does not hold is not meant to change.
 * Fields that must be filled in may be missing, but not be empty. Throws as readForm does.
 */
export function readPart<T extends TObject>(schema: T, body: unknown): Part<StaticDecode<T>> {
	const typed = flat(body, schema.properties);
	const held = Object.entries(schema.properties).filter(
		([name]) => name in typed || name === 'version',
	);
	const values: Record<string, unknown> = readForm(form(Object.fromEntries(held)), typed);
	for (const [name] of held) values[name] ??= null;
	return values as Part<StaticDecode<T>>;
}

/** Reads the query of an address. Wrong values are a bad request: the links are ours. */
export function readQuery<T extends TObject>(schema: T, query: unknown): StaticDecode<T> {
	try {
		return readForm(schema, query);
	} catch (error) {
		if (error instanceof InvalidForm)
			throw new BadRequest('error.badRequest', { what: Object.keys(error.fields).join(', ') });
		throw error;
	}
}

function flat(body: unknown, known: Record<string, unknown>): Record<string, string> {
	if (body === undefined || body === null) return {};
	if (typeof body !== 'object' || Array.isArray(body))
		throw new BadRequest('error.badRequest', { what: 'body' });
	const typed: Record<string, string> = {};
	for (const [name, value] of Object.entries(body)) {
		if (!Object.hasOwn(known, name))
			throw new BadRequest('error.unknownField', { name: name.slice(0, 60) });
		if (value === null || value === undefined) continue;
		if (typeof value !== 'string' && typeof value !== 'number')
			throw new BadRequest('error.badRequest', { what: name });
		typed[name] = String(value);
	}
	return typed;
}
