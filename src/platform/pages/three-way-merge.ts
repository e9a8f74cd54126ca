import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import type { Problem } from './dialog.ts';

export type Fields = Record<string, string>;

/** What the form of a record would say now, and of which version that is. */
export type Standing = { version: number; fields: Fields };

/** What is peculiar to a form: fields that count as one, boxes (off, they send nothing), rows of a list. */
export type Shape = {
	groups?: readonly (readonly string[])[];
	boxes?: readonly string[];
	/** The names of rows that may be there now and not in the form. */
	rows?: RegExp;
};

/**
 * Three ways to one: what I have changed of `was`, on top of what stands there `now`. `clashes`: what both have
 * changed, each to something else; there mine stands. Fields of one group are changed together or not at all.
 */
export function merge(
	was: Fields,
	mine: Fields,
	now: Fields,
	groups: Shape['groups'] = [],
): { fields: Fields; clashes: string[] } {
	const names = [...new Set([...Object.keys(now), ...Object.keys(mine)])];
	const differing = (name: string, one: Fields, other: Fields) =>
		(one[name] ?? '') !== (other[name] ?? '');
	const fields: Fields = {};
	const clashes: string[] = [];
	for (const name of names) {
		const unit = unitOf(name, { groups });
		const touched = unit.some((one) => differing(one, was, mine));
		const changed = unit.some((one) => differing(one, was, now));
		const same = !unit.some((one) => differing(one, mine, now));
		if (touched && changed && !same) clashes.push(name);
		fields[name] = (touched ? mine[name] : now[name]) ?? '';
	}
	return { fields, clashes };
}

const unitOf = (name: string, { groups = [] }: Shape) =>
	groups.find((group) => group.includes(name)) ?? [name];

/** What a form says of a field; a box that it was drawn with and does not send is off. */
function saidOf(
	typed: Record<string, unknown>,
	was: Fields,
	name: string,
	{ boxes = [] }: Shape,
): string | undefined {
	const value = typed[name];
	if (typeof value === 'string') return plain(value);
	return boxes.includes(name) && was[name] !== undefined ? '' : undefined;
}

const TAKEN = 'take_';

/**
 * The body of an edit as it is to be read: whatever the person has left as it `was` says what stands there
 * now, and the edit starts from the present version. Where both have changed the same, the body stays as it
 * came, and its stale version is the verb's to refuse. A body without `was`, a program's, is left alone.
 */
export function mergedBody(body: unknown, now: Standing, shape: Shape = {}): unknown {
	const was = baseIn(body);
	if (was === null) return body;
	const typed = withTaken(body as Record<string, unknown>, was);
	if (String(typed.version) === String(now.version)) return typed;
	const mine: Fields = {};
	const isRow = (name: string) => shape.rows?.test(name) ?? false;
	const rows = [...Object.keys(typed), ...Object.keys(was)].filter(isRow);
	for (const name of new Set([...Object.keys(now.fields), ...rows])) {
		const value = saidOf(typed, was, name, shape);
		// Fields that count as one are all said where one of them is: a form without any of them says none.
		const told = unitOf(name, shape).some((one) => saidOf(typed, was, one, shape) !== undefined);
		if (value !== undefined) mine[name] = value;
		else if (isRow(name) || told) mine[name] = was[name] ?? '';
	}
	const standing = Object.fromEntries(
		Object.keys(mine).map((name) => [name, now.fields[name] ?? '']),
	);
	const { fields, clashes } = merge(was, mine, standing, shape.groups);
	if (clashes.length > 0) return typed;
	const off = (shape.boxes ?? []).filter((name) => fields[name] === '');
	const merged = Object.entries({ ...typed, ...fields, version: String(now.version) });
	return Object.fromEntries(merged.filter(([name]) => !off.includes(name)));
}

/**
 * Does an edit that is read from its body by `edit`. One that tells what it started from is done with the record
 * locked, so that what it is merged with is what stands there. Throws Conflict where the same was changed.
 */
export async function mergeEdit<T>(
	db: Sql,
	body: unknown,
	lock: (tx: Tx) => Promise<unknown>,
	edit: (sql: Sql) => Promise<T>,
): Promise<T> {
	if (baseIn(body) === null) return await edit(db);
	return await transact(db, async (tx) => {
		await lock(tx);
		return await edit(tx);
	});
}

/**
 * A form that came back after a conflict, with what the person has touched: any other field shows what stands
 * there now, so that saving «mine» does not bring back what a colleague has changed meanwhile.
 */
export function onlyTouched(problem: Problem, shape: Shape = {}): Problem {
	const was = baseIn(problem.typed);
	if (problem.conflict === null || was === null) return problem;
	const typed = withTaken(problem.typed, was);
	const touched: Fields = {};
	for (const name of new Set([...Object.keys(typed), ...(shape.boxes ?? [])])) {
		const isTouched = unitOf(name, shape).some((one) => {
			const said = saidOf(typed, was, one, shape);
			return said !== undefined && said !== (was[one] ?? '');
		});
		if (isTouched) touched[name] = String(typed[name] ?? '');
	}
	return { ...problem, typed: touched, was };
}

// Line breaks travel as two characters, whatever stood in the field.
const plain = (value: string) => value.replaceAll('\r\n', '\n').trim();

/** What the fields of a form said when it was drawn; null for a body that does not tell, or not as ours do. */
function baseIn(body: unknown): Fields | null {
	const was = typeof body === 'object' && body !== null && 'was' in body ? body.was : null;
	if (typeof was !== 'string' || was === '') return null;
	try {
		const said: unknown = JSON.parse(was);
		if (typeof said !== 'object' || said === null || Array.isArray(said)) return null;
		const entries = Object.entries(said).filter(([, value]) => typeof value === 'string');
		return Object.fromEntries(entries.map(([name, value]) => [name, plain(String(value))]));
	} catch (error) {
		if (!(error instanceof SyntaxError)) throw error;
		return null;
	}
}

/** «Взять это»: the field says again what it said when the form was drawn, which is what the colleague wrote. */
function withTaken(typed: Record<string, unknown>, was: Fields): Record<string, unknown> {
	const taken = Object.keys(typed).flatMap((name) =>
		name.startsWith(TAKEN) && name.slice(TAKEN.length) in was ? [name.slice(TAKEN.length)] : [],
	);
	const own = Object.entries(typed).filter(([name]) => !taken.includes(name.replace(TAKEN, '')));
	return {
		...Object.fromEntries(own),
		...Object.fromEntries(taken.map((name) => [name, was[name]])),
	};
}
