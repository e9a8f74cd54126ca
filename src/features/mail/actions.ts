import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { InvalidForm, NotFound, RuleBroken } from '#src/platform/errors.ts';
import type { By } from '#src/platform/history/record.ts';
import { record } from '#src/platform/history/record.ts';
import type { Language } from '#src/platform/i18n/translate.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { oneLine } from '#src/platform/mail/smtp.ts';
import { type LetterPart, said, type Words } from './letter.ts';

/** A letter to somebody of the company, by id, or to any address in a language and a zone. */
export type Recipient =
	| number
	| { address: string; name: string; language: Language; timeZone: string };

export type Letter = {
	to: Recipient;
	kind: 'reminder' | 'digest' | 'reassigned' | 'assigned' | 'rights' | 'test';
	subject: Words;
	parts: LetterPart[];
	/** What it tells of, for whoever looks for it later. */
	about?: { dealId?: number | null; clientId?: number | null; interactionId?: number | null };
	/** A letter that is written on before it leaves: `letterId`, where that still waits, is replaced by this one. */
	growing?: { letterId: number | null; waits: Date };
	/** Of letters with one key only the first is written. */
	key?: string;
};

type Reader = {
	personId: number | null;
	address: string;
	name: string;
	language: Language;
	timeZone: string;
};

/**
 * Writes a letter and has it delivered, in the caller's transaction: it leaves if and when that commits.
 * Returns its id; null where there is nobody to write to (no address, not active) or its key is taken.
 */
export async function sendMail(
	tx: Sql,
	by: Pick<By, 'actorId' | 'now'>,
	{ to, kind, subject, parts, about = {}, key, growing }: Letter,
): Promise<number | null> {
	const reader = typeof to === 'number' ? await readerOf(tx, to) : { ...to, personId: null };
	if (reader === null) return null;
	if (growing && growing.letterId !== null) {
		const { rowCount } = await tx.execute(sql`
			update mails set subject = ${oneLine(said(subject, reader.language))},
				content = ${JSON.stringify(parts)}, deal_id = ${about.dealId ?? null}
			where id = ${growing.letterId} and status = 'queued' and html is null and attempts = 0`);
		if (rowCount === 1) {
			await enqueueDelivery(tx, growing.letterId, growing.waits);
			return growing.letterId;
		}
	}
	const { rows } = await tx.execute<{ id: number }>(sql`
		insert into mails (kind, key, person_id, author_id, deal_id, client_id, interaction_id, address, name,
			language, time_zone, subject, content, created_at)
		values (${kind}, ${key ?? null}, ${reader.personId}, ${by.actorId}, ${about.dealId ?? null},
			${about.clientId ?? null}, ${about.interactionId ?? null}, ${reader.address}, ${reader.name},
			${reader.language}, ${reader.timeZone}, ${oneLine(said(subject, reader.language))},
			${JSON.stringify(parts)}, ${by.now})
		on conflict (key) do nothing returning id`);
	const id = rows[0]?.id;
	if (id === undefined) return null;
	await enqueueDelivery(tx, id, growing?.waits);
	return id;
}

/** Has a letter delivered, not before `runAt`; one that waits already is put off or brought forward. */
export async function enqueueDelivery(tx: Sql, id: number, runAt?: Date): Promise<void> {
	await enqueue(tx, 'mail.deliver', { id }, { key: `mail:${id}`, ...(runAt && { runAt }) });
}

async function readerOf(tx: Sql, personId: number): Promise<Reader | null> {
	const { rows } = await tx.execute<Reader>(sql`
		select id as "personId", email as address, name, language, time_zone as "timeZone"
		from people where id = ${personId} and active and email <> ''`);
	return rows[0] ?? null;
}

const ADDRESS = /^[^\s<>@",;:\\()[\]]+@[^\s<>@",;:\\()[\]]+$/;

/** Whether a mail server may be asked to take a letter to it: one address and nothing else. */
export function isAddress(text: string): boolean {
	return ADDRESS.test(text);
}

/**
 * Writes a letter to try the mail server with, to an address. Returns its id. Throws InvalidForm for
 * what is no address.
 */
export async function sendTestMail(
	sqlOrTx: Sql,
	acting: Acting,
	{ name, language, timeZone }: Acting['actor'],
	address: string,
): Promise<number> {
	if (!isAddress(address))
		throw new InvalidForm({ address: { key: 'mail.addressWrong' } }, { address });
	return await transact(
		sqlOrTx,
		async (tx) =>
			(await sendMail(tx, acting, {
				to: { address, name: address, language, timeZone },
				kind: 'test',
				subject: { key: 'mail.test' },
				parts: [{ part: 'words', words: { key: 'mail.testSays', args: { name } } }],
			})) as number,
	);
}

/**
 * Tries a letter again that was given up or kept. Throws NotFound, RuleBroken for one that is sent or
 * waits already.
 */
export async function retryMail(sqlOrTx: Sql, acting: Acting, id: number): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const found = await tx.execute(sql`select from mails where id = ${id}`);
		if (found.rowCount === 0) throw new NotFound('error.notFound');
		const again = await requeue(tx, sql`id = ${id} and status in ('failed', 'kept')`);
		if (again.length === 0) throw new RuleBroken('mail.notAgain');
		await record(tx, acting, { type: 'mail.retried', data: { mails: 1 } });
	});
}

const MOST_AT_ONCE = 500;

/** Tries letters again that were given up, the newest first, some hundred at once. Returns how many. */
export async function retryFailedMails(sqlOrTx: Sql, acting: Acting): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const again = await requeue(
			tx,
			sql`id in (select id from mails where status = 'failed'
				order by created_at desc, id desc limit ${MOST_AT_ONCE})`,
		);
		if (again.length > 0)
			await record(tx, acting, { type: 'mail.retried', data: { mails: again.length } });
		return again.length;
	});
}

async function requeue(tx: Sql, which: ReturnType<typeof sql>): Promise<number[]> {
	const { rows } = await tx.execute<{ id: number }>(sql`
		update mails set status = 'queued', attempts = 0, next_attempt_at = null where ${which} returning id`);
	for (const { id } of rows) await enqueueDelivery(tx, id);
	return rows.map(({ id }) => id);
}
