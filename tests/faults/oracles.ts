import { readdir, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { PlainDeal } from '../board/model.ts';
import { plainOrder } from '../board/model.ts';
import { headersOf } from '../mail/post-office.ts';
import type { Crew } from './crew.ts';
import { readBoard, type Screen } from './screens.ts';
import type { Place, Site } from './site.ts';

/*
 * What must be true after each fault, whatever it was. Asked when nobody writes any more.
 */

const PATIENCE = { timeout: 120_000, interval: 100 };
const ZONE = 'Europe/Moscow';
const CARDS_AT_FIRST = 25;

/** Asks all but the letters, which may take a minute; returns what the crew has lived through, in figures. */
export async function expectOracles(site: Site, crew: Crew, screens: Screen[]) {
	expectApologies(site, crew);
	return await expectKept(site, crew, screens);
}

/** O1 to O6. */
export async function expectKept(site: Place, crew: Crew, screens: Screen[]) {
	await expectMovesKept(site, crew);
	await expectStepsKept(site, crew);
	await expectOneState(site, crew);
	await expectScreensFresh(site, screens);
	const sum = (count: (story: Crew['stories'][number]) => number) =>
		crew.stories.reduce((total, story) => total + count(story), 0);
	return {
		acknowledged: crew.written(),
		unknown: sum(({ unknown }) => unknown),
		'asked again': crew.given.filter(({ failed }) => failed > 0).length,
		'503': crew.answers.get(503) ?? 0,
	};
}

/** O1, O2, O3 and O5: each acknowledged version moved its deal once, to its state, by Anna; nothing by halves. */
async function expectMovesKept(site: Place, { stories }: Crew): Promise<void> {
	for (const { dealId, first, acknowledged, unknown, conflicts } of stories) {
		const [deal] = await site.ask<{ version: number; stage_id: number }>(
			'select version, stage_id from deals where id = $1',
			[dealId],
		);
		const changes = await site.ask<{ to_stage_id: number; login: string }>(
			`select c.to_stage_id, p.login from stage_changes c join people p on p.id = c.person_id
			where deal_id = $1 order by c.id`,
			[dealId],
		);
		const moves = (deal?.version ?? 0) - first;
		const since = changes.slice(changes.length - moves);
		const versions = acknowledged.map(({ version }) => version);
		// A version acknowledged twice: the first one was lost and its number given away again.
		expect(new Set(versions).size).toBe(versions.length);
		for (const { version, stageId } of acknowledged)
			expect(since[version - first - 1]?.to_stage_id).toBe(stageId);
		expect(moves).toBeGreaterThanOrEqual(acknowledged.length);
		expect(moves).toBeLessThanOrEqual(acknowledged.length + unknown);
		expect(conflicts).toBeLessThanOrEqual(unknown);
		expect(deal?.stage_id).toBe(changes.at(-1)?.to_stage_id);
		expect(new Set(since.map(({ login }) => login)).size).toBeLessThanOrEqual(1);
		const events = await site.ask<{ login: string }>(
			`select p.login from events e join people p on p.id = e.actor_id
			where deal_id = $1 and type = 'deal.moved' order by e.id`,
			[dealId],
		);
		// The demo company moved it before.
		expect(events.slice(events.length - moves)).toEqual(
			Array.from({ length: moves }, () => ({ login: 'anna' })),
		);
		expect(events).toHaveLength(changes.length - 1);
	}
}

/** O1, O2 and O5 of what makes a record under a key: the step, its event and its letter together, once. */
async function expectStepsKept(site: Place, { given }: Crew): Promise<void> {
	const rows = await site.ask<{ summary: string; events: number; mails: number; by: string }>(
		`with told as (
			select e.interaction_id, count(*)::int as events, min(p.login) as by
			from events e join people p on p.id = e.actor_id where e.type = 'interaction.planned' group by 1
		), sent as (
			select interaction_id, count(*)::int as mails from mails where kind = 'assigned' group by 1
		)
		select i.summary, coalesce(t.events, 0) as events, coalesce(s.mails, 0) as mails, t.by
		from interactions i left join told t on t.interaction_id = i.id left join sent s on s.interaction_id = i.id
		where i.summary like 'Поручение %' order by i.id`,
	);
	expect(given.filter(({ acknowledged }) => !acknowledged)).toEqual([]);
	// One after the other, each once: the list of what was given is the list of what is there.
	expect(rows).toEqual(given.map(({ summary }) => ({ summary, events: 1, mails: 1, by: 'vera' })));
	const [loose] = await site.ask<{ n: number }>(
		`select (select count(*) from events e where type = 'interaction.planned'
				and not exists (select from interactions i where i.id = e.interaction_id))
			+ (select count(*) from mails m where interaction_id is not null
				and not exists (select from interactions i where i.id = m.interaction_id)) as n`,
	);
	expect(Number(loose?.n)).toBe(0);
}

/** O4: Anna's board is what SQL says: each deal in one state, counts, sums, and the order that the model knows. */
async function expectOneState(site: Place, { anna }: Crew): Promise<void> {
	const deals = await site.ask<PlainDeal>(
		`select d.id, stage_id as "stageId", owner_id as "ownerId", amount, currency, d.closed_on as "closedOn",
			n.planned_at as "plannedAt", n.planned_on::text as "plannedOn"
		from deals d join people p on p.id = d.owner_id left join lateral (
			select planned_at, planned_on from interactions i where i.deal_id = d.id and i.status = 'planned'
			order by coalesce(planned_at, (planned_on + 1)::timestamp at time zone '${ZONE}'), i.id limit 1
		) n on true where p.login = 'anna'`,
	);
	const now = new Date();
	const { columns } = await readBoard(site.address, anna);
	expect(columns.length).toBeGreaterThan(0);
	for (const { stageId, totals, cards } of columns) {
		const own = deals.filter((deal) => deal.stageId === stageId);
		const order = plainOrder(own, { now, timeZone: ZONE });
		expect(cards.map(({ id }) => id)).toEqual(order.slice(0, CARDS_AT_FIRST));
		expect(Number(/^\d+/.exec(totals)?.[0])).toBe(own.length);
		const roubles = own
			.filter(({ currency }) => currency === 'RUB')
			.reduce((sum, { amount }) => sum + BigInt((amount ?? '0.00').replace('.', '')), 0n);
		const digits = totals.split('·')[1]?.replace(/\D/g, '') ?? '0';
		expect([BigInt(digits), BigInt(digits) * 100n]).toContain(roubles);
	}
	const disagreeing = await site.ask(
		`select stage_id, sum(n), sum(amount) from (
			select stage_id, deals as n, amount from deal_tallies
			union all select stage_id, -1, -coalesce(amount, 0) from deals
		) t group by 1 having sum(n) <> 0 or sum(amount) <> 0`,
	);
	expect(disagreeing).toEqual([]);
}

/** O6: what stands on open screens is what a fresh page says. */
async function expectScreensFresh({ address }: Place, screens: Screen[]): Promise<void> {
	for (const screen of screens)
		await expect
			.poll(async () => {
				const { columns } = await readBoard(address, screen.cookie);
				return JSON.stringify(screen.shown()) === JSON.stringify(columns);
			}, PATIENCE)
			.toBe(true);
}

/**
 * O7: every letter left, to its reader, and a doubled one can be told by its Message-ID. What a killed worker had in hand
 * the others take over after a minute.
 */
export async function expectLettersOut({ ask, office }: Site) {
	const waiting = async () =>
		(await ask(`select m.id, m.status, m.error, j.locked_by, j.attempts, j.last_error from mails m
			left join graphile_worker._private_jobs j on j.payload->>'id' = m.id::text
			where m.status <> 'sent' limit 3`)) as unknown[];
	// A letter that was refused five times in the storm waits some minutes for its sixth.
	await expect.poll(waiting, { timeout: 600_000, interval: 250 }).toEqual([]);
	const mails = await ask<{ id: string; to: string }>(
		`select message_id || '@shop.example' as id, address as to from mails order by 1`,
	);
	const out = new Map(
		office.received.map((one) => [
			headersOf(one).get('message-id')?.[0]?.replace(/[<>]/g, '') ?? '',
			one.to[0],
		]),
	);
	expect(mails.filter(({ id, to }) => out.get(id) !== to)).toEqual([]);
	expect(out.size).toBe(mails.length);
	return { letters: mails.length, doubled: office.received.length - mails.length };
}

/** O8: whoever is refused is told when to come again and a number that the log knows, and nothing of our insides. */
function expectApologies(site: Site, { refusals }: Crew): void {
	const log = site.log();
	for (const { status, retryAfter, body } of refusals) {
		expect(status, body).toBe(503);
		expect(Number(retryAfter)).toBeGreaterThan(0);
		expect(body).not.toMatch(/\bat .+\.ts:|select |insert |update |node_modules|postgres/i);
		const known = [...body.matchAll(/\b[0-9a-f]{8}\b/g)].some(([id]) => log.includes(`"${id}"`));
		expect(known, body).toBe(true);
	}
}

/** What a process holds: descriptors, connections to the database, MB of memory, requests that wait for a connection. */
export type Held = { descriptors: number; connections: number; memory: number; waiting: number };

/** What the program holds at the moment. */
export async function heldBy(site: Site): Promise<Held> {
	const { pid } = site.program();
	const status = await readFile(`/proc/${pid}/status`, 'utf8');
	const [database] = await site.ask<{ n: number }>(
		`select count(*)::int as n from pg_stat_activity where usename = 'moi_prodazhi'`,
	);
	const metrics = await (await fetch(`${site.address}/metrics`)).text();
	return {
		descriptors: (await readdir(`/proc/${pid}/fd`)).length,
		connections: database?.n ?? 0,
		memory: Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024),
		waiting: Number(/^db_pool_waiting (\d+)/m.exec(metrics)?.[1]),
	};
}

/** More than that nobody keeps: some sockets of browsers, and what the collector has not taken yet. */
const SPARE = { descriptors: 30, connections: 6, memory: 120 };

/** O9: sockets, connections and memory are back to where they were. */
export async function expectAtRest(site: Site, before: Held): Promise<Held> {
	let now = before;
	await expect
		.poll(async () => {
			now = await heldBy(site);
			return {
				descriptors: now.descriptors <= before.descriptors + SPARE.descriptors,
				connections: now.connections <= before.connections + SPARE.connections,
				memory: now.memory <= before.memory + SPARE.memory,
				waiting: now.waiting,
			};
		}, PATIENCE)
		.toEqual({ descriptors: true, connections: true, memory: true, waiting: 0 });
	return now;
}
