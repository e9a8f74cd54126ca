import { form, id, oneOf, optional, text } from '#src/platform/forms/readers.ts';
import { MAIL_STATUSES } from './tables.ts';

/** A page of the list of letters. */
export const MailListQuery = form({
	status: optional(oneOf(...MAIL_STATUSES)),
	sort: optional(text(30)),
	after: optional(text(1000)),
});

/** Where a letter to try the mail server with goes. */
export const TestMailForm = form({ address: text(254) });

/** A letter by its id. */
export const MailParams = form({ id: id() });
