import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { gatherAfterwards } from './after-commit.ts';
import { faultOf, noteCommitLost } from './faults.ts';
import { planOnce } from './planning.ts';
import { type Share, writersShare } from './share.ts';
import { loseNoPatience } from './statement-timeout.ts';

export type Database = NodePgDatabase;
export type Tx = Parameters<Parameters<Database['transaction']>[0]>[0];
/** Whatever runs SQL: the pool, or the transaction that a caller is in. */
export type Sql = Database | Tx;

const { builtins } = pg.types;
const [TIMESTAMPS, DAYS, AMOUNTS, TEXTS] = [1115, 1182, 1231, 1009];

const asText = (text: string) => text;
const asTexts = pg.types.getTypeParser(TEXTS);

// A moment is a Date, which pg makes of it by itself. A day stays text, for a Date would give it a time zone, and money does,
// for a float would round it. int8 is exact as a number up to 2^53.
for (const type of [builtins.DATE, builtins.TIMESTAMP, builtins.INTERVAL])
	pg.types.setTypeParser(type, asText);
for (const type of [TIMESTAMPS, DAYS, AMOUNTS]) pg.types.setTypeParser(type, asTexts);
pg.types.setTypeParser(builtins.INT8, Number);

/** What a pool has been through: connections that broke, statements that a server refused because it only reads. */
export type Figures = { broken: number; readOnly: number };

export type Connection = {
	db: Database;
	pool: pg.Pool;
	/** What transactions may take of the pool; the rest is for readers. */
	writers: Share;
	figures: Figures;
	close: () => Promise<void>;
};

const CONNECT_MS = 5_000;

/**
 * Opens a pool on `url`. No session state is set, so that it runs through a transaction pooler too. `max` is the number
 * of connections at most; `patienceMs` how long one statement may take, for ever where it is 0; `plans`, whether they are
 * kept by name, which takes a server, or a pooler, on which they hold.
 */
export function connect(
	url: string,
	max = 10,
	patienceMs = 0,
	plans: 'kept' | 'anew' = 'anew',
): Connection {
	const pool = new pg.Pool({
		connectionString: url,
		max,
		application_name: 'moi-prodazhi',
		connectionTimeoutMillis: CONNECT_MS,
		idleTimeoutMillis: 30_000,
	});
	const keep = plans === 'kept' ? planOnce() : null;
	const figures: Figures = { broken: 0, readOnly: 0 };
	const spoilt = new WeakSet<pg.ClientBase>();
	// A connection to a server that cannot do its work is given to nobody after this.
	pool.on('release', (_error: unknown, client: pg.PoolClient) => {
		if (spoilt.has(client)) (client as unknown as pg.Client).end().catch(() => {});
	});
	// An idle connection that breaks must not end the process: the next query takes another.
	pool.on('error', () => {});
	// One that breaks between two statements of a transaction neither: the next statement fails and says so.
	pool.on('connect', (client) => {
		client.on('error', () => {
			figures.broken += 1;
		});
		watchFaults(client, figures, spoilt);
		readValues(client);
		keep?.(client);
		if (patienceMs > 0) loseNoPatience(client, patienceMs);
	});
	tellWritesLost(pool);
	const db = drizzle(pool, { casing: 'snake_case' });
	const writers = writersShare(max, CONNECT_MS);
	return { db: sharing(db, pool, writers), pool, writers, figures, close: () => pool.end() };
}

// Has a client read values as said above, whoever asks: drizzle asks each time for the texts of moments.
function readValues(client: pg.Client): void {
	const ask = client.query.bind(client) as (...args: unknown[]) => unknown;
	Object.assign(client, {
		query: (question: unknown, ...rest: unknown[]) => ask(withoutTypes(question), ...rest),
	});
}

function withoutTypes(question: unknown): unknown {
	if (typeof question !== 'object' || question === null || !('types' in question)) return question;
	if ('submit' in question) return question;
	const { types: _, ...plain } = question;
	return plain;
}

type Wire = {
	on: (event: 'errorMessage', told: (error: Error & { code?: string }) => void) => void;
};

// What the server says, whoever asked.
function watchFaults(
	client: pg.ClientBase,
	figures: Figures,
	spoilt: WeakSet<pg.ClientBase>,
): void {
	(client as unknown as { connection?: Wire }).connection?.on('errorMessage', (error) => {
		if (error.code === '25006') figures.readOnly += 1;
		if (faultOf(error)?.drop) spoilt.add(client);
	});
}

/** What a statement without a transaction says where it stores something: it commits by itself. */
const WRITES = /\b(?:insert into|update|delete from|add_job|remove_job)\b/i;

// A statement that writes by itself is its own COMMIT: where its answer is lost it may be stored, too.
function tellWritesLost(pool: pg.Pool): void {
	const ask = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
	const asked = (...args: unknown[]) => {
		const [said] = args as [string | { text?: string }];
		const answer = ask(...args);
		if (WRITES.test(typeof said === 'string' ? said : (said?.text ?? '')))
			answer?.catch?.(noteCommitLost);
		return answer;
	};
	Object.assign(pool, { query: asked });
}

// A transaction takes a place of the writers, tells a lost COMMIT from what surely failed, and has done what waits for its end.
function sharing(db: Database & { $client: pg.Pool }, pool: pg.Pool, writers: Share): Database {
	const begin: Database['transaction'] = db.transaction.bind(db);
	const transaction: Database['transaction'] = async (work, config) => {
		await writers.enter();
		let [committing, afterwards]: [boolean, ReturnType<typeof gatherAfterwards>] = [false, []];
		try {
			const result = await begin(async (tx) => {
				afterwards = gatherAfterwards(tx);
				const done = await work(tx);
				committing = true;
				return done;
			}, config);
			for (const afterward of afterwards) afterward(pool);
			return result;
		} catch (error) {
			if (committing) noteCommitLost(error);
			throw error;
		} finally {
			writers.leave();
		}
	};
	return Object.assign(db, { transaction });
}
