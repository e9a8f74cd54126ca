import { sql } from 'drizzle-orm';
import { index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { currency, id, money, russian } from '#src/platform/db/columns.ts';

export const products = pgTable(
	'products',
	{
		id: id(),
		name: russian().notNull(),
		series: text(),
		price: money(),
		currency: currency(),
		externalRef: text(),
		nameSearch: text()
			.generatedAlwaysAs(sql`translate(lower(name collate "russian"), 'ё', 'е')`)
			.notNull(),
	},
	(t) => [
		uniqueIndex('products_external_ref').on(t.externalRef),
		index('products_name_search').using('gin', t.nameSearch.op('gin_trgm_ops')),
	],
);
