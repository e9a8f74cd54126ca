import { sql } from 'drizzle-orm';
import { endSessionsByDirectory } from '#src/features/access/sessions/actions.ts';
import type { Database } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { type Logout, NotBelieved } from './oidc.ts';

/** Ends the sessions that the directory wants ended. Throws NotBelieved for a token that was used before. */
export async function obeyLogout(
	db: Database,
	{ issuer, jti, subject, sid, expiresAt }: Logout,
	now: Date,
): Promise<number> {
	return await transact(db, async (tx) => {
		await tx.execute(sql`delete from logout_tokens where expires_at < ${now}`);
		const { rowCount } = await tx.execute(sql`
			insert into logout_tokens (issuer, jti, expires_at) values (${issuer}, ${jti}, ${expiresAt})
			on conflict do nothing`);
		if (rowCount !== 1) throw new NotBelieved('used before');
		return await endSessionsByDirectory(tx, { issuer, subject, sid }, now);
	});
}
