import type { MessageArgs, MessageKey, Reason } from '#src/features/imports/console/messages.ts';

/** A value as the database keeps it: exact decimals and days as text, ids as numbers. */
export type Value = string | number;

/** What reading a cell gives: the value, with what of it was not understood; or why there is none. */
export type Reading = { value: Value; beside?: Reason } | { reason: Reason };

/** Reads the text of a cell that is not empty. */
export type Reader = (text: string) => Reading;

const YEARS = { from: 1900, to: 2100 } as const;
/** «70» is 1970, «69» is 2069: as Postgres and C read years of two digits. */
const CENTURY_TURN = 70;
const DAY_MS = 86_400_000;

const bad = (key: MessageKey, args: MessageArgs = {}): Reading => ({ reason: { key, args } });

/** Text of one line and of `limit` characters at most; runs of white space become one space. */
export function line(limit: number): Reader {
	return (text) => readText(text.replace(/\s+/g, ' ').trim(), limit);
}

/** A code of digits, whatever Excel has put behind them: «044525225.0». */
export function code(limit: number): Reader {
	const read = line(limit);
	return (text) => read(withoutPoint(text));
}

/** Digits without the «.0» that a spreadsheet shows behind a number. */
export function withoutPoint(text: string): string {
	return /^\s*\d+\.0+\s*$/.test(text) ? text.slice(0, text.indexOf('.')) : text;
}

/** Text that keeps its line breaks, of `limit` characters at most. */
export function paragraph(limit: number): Reader {
	return (text) => readText(text.replace(/\r\n?/g, '\n').trim(), limit);
}

const EXCEL_ERROR =
	/^#(N\/A|REF!|VALUE!|NAME\?|DIV\/0!|NUM!|NULL!|Н\/Д|ССЫЛКА!|ЗНАЧ!|ИМЯ\?|ДЕЛ\/0!|ЧИСЛО!|ПУСТО!)$/i;
// U+FFFD is what another program left of letters that it could not read.
const DAMAGED = /[\p{Cc}\ufffd]/u;

function readText(text: string, limit: number): Reading {
	if (EXCEL_ERROR.test(text)) return bad('row.excelError', { text });
	if (DAMAGED.test(text.replace(/[\n\t]/g, '')) || !text.isWellFormed()) return bad('row.damaged');
	return text.length > limit ? bad('row.tooLong', { limit }) : { value: text };
}

/**
 * An amount, exact to the kopeck, as `1234.50`: decimal comma or point, thousands by any space, by apostrophes,
 * by points before a comma or by commas before a point; «₽» or «руб.» behind. Never negative.
 */
export function money(text: string): Reading {
	const bare = text
		.replace(/(₽|руб\.?|р\.)\s*$/iu, '')
		.replace(/\s/g, ' ')
		.replace('−', '-')
		.trim();
	const [, sign = '', digits = '', tail = ''] =
		/^([+-]?)(\d+)(?:[.,](\d+))?$/.exec(withoutThousands(bare)) ?? [];
	if (digits === '') return bad('row.notMoney', { text });
	const [whole, kopecks] = [digits.replace(/^0+(?=\d)/, ''), tail.replace(/0+$/, '')];
	if (kopecks.length > 2) return bad('row.moneyPrecise', { text });
	if (whole.length > 13) return bad('row.moneyLarge', { text });
	const value = `${whole}.${kopecks.padEnd(2, '0')}`;
	return sign === '-' && value !== '0.00' ? bad('row.moneyNegative', { text }) : { value };
}

