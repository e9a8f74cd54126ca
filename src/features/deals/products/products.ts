import { sql } from 'drizzle-orm';
import type { FieldChange, ProductChange } from '#src/events.ts';
import type { Acting, Actor } from '#src/features/access/rights.ts';
import { checkVersion } from '#src/features/deals/conflicts.ts';
import { type DealToEdit, findDealToEdit } from '#src/features/deals/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import { isTooMuch, type Line } from '#src/features/products/lines.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { searchable, textMatches } from '#src/platform/db/text-search.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { type FieldErrors, InvalidForm, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';

/** A line of a deal's products. */
export type ProductLine = Line & { productId: number; name: string };

/** A line as a form says it: the product by name; `row`: the number of its fields there. */
export type TypedLine = Line & { row: number; name: string };

/** The whole table of a deal's products, and whether the deal's amount follows their sum. */
export type ProductTable = {
	version: number;
	lines: readonly TypedLine[];
	amountFromProducts: boolean;
};

/**
 * Replaces a deal's products by those of a form, all or nothing; names that the directory does not know
 * make new products there. Where the amount follows, it is their sum from here on. Returns the version.
 * Throws NotFound, Conflict, InvalidForm for a product that stands there twice, RuleBroken for a sum that
 * no deal can hold.
 */
export async function setDealProducts(
	sqlOrTx: Sql,
	acting: Acting,
	dealId: number,
	table: ProductTable,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		const deal = await findDealToEdit(tx, acting.actor, dealId);
		await checkVersion(tx, deal, table.version);
		return await writeTable(tx, acting, deal, table);
	});
}

/** Puts one more product behind those of a deal, locked by the caller. Throws like setDealProducts. */
export async function addDealProduct(
	tx: Tx,
	acting: Acting,
	deal: DealToEdit,
	line: TypedLine,
): Promise<number> {
	const lines = (await linesOf(tx, deal.id)).map((one, row) => ({ ...one, row: -row }));
	const { version, amountFromProducts } = deal;
	return await writeTable(tx, acting, deal, {
		...{ version, amountFromProducts },
		lines: [...lines, line],
	});
}

async function writeTable(
	tx: Tx,
	acting: Acting,
	deal: DealToEdit,
	{ lines, amountFromProducts }: ProductTable,
): Promise<number> {
	if (isTooMuch(lines)) throw new RuleBroken('deal.sumTooBig');
	const before = await linesOf(tx, deal.id);
	const after = await found(tx, deal, before, lines);
	const products = productChanges(before, after);
	const reordered = before.map(({ productId }) => productId).join() !== idsOf(after).join();
	const switched = amountFromProducts !== deal.amountFromProducts;
	if (products.length === 0 && !reordered && !switched) return deal.version;
	await writeLines(tx, deal.id, after);
	// The sum of the rounded lines. Twin of lines.ts#linesSum, which shows it.
	const { rows } = await tx.execute<{ amount: string | null }>(sql`
		update deals set amount_from_products = ${amountFromProducts}, version = version + 1,
			amount = case when ${amountFromProducts} then (
				select sum(round(quantity * price, 2)) from deal_products where deal_id = ${deal.id}
			) else amount end
		where id = ${deal.id} returning amount`);
	const amount = rows[0]?.amount ?? null;
	const changes: Record<string, FieldChange> = {};
	if (switched) changes.amountFromProducts = [deal.amountFromProducts, amountFromProducts];
	if (amount !== deal.amount) changes.amount = [deal.amount, amount];
	const { id: dealId, clientId } = deal;
	if (products.length > 0 || Object.keys(changes).length > 0)
		await record(tx, acting, {
			type: 'deal.edited',
			...{ dealId, clientId },
			data: { changes, ...(products.length > 0 ? { products } : {}) },
		});
	return deal.version + 1;
}

const idsOf = (lines: readonly ProductLine[]) => lines.map(({ productId }) => productId);

async function linesOf(tx: Tx, dealId: number): Promise<ProductLine[]> {
	const { rows } = await tx.execute<ProductLine>(sql`
		select p.id as "productId", p.name, dp.quantity, dp.price
		from deal_products dp join products p on p.id = dp.product_id
		where dp.deal_id = ${dealId} order by dp.position, p.name, p.id`);
	return rows;
}

