import { singleBytes, textsOf } from '#src/platform/tables/encoding.ts';

/*
 * The content lines of an iCalendar text (RFC 5545, 3.1), each with the very characters that it came in: whoever
 * changes one of them gives all others back as they were. Bytes are unfolded before they are letters, and what is no
 * line is left out and told; so do the big programs.
 */

/** A property: its name in capitals, its parameters by their names in capitals, and its value as it is escaped. */
export type Line = { name: string; params: Map<string, string>; value: string; raw: string };

/** A component: its name in capitals, its own lines, and what stands inside of it, in order. */
export type Component = { name: string; parts: (Line | Component)[] };

/** A line that could not be read: its number in the file, and its beginning. */
export type BadLine = { line: number; text: string };

/** What a text holds: its calendars, and what in it is no line of any. */
export type Content = { calendars: Component[]; bad: BadLine[] };

const DEPTH = 8;
const MOST_BAD = 20;
const SHOWN = 60;
const OCTETS = 75;

/** Whether a part is a component, and not a line. */
export const isComponent = (part: Line | Component): part is Component => 'parts' in part;

/** Reads what a file or a server says. Never throws. */
export function readContent(source: Buffer | string): Content {
	const root: Component = { name: '', parts: [] };
	const open: Component[] = [root];
	const bad: BadLine[] = [];
	let beyond = 0;
	for (const { raw, text, at } of unfolded(Buffer.from(source as string))) {
		if (text.trim() === '') continue;
		const line = lineOf(text, raw);
		const inner = open.at(-1) as Component;
		const name = line?.value.trim().toUpperCase() ?? '';
		if (line?.name === 'BEGIN' && open.length < DEPTH) {
			const component = { name, parts: [] };
			inner.parts.push(component);
			open.push(component);
		} else if (line?.name === 'BEGIN') beyond++;
		else if (line?.name === 'END' && beyond > 0) beyond--;
		else if (line?.name === 'END') {
			const to = open.findLastIndex((one, n) => n > 0 && one.name === name);
			if (to > 0) open.length = to;
			else note(bad, at, text);
		} else if (beyond > 0) continue;
		else if (line !== null && inner !== root) inner.parts.push(line);
		else if (inner !== root) {
			inner.parts.push({ name: '', params: new Map(), value: '', raw });
			note(bad, at, text);
		} else note(bad, at, text);
	}
	const calendars = root.parts.filter(isComponent).filter((one) => one.name === 'VCALENDAR');
	return { calendars, bad };
}

function note(bad: BadLine[], line: number, text: string): void {
	if (bad.length < MOST_BAD) bad.push({ line, text: text.slice(0, SHOWN) });
}

type Physical = { bytes: Buffer[]; at: number };

const CR = 0x0d;
const LF = 0x0a;

/** The lines of a file, as text and as they came, with the number at which each begins. */
export function* unfolded(source: Buffer): Generator<{ raw: string; text: string; at: number }> {
	const bytes = singleBytes(source);
	let record: Physical[] = [];
	let at = 0;
	for (const line of physicalLines(bytes)) {
		at++;
		const last = record.at(-1);
		if (last && (line[0] === 0x20 || line[0] === 0x09)) last.bytes.push(line);
		else {
			// An event may have been pasted in from elsewhere: what its letters are, it says by itself.
			if (/^BEGIN:V/i.test(line.toString('latin1', 0, 7))) {
				yield* decoded(record);
				record = [];
			}
			record.push({ bytes: [line], at });
		}
	}
	yield* decoded(record);
}

function* decoded(record: Physical[]): Generator<{ raw: string; text: string; at: number }> {
	const whole = record.map(({ bytes }) =>
		Buffer.concat(bytes.map((line, n) => (n === 0 ? line : line.subarray(1)))),
	);
	const texts = textsOf(whole);
	for (const [n, { bytes, at }] of record.entries()) {
		const text = (texts[n] as string).replaceAll('\0', '');
		const raw = bytes.map((line) => line.toString('utf8')).join('\r\n');
		const same = !raw.includes('\ufffd') && !raw.includes('\0');
		yield { text, at, raw: same ? raw : folded(text) };
	}
}

