import { readConfig } from '#src/config.ts';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { bringInExample } from '#src/features/imports/console/example.ts';
import { connect } from '#src/platform/db/client.ts';
import { type Say, StartFault } from '#src/platform/start-fault.ts';
import { command, say } from './console.ts';
import { type OpenDatabase, openDatabase } from './database.ts';

/**
 * Fills a database without people with the demo company, around `now`. Throws StartFault where there
 * are people already: the demo must never mix with real work. `signal` gives up half-way: nothing is written then.
 */
export async function seed(
	{ directUrl }: Pick<OpenDatabase, 'directUrl'>,
	{ now, deals, say, signal }: { now: Date; deals: number; say: Say; signal?: AbortSignal },
): Promise<void> {
	const connection = connect(directUrl, 3, 0, 'kept');
	connection.pool.on('connect', (client) => {
		// Whoever ends the program meanwhile waits for no statement.
		signal?.addEventListener('abort', () => void client.end().catch(() => {}), { once: true });
	});
	try {
		const { rowCount } = await connection.pool.query('select from people limit 1');
		if (rowCount !== 0)
			throw new StartFault('В базе уже есть люди: демо-компания заводится только в пустой.');
		say('Демо-компания: заводим людей, клиентов и интересы');
		const made = await makeDemoCompany(connection.db, now, deals);
		await bringInExample(connection, 'anna', now);
		await connection.pool.query('analyze');
		say(`Демо-компания: интересов: ${made}, логины: anna, boris, vera, gleb, ada`);
	} finally {
		await connection.close();
	}
}

if (import.meta.main)
	await command(async () => {
		const config = readConfig(process.env);
		const database = await openDatabase(config, say);
		try {
			await seed(database, { now: new Date(), deals: config.DEMO_DEALS, say });
		} finally {
			await database.stop();
		}
	});
