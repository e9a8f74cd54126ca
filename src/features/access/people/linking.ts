import { sql } from 'drizzle-orm';
import { demandRoles } from '#src/features/access/grants.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { notifyRights } from '#src/features/mail/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { NotFound } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { peopleOnly } from './actions.ts';
import { findPersonToEdit } from './queries.ts';

/** An account of the directory whose login is somebody's here, and whose that is. */
export type WaitingAccount = {
	id: number;
	login: string;
	name: string | null;
	email: string | null;
	issuer: string;
	at: Date;
	personId: number;
	personName: string;
	personVersion: number;
	/** Whether the person has another account of that directory, which this one would replace. */
	replaces: boolean;
};

const MOST = 100;

/** Accounts that wait for an administrator to say whose they are, the last that came first. */
export async function listWaitingAccounts(db: Sql): Promise<WaitingAccount[]> {
	const { rows } = await db.execute<WaitingAccount>(sql`
		select w.id, w.login, w.name, w.email, w.issuer, w.at, p.id as "personId", p.name as "personName",
			p.version as "personVersion", exists (
				select from identities i where i.person_id = p.id and i.issuer = w.issuer) as replaces
		from waiting_accounts w join people p on p.id = w.person_id order by w.at desc, w.id desc limit ${MOST}`);
	return rows;
}

type Account = { issuer: string; subject: string; login: string };

async function takeWaiting(tx: Tx, personId: number, accountId: number): Promise<Account> {
	const { rows } = await tx.execute<Account>(sql`
		delete from waiting_accounts where id = ${accountId} and person_id = ${personId}
		returning issuer, subject, login`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}

/**
 * Says that an account is a person's: it comes in as them from now on, and one of the same directory that was
 * theirs before does not. Returns their name. Throws Forbidden, NotFound, Conflict, NotGranted.
 */
export async function linkAccount(
	sqlOrTx: Sql,
	acting: Acting,
	personId: number,
	version: number,
	accountId: number,
): Promise<string> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const { name, role } = await findPersonToEdit(tx, personId, version);
		await demandRoles(tx, acting.actor, [role]);
		const { issuer, subject } = await takeWaiting(tx, personId, accountId);
		const { rowCount } = await tx.execute(
			sql`delete from identities where person_id = ${personId} and issuer = ${issuer}`,
		);
		if (rowCount) {
			await tx.execute(
				sql`delete from sessions where person_id = ${personId} and issuer = ${issuer}`,
			);
			await record(tx, acting, { type: 'person.unlinked', data: { personId, accounts: rowCount } });
		}
		await tx.execute(sql`
			insert into identities (issuer, subject, person_id, created_at, seen_at)
			values (${issuer}, ${subject}, ${personId}, ${acting.now}, ${acting.now})`);
		await record(tx, acting, { type: 'person.linked', data: { personId, issuer, subject } });
		await notifyRights(tx, acting, { what: 'personLinked', person: name, role });
		return name;
	});
}

/** Says that an account is not that person's. Returns its login. Throws Forbidden, NotFound, Conflict. */
export async function declineAccount(
	sqlOrTx: Sql,
	acting: Acting,
	personId: number,
	version: number,
	accountId: number,
): Promise<string> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		await findPersonToEdit(tx, personId, version);
		const { issuer, subject, login } = await takeWaiting(tx, personId, accountId);
		await record(tx, acting, { type: 'person.linkDeclined', data: { personId, issuer, subject } });
		return login;
	});
}
