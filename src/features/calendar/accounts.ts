import { sql } from 'drizzle-orm';
import type { Config } from '#src/config.ts';
import { findActor } from '#src/features/auth/queries.ts';
import type { Acting } from '#src/features/auth/rules.ts';
import type { Database, Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/events/record.ts';
import type { TaskSetting } from '#src/platform/jobs/task.ts';
import { seal, secretKey, Unsealable, unseal } from '#src/platform/secrets.ts';
import { CalendarRefused, openCalendar } from './caldav.ts';
import { type Report, syncRound } from './sync.ts';
import type { ACCOUNT_STATES } from './tables.ts';

/** A person's place on the calendar server, as its page shows it; never the password. */
export type AccountView = {
	login: string;
	state: (typeof ACCOUNT_STATES)[number];
	answered: number | null;
	syncedAt: Date | null;
	strangers: { href: string; text: string }[];
	/** What both sides had changed in the last thirty days: ours, and the copy of theirs. */
	conflicts: { id: number; copyId: number; summary: string; dealId: number | null }[];
};

/** The actor's account, or null. */
export async function findAccount(
	db: Sql,
	personId: number,
	now: Date,
): Promise<AccountView | null> {
	const since = new Date(now.getTime() - 30 * 86_400_000);
	const { rows } = await db.execute<AccountView>(sql`
		select login, state, answered, synced_at as "syncedAt",
			coalesce((select jsonb_agg(jsonb_build_object('href', l.href, 'text', l.stranger) order by l.href)
				from (select * from calendar_links where person_id = a.person_id and stranger is not null
					order by href limit 50) l), '[]') as strangers,
			coalesce((select jsonb_agg(jsonb_build_object('id', i.id, 'copyId', l.copy_id,
				'summary', i.summary, 'dealId', i.deal_id) order by l.conflicted_at desc)
				from calendar_links l join interactions i on i.id = l.interaction_id
				where l.person_id = a.person_id and l.conflicted_at > ${since}), '[]') as conflicts
		from calendar_accounts a where a.person_id = ${personId}`);
	const row = rows[0];
	return row ? { ...row, syncedAt: row.syncedAt && new Date(row.syncedAt) } : null;
}

const sealedFor = (personId: number) => `calendar:${personId}`;

/**
 * Connects the actor with the company's calendar server, after a try that it lets them in; the password is
 * kept sealed. Throws InvalidForm for a wrong login or password, RuleBroken where the server cannot be
 * reached or none is set up.
 */
export async function connectCalendar(
	db: Database,
	acting: Acting,
	config: Config,
	{ login, password }: { login: string; password: string },
): Promise<void> {
	if (config.CALDAV_URL === '') throw new RuleBroken('calendar.notSetUp');
	const url = await tried({ server: config.CALDAV_URL, login, password });
	const sealed = seal(secretKey(config), password, sealedFor(acting.actor.id));
	await transact(db, async (tx) => {
		// Another login is another calendar: what was known of the first does not hold there.
		await tx.execute(sql`
			delete from calendar_accounts where person_id = ${acting.actor.id} and login <> ${login}`);
		await tx.execute(sql`
			insert into calendar_accounts (person_id, login, sealed_password, calendar_url, created_at)
			values (${acting.actor.id}, ${login}, ${sealed}, ${url}, ${acting.now})
			on conflict (person_id) do update set sealed_password = excluded.sealed_password,
				calendar_url = excluded.calendar_url, state = 'ok', answered = null, tried_at = null`);
		await record(tx, acting, { type: 'calendar.connected', data: {} });
	});
}

async function tried(account: {
	server: string;
	login: string;
	password: string;
}): Promise<string> {
	try {
		const calendar = await openCalendar(account, null);
		await calendar.list();
		return calendar.url;
	} catch (error) {
		if (!(error instanceof CalendarRefused)) throw error;
		if (error.status === 401 || error.status === 403)
			throw new InvalidForm({ password: { key: 'calendar.refused' } }, { login: account.login });
		throw new RuleBroken('calendar.unreachable');
	}
}

/** Disconnects the actor; what stands on either side stays there. */
export async function disconnectCalendar(sqlOrTx: Sql, acting: Acting): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const { rowCount } = await tx.execute(
			sql`delete from calendar_accounts where person_id = ${acting.actor.id}`,
		);
		if (rowCount) await record(tx, acting, { type: 'calendar.disconnected', data: {} });
	});
}

