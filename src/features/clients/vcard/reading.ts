import iconv from 'iconv-lite';
import { encodingsOf, singleBytes } from '#src/platform/tables/encoding.ts';

/** A card as the program understands it: what of it fits a contact, and the firm. */
export type Card = {
	name: string | null;
	/** The firm. */
	org: string | null;
	position: string | null;
	phones: string[];
	emails: string[];
	bornOn: string | null;
	website: string | null;
	address: string | null;
	note: string | null;
};

/** A line of a card: its name without a group, its parameters, its value as bytes in latin1. */
type Line = { name: string; params: Map<string, string[]>; value: string };

const MOST_POINTS = 10;
const MOST_CHARACTERS = 2000;

/**
 * Reads the cards of a file of any version (2.1 with quoted-printable and charsets, 3.0, 4.0), at most
 * `most` of them. Whatever is not understood is left out: people's phones write all sorts of things.
 * Returns how many more there were.
 */
export function readCards(bytes: Buffer, most: number): { cards: Card[]; more: number } {
	// Bytes as characters: a property of 2.1 may name a charset of its own, and folds may lie within a letter.
	const file = singleBytes(bytes);
	const cards: Card[] = [];
	let more = 0;
	let lines: Line[] | null = null;
	let inner = 0;
	for (const raw of unfolded(file.toString('latin1'))) {
		const line = lineOf(raw);
		if (line === null) continue;
		const mark = /^(begin|end)$/.test(line.name) && /^\s*vcard\s*$/i.test(line.value);
		// A card inside of a card (an assistant's) is not for us.
		if (mark && line.name === 'begin') {
			if (lines === null) lines = [];
			else inner++;
		} else if (mark && inner > 0) inner--;
		else if (mark && lines !== null) {
			if (cards.length < most) cards.push(cardOf(lines));
			else more++;
			lines = null;
		} else if (inner === 0) lines?.push(line);
	}
	return { cards, more };
}

const isQuotedPrintable = (line: string) =>
	line
		.slice(0, line.indexOf(':') + 1)
		.toLowerCase()
		.includes('quoted-printable');

function* unfolded(text: string): Generator<string> {
	let line: string[] | null = null;
	let quoted = false;
	for (const raw of text.split(/\r\n|[\r\n]/)) {
		const last = line?.at(-1);
		if (line && last !== undefined && quoted && last.endsWith('=')) {
			line[line.length - 1] = last.slice(0, -1);
			line.push(raw);
		} else if (line && /^[ \t]/.test(raw)) line.push(raw.slice(1));
		else {
			if (line) yield line.join('');
			line = [raw];
			quoted = isQuotedPrintable(raw);
		}
	}
	if (line) yield line.join('');
}

