/*
 * What can happen of letters.
 */

export type MailEvent = { type: 'mail.retried'; data: { mails: number } };

declare module '#src/events.ts' {
	interface Events {
		mail: MailEvent;
	}
}
