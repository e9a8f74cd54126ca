import { sql } from 'drizzle-orm';
import type { Config } from '#src/config.ts';
import { findActor } from '#src/features/access/queries.ts';
import type { Acting } from '#src/features/access/rights.ts';
import type { ACCOUNT_STATES, Question } from '#src/features/calendar/tables.ts';
import type { Database, Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import type { TaskSetting } from '#src/platform/jobs/task.ts';
import { seal, secretKey, Unsealable, unseal } from '#src/platform/secrets.ts';
import { CalendarRefused, openCalendar, type RemoteCalendar } from './caldav.ts';
import { LOST } from './links.ts';
import { type Report, syncRound } from './round.ts';
import { undoRound } from './undo.ts';

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

type Kept = {
	login: string;
	sealed: string;
	url: string | null;
	person: string;
	allowed: string[] | null;
	/** The database's moment, as it writes it: what changes here is stamped by that clock. */
	begun: string;
};

/**
 * One round of a person's calendar; null where there is nothing to do: no account, a person who has left,
 * a password that the server has refused; and where the round asks first. A server out of reach is noted, and tried
 * again by the clock.
 */
export async function syncPerson(setting: TaskSetting, personId: number): Promise<Report | null> {
	return await withCalendar(setting, personId, async ({ db, acting, calendar, allowed }, at) => {
		const { actor: owner } = acting;
		const home = setting.config.PUBLIC_URL;
		const done = await syncRound({ db, acting, owner, calendar, home, allowed });
		if ('question' in done) {
			await ask(db, personId, done.question, at);
			return null;
		}
		await note(db, personId, { state: 'ok', answered: null, at });
		return done;
	});
}

/** Undoes a round of a person's calendar, if they have asked for it. As syncPerson. */
export async function undoPersonsRound(
	setting: TaskSetting,
	personId: number,
	roundId: number,
): Promise<void> {
	await withCalendar(setting, personId, async (undoing) => await undoRound(undoing, roundId));
}

type Open = { db: Database; acting: Acting; calendar: RemoteCalendar; allowed: string[] };

async function withCalendar<T>(
	{ connection: { db }, config, now, signal }: TaskSetting,
	personId: number,
	work: (open: Open, at: string) => Promise<T>,
): Promise<T | null> {
	const { rows } = await db.execute<Kept>(sql`
		select a.login, a.sealed_password as sealed, a.calendar_url as url, p.login as person, a.allowed,
			clock_timestamp()::text as begun
		from calendar_accounts a join people p on p.id = a.person_id
		where a.person_id = ${personId} and a.state <> 'refused' and p.active`);
	const kept = rows[0];
	const actor = kept && (await findActor(db, kept.person));
	if (!kept || !actor || config.CALDAV_URL === '') return null;
	const { begun } = kept;
	try {
		const password = unseal(secretKey(config), kept.sealed, sealedFor(personId));
		const account = { server: config.CALDAV_URL, login: kept.login, password };
		const calendar = await openCalendar(account, kept.url, signal);
		if (calendar.url !== kept.url) await noteUrl(db, personId, calendar.url);
		const acting: Acting = { actor, actorId: actor.id, door: 'calendar', now: now() };
		return await work({ db, acting, calendar, allowed: kept.allowed ?? [] }, begun);
	} catch (error) {
		await noteFailure(db, personId, error, begun);
		return null;
	}
}

async function ask(db: Database, personId: number, question: Question, at: string): Promise<void> {
	await db.execute(sql`
		update calendar_accounts set state = 'asking', question = ${JSON.stringify(question)}::jsonb,
			answered = null, tried_at = ${at}
		where person_id = ${personId}`);
}

async function noteFailure(
	db: Database,
	personId: number,
	error: unknown,
	at: string,
): Promise<void> {
	if (error instanceof Unsealable)
		return await note(db, personId, { state: 'refused', answered: null, at });
	if (!(error instanceof CalendarRefused)) {
		// A fault of this program: the job is tried again, and its person knows that nothing goes either way.
		await note(db, personId, { state: 'broken', answered: null, at });
		throw error;
	}
	const { status } = error;
	// The calendar itself is gone: that is no deletion of each event. It is made again and filled anew.
	if (status === 404) await forgetCalendar(db, personId);
	const state = status === 401 || status === 403 ? 'refused' : 'failing';
	await note(db, personId, { state, answered: status, at });
}

async function forgetCalendar(db: Database, personId: number): Promise<void> {
	await transact(db, async (tx) => {
		await tx.execute(sql`
			delete from calendar_links where person_id = ${personId} and interaction_id is null`);
		await tx.execute(sql`update calendar_links set etag = ${LOST} where person_id = ${personId}`);
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

type Outcome = { state: (typeof ACCOUNT_STATES)[number]; answered: number | null; at: string };

async function note(
	db: Database,
	personId: number,
	{ state, answered, at }: Outcome,
): Promise<void> {
	await db.execute(sql`
		update calendar_accounts set state = ${state}, answered = ${answered}, tried_at = ${at},
			question = null, allowed = case when ${state} = 'ok' then null else allowed end,
			synced_at = case when ${state} = 'ok' then ${at} else synced_at end
		where person_id = ${personId}`);
}

const ANEW = '5 minutes';

/** Whose calendar is due: something of theirs changed here since the last round, or it is five minutes old. */
export async function dueAccounts(db: Sql): Promise<number[]> {
	const { rows } = await db.execute<{ id: number }>(sql`
		select a.person_id as id from calendar_accounts a join people p on p.id = a.person_id and p.active
		where a.state <> 'refused' and (a.tried_at is null or a.tried_at <= clock_timestamp() - ${ANEW}::interval
			or (a.state = 'ok' and exists (select from interactions i
				where i.owner_id = a.person_id and i.changed_at > a.synced_at)))
		order by 1`);
	return rows.map(({ id }) => id);
}

/** Seals everybody's passwords by another key; `lost`: logins of people whose password the old one does not open. */
export async function resealAccounts(
	tx: Sql,
	from: Buffer,
	to: Buffer,
): Promise<{ sealed: number; lost: string[] }> {
	const { rows } = await tx.execute<{ personId: number; sealed: string; login: string }>(sql`
		select a.person_id as "personId", a.sealed_password as sealed, p.login
		from calendar_accounts a join people p on p.id = a.person_id order by p.login for update of a`);
	const lost: string[] = [];
	for (const { personId, sealed, login } of rows) {
		const password = openedBy(from, sealed, personId);
		if (password === null) lost.push(login);
		else
			await tx.execute(sql`update calendar_accounts
				set sealed_password = ${seal(to, password, sealedFor(personId))} where person_id = ${personId}`);
	}
	return { sealed: rows.length - lost.length, lost };
}

function openedBy(key: Buffer, sealed: string, personId: number): string | null {
	try {
		return unseal(key, sealed, sealedFor(personId));
	} catch (error) {
		if (error instanceof Unsealable) return null;
		throw error;
	}
}
