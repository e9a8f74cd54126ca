import { day, form, id, oneOf, optional, text } from '#src/platform/forms/readers.ts';
import type { Noun } from '#src/platform/history/nouns.ts';
import { EVENT_NOUNS } from './words.ts';

/** What of the audit log is asked for. */
export const AuditQuery = form({
	person: optional(id()),
	kind: optional(oneOf(...(EVENT_NOUNS as [Noun, ...Noun[]]))),
	record: optional(text(300)),
	from: optional(day()),
	until: optional(day()),
	after: optional(text(1000)),
});

/** A record by its noun and id, as `deal:12`. */
export type RecordAsked = { noun: Noun; id: number };

/** The record that somebody means: `deal:12`, the address of its page, «№ 12» of a deal. Null: they typed a name. */
export function recordAsked(typed: string): RecordAsked | null {
	const page = /(?:^|\/)(deal|client)s\/(\d{1,15})(?:$|[/?#])/.exec(typed);
	const number = /^№? ?(\d{1,15})$/.exec(typed)?.[1];
	const [, noun, id] = page ??
		/^([a-z]+):(\d{1,15})$/.exec(typed) ?? [null, number && 'deal', number];
	const known = EVENT_NOUNS.find((one) => one === noun);
	return known && Number(id) > 0 ? { noun: known, id: Number(id) } : null;
}
