import { sql } from 'drizzle-orm';
import { deals } from '#src/features/deals/tables.ts';
import { closing } from './closing.ts';
import type { Course } from './course.ts';
import { recordChanged, recordCreated, stageMoved } from './deal-history.ts';
import {
	type Change,
	type Context,
	idsByRef,
	matching,
	type Noun,
	numberIn,
	type Outcome,
	recordset,
	textIn,
} from './noun.ts';

/** Deals, open and finished, with one product each and their history. */
export const DEALS: Noun = {
	async load(tx, refs, names) {
		const rows = await tx
			.select({
				id: deals.id,
				ref: deals.externalRef,
				enteredAt: deals.stageEnteredAt,
				products: sql<number[]>`array(
					select product_id::int8 from deal_products where deal_id = "deals"."id" order by 1)`,
				title: deals.title,
				client: deals.clientId,
				owner: deals.ownerId,
				stage: deals.stageId,
				amount: deals.amount,
				currency: deals.currency,
				source: deals.source,
				probability: deals.probability,
				createdOn: sql<string>`to_char(${deals.createdAt} at time zone 'UTC', 'YYYY-MM-DD')`,
				expectedCloseOn: deals.expectedCloseOn,
				closedOn: deals.closedOn,
				lossReason: deals.lossReasonId,
				closeComment: deals.closeComment,
			})
			.from(deals)
			.where(matching(sql`${deals.externalRef}`, refs, sql`${deals.titleSearch}`, names))
			.orderBy(deals.id)
			.for('update');
		return rows.map(({ id, ref, enteredAt, products, ...values }) => {
			const ids = products.map(Number);
			const product = ids[0] ?? null;
			return {
				...{ id, ref, name: values.title, values: { ...values, product } },
				deal: { enteredAt, products: ids },
			};
		});
	},

	examine(_tx, context, outcomes) {
		for (const outcome of outcomes) {
			closing(outcome, courseOf(context), context.by.now);
			// A person may have added products: the one of the file is then one of several.
			const { was, values } = outcome;
			if (was?.deal?.products.includes(Number(values.product)))
				values.product = was.values.product ?? null;
		}
	},

	async create(tx, context, outcomes) {
		const rows = await tx
			.insert(deals)
			.values(outcomes.map((outcome) => newDeal(outcome, context)))
			.returning({ id: deals.id, ref: deals.externalRef });
		const ids = idsByRef(rows);
		const created = outcomes.map((outcome) => ({ ...outcome, id: ids.get(outcome.ref) ?? 0 }));
		const sold = created.filter(({ values }) => numberIn(values, 'product') !== null);
		await tx.execute(sql`
			insert into deal_products (deal_id, product_id)
			select id, product from ${recordset(sold.map(({ id, values }) => ({ id, product: values.product ?? null })))}
				as v(id bigint, product bigint)`);
		await recordCreated(tx, context, courseOf(context), created);
	},

	async update(tx, context, changes) {
		const course = courseOf(context);
		await tx.execute(sql`
			update deals d set title = v.title, client_id = v.client, owner_id = v.owner,
				stage_id = v.stage, pipeline_id = v.pipeline, amount = v.amount, currency = v.currency,
				source = v.source, probability = v.probability, expected_close_on = v."expectedCloseOn",
				closed_on = v."closedOn",
				closed_at = case when v."closedOn" is null then null else coalesce(v."closedAt", d.closed_at) end,
				loss_reason_id = v."lossReason", close_comment = v."closeComment",
				created_at = coalesce(v."createdAt", d.created_at),
				stage_entered_at = coalesce(v."enteredAt", d.stage_entered_at), version = d.version + 1
			from ${recordset(changes.map((change) => changedDeal(change, course, context.by.now)))}
				as v(id bigint, title text, client bigint, owner bigint, stage bigint, pipeline bigint,
					amount numeric(15, 2), currency char(3), source text, probability smallint,
					"expectedCloseOn" date, "closedOn" date, "closedAt" timestamptz, "lossReason" bigint,
					"closeComment" text, "createdAt" timestamptz, "enteredAt" timestamptz)
			where d.id = v.id`);
		await replaceProducts(tx, changes);
		await takeStepsAlong(tx, changes);
		await recordChanged(tx, context, course, changes);
	},
};

