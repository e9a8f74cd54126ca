import { sql } from 'drizzle-orm';
import { products } from '#src/features/clients/tables.ts';
import { matching, type Noun, recordset, textIn } from './noun.ts';

/** Номенклатура. */
export const PRODUCTS: Noun = {
	async load(tx, refs, names) {
		const rows = await tx
			.select({
				id: products.id,
				ref: products.externalRef,
				name: products.name,
				series: products.series,
				price: products.price,
				currency: products.currency,
			})
			.from(products)
			.where(
				matching(
					sql`${products.externalRef}`,
					refs,
					sql`translate(lower(${products.name}), 'ё', 'е')`,
					names,
				),
			)
			.orderBy(products.id)
			.for('update');
		return rows.map(({ id, ref, ...values }) => ({ id, ref, name: values.name, values }));
	},

	async create(tx, _context, outcomes) {
		await tx.insert(products).values(
			outcomes.map(({ ref, values }) => ({
				externalRef: ref,
				name: textIn(values, 'name') ?? '',
				series: textIn(values, 'series'),
				price: textIn(values, 'price'),
				...(values.currency ? { currency: String(values.currency) } : {}),
			})),
		);
	},

	async update(tx, _context, changes) {
		await tx.execute(sql`
			update products p set name = v.name, series = v.series, price = v.price, currency = v.currency
			from ${recordset(changes.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, name text, series text, price numeric(15, 2), currency char(3))
			where p.id = v.id`);
	},
};
