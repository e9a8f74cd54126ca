import { createHash } from 'node:crypto';
import pg from 'pg';

type Question = { text: string; name?: string };

/** Texts that keep a plan at most: each connection holds all of them. */
const TEXTS = 500;
/** Texts that are counted at most before the counting begins anew. */
const COUNTED = 5_000;
/** A text of one request alone, with its own number of values, would hold a plan that nobody asks for again. */
const OFTEN = 2;
/** How a search is best done hangs on its words, which a plan for any words does not know. */
const BY_VALUE = /\b(?:i?like|alike|similarity|word_is_alike|words_alike)\b|@@|<%|%>/i;
/** What a plan says that returns other columns than it did, after a migration beside the running program. */
const OUTDATED = { code: '0A000', message: 'cached plan must not change result type' };

/** What one pool has been asked; `edition` counts how often plans went out of date: one is known by its text and by this. */
type Book = { asked: Map<string, number>; names: Map<string, string>; edition: number };

/**
 * Has each text that is asked with values often planned once on each connection of a pool that is given here, not each
 * time: planning takes half of the database's time otherwise. Not what searches for a text. Through a pooler only where
 * `plansHold`.
 */
export function planOnce(): (client: pg.Client) => void {
	const book: Book = { asked: new Map(), names: new Map(), edition: 0 };
	return (client) => keepPlans(client, book);
}

function keepPlans(client: pg.Client, book: Book): void {
	const ask = client.query.bind(client) as (...args: unknown[]) => unknown;
	Object.assign(client, {
		query: (question: unknown, ...rest: unknown[]) => {
			const name = isQuestion(question) && rest[0] ? nameOf(book, question.text) : undefined;
			if (name === undefined) return ask(question, ...rest);
			const named = { ...(question as Question), name };
			// In a transaction nothing can be asked again: whoever began it has to.
			const mended = (error: unknown) =>
				isOutdated(error) && forget(book) && client.getTransactionStatus() === 'I';
			const told = rest.at(-1);
			// A pool asks with a function that it wants called, others wait for what comes back.
			if (typeof told === 'function') {
				const tell = (error: unknown, answer: unknown) =>
					mended(error) ? ask(question, ...rest) : told(error, answer);
				return ask(named, ...rest.slice(0, -1), tell);
			}
			return (ask(named, ...rest) as Promise<unknown>).catch((error: unknown) => {
				if (!mended(error)) throw error;
				return ask(question, ...rest);
			});
		},
	});
}

function forget(book: Book): true {
	book.edition++;
	book.names.clear();
	return true;
}

const isQuestion = (asked: unknown): asked is Question =>
	typeof asked === 'object' && asked !== null && 'text' in asked && !('submit' in asked);

const isOutdated = (error: unknown): boolean =>
	error instanceof pg.DatabaseError &&
	error.code === OUTDATED.code &&
	error.message === OUTDATED.message;

function nameOf(book: Book, text: string): string | undefined {
	const { asked, names, edition } = book;
	const known = names.get(text);
	if (known !== undefined) return known;
	if (names.size >= TEXTS || BY_VALUE.test(text)) return undefined;
	const times = (asked.get(text) ?? 0) + 1;
	if (asked.size >= COUNTED) asked.clear();
	asked.set(text, times);
	if (times < OFTEN) return undefined;
	asked.delete(text);
	const name = createHash('sha256').update(`${edition} ${text}`).digest('hex').slice(0, 32);
	names.set(text, name);
	return name;
}

/**
 * Tells whether plans that are kept by name hold on connections of this address: always straight to the server; through
 * a transaction pooler only where it keeps them for its clients (PgBouncer from 1.21 on), which is tried.
 */
export async function plansHold(url: string): Promise<boolean> {
	const client = new pg.Client({ connectionString: url });
	client.on('error', () => {});
	await client.connect();
	try {
		const own = (client as pg.Client & { processID?: number | null }).processID;
		// A pooler gives its clients numbers of its own.
		return own === (await backendOf(client)) || (await heldByPooler(url, client));
	} finally {
		await client.end().catch(() => {});
	}
}

const backendOf = async (client: pg.Client) =>
	(await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;

/** Others that take the server's connection away, so that the next one is another. */
const OTHERS = 3;
const TRIAL_MS = 5_000;

// Plans on one connection of the server and asks on another: a pooler that does not carry the plan over fails then.
async function heldByPooler(url: string, client: pg.Client): Promise<boolean> {
	const question = { name: 'plans_hold', text: 'select $1::int as n', values: [1] };
	const others: pg.Client[] = [];
	try {
		await client.query(question);
		const first = await backendOf(client);
		for (let n = 0; n < OTHERS; n++) {
			const other = new pg.Client({ connectionString: url, connectionTimeoutMillis: TRIAL_MS });
			other.on('error', () => {});
			others.push(other);
			await other.connect();
			await inTime(other.query('begin'));
			if ((await inTime(backendOf(other))) !== first) continue;
			await inTime(client.query(question));
			return true;
		}
		return false;
	} catch {
		return false;
	} finally {
		await Promise.all(others.map((other) => other.end().catch(() => {})));
	}
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error('the pooler gives no second connection')), TRIAL_MS);
	});
	try {
		return await Promise.race([answer, late]);
	} finally {
		clearTimeout(timer);
	}
}
