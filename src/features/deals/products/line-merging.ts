import type { LinesForm } from '#src/features/deals/forms.ts';
import type { Line } from '#src/features/products/lines.ts';
import { searchable } from '#src/platform/db/text-search.ts';
import { type Fields, mergedBody } from '#src/platform/pages/three-way-merge.ts';
import type { TypedLine } from './products.ts';

/** The table of a deal's products as it stands, and of which version. */
export type StandingTable = {
	version: number;
	amountFromProducts: boolean;
	products: readonly (Line & { name: string })[];
};

const ROW = 'line ';
/** What tells one line of a deal from another: a product stands there once. */
export const lineKey = (name: string) => `${ROW}${searchable(name)}`;
const KEPT = /^(\d{1,12}\.\d{3}) (\d{1,13}\.\d\d)?\|(.{1,300})$/s;

// «2» and «2.000» are one quantity.
function lineText({ name, quantity, price }: Line & { name: string }): string {
	const [whole, fraction = ''] = quantity.split('.');
	return `${whole}.${fraction.padEnd(3, '0')} ${price ?? ''}|${name}`;
}

function lineOf(value: string | undefined): (Line & { name: string }) | null {
	const match = KEPT.exec(value ?? '');
	return (
		match && { quantity: match[1] as string, price: match[2] ?? null, name: match[3] as string }
	);
}

/** The table as its form tells what it `was`: a line by its product, one field each. */
export function tableFields({ amountFromProducts, products }: StandingTable): Fields {
	const lines = products.map((line) => [lineKey(line.name), lineText(line)]);
	return { amountFromProducts: amountFromProducts ? '1' : '', ...Object.fromEntries(lines) };
}

function fieldsWere(was: string | undefined): Fields {
	try {
		const said: unknown = JSON.parse(was ?? '{}');
		return typeof said === 'object' && said !== null ? { ...(said as Fields) } : {};
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		return {};
	}
}

/**
 * The table that a form asks for, on top of what stands there now: lines that it left alone are the
 * colleague's. Where both have changed the same line the table keeps its stale version, and is refused.
 */
export function mergedTable(read: LinesForm, now: StandingTable): LinesForm {
	const keys = read.lines.map(({ name }) => lineKey(name));
	const fresh = read.version === now.version && read.taken.length === 0;
	// One that stands there twice is refused by its rows, as they were typed.
	if (read.was === undefined || fresh || new Set(keys).size < keys.length) return read;
	const was = fieldsWere(read.was);
	const taken = read.taken.flatMap((name) => lineOf(was[lineKey(name)]) ?? []);
	const lines = [
		...read.lines.filter(({ name }) => !read.taken.some((one) => lineKey(one) === lineKey(name))),
		...taken.map((line, nr) => ({ ...line, row: -nr - 1 })),
	];
	const gone = Object.keys(was).filter(isLine);
	const body = {
		...Object.fromEntries(gone.map((name) => [name, ''])),
		...Object.fromEntries(lines.map((line) => [lineKey(line.name), lineText(line)])),
		...{ version: String(read.version), was: read.was },
		amountFromProducts: read.amountFromProducts ? '1' : '',
	};
	const stands = { version: now.version, fields: tableFields(now) };
	const merged = mergedBody(body, stands, { rows: /^line / }) as Fields;
	return {
		...read,
		version: Number(merged.version),
		amountFromProducts: merged.amountFromProducts === '1',
		lines: inOrder(lines, merged, now),
	};
}

// As the form has them; what the colleague has added comes behind.
function inOrder(lines: TypedLine[], merged: Fields, now: StandingTable): TypedLine[] {
	const rows = new Map(lines.map(({ name, row }) => [lineKey(name), row]));
	const known = lines.map(({ name }) => lineKey(name));
	const there = now.products.map(({ name }) => lineKey(name));
	const added = there.filter((key) => !known.includes(key));
	const keys = [...known, ...added].filter((key) => merged[key]);
	return keys.flatMap((key) => {
		const line = lineOf(merged[key]);
		return line === null ? [] : [{ ...line, row: rows.get(key) ?? 0 }];
	});
}

type NamedLine = Line & { name: string };
/** A line of a form that came back after a conflict; `theirs`: what a colleague has made of it, null: removed it. */
export type ClashLine = NamedLine & { removed: boolean; clash: boolean; theirs: NamedLine | null };

/**
 * The lines of a form that came back after a conflict: mine where I have changed them, as they stand now where
 * I have not, with those that a colleague has added.
 */
export function linesAfterConflict(read: LinesForm, now: StandingTable): ClashLine[] {
	const was = fieldsWere(read.was);
	const stands = tableFields(now);
	const mine = Object.fromEntries(read.lines.map((line) => [lineKey(line.name), lineText(line)]));
	const names = new Set([...Object.keys(mine), ...Object.keys(stands)].filter(isLine));
	return [...names].flatMap((key): ClashLine[] => {
		const [my, old, theirs] = [mine[key] ?? '', was[key] ?? '', stands[key] ?? ''];
		const clash = my !== old && theirs !== old && my !== theirs;
		const shown = lineOf(my === old || my === '' ? theirs : my);
		if (shown === null || (my === '' && old !== '' && !clash)) return [];
		return [{ ...shown, clash, removed: my === '' && old !== '', theirs: lineOf(theirs) }];
	});
}

const isLine = (name: string) => name.startsWith(ROW);
