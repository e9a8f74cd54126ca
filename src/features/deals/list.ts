import { sql } from 'drizzle-orm';
import { type Actor, scopeChosen, visibleTo } from '#src/features/auth/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { BadRequest, NotFound } from '#src/platform/errors.ts';
import { isDay, monthOf, type Viewer } from '#src/platform/i18n/dates.ts';
import { listStages, type Stage } from './queries.ts';
import { isFinal } from './rules.ts';
import { dealsFound } from './search.ts';

const ROWS_A_PAGE = 50;

/** A line of the list of deals. */
export type DealLine = {
	id: number;
	title: string;
	amount: string | null;
	currency: string;
	clientName: string | null;
	ownerName: string;
	lossReason: string | null;
	/** The closing day of a finished deal, the expected one of an open one. */
	on: string | null;
};

export type DealList = {
	stages: Stage[];
	stage: Stage;
	month: string | null;
	lines: DealLine[];
	next: string | null;
	/** The address of this list with some of it changed. */
	url: (change: Record<string, string>) => string;
};

type Query = { stage?: number; month?: string; owner?: string; q?: string; after?: string };

/**
 * The deals of one state: finished ones by their closing day, the newest first, narrowed to a month
 * (`2026-11`) if one is given; open ones by id. Throws NotFound, BadRequest.
 */
export async function readDealList(
	db: Sql,
	actor: Actor,
	query: Query,
	viewer: Viewer,
): Promise<DealList> {
	const stages = await listStages(db);
	const stage = stages.find((one) => one.id === (query.stage ?? stages[0]?.id));
	if (stage === undefined) throw new NotFound('error.notFound');
	const scope = scopeChosen(actor, query.owner ?? '');
	const named = monthNamed(query.month, viewer);
	const month = isFinal(stage.kind) ? named : null;
	const after = query.after === undefined ? null : readPlace(query.after);
	const column = isFinal(stage.kind) ? sql`d.closed_on` : sql`d.expected_close_on`;
	const order = isFinal(stage.kind) ? sql`d.closed_on desc nulls last, d.id desc` : sql`d.id desc`;
	const { rows } = await db.execute<DealLine>(sql`
		select d.id, d.title, d.amount, d.currency, c.name as "clientName", p.name as "ownerName",
			r.name as "lossReason", ${column} as "on"
		from deals d join people p on p.id = d.owner_id
		left join clients c on c.id = d.client_id left join loss_reasons r on r.id = d.loss_reason_id
		where d.stage_id = ${stage.id} and ${visibleTo({ ...actor, scope }, sql`d.owner_id`)}
			${query.q ? sql`and d.id in (select id from (${dealsFound(actor, scope, query.q, sql`true`)}) found)` : sql``}
			${isFinal(stage.kind) ? sql`and d.closed_on is not null` : sql``}
			${month ? sql`and d.closed_on between ${month.first} and ${month.last}` : sql``}
			${after ? (isFinal(stage.kind) ? sql`and (d.closed_on, d.id) < (${after.on}::date, ${after.id})` : sql`and d.id < ${after.id}`) : sql``}
		order by ${order} limit ${ROWS_A_PAGE + 1}`);
	const lines = rows.slice(0, ROWS_A_PAGE);
	const last = lines.at(-1);
	const next = rows.length > ROWS_A_PAGE && last ? `${last.on ?? '0001-01-01'}.${last.id}` : null;
	const shown = month?.first.slice(0, 7) ?? null;
	return { stages, stage, month: shown, lines, next, url: addressOf(query) };
}

function monthNamed(
	name: string | undefined,
	viewer: Viewer,
): { first: string; last: string } | null {
	if (name === undefined || name === 'all') return name === 'all' ? null : monthOf(viewer.today);
	if (!/^(19|20|21)\d\d-(0[1-9]|1[0-2])$/.test(name))
		throw new BadRequest('error.badRequest', { what: 'month' });
	return monthOf(`${name}-01`);
}

function readPlace(cursor: string): { on: string; id: number } {
	const match = /^(\d{4}-\d{2}-\d{2})\.(\d{1,15})$/.exec(cursor);
	if (!match?.[1] || !isDay(match[1])) throw new BadRequest('error.badRequest', { what: 'after' });
	return { on: match[1], id: Number(match[2]) };
}

// Whose deals and which words stay while the person looks through states and months.
const addressOf = (query: Query) => (change: Record<string, string>) => {
	const { owner = '', q = '' } = query;
	const wanted = Object.entries({ owner, q, ...change }).filter(([, value]) => value !== '');
	return `/deals?${new URLSearchParams(wanted)}`;
};