function courseOf({ course }: Context): Course {
	if (!course) throw new Error('deals are fed without a pipeline');
	return course;
}

/** Days have no hour: a deal begins in the morning and closes at noon, UTC, so that one day keeps their order. */
const morning = (day: string) => new Date(`${day}T09:00:00Z`);
const noon = (day: string) => new Date(`${day}T12:00:00Z`);

function newDeal({ ref, values }: Outcome, { by, course }: Context) {
	const createdOn = textIn(values, 'createdOn');
	const closedOn = textIn(values, 'closedOn');
	const closedAt = closedOn === null ? null : noon(closedOn);
	const createdAt = createdOn === null ? (closedAt ?? by.now) : morning(createdOn);
	return {
		externalRef: ref,
		pipelineId: course?.pipelineId ?? 0,
		stageId: numberIn(values, 'stage') ?? 0,
		clientId: numberIn(values, 'client'),
		title: textIn(values, 'title') ?? '',
		amount: textIn(values, 'amount'),
		ownerId: numberIn(values, 'owner') ?? 0,
		source: textIn(values, 'source'),
		probability: numberIn(values, 'probability'),
		expectedCloseOn: textIn(values, 'expectedCloseOn'),
		closedOn,
		closedAt,
		lossReasonId: numberIn(values, 'lossReason'),
		closeComment: textIn(values, 'closeComment'),
		stageEnteredAt: closedAt ?? createdAt,
		createdAt,
		...(values.currency ? { currency: String(values.currency) } : {}),
	};
}

function changedDeal(change: Change, { stages }: Course, now: Date) {
	const { id, was, values, changes } = change;
	const stage = numberIn(values, 'stage') ?? 0;
	const closedOn = textIn(values, 'closedOn');
	const closed = changes.closedOn || changes.stage ? closedOn : null;
	return {
		...values,
		id,
		pipeline: stages.get(stage)?.pipelineId ?? 0,
		closedAt: closed === null ? null : noon(closed).toISOString(),
		createdAt: changes.createdOn ? morning(String(values.createdOn)).toISOString() : null,
		enteredAt: changes.stage ? stageMoved(was, closedOn, now).toISOString() : null,
	};
}

async function replaceProducts(tx: Parameters<Noun['update']>[0], changes: Change[]) {
	const sold = changes.filter(({ changes }) => changes.product);
	if (sold.length === 0) return;
	const replaced = sold.filter(({ was }) => was.deal?.products.length === 1).map(({ id }) => id);
	await tx.execute(
		sql`delete from deal_products where deal_id = any(${sql.param(replaced)}::bigint[])`,
	);
	await tx.execute(sql`
		insert into deal_products (deal_id, product_id)
		select id, product from ${recordset(sold.map(({ id, values }) => ({ id, product: values.product ?? null })))}
			as v(id bigint, product bigint)
		on conflict do nothing`);
}

// A deal that changes hands takes what is planned on it along, as reassignDeal does.
async function takeStepsAlong(tx: Parameters<Noun['update']>[0], changes: Change[]) {
	const given = changes.filter(({ changes }) => changes.owner);
	if (given.length === 0) return;
	await tx.execute(sql`
		update interactions i set owner_id = v.owner, version = i.version + 1
		from ${recordset(given.map(({ id, was, values }) => ({ id, owner: values.owner ?? null, before: was.values.owner ?? null })))}
			as v(id bigint, owner bigint, before bigint)
		where i.deal_id = v.id and i.owner_id = v.before and i.status = 'planned'`);
}
