import { sql } from 'drizzle-orm';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import { settleSteps, usualSettlement } from '#src/features/deals/moves/settlement.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Reason } from '#src/features/imports/console/messages.ts';
import { alike } from '#src/features/imports/engine/values.ts';
import { extraKept, extraStored } from '#src/features/imports/extra-fields.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { closing } from './closing.ts';
import type { Course } from './course.ts';
import { recordChanged, recordCreated, stageMoved } from './deal-history.ts';
import { removeDeals } from './deal-removal.ts';
import {
	type Change,
	type Context,
	candidates,
	type Made,
	type Noun,
	numberIn,
	recordset,
	type Stored,
	textIn,
} from './noun.ts';
import { writeTags } from './tags.ts';

type Row = Stored & {
	id: number;
	ref: string | null;
	visible: boolean;
	extra: ExtraValues;
	enteredAt: Date;
	products: number[];
	archived: boolean;
	heir: number | null;
};

/** Deals, open and finished, with one product each and their history. */
export const DEALS: Noun = {
	table: 'deals',

	/** By their title, within the client. */
	keysOf(way, values) {
		if (way !== 'name' || !values.title) return [];
		return [`${values.client ?? ''} ${alike(String(values.title))}`];
	},

	async load(tx, wanted) {
		const { actor, lock } = wanted;
		const found = candidates(wanted, {
			table: sql`deals`,
			ref: sql`external_ref`,
			ways: {
				name: (texts) => sql`select id from deals
					where client_id in (select nullif(split_part(one, ' ', 1), '')::bigint from unnest(${texts}) one)
						and client_id::text || ' ' || title_search = any(${texts})`,
			},
		});
		const { rows } = await tx.execute<Row>(sql`
			select d.id, d.external_ref as ref, d.stage_entered_at as "enteredAt",
				array(select product_id::int8 from deal_products where deal_id = d.id order by 1) as products,
				d.title, d.client_id as client, d.owner_id as owner, d.stage_id as stage, d.amount::text,
				d.currency, d.source, d.campaign, d.probability, d.note, d.extra,
				to_char(d.created_at at time zone 'UTC', 'YYYY-MM-DD') as "createdOn",
				d.expected_close_on as "expectedCloseOn", d.closed_on as "closedOn",
				d.loss_reason_id as "lossReason", d.close_comment as "closeComment",
				(select string_agg(t.name, E'\n' order by t.name) from deal_tags l
					join tags t on t.id = l.tag_id where l.deal_id = d.id) as tags,
				${actor ? dealVisibleTo(actor) : sql`true`} as visible, d.archived_at is not null as archived,
				case when d.merged_into is not null then deal_heir(d.id) end as heir
			from (${found}) f join deals d on d.id = f.id
			order by d.id ${lock ? sql`for update of d` : sql``}`);
		return rows.map((row) => {
			const { id, ref, visible, enteredAt, products, extra, archived, heir, ...values } = row;
			const ids = products.map(Number);
			const product = ids[0] ?? null;
			return {
				...{ id, ref, visible, name: String(values.title), shut: shutBy(archived, heir) },
				values: { ...values, ...extraStored(extra), product },
				deal: { enteredAt, products: ids },
			};
		});
	},

	examine(_tx, context, outcomes) {
		for (const outcome of outcomes) closing(outcome, courseOf(context), context.by.now);
	},

	lives: ({ closedOn = null }) => closedOn === null,

	async create(tx, context, made) {
		await tx.execute(sql`
			insert into deals (id, external_ref, pipeline_id, stage_id, client_id, title, amount, owner_id,
				source, campaign, note, extra, probability, expected_close_on, closed_on, closed_at,
				loss_reason_id, close_comment, stage_entered_at, created_at, created_by, currency)
			overriding system value
			select id, ref, pipeline, stage, client, title, amount, owner, source, campaign, note, extra,
				probability, "expectedCloseOn", "closedOn", "closedAt", "lossReason", "closeComment",
				"enteredAt", "createdAt", ${context.by.actorId}, coalesce(currency, 'RUB')
			from ${recordset(made.map((one) => newDeal(one, context)))} as v(id bigint, ref text,
				pipeline bigint, stage bigint, client bigint, title text, amount numeric(15, 2), owner bigint,
				source text, campaign text, note text, extra jsonb, probability smallint,
				"expectedCloseOn" date, "closedOn" date, "closedAt" timestamptz, "lossReason" bigint,
				"closeComment" text, "enteredAt" timestamptz, "createdAt" timestamptz, currency text)
			order by id`);
		const sold = made.filter(({ values }) => numberIn(values, 'product') !== null);
		await tx.execute(sql`
			insert into deal_products (deal_id, product_id)
			select id, product from ${recordset(sold.map(({ id, values }) => ({ id, product: values.product ?? null })))}
				as v(id bigint, product bigint)`);
		await writeTags(
			tx,
			'deal',
			made.map(({ id, values }) => ({ id, was: {}, values })),
		);
		await recordCreated(tx, context, courseOf(context), made);
	},

	async update(tx, context, changes) {
		const course = courseOf(context);
		await tx.execute(sql`
			update deals d set title = v.title, client_id = v.client, owner_id = v.owner,
				stage_id = v.stage, pipeline_id = v.pipeline, amount = v.amount, currency = v.currency,
				source = v.source, campaign = v.campaign, note = v.note, extra = v.extra,
				probability = v.probability, expected_close_on = v."expectedCloseOn",
				closed_on = v."closedOn",
				closed_at = case when v."closedOn" is null then null else coalesce(v."closedAt", d.closed_at) end,
				loss_reason_id = v."lossReason", close_comment = v."closeComment",
				created_at = coalesce(v."createdAt", d.created_at),
				stage_entered_at = coalesce(v."enteredAt", d.stage_entered_at), version = d.version + 1
			from ${recordset(changes.map((change) => changedDeal(change, course, context.by.now)))}
				as v(id bigint, title text, client bigint, owner bigint, stage bigint, pipeline bigint,
					amount numeric(15, 2), currency char(3), source text, campaign text, note text, extra jsonb,
					probability smallint, "expectedCloseOn" date, "closedOn" date, "closedAt" timestamptz,
					"lossReason" bigint, "closeComment" text, "createdAt" timestamptz, "enteredAt" timestamptz)
			where d.id = v.id`);
		await replaceProducts(tx, changes);
		await writeTags(
			tx,
			'deal',
			changes.map(({ id, was, values }) => ({ id, was: was.values, values })),
		);
		await takeStepsAlong(tx, changes);
		const settled = await settleMoved(tx, course, changes);
		await recordChanged(tx, context, course, changes, settled);
	},

	remove: removeDeals,
};

