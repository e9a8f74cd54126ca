import type pg from 'pg';

/** A statement as node-postgres was given it, with the connection that it ran on. */
export type Statement = { query: pg.QueryConfig; params: unknown[]; connection: number };

/** What one request asked of the database: statements of one wave were under way together. */
export type Script = Statement[][];

/** Notes down the statements that go through a pool. */
export type Recorder = { start: () => void; stop: () => Script };

type Query = (...args: unknown[]) => unknown;

/**
 * Listens on a pool that has no connections yet. One request at a time is recorded, so that whatever
 * runs between start and stop is the request's.
 */
export function recordStatements(pool: pg.Pool): Recorder {
	let script: Script | null = null;
	let underWay = 0;
	let connections = 0;

	const began = (statement: Statement) => {
		if (underWay === 0 || script?.length === 0) script?.push([]);
		script?.at(-1)?.push(statement);
		underWay += 1;
	};
	const ended = () => {
		underWay -= 1;
	};
	pool.on('connect', (client) => {
		const connection = connections++;
		const query = client.query.bind(client) as Query;
		const recording: Query = (first, second, third) => {
			const config = typeof first === 'string' ? { text: first } : (first as pg.QueryConfig);
			const params = (Array.isArray(second) ? second : (config.values ?? [])) as unknown[];
			began({ query: config, params, connection });
			const told = typeof second === 'function' ? second : third;
			if (typeof told !== 'function')
				return (query(first, second) as Promise<unknown>).finally(ended);
			return query(config, params, (error: unknown, result: unknown) => {
				ended();
				told(error, result);
			});
		};
		client.query = recording as typeof client.query;
	});
	return {
		start() {
			script = [];
		},
		stop() {
			const recorded = script ?? [];
			script = null;
			return recorded;
		},
	};
}

/**
 * Runs a recorded script again: the same texts, parameters and result parsers, one after another where
 * the request waited and together where it did not, a transaction on a connection of its own.
 */
export async function replay(pool: pg.Pool, script: Script): Promise<void> {
	let held: { client: pg.PoolClient; connection: number } | null = null;
	for (const wave of script) {
		const first = wave[0] as Statement;
		if (first.query.text === 'begin')
			held = { client: await pool.connect(), connection: first.connection };
		const holder = held;
		await Promise.all(
			wave.map(({ query, params, connection }) =>
				holder?.connection === connection
					? holder.client.query(query, params)
					: pool.query(query, params),
			),
		);
		if (first.query.text === 'commit') {
			held?.client.release();
			held = null;
		}
	}
}

/** The statements of a script's transaction, without begin and commit. */
export function insideTransaction(script: Script): Statement[] {
	const all = script.flat();
	const [from, to] = ['begin', 'commit'].map((text) =>
		all.findIndex(({ query }) => query.text === text),
	);
	return from === undefined || to === undefined || from < 0 ? [] : all.slice(from + 1, to);
}

/** The same script for another record: every parameter that is a key of `swap` becomes its value. */
export function withParams(script: Script, swap: Map<unknown, unknown>): Script {
	return script.map((wave) =>
		wave.map((statement) => ({
			...statement,
			params: statement.params.map((param) => (swap.has(param) ? swap.get(param) : param)),
		})),
	);
}
