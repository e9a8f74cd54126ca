import { day, form, id, optional, text } from '#src/platform/forms/readers.ts';
import type { AuditWords } from './words.ts';

/** What of the audit log is asked for. */
export const AuditQuery = form({
	person: optional(id()),
	kind: optional(text(40)),
	record: optional(text(300)),
	from: optional(day()),
	until: optional(day()),
	after: optional(text(1000)),
});

/** A record by its noun and id, as `deal:12`. */
export type RecordAsked = { noun: string; id: number };

/** The record that somebody means: `deal:12`, the address of its page, «№ 12» of a deal. Null: they typed a name. */
export function recordAsked(typed: string, { nouns }: AuditWords): RecordAsked | null {
	const page = /(?:^|\/)(deal|client)s\/(\d{1,15})(?:$|[/?#])/.exec(typed);
	const number = /^№? ?(\d{1,15})$/.exec(typed)?.[1];
	const [, noun, id] = page ??
		/^([a-z]+):(\d{1,15})$/.exec(typed) ?? [null, number && 'deal', number];
	return noun && nouns.has(noun) && Number(id) > 0 ? { noun, id: Number(id) } : null;
}
