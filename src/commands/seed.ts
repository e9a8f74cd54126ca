import { readConfig } from '#src/config.ts';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { bringInExample } from '#src/features/imports/example.ts';
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
	{ now, say, signal }: { now: Date; say: Say; signal?: AbortSignal },
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
		const deals = await makeDemoCompany(connection.db, now);
		await bringInExample(connection, 'anna', now);
		await connection.pool.query('analyze');
		say(`Демо-компания: интересов: ${deals}, логины: anna, boris, vera, gleb, ada`);
	} finally {
		await connection.close();
	}
}

if (import.meta.main)
	await command(async () => {
		const database = await openDatabase(readConfig(process.env), say);
		try {
			await seed(database, { now: new Date(), say });
		} finally {
			await database.stop();
		}
	});
