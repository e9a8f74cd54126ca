import fc from 'fast-check';
import { DateTime } from 'luxon';
import type { Actor } from '#src/features/access/rights.ts';
import { type PlainDeal, plainDue, plainWithin } from '../board/model.ts';
import type { Company, Login } from '../cast.ts';
import type { TestDatabase } from '../database.ts';

/*
 * The list of deals as PRODUCT.md says it, in the plainest words: objects sorted in memory. It shares no
 * line with the application.
 */
const NOON = new Date('2026-11-24T09:17:31.402Z');
const HOUR = 3_600_000;

/** A deal as random tests write it. */
export type Line = {
	owner: Login;
	stage: number;
	title: string;
	client: string | null;
	amount: string | null;
	currency: string;
	probability: number | null;
	source: string | null;
	campaign: string | null;
	expected: string | null;
	created: number;
	entered: number;
	done: number | null;
	at: number | null;
	on: string | null;
	closed: string | null;
	tagged: boolean;
	helper: Login | null;
};

const day = (n: number) => new Date(NOON.getTime() + n * 24 * HOUR).toISOString().slice(0, 10);
const days = (min: number, max: number) => fc.integer({ min, max }).map(day);
const words = fc.constantFrom('Ёлка', 'елка', 'Сайт', 'сайт', 'Яма', 'абрикос', 'Z-line', '100');
const hours = fc.integer({ min: -240, max: 240 });

/** Any deal, many of them alike in some column. */
export const lines: fc.Arbitrary<Line> = fc
	.record({
		owner: fc.constantFrom<Login>('anna', 'anna', 'boris', 'gleb'),
		stage: fc.integer({ min: 0, max: 6 }),
		title: words,
		client: fc.option(words),
		amount: fc.option(fc.constantFrom('0.00', '10.10', '100.00', '5000.50', '9999999.99')),
		currency: fc.constantFrom('RUB', 'RUB', 'USD'),
		probability: fc.option(fc.constantFrom(0, 10, 50, 100), { freq: 2 }),
		source: fc.option(words),
		campaign: fc.option(fc.constantFrom('Осень', 'Весна')),
		expected: fc.option(days(-10, 20)),
		created: hours,
		entered: hours,
		done: fc.option(hours),
		plan: fc.oneof(
			hours.map((at) => ({ at, on: null })),
			days(-5, 12).map((on) => ({ at: null, on })),
			fc.constant({ at: null, on: null }),
		),
		closed: days(-40, 0),
		tagged: fc.boolean(),
		helper: fc.option(fc.constantFrom<Login>('anna', 'vera', 'ada')),
	})
	.map(({ plan, closed, ...line }) => ({
		...line,
		...plan,
		closed: line.stage > 4 ? closed : null,
	}));

const moment = (hour: number | null) =>
	hour === null ? null : new Date(Math.floor(NOON.getTime() / 1000) * 1000 + hour * HOUR);

/** Writes them as they are, past the actions, in one go; tag 1 is the one that some have. */
export async function write({ pool }: TestDatabase, company: Company, some: Line[]): Promise<void> {
	const rows = some.map((line) => ({
		...line,
		stage: company.stages[line.stage]?.id,
		owner: company.people[line.owner].id,
		helper: line.helper && company.people[line.helper].id,
		...{ created: moment(line.created), entered: moment(line.entered), done: moment(line.done) },
		at: moment(line.at),
	}));
	await pool.query(
		`insert into tags (id, name) overriding system value values (1, 'опт') on conflict do nothing`,
	);
	await pool.query(
		`insert into clients (name) select distinct client from jsonb_to_recordset($1)
		as r(client text) where client is not null`,
		[JSON.stringify(rows)],
	);
	await pool.query(
		`with given as (
			select * from rows from (jsonb_to_recordset($1) as (stage bigint, title text, client text, amount numeric,
				currency text, owner bigint, probability int, source text, campaign text, expected date,
				created timestamptz, entered timestamptz, done timestamptz, at timestamptz, "on" date,
				closed date, tagged boolean, helper bigint)) with ordinality
				as g(stage, title, client, amount, currency, owner, probability, source, campaign, expected, created,
				entered, done, at, "on", closed, tagged, helper, n)
		), made as (
			insert into deals (pipeline_id, stage_id, title, client_id, amount, currency, owner_id, probability,
				source, campaign, expected_close_on, created_at, stage_entered_at, last_done_at, next_planned_at,
				next_planned_on, closed_on, closed_at, external_ref)
			select s.pipeline_id, s.id, g.title, c.id, g.amount, g.currency, g.owner, g.probability, g.source,
				g.campaign, g.expected, g.created, g.entered, g.done, g.at, g."on", g.closed,
				case when g.closed is not null then now() end, 'line-' || g.n
			from given g join stages s on s.id = g.stage left join clients c on c.name = g.client order by g.n
			returning id, external_ref
		), tagged as (
			insert into deal_tags (deal_id, tag_id) select m.id, 1 from made m
			join given g on m.external_ref = 'line-' || g.n where g.tagged
		)
		insert into deal_collaborators (deal_id, person_id) select m.id, g.helper from made m
		join given g on m.external_ref = 'line-' || g.n where g.helper is not null`,
		[JSON.stringify(rows)],
	);
}

