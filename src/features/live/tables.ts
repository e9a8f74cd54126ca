import { index, pgTable, primaryKey } from 'drizzle-orm/pg-core';
import { people } from '#src/features/access/tables.ts';
import { deals } from '#src/features/deals/tables.ts';
import { exactMoment, ref } from '#src/platform/db/columns.ts';

/** Who looks at a deal right now; unlogged, for nobody needs it after a crash. */
export const dealViewers = pgTable(
	'deal_viewers',
	{
		dealId: ref()
			.notNull()
			.references(() => deals.id, { onDelete: 'cascade' }),
		personId: ref()
			.notNull()
			.references(() => people.id, { onDelete: 'cascade' }),
		seenAt: exactMoment().notNull(),
	},
	(t) => [primaryKey({ columns: [t.dealId, t.personId] }), index('deal_viewers_seen').on(t.seenAt)],
);
