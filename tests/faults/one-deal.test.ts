import { expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Login, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { LONG, tell } from './figures.ts';

const PEOPLE = 50;
const ROUNDS = LONG ? 200 : 8;

const database = await testDatabase();
// Two instances: what one remembers must not be needed by the other.
const instances = [await testApp(database), await testApp(database)];

type Answer = { status: number; person: number; version?: number; by?: string | null };

test(`${PEOPLE} people move one deal at once: in each round one wins, and the others are told by whom`, {
	timeout: 900_000,
}, async () => {
	const { deals, open } = await makeCast(database.db);
	const { rows: people } = await database.pool.query<{ id: number; login: string; name: string }>(
		`insert into people (login, name, role) select 'p' || n, 'Участник ' || n, 'administrator'
		from generate_series(1, $1) n returning id, login, name`,
		[PEOPLE],
	);
	const browsers: Browser[] = [];
	for (const [at, { login }] of people.entries())
		browsers.push(await signIn(instances[at % 2] as (typeof instances)[number], login as Login));

	const dealId = deals.late;
	const winners: number[] = [];
	let version = 1;
	for (let round = 0; round < ROUNDS; round++) {
		const stageId = open[(round + 1) % open.length]?.id as number;
		const answers = await Promise.all(
			browsers.map(async (browser, person): Promise<Answer> => {
				const answer = await browser.json(`/deals/${dealId}/moves`, { stageId, version });
				const body = answer.json() as {
					version?: number;
					error?: { current?: { by: string | null; version: number } };
				};
				const { by = null, version: now } = body.error?.current ?? {};
				return { status: answer.statusCode, person, version: body.version ?? now ?? 0, by };
			}),
		);
		const won = answers.filter(({ status }) => status === 200);
		expect(won).toHaveLength(1);
		const [winner] = won as [Answer];
		winners.push(people[winner.person]?.id as number);
		version += 1;
		expect(winner.version).toBe(version);
		// The rest see what stands there now, and who was first.
		const rest = answers.filter(({ status }) => status === 409);
		expect(rest).toHaveLength(PEOPLE - 1);
		expect(new Set(rest.map((one) => one.version))).toEqual(new Set([version]));
		expect(new Set(rest.map(({ by }) => by))).toEqual(new Set([people[winner.person]?.name]));
	}

	// O1, O3 and O5: each acknowledged move once, by whom it was, and nothing else.
	const events = await database.pool.query<{ actor_id: number }>(
		`select actor_id from events where deal_id = $1 and type = 'deal.moved' order by id`,
		[dealId],
	);
	expect(events.rows.map(({ actor_id }) => actor_id)).toEqual(winners);
	const changes = await database.pool.query<{ person_id: number; to_stage_id: number }>(
		'select person_id, to_stage_id from stage_changes where deal_id = $1 order by id offset 1',
		[dealId],
	);
	expect(changes.rows.map(({ person_id }) => person_id)).toEqual(winners);
	// O4: the deal is in one state, and the company's sums are those of the deals.
	const [deal] = (
		await database.pool.query('select version, stage_id from deals where id = $1', [dealId])
	).rows;
	expect(deal).toEqual({ version, stage_id: changes.rows.at(-1)?.to_stage_id });
	const disagreeing = await database.pool.query(
		`select stage_id, sum(n), sum(amount) from (
			select stage_id, deals as n, amount from deal_tallies
			union all select stage_id, -1, -coalesce(amount, 0) from deals
		) t group by 1 having sum(n) <> 0 or sum(amount) <> 0`,
	);
	expect(disagreeing.rows).toEqual([]);
	tell(`${PEOPLE} people on one deal`, {
		rounds: ROUNDS,
		won: winners.length,
		'told by whom': ROUNDS * (PEOPLE - 1),
	});
});
