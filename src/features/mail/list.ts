import { sql } from 'drizzle-orm';
import type { Config } from '#src/config.ts';
import type { Database } from '#src/platform/db/client.ts';
import { readPlace } from '#src/platform/db/keyset.ts';
import { readQuery } from '#src/platform/forms/readers.ts';
import { headingsOf, type ListColumn, sortingOf } from '#src/platform/listing/headings.ts';
import { smtpPlace } from '#src/platform/mail/smtp.ts';
import { MailListQuery } from './forms.ts';
import { countMails, listMails, type MailView, MOST_COUNTED } from './queries.ts';
import { MAIL_STATUSES } from './tables.ts';

const PAGE = 50;
const NEWEST_FIRST = '-created';

const COLUMNS: readonly ListColumn<MailView>[] = [
	{
		key: 'created',
		label: 'mail.created',
		kind: 'moment',
		sort: { by: sql`m.created_at`, type: 'moment' },
		value: ({ createdAt }) => createdAt,
	},
	{
		key: 'name',
		label: 'mail.to',
		kind: 'text',
		sort: { by: sql`m.name`, type: 'text' },
		value: ({ name, address }) => `${name} <${address}>`,
	},
	{
		key: 'subject',
		label: 'mail.subject',
		kind: 'text',
		sort: { by: sql`m.subject`, type: 'text' },
		value: ({ subject }) => subject,
	},
	{
		key: 'sent',
		label: 'mail.state',
		kind: 'moment',
		sort: { by: sql`m.sent_at`, type: 'moment', nullable: true },
		value: ({ sentAt }) => sentAt,
	},
];

/** The list of letters that an address asks for. Throws BadRequest. */
export async function readMailList(db: Database, config: Config, query: unknown) {
	const { status = null, sort = NEWEST_FIRST, after } = readQuery(MailListQuery, query);
	const sorting = sortingOf(COLUMNS, sort);
	const place = after === undefined ? null : readPlace(after, sorting);
	const [{ rows, next }, counts] = [
		await listMails(db, status, sorting, place, PAGE),
		await countMails(db),
	];
	const url = (change: Record<string, string | null>) => {
		const wanted = { status, sort: sort === NEWEST_FIRST ? null : sort, ...change };
		const search = new URLSearchParams(
			Object.entries(wanted).filter((pair): pair is [string, string] => pair[1] !== null),
		);
		return search.size > 0 ? `/admin/mail?${search}` : '/admin/mail';
	};
	return {
		...{ rows, next, status, url, counts, mostCounted: MOST_COUNTED, server: smtpPlace(config) },
		onward: after !== undefined,
		statuses: MAIL_STATUSES,
		headings: headingsOf(COLUMNS, sort),
	};
}
