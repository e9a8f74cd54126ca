import { sql } from 'drizzle-orm';
import { boolean, check, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { id, version } from '#src/platform/db/columns.ts';

/** Наши организации: who issues documents. The first one in use is what documents take by themselves. */
export const organizations = pgTable(
	'organizations',
	{
		id: id(),
		name: text().notNull(),
		inn: text(),
		kpp: text(),
		/** Of a sole proprietor the ОГРНИП. */
		ogrn: text(),
		bankName: text(),
		bic: text(),
		account: text(),
		correspondentAccount: text(),
		position: integer().notNull().default(0),
		active: boolean().notNull().default(true),
		version: version(),
	},
	(t) => [
		uniqueIndex('organizations_name').on(sql`lower(${t.name} collate "russian")`),
		check('organizations_named', sql`length(btrim(${t.name})) > 0`),
	],
);