// In the archive nothing is changed; of two deals that became one it is not said in which what a row tells belongs.
function shutBy(archived: boolean, heir: number | null): Reason | undefined {
	if (heir !== null) return { key: 'row.dealMerged', args: { id: String(heir) } };
	return archived ? { key: 'row.dealArchived', args: {} } : undefined;
}

function courseOf({ course }: Context): Course {
	if (!course) throw new Error('deals are fed without a pipeline');
	return course;
}

/** Days have no hour: a deal begins in the morning and closes at noon, UTC, so that one day keeps their order. */
const morning = (day: string) => new Date(`${day}T09:00:00Z`);
const noon = (day: string) => new Date(`${day}T12:00:00Z`);

function newDeal({ id, ref, values }: Made, { by, course }: Context): Stored {
	const createdOn = textIn(values, 'createdOn');
	const closedOn = textIn(values, 'closedOn');
	const closedAt = closedOn === null ? null : noon(closedOn);
	const createdAt = createdOn === null ? (closedAt ?? by.now) : morning(createdOn);
	return {
		...values,
		...{ id, ref, pipeline: course?.pipelineId ?? 0, extra: extraKept(values) },
		closedAt: closedAt?.toISOString() ?? null,
		enteredAt: (closedAt ?? createdAt).toISOString(),
		createdAt: createdAt.toISOString(),
	} as unknown as Stored;
}

function changedDeal(change: Change, { stages }: Course, now: Date): Stored {
	const { id, was, values, changes } = change;
	const stage = numberIn(values, 'stage') ?? 0;
	const closedOn = textIn(values, 'closedOn');
	const closed = changes.closedOn || changes.stage ? closedOn : null;
	return {
		...values,
		...{ id, extra: extraKept(values) },
		pipeline: stages.get(stage)?.pipelineId ?? 0,
		closedAt: closed === null ? null : noon(closed).toISOString(),
		createdAt: changes.createdOn ? morning(String(values.createdOn)).toISOString() : null,
		enteredAt: changes.stage ? stageMoved(was, closedOn, now).toISOString() : null,
	} as unknown as Stored;
}

async function replaceProducts(tx: Tx, changes: Change[]) {
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

// What is planned on a deal that a file finishes, or takes out of its end, is settled as every move does.
async function settleMoved(tx: Tx, { stages }: Course, changes: Change[]) {
	const kindOf = (values: Stored) => stages.get(numberIn(values, 'stage') ?? 0)?.kind ?? 'open';
	const settlings = changes
		.filter((change) => change.changes.stage)
		.map(({ id, was, values }) => {
			const to = kindOf(values);
			return { dealId: id, from: kindOf(was.values), to, steps: usualSettlement(to) };
		});
	return await settleSteps(tx, settlings);
}

// A deal that changes hands takes what is planned on it along, as reassignDeal does.
async function takeStepsAlong(tx: Tx, changes: Change[]) {
	const given = changes.filter(({ changes }) => changes.owner);
	if (given.length === 0) return;
	await tx.execute(sql`
		update interactions i set owner_id = v.owner, version = i.version + 1
		from ${recordset(given.map(({ id, was, values }) => ({ id, owner: values.owner ?? null, before: was.values.owner ?? null })))}
			as v(id bigint, owner bigint, before bigint)
		where i.deal_id = v.id and i.owner_id = v.before and i.status = 'planned'`);
}
