import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '#src/config.ts';
import { type Connection, connect } from '#src/platform/db/client.ts';
import {
	demandMigrated,
	MigrationBlocked,
	MigrationFailed,
	migrate,
	SchemaBehind,
	SchemaChanged,
	SchemaTooNew,
} from '#src/platform/db/migrate.ts';
import { plansHold } from '#src/platform/db/planning.ts';
import { startEmbedded } from '#src/platform/embedded/embedded.ts';
import { type Say, StartFault } from '#src/platform/start-fault.ts';
import { isHere } from '#src/setting-readers.ts';

const OLDEST_SERVER = 15;
const POOL_CLOSE_MS = 1_500;
const AGAIN_MS = 250;
/** How long one waits for a server that says that it is starting, and for one that may be about to. */
const COMING_UP_MS: Record<string, number> = { '57P03': 60_000, ECONNREFUSED: 10_000 };

/**
 * `connection` waits for the database as long as it takes; `openPool` opens a pool in which a statement may take so
 * many ms. `directUrl` leads past a pooler, for connections that LISTEN. `stop` closes all pools, then ends the
 * embedded server if nobody else uses it.
 */
export type OpenDatabase = {
	connection: Connection;
	openPool: (patienceMs: number) => Connection;
	directUrl: string;
	embedded: boolean;
	stop: () => Promise<void>;
};

type Server = { url: string; place: string; stop: () => Promise<void> };

/**
 * Opens the database that the settings name (DATABASE_URL, or else the embedded server) and brings its
 * schema up to date, or with MIGRATE=off demands that it is; `say` is told each step, `signal` gives up waiting.
 * Throws StartFault.
 */
export async function openDatabase(
	config: Config,
	say: Say,
	signal?: AbortSignal,
): Promise<OpenDatabase> {
	const database = await openAsItIs(config, say, signal);
	try {
		const { pool } = database.connection;
		if (config.MIGRATE === 'off') await demandMigrated(pool);
		const { applied } = config.MIGRATE === 'off' ? { applied: 0 } : await migrate(pool, { say });
		say(applied > 0 ? `Схема: применено миграций: ${applied}` : 'Схема: без изменений');
		return database;
	} catch (error) {
		await database.stop();
		throw database.explained(error);
	}
}

/** An open database whose schema nobody has touched; `explained` makes a sentence of what Postgres throws. */
export type BareDatabase = OpenDatabase & { explained: (error: unknown) => unknown };

/** Opens the database as it is, whatever its schema: for a backup of it, and to restore one. Throws StartFault. */
export async function openAsItIs(
	config: Config,
	say: Say,
	signal?: AbortSignal,
): Promise<BareDatabase> {
	const embedded = config.DATABASE_URL === '';
	const server = embedded
		? await embeddedServer(config.DATA_DIR, say, signal)
		: ownServer(config.DATABASE_URL, say);
	const pools = new Set<Connection>();
	let plans: 'kept' | 'anew' = 'anew';
	const openPool = (patienceMs: number) => {
		const pool = connect(server.url, config.DATABASE_POOL, patienceMs, plans);
		const { close } = pool;
		pools.add(pool);
		// Whoever has no more use for one closes it; the rest goes with `stop`.
		return Object.assign(pool, { close: async () => void (pools.delete(pool) && (await close())) });
	};
	const connection = openPool(0);
	const stop = async () => {
		// A query that runs on keeps its connection; the server's shutdown or our exit ends it.
		const closed = Promise.all([...pools].map((pool) => pool.close()));
		await Promise.race([closed, pause(POOL_CLOSE_MS, undefined, { ref: false })]);
		await server.stop();
	};
	try {
		const version = await onceUp(server.place, say, signal, () => serverVersion(connection));
		if (embedded || (await plansHold(server.url))) plans = 'kept';
		if (!embedded) say(`База данных: PostgreSQL ${version} по адресу ${server.place}`);
		const explain = (error: unknown) => explained(error, server.place);
		const directUrl = (!embedded && config.DATABASE_DIRECT_URL) || server.url;
		return { connection, openPool, directUrl, embedded, stop, explained: explain };
	} catch (error) {
		await stop();
		throw explained(error, server.place);
	}
}

async function embeddedServer(dataDir: string, say: Say, signal?: AbortSignal): Promise<Server> {
	const server = await startEmbedded({ dataDir, say, ...(signal && { signal }) });
	return { url: server.url, place: new URL(server.url).host, stop: server.stop };
}

const BY_TLS = /^(prefer|require|verify-ca|verify-full|no-verify)$/;