function lineOf(raw: string): Line | null {
	const match = /^((?:[^":]|"[^"]*")+):(.*)$/s.exec(raw);
	if (match === null) return null;
	const [head = '', ...rest] = (match[1] as string).match(/(?:[^";]|"[^"]*")+/g) ?? [];
	const params = new Map<string, string[]>();
	for (const param of rest) {
		const at = param.indexOf('=');
		// 2.1 names a value alone: TEL;WORK;VOICE.
		const alone = /^(quoted-printable|base64|b)$/i.test(param) ? 'encoding' : 'type';
		const key = at < 0 ? alone : param.slice(0, at).trim().toLowerCase();
		const values = (at < 0 ? param : param.slice(at + 1)).replaceAll('"', '').split(',');
		params.set(key, [...(params.get(key) ?? []), ...values.map((one) => one.trim().toLowerCase())]);
	}
	return {
		name: head.replace(/^.*\./s, '').trim().toLowerCase(),
		params,
		value: match[2] as string,
	};
}

function cardOf(lines: Line[]): Card {
	// A line that names its charset says nothing about the others.
	const silent = Buffer.alloc(0);
	const encodings = encodingsOf(
		lines.map((line) => (line.params.has('charset') ? silent : bytesOf(line))),
	);
	const charsets = new Map(lines.map((line, n) => [line, encodings[n] as string]));
	const said = (line: Line) => decoded(line, charsets.get(line) as string);
	const old = lines.some(({ name, value }) => name === 'version' && value.trim() === '2.1');
	const all = (name: string) => lines.filter((line) => line.name === name);
	const parts = (line: Line) => partsOf(said(line), old);
	const texts = (name: string) => all(name).map((line) => clean(unescaped(said(line), old)));
	const first = (name: string) => texts(name).find(Boolean) ?? null;
	const tels = all('tel').map((line) => ({
		types: line.params.get('type') ?? [],
		value: phoneIn(clean(unescaped(said(line), old))),
	}));
	const isFax = ({ types }: { types: string[] }) => types.includes('fax');
	const faxes = tels.filter(isFax).map(({ value }) => `Факс: ${value}`);
	const org = all('org').map((line) => parts(line)[0]);
	const adr = all('adr').map((line) => addressOf(parts(line)));
	const n = all('n').map((line) => nameOf(parts(line)));
	const emails = texts('email').map((one) => one.replace(/^mailto:/i, ''));
	return {
		name: first('fn') ?? (n.find(Boolean) || null),
		org: org.find(Boolean) ?? null,
		position: first('title') ?? first('role'),
		phones: distinct(tels.filter((tel) => !isFax(tel)).map(({ value }) => value)),
		emails: distinct(emails.filter((one) => /^[^\s@<>]+@[^\s@<>]+$/.test(one))),
		bornOn: birthday(first('bday')),
		website: first('url'),
		address: adr.find(Boolean) ?? null,
		note: [...texts('note'), ...faxes].filter(Boolean).join('\n') || null,
	};
}

const distinct = (all: string[]) => [...new Set(all.filter(Boolean))].slice(0, MOST_POINTS);

const encodingOf = ({ params }: Line) => params.get('encoding')?.[0] ?? '';

// What stands in the line once its quotes are taken off; a picture says nothing.
function bytesOf(line: Line): Buffer {
	const encoding = encodingOf(line);
	if (/^(b|base64)$/.test(encoding)) return Buffer.alloc(0);
	const { value } = line;
	return Buffer.from(
		encoding === 'quoted-printable'
			? value.replace(/=([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
			: value,
		'latin1',
	);
}

function decoded(line: Line, charset: string): string {
	const told = line.params.get('charset')?.[0] ?? charset;
	return iconv.decode(bytesOf(line), iconv.encodingExists(told) ? told : charset);
}

// 2.1 escapes semicolons only: a backslash there is a backslash.
function unescaped(text: string, old: boolean): string {
	if (old) return text.replaceAll('\\;', ';');
	return text.replace(/\\([\\,;:nN])/g, (_, one: string) => (/n/i.test(one) ? '\n' : one));
}

function partsOf(text: string, old: boolean): string[] {
	const parts = text.match(/(?:[^;\\]|\\.|\\$)+|(?<=;|^)(?=;|$)/gs) ?? [];
	return parts.map((part) => clean(unescaped(part, old)));
}

// Controls that no name has, and NUL, which the database refuses.
const clean = (text: string) =>
	text
		.replace(/\r\n?/g, '\n')
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
		.replace(/[\0-\x08\x0b-\x1f\x7f]/g, '')
		.trim()
		.slice(0, MOST_CHARACTERS);

/** As Russians write it: family name, given name, patronymic. */
const nameOf = ([family = '', given = '', additional = '']: string[]) =>
	[family, given, additional].filter(Boolean).join(' ');

/** As Russians write it: index, country, region, town, street. */
function addressOf([
	,
	extended = '',
	street = '',
	town = '',
	region = '',
	index = '',
	country = '',
]: string[]) {
	return [index, country, region, town, street, extended]
		.map((part) => part.replaceAll('\n', ' '))
		.filter(Boolean)
		.join(', ');
}

function phoneIn(value: string): string {
	const bare = value.replace(/^tel:/i, '').replace(/;phone-context=[^;]*/i, '');
	return bare.replace(/;ext=(\d+)/i, ' доб. $1').trim();
}

// A birthday without its year (--0203) cannot be kept as a day.
function birthday(typed: string | null): string | null {
	const [, year, month, day] = /^(\d{4})-?(\d\d)-?(\d\d)(?:$|T)/.exec(typed ?? '') ?? [];
	const iso = `${year}-${month}-${day}`;
	const date = new Date(`${iso}T00:00:00Z`);
	const real = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
	return real && Number(year) >= 1900 ? iso : null;
}