// «1,234» alone could be a thousand or a fraction: it is left as it is, and money refuses its third decimal.
function withoutThousands(text: string): string {
	if (/^[+-]?\d{1,3}(?:( \d{3})+|(['’]\d{3})+)(?:[.,]\d+)?$/.test(text))
		return text.replace(/[ '’]/g, '');
	if (/^[+-]?\d{1,3}(,\d{3})+\.\d+$|^[+-]?\d{1,3}(,\d{3}){2,}$/.test(text))
		return text.replaceAll(',', '');
	if (/^[+-]?\d{1,3}(\.\d{3})+,\d+$|^[+-]?\d{1,3}(\.\d{3}){2,}$/.test(text))
		return text.replaceAll('.', '');
	return text;
}

const TIME = String.raw`(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-./])(\d{1,2})\2(\d{1,2})${TIME}$`);
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{2})${TIME}$`);
const DAY_IN_WORDS = new RegExp(
	String.raw`^(\d{1,2})\s+(\p{L}{3,9})\.?\s+(\d{4})(?:\s*(?:г\.|г|года))?${TIME}$`,
	'u',
);
const MONTHS = [
	...['январь,января,january', 'февраль,февраля,february', 'март,марта,march'],
	...['апрель,апреля,april', 'май,мая,may', 'июнь,июня,june', 'июль,июля,july'],
	...['август,августа,august', 'сентябрь,сентября,september', 'октябрь,октября,october'],
	...['ноябрь,ноября,november', 'декабрь,декабря,december'],
].map((names) => names.split(','));
const EXCEL_SERIAL = /^\d{5}(?:\.\d+)?$/;

/**
 * A day as `2026-12-31`: dd.mm.yyyy, dd-mm-yy, dd/mm/yyyy, ISO, «31 декабря 2026 г.», «31 дек. 2026», or Excel's
 * count of days since 1899-12-30.
 * A time behind it is left out, its zone too: the day is the one that is written.
 */
export function day(text: string): Reading {
	if (EXCEL_SERIAL.test(text)) return serialDay(text);
	const [, y, , m, d] = YEAR_FIRST.exec(text) ?? [];
	if (y && m && d) return calendarDay(text, Number(y), Number(m), Number(d));
	const [, dd, , mm, yy] = DAY_FIRST.exec(text) ?? [];
	if (!(dd && mm && yy)) return dayInWords(text);
	return calendarDay(text, fullYear(yy), Number(mm), Number(dd));
}

function dayInWords(text: string): Reading {
	const [, date, word = '', year] = DAY_IN_WORDS.exec(text) ?? [];
	const month = MONTHS.findIndex((names) => names.some((name) => name.startsWith(alike(word))));
	if (!(date && year) || month < 0) return bad('row.notDay', { text });
	return calendarDay(text, Number(year), month + 1, Number(date));
}

function fullYear(digits: string): number {
	const year = Number(digits);
	if (digits.length === 4) return year;
	return year < CENTURY_TURN ? 2000 + year : 1900 + year;
}

function serialDay(text: string): Reading {
	const date = new Date(Date.UTC(1899, 11, 30) + Math.floor(Number(text)) * DAY_MS);
	return calendarDay(text, date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
}

function calendarDay(text: string, year: number, month: number, date: number): Reading {
	if (year < YEARS.from || year > YEARS.to)
		return bad('row.dayRange', { text, from: String(YEARS.from), to: String(YEARS.to) });
	const moment = new Date(Date.UTC(year, month - 1, date));
	const real = moment.getUTCMonth() === month - 1 && moment.getUTCDate() === date;
	return real ? { value: moment.toISOString().slice(0, 10) } : bad('row.noSuchDay', { text });
}

/** A day, or a day and a clock time as `2026-12-31T15:30`; what zone that clock is in, others know. */
export function dayOrTime(text: string): Reading {
	const reading = day(text);
	const [, hours, minutes] = /[T ](\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$/.exec(text) ?? [];
	if ('reason' in reading || hours === undefined) return reading;
	if (Number(hours) > 23 || Number(minutes) > 59) return bad('row.notDay', { text });
	return { value: `${reading.value}T${hours.padStart(2, '0')}:${minutes}` };
}

/** A number as an exact decimal string without needless zeros. */
export function decimal(text: string): Reading {
	const bare = withoutThousands(text.replace(/\s/g, ' ').replace('−', '-').trim()).replace(
		',',
		'.',
	);
	const [, sign = '', whole, tail = ''] = /^(-?)0*(\d{1,15})(?:\.(\d{1,6}))?$/.exec(bare) ?? [];
	if (whole === undefined) return bad('row.notNumber', { text });
	const fraction = tail.replace(/0+$/, '');
	const value = fraction ? `${whole}.${fraction}` : whole;
	return { value: value === '0' ? value : sign + value };
}

/** «Да» or «нет» as `true` and `false`. */
export function yesNo(text: string): Reading {
	const word = alike(text);
	if (['да', 'yes', 'true', 'истина', '1', '+', 'y', 'д'].includes(word)) return { value: 'true' };
	if (['нет', 'no', 'false', 'ложь', '0', '-', 'n', 'н'].includes(word)) return { value: 'false' };
	return bad('row.notOneOf', { text, allowed: 'yesNo' });
}

/** One of `choices`, whatever its case. */
export function choice(choices: readonly string[]): Reader {
	return (text) => {
		const found = choices.find((one) => alike(one) === alike(text));
		if (found !== undefined) return { value: found };
		return bad('row.notOneOf', { text, allowed: choices.join(', ') });
	};
}

/** A whole number of per cent, 0 to 100. */
export function percent(text: string): Reading {
	const digits = (text.endsWith('%') ? text.slice(0, -1) : text).trim();
	const known = /^\d{1,3}$/.test(digits) && Number(digits) <= 100;
	return known ? { value: Number(digits) } : bad('row.notPercent', { text });
}

/** A currency as its ISO 4217 code. */
export function currency(text: string): Reading {
	const code = text.toUpperCase();
	return /^[A-Z]{3}$/.test(code) ? { value: code } : bad('row.notCurrency', { text });
}

/** One of `allowed`. */
export function oneOf(...allowed: string[]): Reader {
	return (text) =>
		allowed.includes(text)
			? { value: text }
			: bad('row.notOneOf', { text, allowed: allowed.join(', ') });
}

/** A login: Latin small letters, digits, point and hyphen. */
export function login(text: string): Reading {
	return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text) ? { value: text } : bad('row.notLogin', { text });
}

/** A mail address, in small letters. */
export function email(text: string): Reading {
	const address = text.toLowerCase();
	const shaped = address.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(address);
	return shaped ? { value: address } : bad('row.notEmail', { text });
}

/** An IANA name of a time zone. */
export function timeZone(text: string): Reading {
	const known = text === 'UTC' || Intl.supportedValuesOf('timeZone').includes(text);
	return known ? { value: text } : bad('row.notZone', { text });
}

/** What texts are compared by: small letters, «е» for «ё», one space for many. */
export function alike(text: string): string {
	return text.toLowerCase().replaceAll('ё', 'е').replace(/\s+/g, ' ').trim();
}
