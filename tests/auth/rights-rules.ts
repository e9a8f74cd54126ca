import type { TestDatabase } from '#tests/database.ts';
import type { Answer, Browser } from '../app.ts';
import type { Cast, Login } from '../cast.ts';

/** What a call is about: whose record, and its ids. */
export type Target = { dealId: number; stepId: number };
export type Call = (person: Browser, target: Target, me: Login) => Promise<Answer>;
/** Statuses for a record that one sees; what one does not see is 404, who is signed out gets 401. */
export type Rule = { call: Call; seen: number | ((me: Login) => number) };
/** A route of no record, and what it answers those who may come in. */
export type Open = { call: (person: Browser) => Promise<Answer>; status: number };

/** What each noun says of its routes in a file of its own; the matrix puts them together. */
export type Rules = {
	/** Makes what the calls need beside the cast. */
	prepare?: () => Promise<void>;
	records?: Record<string, Rule>;
	signedIn?: Record<string, Open>;
	/** For everybody else 403. */
	administrators?: Record<string, Open>;
};

/** What the rules call with; the cast is made before the first test. */
export type Tools = { database: TestDatabase; cast: () => Cast };

export const JSON_ANSWER = { accept: 'application/json' };

/** Reads a page of a record, as a program does. */
export const get =
	(path: (target: Target) => string): Call =>
	(person, target) =>
		person.get(path(target), JSON_ANSWER);

/** The version of a record, or 1 for one that is not there. */
export async function versionOf(
	{ pool }: TestDatabase,
	table: 'clients' | 'contacts' | 'deals' | 'interaction_kinds' | 'interactions' | 'stages',
	id: number,
): Promise<number> {
	const { rows } = await pool.query(`select version from ${table} where id = $1`, [id]);
	return rows[0]?.version ?? 1;
}

/** Changes a deal from the version that it has. */
export const onDeal =
	({ database }: Tools, path: string, body: (me: Login) => Record<string, unknown>): Call =>
	async (person, { dealId }, me) =>
		await person.json(`/deals/${dealId}${path}`, {
			...body(me),
			version: await versionOf(database, 'deals', dealId),
		});
