import { sql } from 'drizzle-orm';
import { products } from '#src/features/products/tables.ts';
import { byNameAlone, candidates, lockRows, type Noun, named, recordset, textIn } from './noun.ts';

const CANDIDATES = named('products');

/** Номенклатура. */
export const PRODUCTS: Noun = {
	table: 'products',

	keysOf: byNameAlone,

	async load(tx, wanted) {
		await lockRows(tx, 'products', wanted, CANDIDATES);
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
			.where(sql`${products.id} in (${candidates(wanted, CANDIDATES)})`)
			.orderBy(products.id);
		return rows.map(({ id, ref, ...values }) => ({
			id,
			ref,
			visible: true,
			name: values.name,
			values,
		}));
	},

	async create(tx, _context, made) {
		await tx
			.insert(products)
			.overridingSystemValue()
			.values(
				made.map(({ id, ref, values }) => ({
					...{ id, externalRef: ref },
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

	async remove(tx, ids) {
		const { rows } = await tx.execute<{ id: number }>(sql`
			delete from products p where p.id = any(${sql.param(ids)}::bigint[])
				and not exists (select from deal_products l where l.product_id = p.id) returning p.id`);
		return rows.map(({ id }) => Number(id));
	},
};