/** A deal as the model sees it. */
type Plain = PlainDeal & {
	title: string;
	client: string | null;
	ownerName: string;
	position: number;
	kind: 'open' | 'won' | 'lost';
	probability: number;
	source: string | null;
	campaign: string | null;
	expected: string | null;
	created: Date;
	entered: Date;
	done: Date | null;
	tags: number[];
	helpers: number[];
};

/** Every column that the list can be sorted by. */
export const SORTS = [
	...['number', 'title', 'client', 'stage', 'amount', 'probability', 'next', 'owner'],
	...['expected', 'closed', 'done', 'entered', 'source', 'campaign', 'created'],
];

const russian = new Intl.Collator('ru', { sensitivity: 'variant' });
const value = (deal: Plain, key: string, timeZone: string): string | number | null =>
	({
		number: deal.id,
		title: deal.title,
		client: deal.client,
		stage: deal.position,
		amount: deal.amount === null ? null : Number(deal.amount),
		probability: deal.probability,
		next: deal.plannedAt || deal.plannedOn ? plainDue(deal, { timeZone, now: NOON }) : null,
		owner: deal.ownerName,
		expected: deal.expected,
		closed: deal.closedOn,
		done: deal.done?.getTime() ?? null,
		entered: deal.entered.getTime(),
		source: deal.source,
		campaign: deal.campaign,
		created: deal.created.getTime(),
	})[key] ?? null;

function compare(a: string | number, b: string | number): number {
	if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b);
	// A deterministic collation tells apart what it holds equal, by its bytes.
	return russian.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

type Query = Record<string, string>;

function keeps(deal: Plain, query: Query, actor: Actor, zone: string): boolean {
	const onlooker = { now: NOON, timeZone: zone };
	const created = DateTime.fromJSDate(deal.created, { zone }).toFormat('yyyy-MM-dd');
	const stages = query.stage?.split(',').map(Number);
	const mine = actor.scope === 'all' || actor.scope.includes(deal.ownerId);
	const rules: boolean[] = [
		query.owner === 'me' ? deal.ownerId === actor.id : query.helping ? true : mine,
		!query.helping || deal.helpers.includes(actor.id),
		stages
			? stages.includes(deal.stageId)
			: [undefined, 'all', deal.kind].includes(query.kind ?? 'all'),
		!query.period || plainWithin(deal, query.period, onlooker),
		!query.source || deal.source === query.source,
		!query.campaign || deal.campaign === query.campaign,
		!query.tag || deal.tags.includes(Number(query.tag)),
		!query.amountFrom || (deal.amount !== null && Number(deal.amount) >= Number(query.amountFrom)),
		!query.amountTo ||
			(deal.amount !== null && Number(deal.amount) <= Number(query.amountTo.replace(',', '.'))),
		!query.expectedFrom || (deal.expected !== null && deal.expected >= query.expectedFrom),
		!query.expectedTo || (deal.expected !== null && deal.expected <= query.expectedTo),
		!query.createdFrom || created >= query.createdFrom,
		!query.createdTo || created <= query.createdTo,
	];
	return rules.every(Boolean) && inMonth(deal, query, zone, stages);
}

// Where only finished deals are asked for, no month means the present one.
function inMonth(deal: Plain, query: Query, zone: string, stages: number[] | undefined): boolean {
	const final = stages ? stages.every((id) => id > 5) : ['won', 'lost'].includes(query.kind ?? '');
	const now = DateTime.fromJSDate(NOON, { zone }).toFormat('yyyy-MM');
	const month = query.month ?? (final ? now : 'all');
	return month === 'all' || (deal.closedOn?.startsWith(month) ?? false);
}

/** Reads all deals, and answers what the list of an actor would show. */
export async function modelOf({ pool }: TestDatabase) {
	const { rows } = await pool.query<Plain>(`
		select d.id, d.stage_id as "stageId", d.owner_id as "ownerId", d.amount, d.currency, d.title,
			d.next_planned_at as "plannedAt", d.next_planned_on as "plannedOn", d.closed_on as "closedOn",
			c.name as client, p.name as "ownerName", s.position, s.kind,
			coalesce(d.probability, s.probability) as probability, d.source, d.campaign,
			d.expected_close_on as expected, d.created_at as created, d.stage_entered_at as entered,
			d.last_done_at as done,
			array(select tag_id from deal_tags where deal_id = d.id) as tags,
			array(select person_id from deal_collaborators where deal_id = d.id) as helpers
		from deals d join stages s on s.id = d.stage_id join people p on p.id = d.owner_id
		left join clients c on c.id = d.client_id`);
	return {
		list: (actor: Actor, query: Query, sort: string, zone: string) => {
			const kept = rows
				.map((deal) => ({
					...deal,
					tags: deal.tags.map(Number),
					helpers: deal.helpers.map(Number),
				}))
				.filter((deal) => keeps(deal, query, actor, zone));
			const key = sort.replace('-', '');
			const way = sort.startsWith('-') ? -1 : 1;
			kept.sort((a, b) => {
				const [x, y] = [value(a, key, zone), value(b, key, zone)];
				if (x === null || y === null) return x === y ? way * (a.id - b.id) : x === null ? 1 : -1;
				return way * (compare(x, y) || a.id - b.id);
			});
			const sums: Record<string, string> = {};
			for (const { amount, currency } of kept) {
				const sum = BigInt(sums[currency] ?? '0') + BigInt((amount ?? '0.00').replace('.', ''));
				if (sum !== 0n) sums[currency] = String(sum);
			}
			return { ids: kept.map(({ id }) => id), count: kept.length, sums };
		},
	};
}
