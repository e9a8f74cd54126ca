import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';

/** A sign-in that was refused: `why` is a key of the locale files, `detail` what the directory or the proxy said. */
export type SignInRefusal = {
	id: number;
	at: Date;
	way: string;
	why: string;
	login: string;
	detail: string | null;
};

const MOST = 10;

/** Sign-ins refused in the last week that a person who looks after the sign-in can mend, the newest first. */
export async function lastRefusals(db: Sql): Promise<SignInRefusal[]> {
	const { rows } = await db.execute<SignInRefusal>(sql`
		select id, at, data ->> 'way' as way, data ->> 'why' as why, data ->> 'login' as login, data ->> 'detail' as detail
		from events where type = 'session.refused' and data ->> 'way' in ('oidc', 'header')
			and at > now() - interval '7 days'
		order by id desc limit ${MOST}`);
	return rows;
}
