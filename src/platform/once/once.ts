import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Database, Sql } from '#src/platform/db/client.ts';
import { BadRequest, RuleBroken } from '#src/platform/errors.ts';

declare module 'fastify' {
	interface FastifyRequest {
		/** The key under which something is to be made once: the header `Idempotency-Key` or the field `key`. */
		onceKey: string | null;
	}
}

const KEY = /^[A-Za-z0-9_-]{8,100}$/;

/** Takes the key of a request that makes something out of its header, or out of its form. */
export function setUpOnce(app: FastifyInstance): void {
	app.decorateRequest('onceKey', null);
	app.addHook('preHandler', async (request) => {
		if (request.routeOptions.config.changes !== 'new') return;
		const header = request.headers['idempotency-key'];
		if (header !== undefined) request.onceKey = checked(header);
		if (typeof request.body === 'object' && request.body !== null) takeKey(request, request.body);
	});
}

/** Takes the key out of the fields of a form; they are a form without it then. */
export function takeKey(request: FastifyRequest, fields: object): void {
	const given: { key?: unknown } = fields;
	if (given.key === undefined || request.routeOptions.config.changes !== 'new') return;
	request.onceKey ??= checked(given.key);
	delete given.key;
}

function checked(key: unknown): string {
	if (typeof key !== 'string' || !KEY.test(key))
		throw new BadRequest('error.badRequest', { what: 'Idempotency-Key' });
	return key;
}

/** What a door draws its answer from, as it is kept: what JSON can say. */
type Kept = string | number | boolean | null | Kept[] | { [name: string]: Kept | undefined };

/**
 * Makes something once: asked for again by the same person under the same key, it is not made, and what came of
 * it the first time is returned. Who asks while the first is under way waits for it; what failed is not kept.
 * `said`: what was sent, where that is not the body. Throws RuleBroken for another thing under the same key.
 */
export async function once<T extends Kept | object>(
	db: Database,
	request: FastifyRequest,
	personId: number,
	work: (sql: Sql) => Promise<T>,
	said: unknown = request.body,
): Promise<T> {
	const { onceKey } = request;
	if (onceKey === null) return await work(db);
	const asked = askedIn(request, said);
	return await db.transaction(async (tx) => {
		const { rowCount } = await tx.execute(sql`
			insert into requests_done (person_id, key, at, asked)
			values (${personId}, ${onceKey}, ${request.viewer.now}, ${asked}) on conflict do nothing`);
		if (rowCount === 0) return await doneBefore<T>(tx, personId, onceKey, asked);
		const result = await work(tx);
		await tx.execute(sql`
			update requests_done set result = ${JSON.stringify(result)}::jsonb
			where person_id = ${personId} and key = ${onceKey}`);
		return result;
	});
}

async function doneBefore<T>(tx: Sql, personId: number, key: string, asked: string): Promise<T> {
	const { rows } = await tx.execute<{ asked: string; result: T }>(sql`
		select asked, result from requests_done where person_id = ${personId} and key = ${key}`);
	const [done] = rows;
	if (done === undefined || done.asked !== asked) throw new RuleBroken('error.keyUsed');
	return done.result;
}

// Where the form leads back to is not what is asked for.
function askedIn(request: FastifyRequest, said: unknown): string {
	const entries = Object.entries(Object(said)).filter(([name]) => name !== 'returnTo');
	const text = JSON.stringify([request.method, request.url, entries.sort(byName)]);
	return createHash('sha256').update(text).digest('hex');
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]) => (one < other ? -1 : 1);