function* physicalLines(bytes: Buffer): Generator<Buffer> {
	let from = 0;
	for (let at = 0; at < bytes.length; at++) {
		if (bytes[at] !== CR && bytes[at] !== LF) continue;
		yield bytes.subarray(from, at);
		if (bytes[at] === CR && bytes[at + 1] === LF) at++;
		from = at + 1;
	}
	if (from < bytes.length) yield bytes.subarray(from);
}

// What may hold no colon but is written with one, as in TZID=GMT+03:00.
const TIMES = ['DTSTART', 'DTEND', 'DUE', 'RECURRENCE-ID', 'EXDATE', 'RDATE'];

function lineOf(text: string, raw: string): Line | null {
	const end = nameEnd(text);
	const name = text.slice(0, end).trim().toUpperCase();
	if (end === 0 || end === text.length || /[^\w.-]/.test(name)) return null;
	const colon = TIMES.includes(name) ? text.lastIndexOf(':') : unquoted(text, ':', end);
	if (colon < end) return null;
	return {
		name,
		params: paramsOf(text.slice(end, colon)),
		value: text.slice(colon + 1),
		raw,
	};
}

function nameEnd(text: string): number {
	for (let at = 0; at < text.length; at++) if (text[at] === ':' || text[at] === ';') return at;
	return text.length;
}

function unquoted(text: string, mark: string, from: number): number {
	let quoted = false;
	for (let at = from; at < text.length; at++) {
		if (text[at] === '"') quoted = !quoted;
		else if (!quoted && text[at] === mark) return at;
	}
	return -1;
}

function paramsOf(text: string): Map<string, string> {
	const params = new Map<string, string>();
	for (let at = 0; at >= 0 && at < text.length; ) {
		const next = unquoted(text, ';', at + 1);
		const one = text.slice(at + 1, next < 0 ? text.length : next);
		const is = one.indexOf('=');
		if (is > 0) params.set(one.slice(0, is).toUpperCase(), one.slice(is + 1).replaceAll('"', ''));
		at = next;
	}
	return params;
}

/** The lines of a component that have one of these names. */
export function linesOf(component: Component, ...names: string[]): Line[] {
	return component.parts.filter(
		(part): part is Line => !isComponent(part) && names.includes(part.name),
	);
}

/** The first line of this name, or null. */
export function lineNamed(component: Component, name: string): Line | null {
	return linesOf(component, name)[0] ?? null;
}

/** The components of this name inside of another one. */
export function componentsOf(component: Component, name: string): Component[] {
	return component.parts.filter(isComponent).filter((one) => one.name === name);
}

/** The words of a line: what is escaped in it stands for itself. Null for none. */
export function wordsOf(line: Line | null): string | null {
	if (line === null) return null;
	const words = line.value.replace(/\\(.)/gs, (_, one: string) => (/n/i.test(one) ? '\n' : one));
	return words.trim() || null;
}

/** Words as a value. */
export function escaped(words: string): string {
	return words
		.replace(/\r\n?/g, '\n')
		.replace(/[\\;,]/g, '\\$&')
		.replaceAll('\n', '\\n');
}

/** A line of a name, its parameters as they are to stand, and a value that is escaped already. */
export function newLine(name: string, value: string, params = ''): Line {
	const text = `${name}${params}:${value}`;
	return { name, params: paramsOf(params), value, raw: folded(text) };
}

function folded(text: string): string {
	const lines: string[] = [];
	let line = '';
	let octets = 0;
	for (const letter of text) {
		const size = Buffer.byteLength(letter);
		if (octets + size > OCTETS) {
			lines.push(line);
			[line, octets] = [' ', 1];
		}
		line += letter;
		octets += size;
	}
	return [...lines, line].join('\r\n');
}

/** A component as text, every line that was not changed as it came. */
export function contentText({ name, parts }: Component): string {
	const inner = parts.map((part) => (isComponent(part) ? contentText(part) : `${part.raw}\r\n`));
	return `BEGIN:${name}\r\n${inner.join('')}END:${name}\r\n`;
}