function ownServer(address: string, say: Say): Server {
	if (!URL.canParse(address))
		throw new StartFault(
			'DATABASE_URL не похож на адрес вида postgres://имя:пароль@сервер:5432/база.',
		);
	const url = new URL(address);
	const host = url.host || url.searchParams.get('host') || 'localhost';
	const { searchParams: given } = url;
	const mode = given.get('sslmode') ?? (given.get('ssl') ? 'require' : process.env.PGSSLMODE);
	const here = host.startsWith('/') || isHere(`http://${host}`);
	if (!here && !BY_TLS.test(mode ?? ''))
		say(
			'Внимание: пароль и данные идут к базе без TLS: добавьте в DATABASE_URL ?sslmode=verify-full',
		);
	return { url: address, place: `${host}${url.pathname}`, stop: async () => {} };
}

/**
 * Asks a server that may be coming up: while it says so, or while nobody is there yet, it is asked again for a while.
 * Whoever starts all machines at once, or after a failover, need not start the program by hand.
 */
async function onceUp<T>(
	place: string,
	say: Say,
	signal: AbortSignal | undefined,
	ask: () => Promise<T>,
): Promise<T> {
	const began = Date.now();
	for (let asked = 1; ; asked++) {
		try {
			return await ask();
		} catch (error) {
			const patience = COMING_UP_MS[String((error as { code?: string }).code)] ?? 0;
			if (Date.now() - began >= patience) throw error;
			if (asked === 1) say(`База данных ${place} ещё не принимает соединений: ждём`);
			await pause(AGAIN_MS, undefined, signal && { signal });
		}
	}
}

/** The server's version, such as «16.2»; refuses one that is too old. */
async function serverVersion({ pool }: Connection): Promise<string> {
	const { rows } = await pool.query<{ server_version: string }>('show server_version');
	const version = rows[0]?.server_version.split(' ')[0] ?? '';
	if (Number.parseInt(version, 10) < OLDEST_SERVER)
		throw new StartFault(
			`Сервер базы данных: PostgreSQL ${version}, а нужен ${OLDEST_SERVER} или новее.`,
		);
	return version;
}

// Never the whole address: it holds the password.
function explained(error: unknown, place: string): unknown {
	if (error instanceof StartFault) return error;
	if (error instanceof SchemaTooNew)
		return new StartFault(
			`Схема базы данных ${place} новее программы: обновите программу до той, что её создала.`,
		);
	if (error instanceof SchemaChanged)
		return new StartFault(
			`В базе данных ${place} миграции применены в другой редакции, чем у этой программы: ${error.message}. Запустите программу, которая их применила, сделайте копию (npm run backup) и верните её этой программой в пустую базу.`,
		);
	if (error instanceof SchemaBehind)
		return new StartFault(
			`В базе данных ${place} не применены миграции: ${error.message}. При MIGRATE=off сначала npm run migrate.`,
		);
	if (error instanceof MigrationBlocked)
		return new StartFault(
			`Миграция ${error.message} не дождалась таблицы в базе данных ${place}: её держат другие запросы. Ничего не изменено, запустите ещё раз.`,
		);
	if (error instanceof MigrationFailed)
		return new StartFault(
			`Миграция ${error.message} не применяется к базе данных ${place}: ${reasonOf(error.cause)}. Ничего из неё не изменено.`,
		);
	const { code = '', message = '' } = error as { code?: string; message?: string };
	if (code === '28P01' || code === '28000')
		return new StartFault(
			`База данных ${place} не приняла имя или пароль: проверьте DATABASE_URL.`,
		);
	if (code === '0A000' && /encoding/.test(message))
		return new StartFault(
			`База данных ${place} хранит текст не в UTF8: создайте её заново с encoding UTF8 и сортировкой ICU.`,
		);
	if (code === '3D000')
		return new StartFault(
			`Базы данных ${place} на сервере нет: создайте её или проверьте DATABASE_URL.`,
		);
	if (code === '42501')
		return new StartFault(
			`Базе данных ${place} не хватает прав (${message}): дайте их роли из DATABASE_URL.`,
		);
	if (/^E[A-Z_]+$/.test(code) || /timeout|terminated|SSL/i.test(message))
		return new StartFault(
			`База данных ${place} не отвечает (${code || message}): проверьте DATABASE_URL.`,
		);
	return code ? new StartFault(`База данных ${place} отказала: ${message} (${code}).`) : error;
}

function reasonOf(cause: unknown): string {
	const { code = '', message = '' } = (cause ?? {}) as { code?: string; message?: string };
	return code ? `${message} (${code})` : message;
}
