import { sql } from 'drizzle-orm';
import type { Config } from '#src/config.ts';
import type { Database } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';
import { DeliveryError, sendBySmtp, senderDomain } from '#src/platform/mail/smtp.ts';
import { enqueueDelivery, isAddress } from './actions.ts';
import { type Drawing, htmlOf, textOf } from './drawing.ts';
import type { LetterPart } from './letter.ts';

/** How long to wait after each attempt that failed for now; after the last, in about a day, a letter is given up. */
const PAUSES_MINUTES = [1, 5, 15, 30, 60, 120, 240, 480, 480] as const;
const MINUTE_MS = 60_000;

type MailRow = {
	id: number;
	address: string;
	name: string;
	language: Language;
	timeZone: string;
	subject: string;
	content: LetterPart[];
	html: string | null;
	text: string | null;
	messageId: string;
	attempts: number;
};

export type DeliverySetting = { db: Database; config: Config; now: () => Date };

/**
 * Delivers a letter that waits: sends it, keeps it where there is no mail server, puts it off after a
 * fault that may pass, gives it up after one that will not. A program that dies between the server's yes
 * and our note of it sends the letter once more, under the same Message-ID.
 */
export async function deliverMail(setting: DeliverySetting, id: number): Promise<void> {
	const { db, config, now } = setting;
	const mail = await findWaiting(db, id);
	if (mail === null) return;
	const { html, text } = await drawn(setting, mail);
	if (config.SMTP_URL === '') {
		await db.execute(sql`update mails set status = 'kept' where id = ${id} and status = 'queued'`);
		return;
	}
	try {
		if (!isAddress(mail.address))
			throw new DeliveryError(translate(config.LANGUAGE, 'mail.addressWrong'), true);
		await sendBySmtp(config, {
			to: { name: mail.name, address: mail.address },
			subject: mail.subject,
			html,
			text,
			messageId: `${mail.messageId}@${senderDomain(config)}`,
			date: now(),
		});
	} catch (error) {
		if (!(error instanceof DeliveryError)) throw error;
		await noteFailure(setting, mail, error);
		return;
	}
	await db.execute(sql`
		update mails set status = 'sent', sent_at = ${now()}, attempts = attempts + 1, error = null,
			next_attempt_at = null
		where id = ${id} and status = 'queued'`);
}

async function findWaiting(db: Database, id: number): Promise<MailRow | null> {
	const { rows } = await db.execute<MailRow>(sql`
		select id, address, name, language, time_zone as "timeZone", subject, content, html, text,
			message_id as "messageId", attempts
		from mails where id = ${id} and status = 'queued'`);
	return rows[0] ?? null;
}

// Once: a letter that is tried again says what it said at first.
async function drawn(
	{ db, config, now }: DeliverySetting,
	mail: MailRow,
): Promise<{ html: string; text: string }> {
	if (mail.html !== null && mail.text !== null) return { html: mail.html, text: mail.text };
	const drawing: Drawing = {
		viewer: viewerAt(now(), mail.language, mail.timeZone),
		base: addressOf(config),
		subject: mail.subject,
		parts: mail.content,
	};
	const [html, text] = [htmlOf(drawing), textOf(drawing)];
	await db.execute(sql`update mails set html = ${html}, text = ${text} where id = ${mail.id}`);
	return { html, text };
}

/** The address under which people reach this application; without PUBLIC_URL that of this machine. */
export function addressOf({ PUBLIC_URL, HOST, PORT }: Config): string {
	const host = HOST === '0.0.0.0' || HOST === '::' ? 'localhost' : HOST;
	return PUBLIC_URL || `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
}

async function noteFailure(
	{ db, now }: DeliverySetting,
	mail: MailRow,
	{ permanent, message }: DeliveryError,
): Promise<void> {
	const pause = permanent ? undefined : PAUSES_MINUTES[mail.attempts];
	const next = pause === undefined ? null : new Date(now().getTime() + pause * MINUTE_MS);
	await transact(db, async (tx) => {
		const { rowCount } = await tx.execute(sql`
			update mails set status = ${next ? 'queued' : 'failed'}, attempts = attempts + 1,
				error = ${message}, next_attempt_at = ${next}
			where id = ${mail.id} and status = 'queued'`);
		if (next && rowCount) await enqueueDelivery(tx, mail.id, next);
	});
}
