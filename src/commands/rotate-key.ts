import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { type Config, readConfig } from '#src/config.ts';
import { resealAccounts } from '#src/features/calendar/sync/accounts.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { record } from '#src/platform/history/record.ts';
import { changeKey, keptPrint, printOf } from '#src/platform/keyring/keyring.ts';
import { KEY_FILE, keyOf, newSecret, secretKey } from '#src/platform/secrets.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, say } from './console.ts';
import { openDatabase } from './database.ts';

/** The keys before and after; `keep` puts the new one where the next start looks for it. */
type Change = { from: Buffer; to: Buffer; keep: () => void };

await command(async () => {
	const config = readConfig(process.env);
	const { from, to, keep } = changeOf(config);
	const database = await openDatabase(config, () => {});
	try {
		const { db } = database.connection;
		const { sealed, lost } = await transact(db, async (tx) => {
			const known = await keptPrint(tx);
			if (known !== null && known !== printOf(from))
				throw new StartFault(
					'Прежний ключ не тот, которым запечатаны пароли в этой базе: ничего не изменено.',
				);
			const done = await resealAccounts(tx, from, to);
			// What they say to the directory at their end they can do without.
			await tx.execute(sql`update sessions set sealed_id_token = null`);
			await changeKey(tx, to);
			await record(
				tx,
				{ actorId: null, door: 'form', now: new Date() },
				{ type: 'key.rotated', data: {} },
			);
			return done;
		});
		keep();
		say(`Ключ сменён, паролей календарей запечатано заново: ${sealed}`);
		if (lost.length > 0)
			say(`Не открылись прежним ключом, введите пароль заново: ${lost.join(', ')}`);
		if (config.SECRET_KEY) say('Теперь уберите OLD_SECRET_KEY и перезапустите все экземпляры.');
	} finally {
		await database.stop();
	}
});

function changeOf(config: Config): Change {
	const { SECRET_KEY, OLD_SECRET_KEY, DATA_DIR } = config;
	const file = join(DATA_DIR, KEY_FILE);
	const kept = existsSync(file);
	if (SECRET_KEY) {
		if (!OLD_SECRET_KEY && !kept)
			throw new StartFault(
				'Как вызвать: новый ключ в SECRET_KEY, прежний в OLD_SECRET_KEY, затем npm run rotate-key.',
			);
		const from = OLD_SECRET_KEY ? keyOf(OLD_SECRET_KEY) : secretKey({ SECRET_KEY: '', DATA_DIR });
		return { from, to: keyOf(SECRET_KEY), keep: () => {} };
	}
	if (!kept) throw new StartFault(`Менять нечего: ключа в ${file} нет, и SECRET_KEY не задан.`);
	const made = newSecret();
	const beside = `${file}.new`;
	// On the disk before the database knows it, and in its place right after.
	writeFileSync(beside, made, { mode: 0o600, flush: true });
	return {
		from: secretKey({ SECRET_KEY: '', DATA_DIR }),
		to: keyOf(made),
		keep: () => renameSync(beside, file),
	};
}
