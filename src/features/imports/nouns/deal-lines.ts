import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { ProductChange } from '#src/events.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import {
	type Context,
	candidates,
	type Noun,
	numberIn,
	recordset,
	type Stored,
	textIn,
} from './noun.ts';

type Row = Stored & { visible: boolean };

/** Products of deals, with quantity and price. A line has no id: deal and product are its key. */
export const DEAL_LINES: Noun = {
	table: null,

	idOf(values) {
		const key = `${values.deal} ${values.product}`;
		// As many bits as a JavaScript number holds.
		return Number.parseInt(createHash('md5').update(key).digest('hex').slice(0, 13), 16);
	},

	keysOf(way, values) {
		return way === 'name' && values.product ? [`${values.deal} ${values.product}`] : [];
	},

	async load(tx, wanted) {
		const { actor, lock } = wanted;
		const found = candidates(
			{ ...wanted, ids: [], refs: [] },
			{
				table: sql`deals`,
				ref: null,
				ways: {
					name: (keys) =>
						sql`select split_part(one, ' ', 1)::bigint as id from unnest(${keys}) one`,
				},
			},
		);
		const { rows } = await tx.execute<Row>(sql`
			select l.deal_id as deal, l.product_id as product, trim_scale(l.quantity)::text as quantity,
				l.price::text, ${actor ? dealVisibleTo(actor) : sql`true`} as visible
			from (${found}) f join deals d on d.id = f.id join deal_products l on l.deal_id = d.id
			order by d.id ${lock ? sql`for update of d` : sql``}`);
		return rows.map(({ visible, ...values }) => ({
			...{ id: DEAL_LINES.idOf?.(values) ?? 0, ref: null, name: '' },
			...{ visible, values },
		}));
	},

	async create(tx, context, made) {
		const lines = made.map(({ values }) => values);
		await tx.execute(sql`
			insert into deal_products (deal_id, product_id, quantity, price, position)
			select deal, product, coalesce(quantity, 1), price, coalesce((
				select max(position) + 1 from deal_products p where p.deal_id = v.deal), 0)
			from ${recordset(lines)}
				as v(deal bigint, product bigint, quantity numeric(15, 3), price numeric(15, 2))
			on conflict (deal_id, product_id) do nothing`);
		await tell(
			tx,
			context,
			lines.map((values) => ({ values, was: null })),
		);
	},

	async update(tx, context, changes) {
		await tx.execute(sql`
			update deal_products l set quantity = coalesce(v.quantity, l.quantity), price = v.price
			from ${recordset(changes.map(({ values }) => values))}
				as v(deal bigint, product bigint, quantity numeric(15, 3), price numeric(15, 2))
			where l.deal_id = v.deal and l.product_id = v.product`);
		await tell(
			tx,
			context,
			changes.map(({ was, values }) => ({ was: was.values, values })),
		);
	},
};

type LineChange = { values: Stored; was: Stored | null };

// A deal is told once of all its lines of a batch; where its amount follows them, it does.
async function tell(tx: Tx, { by }: Context, changes: LineChange[]): Promise<void> {
	const byDeal = Map.groupBy(changes, ({ values }) => numberIn(values, 'deal') ?? 0);
	const { rows } = await tx.execute<{ id: number; clientId: number | null }>(sql`
		update deals d set version = version + 1,
			amount = case when amount_from_products then (
				select sum(round(quantity * price, 2)) from deal_products l where l.deal_id = d.id
			) else amount end
		where id = any(${sql.param([...byDeal.keys()])}::bigint[])
		returning id, client_id as "clientId"`);
	const products = [...new Set(changes.map(({ values }) => numberIn(values, 'product') ?? 0))];
	const named = await tx.execute<{ id: number; name: string }>(
		sql`select id, name from products where id = any(${sql.param(products)}::bigint[])`,
	);
	const names = new Map(named.rows.map(({ id, name }) => [Number(id), name]));
	await record(
		tx,
		by,
		...rows.map(({ id, clientId }) => {
			const lines = (byDeal.get(Number(id)) ?? []).map((change) => productChange(change, names));
			const about = { dealId: Number(id), clientId };
			return { type: 'deal.edited', ...about, data: { changes: {}, products: lines } } as const;
		}),
	);
}

function productChange({ values, was }: LineChange, names: Map<number, string>): ProductChange {
	const line = (of: Stored) => ({
		quantity: textIn(of, 'quantity') ?? '1',
		price: textIn(of, 'price'),
	});
	const product = names.get(numberIn(values, 'product') ?? 0) ?? '';
	return { product, from: was && line(was), to: line(values) };
}
