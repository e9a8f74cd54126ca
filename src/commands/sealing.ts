import type { Config } from '#src/config.ts';
import { holdKey } from '#src/platform/keyring/keyring.ts';
import { secretKey } from '#src/platform/secrets.ts';
import type { OpenDatabase } from './database.ts';

/** Holds, where anything is sealed, that it is by the database's own key. Throws StartFault. */
export async function holdSealingKey(
	{ connection }: Pick<OpenDatabase, 'connection'>,
	config: Config,
): Promise<void> {
	if (config.OIDC_ISSUER || config.CALDAV_URL) await holdKey(connection.db, secretKey(config));
}