// Two products may share a name: one that the deal has already stays the deal's.
async function found(
	tx: Tx,
	deal: DealToEdit,
	before: readonly ProductLine[],
	lines: readonly TypedLine[],
): Promise<ProductLine[]> {
	const keys = lines.map(({ name }) => searchable(name));
	const errors: FieldErrors = {};
	lines.forEach(({ row }, at) => {
		const first = keys.indexOf(keys[at] as string);
		if (first !== at)
			errors[`product${row}`] = { key: 'deal.productTwice', args: { n: first + 1 } };
	});
	if (Object.keys(errors).length > 0) throw new InvalidForm(errors, {});
	const { rows } = await tx.execute<{ key: string; id: number; name: string }>(sql`
		select distinct on (name_search) name_search as key, id, name from products
		where name_search = any(${sql.param(keys)}::text[])
		order by name_search, id = any(${sql.param(idsOf(before))}::bigint[]) desc, id`);
	const known = new Map(rows.map((row) => [row.key, row]));
	const made: ProductLine[] = [];
	for (const [at, line] of lines.entries()) {
		const product = known.get(keys[at] as string) ?? (await makeProduct(tx, deal, line));
		const { quantity, price } = line;
		made.push({ productId: product.id, name: product.name, quantity, price });
	}
	return made;
}

async function makeProduct(
	tx: Tx,
	{ currency }: DealToEdit,
	{ name, price }: TypedLine,
): Promise<{ id: number; name: string }> {
	const { rows } = await tx.execute<{ id: number; name: string }>(sql`
		insert into products (name, price, currency) values (${name}, ${price}, ${currency})
		returning id, name`);
	return rows[0] as { id: number; name: string };
}

async function writeLines(tx: Tx, dealId: number, lines: readonly ProductLine[]): Promise<void> {
	await tx.execute(sql`delete from deal_products where deal_id = ${dealId}`);
	await tx.execute(sql`
		insert into deal_products (deal_id, product_id, quantity, price, position)
		select ${dealId}::bigint, l."productId", l.quantity, l.price, l.position
		from jsonb_to_recordset(${JSON.stringify(lines.map((line, position) => ({ ...line, position })))}::jsonb)
			as l("productId" bigint, quantity numeric(15, 3), price numeric(15, 2), position integer)`);
}

function productChanges(
	before: readonly ProductLine[],
	after: readonly ProductLine[],
): ProductChange[] {
	const was = new Map(before.map((line) => [line.productId, line]));
	const is = new Map(after.map((line) => [line.productId, line]));
	return [...new Map([...was, ...is])].flatMap(([id, { name }]) => {
		const [from, to] = [lineOf(was.get(id)), lineOf(is.get(id))];
		return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ product: name, from, to }];
	});
}

const MILLI = 3;

// «2» and «2.000» are one quantity.
function lineOf(line: Line | undefined): ProductChange['to'] {
	if (line === undefined) return null;
	const [whole = '0', fraction = ''] = line.quantity.split('.');
	return { quantity: `${whole}.${fraction.padEnd(MILLI, '0')}`, price: line.price };
}

export type ProductName = { name: string; price: string | null };

const WEIGHED = 200;
const SALES_WEIGHED = 200;

/**
 * Products of the directory whose name contains the text, the best first; `limit` at most. Each with the price
 * that it was last sold for in this currency, of the sales that the actor sees, or else the directory's own.
 */
export async function suggestProducts(
	db: Sql,
	actor: Actor,
	typed: string,
	currency: string,
	limit: number,
): Promise<ProductName[]> {
	const { rows } = await db.execute<ProductName>(sql`
		select name, coalesce(sold.price, case when currency = ${currency} then best.price end) as price
		from (select * from (
			select id, name, name_search, price, currency from products
			where ${textMatches(sql`name_search`, typed)} limit ${WEIGHED}
		) found
			order by strpos(name_search, ${searchable(typed)}), name collate "russian", id limit ${limit}
		) best left join lateral (
			select late.price from (
				select deal_id, price from deal_products
				where product_id = best.id and price is not null order by deal_id desc limit ${SALES_WEIGHED}
			) late join deals d on d.id = late.deal_id join stages s on s.id = d.stage_id
			where s.kind = 'won' and d.currency = ${currency} and ${dealVisibleTo(actor)}
			order by d.closed_on desc, d.id desc limit 1
		) sold on true
		order by strpos(name_search, ${searchable(typed)}), name collate "russian", id`);
	return rows;
}
