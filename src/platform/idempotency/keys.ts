import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Database, Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { BadRequest, RuleBroken } from '#src/platform/errors.ts';

declare module 'fastify' {
	interface FastifyRequest {
		/** The key under which something is to be done once: the header `Idempotency-Key` or the field `key`. */
		onceKey: string | null;
	}
}

const KEY = /^[A-Za-z0-9_-]{8,100}$/;

/** Takes the key of a request that changes something out of its header, or out of its form. */
export function setUpOnce(app: FastifyInstance): void {
	app.decorateRequest('onceKey', null);
	app.addHook('preHandler', async (request) => {
		if (!takesKey(request)) return;
		const header = request.headers['idempotency-key'];
		if (header !== undefined) request.onceKey = checked(header);
		if (typeof request.body === 'object' && request.body !== null) takeKey(request, request.body);
	});
}

/** Takes the key out of the fields of a form; they are a form without it then. */
export function takeKey(request: FastifyRequest, fields: object): void {
	const given: { key?: unknown } = fields;
	if (given.key === undefined || !takesKey(request)) return;
	request.onceKey ??= checked(given.key);
	delete given.key;
}

// Sessions begin and end before anybody's keys are known, and ended twice they are ended.
function takesKey({ routeOptions: { config } }: FastifyRequest): boolean {
	return config.changes !== undefined && config.changes !== 'session';
}

function checked(key: unknown): string {
	if (typeof key !== 'string' || !KEY.test(key))
		throw new BadRequest('error.badRequest', { what: 'Idempotency-Key' });
	return key;
}

/** What comes back of what was kept: JSON knows no moments. */
type Kept<T> = T extends Date
	? Date | string
	: T extends object
		? { [K in keyof T]: Kept<T[K]> }
		: T;

/**
 * Does what a request asks, in one transaction with its key: asked for again by the same person under the same
 * key, it is not done, and what came of it the first time is returned. That is what the door draws its answer from: it is
 * worked out in `work`, with `sql` alone. Who asks while the first is under way waits for it; what failed is not kept.
 * `said`: what was sent, where that is not the body. Throws RuleBroken for another thing under the same key.
 */
export async function once<T>(
	db: Database,
	request: FastifyRequest,
	work: (sql: Sql) => Promise<T>,
	said: unknown = request.body,
): Promise<Kept<T>> {
	const { onceKey: key } = request;
	if (key === null) return (await work(db)) as Kept<T>;
	return await underKey(db, request, key, said, work);
}

/** Does one of the many things that a request asks for, in a transaction of its own. */
export type Each = <T>(part: number, work: (tx: Tx) => Promise<T>) => Promise<Kept<T>>;

/** The same for a request that asks for many things: each is kept by itself. Throws as `once` does. */
export async function onceEach(db: Database, request: FastifyRequest): Promise<Each> {
	const { onceKey: key, body } = request;
	if (key === null) return async (_part, work) => (await transact(db, work)) as never;
	await underKey(db, request, key, body, async () => null);
	return async (part, work) => {
		const own = createHash('sha256').update(`${key} ${part}`).digest('base64url');
		return await underKey(db, request, own, body, work);
	};
}

async function underKey<T>(
	db: Database,
	request: FastifyRequest,
	key: string,
	said: unknown,
	work: (tx: Tx) => Promise<T>,
): Promise<Kept<T>> {
	const personId = request.actorOrNull?.id ?? null;
	const asked = askedIn(request, said);
	return await transact(db, async (tx) => {
		const { rowCount } = await tx.execute(sql`
			insert into requests_done (person_id, key, at, asked)
			values (${personId}, ${key}, ${request.viewer.now}, ${asked}) on conflict do nothing`);
		if (rowCount === 0) return await doneBefore<T>(tx, personId, key, asked);
		const result = await work(tx);
		await tx.execute(sql`
			update requests_done set result = ${JSON.stringify(result ?? null)}::jsonb
			where person_id = ${personId} and key = ${key}`);
		return result as Kept<T>;
	});
}

async function doneBefore<T>(
	tx: Sql,
	personId: number | null,
	key: string,
	asked: string,
): Promise<Kept<T>> {
	const { rows } = await tx.execute<{ asked: string; result: unknown }>(sql`
		select asked, result from requests_done where person_id = ${personId} and key = ${key}`);
	const [done] = rows;
	if (done === undefined || done.asked !== asked) throw new RuleBroken('error.keyUsed');
	return done.result as Kept<T>;
}

// Where the form leads back to is not what is asked for.
function askedIn(request: FastifyRequest, said: unknown): string {
	const entries = Object.entries(Object(said)).filter(([name]) => name !== 'returnTo');
	const text = JSON.stringify([request.method, request.url, entries.sort(byName)]);
	return createHash('sha256').update(text).digest('hex');
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) => (one < other ? -1 : 1);
