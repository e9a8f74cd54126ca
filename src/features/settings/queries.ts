import { sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import type { Settings } from './rules.ts';

/** The actor's own settings. */
export async function findSettings(db: Sql, actor: Actor): Promise<Settings> {
	return await find(db, actor, false);
}

/** The same, locked for the rest of the transaction. */
export async function findSettingsToEdit(tx: Tx, actor: Actor): Promise<Settings> {
	return await find(tx, actor, true);
}

const firstFilter = (actor: Actor, screen: string) =>
	sql`(select filter_id from default_filters where person_id = ${actor.id} and screen = ${screen})`;

async function find(db: Sql, actor: Actor, lock: boolean): Promise<Settings> {
	const { rows } = await db.execute<Settings>(sql`
		select nullif(email, '') as email, language, time_zone as "timeZone", work_from as "workFrom",
			work_until as "workUntil", remind_minutes as "remindMinutes", mail_reminders as "mailReminders",
			mail_digest as "mailDigest", theme, density, not shortcuts as "keysOff", board_view as "boardView",
			${firstFilter(actor, 'board')} as "boardFilterId", ${firstFilter(actor, 'deals')} as "dealsFilterId",
			version
		from people where id = ${actor.id} ${lock ? sql`for update` : sql``}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}
