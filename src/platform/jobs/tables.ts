import { pgTable, text } from 'drizzle-orm/pg-core';
import { exactMoment } from '#src/platform/db/columns.ts';

/** Who works on the queue, and when they last said so; jobs of one that fell silent are taken over. */
export const jobWorkers = pgTable('job_workers', {
	id: text().primaryKey(),
	seenAt: exactMoment().notNull(),
});