type Kept = { login: string; sealed: string; url: string | null; person: string };

/**
 * One round of a person's calendar; null where there is nothing to do: no account, a person who has left,
 * a password that the server has refused. A server out of reach is noted, and tried again by the clock.
 */
export async function syncPerson(
	{ connection: { db }, config, now, signal }: TaskSetting,
	personId: number,
): Promise<Report | null> {
	const begun = now();
	const { rows } = await db.execute<Kept>(sql`
		select a.login, a.sealed_password as sealed, a.calendar_url as url, p.login as person
		from calendar_accounts a join people p on p.id = a.person_id
		where a.person_id = ${personId} and a.state <> 'refused' and p.active`);
	const kept = rows[0];
	const actor = kept && (await findActor(db, kept.person));
	if (!kept || !actor || config.CALDAV_URL === '') return null;
	try {
		const password = unseal(secretKey(config), kept.sealed, sealedFor(personId));
		const account = { server: config.CALDAV_URL, login: kept.login, password };
		const calendar = await openCalendar(account, kept.url, signal);
		if (calendar.url !== kept.url) await noteUrl(db, personId, calendar.url);
		const acting: Acting = { actor, actorId: actor.id, door: 'calendar', now: begun };
		const report = await syncRound({ db, acting, owner: actor, calendar, home: config.PUBLIC_URL });
		await note(db, personId, { state: 'ok', answered: null, at: begun });
		return report;
	} catch (error) {
		await noteFailure(db, personId, error, begun);
		return null;
	}
}

async function noteFailure(
	db: Database,
	personId: number,
	error: unknown,
	at: Date,
): Promise<void> {
	if (error instanceof Unsealable)
		return await note(db, personId, { state: 'refused', answered: null, at });
	if (!(error instanceof CalendarRefused)) throw error;
	const { status } = error;
	// The calendar itself is gone: that is no deletion of each event. It is made again and filled anew.
	if (status === 404) await forgetCalendar(db, personId);
	const state = status === 401 || status === 403 ? 'refused' : 'failing';
	await note(db, personId, { state, answered: status, at });
}

async function forgetCalendar(db: Database, personId: number): Promise<void> {
	await transact(db, async (tx) => {
		await tx.execute(sql`delete from calendar_links where person_id = ${personId}`);
		await tx.execute(
			sql`update calendar_accounts set calendar_url = null where person_id = ${personId}`,
		);
	});
}

async function noteUrl(db: Database, personId: number, url: string): Promise<void> {
	await db.execute(
		sql`update calendar_accounts set calendar_url = ${url} where person_id = ${personId}`,
	);
}

type Outcome = { state: AccountView['state']; answered: number | null; at: Date };

async function note(
	db: Database,
	personId: number,
	{ state, answered, at }: Outcome,
): Promise<void> {
	await db.execute(sql`
		update calendar_accounts set state = ${state}, answered = ${answered}, tried_at = ${at},
			synced_at = case when ${state} = 'ok' then ${at} else synced_at end
		where person_id = ${personId}`);
}

const ANEW_MS = 5 * 60_000;

/** Whose calendar is due: something of theirs changed here since the last round, or it is five minutes old. */
export async function dueAccounts(db: Sql, now: Date): Promise<number[]> {
	const old = new Date(now.getTime() - ANEW_MS);
	const { rows } = await db.execute<{ id: number }>(sql`
		select a.person_id as id from calendar_accounts a join people p on p.id = a.person_id and p.active
		where a.state <> 'refused' and (a.tried_at is null or a.tried_at <= ${old}
			or (a.state = 'ok' and exists (select from interactions i
				where i.owner_id = a.person_id and i.changed_at > a.synced_at)))
		order by 1`);
	return rows.map(({ id }) => id);
}
