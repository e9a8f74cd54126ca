import { sql } from 'drizzle-orm';
import type { Sql } from '#src/platform/db/client.ts';
import { type Place, readKeyset, type Sorting } from '#src/platform/db/keyset.ts';
import { NotFound } from '#src/platform/errors.ts';
import { MAIL_STATUSES, type MailStatus } from './tables.ts';

/** A letter as administrators see it. */
export type MailView = {
	id: number;
	kind: string;
	name: string;
	address: string;
	subject: string;
	status: MailStatus;
	attempts: number;
	error: string | null;
	nextAttemptAt: Date | null;
	sentAt: Date | null;
	createdAt: Date;
};

const COLUMNS = sql`m.id, m.kind, m.name, m.address, m.subject, m.status, m.attempts, m.error,
	m.next_attempt_at as "nextAttemptAt", m.sent_at as "sentAt", m.created_at as "createdAt"`;

/** One page of the letters of a state, or of all. */
export async function listMails(
	db: Sql,
	status: MailStatus | null,
	sorting: Sorting,
	after: Place | null,
	limit: number,
): Promise<{ rows: MailView[]; next: string | null }> {
	return await readKeyset<MailView>(db, {
		columns: COLUMNS,
		from: sql`mails m`,
		where: status === null ? sql`true` : sql`m.status = ${status}`,
		sorting,
		id: sql`m.id`,
		after,
		limit,
	});
}

/** Further than this nobody counts by hand either. */
export const MOST_COUNTED = 1_000;

/** How many letters there are of each state; one more than MOST_COUNTED where there are more. */
export async function countMails(db: Sql): Promise<Record<MailStatus, number>> {
	const { rows } = await db.execute<{ status: MailStatus; n: number }>(sql`
		select s.status, (
			select count(*)::int from (select from mails m where m.status = s.status limit ${MOST_COUNTED + 1}) few
		) as n from unnest(${sql.param([...MAIL_STATUSES])}::text[]) s(status)`);
	return Object.fromEntries(rows.map(({ status, n }) => [status, n])) as Record<MailStatus, number>;
}

/** The whole letter; html and text are null until its first attempt. */
export type WholeMail = MailView & {
	html: string | null;
	text: string | null;
	authorName: string | null;
	dealId: number | null;
	clientId: number | null;
};

/** A letter with all that it says. Throws NotFound. */
export async function findMail(db: Sql, id: number): Promise<WholeMail> {
	const { rows } = await db.execute<WholeMail>(sql`
		select ${COLUMNS}, m.html, m.text, a.name as "authorName", m.deal_id as "dealId", m.client_id as "clientId"
		from mails m left join people a on a.id = m.author_id where m.id = ${id}`);
	if (rows[0] === undefined) throw new NotFound('error.notFound');
	return rows[0];
}
