import { beforeAll, beforeEach, expect, test } from 'vitest';
import { completeInteraction, type Plan } from '#src/features/interactions/actions.ts';
import { cancelSeries, editSteps } from '#src/features/interactions/series/editing.ts';
import { type Repeat, wallClock } from '#src/features/interactions/series/recurrence.ts';
import { extendSeries, planSeries } from '#src/features/interactions/series/series.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { keptSteps, recountedSteps } from './steps.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let dealId: number;
beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	dealId = (await makeDeal(db, cast, 'anna', { title: 'Печь' })).id;
});

const weekly: Repeat = { frequency: 'weekly', every: 1, weekdays: [], until: null, count: null };
const tuesday: Plan = { plannedAt: new Date('2026-11-24T12:00:00Z') };

/** A weekly call on the deal, Tuesdays at 15:00 in Moscow; the ids of its steps in order. */
async function weeklyCall(repeat = weekly, plan = tuesday): Promise<number> {
	const step = { kindId: 1, summary: 'Еженедельный звонок', plan };
	return await planSeries(db, by(cast.people.anna), dealId, step, repeat);
}

type Line = {
	id: number;
	status: string;
	summary: string;
	version: number;
	at: string;
	series: number;
	place: string | null;
	remind: Date | null;
};

/** The steps of the deal in order of time, their moments as clocks in Moscow show them. */
async function lines(): Promise<Line[]> {
	const { rows } = await pool.query(
		`select id, status, summary, version, series_id as series, place, remind_at as remind,
			planned_on::text as on, planned_at as at
		from interactions where deal_id = $1 order by coalesce(planned_at, planned_on::timestamptz), id`,
		[dealId],
	);
	return rows.map((row) => ({ ...row, at: row.on ?? wallClock(row.at, 'Europe/Moscow') }));
}

const timesOf = (all: Line[]) => all.map(({ at }) => at);

test('a weekly call is planned for the next sixty days, by the form, and is the deal’s next step', async () => {
	const answer = await anna.post(`/deals/${dealId}/interactions`, {
		...{ kindId: 1, summary: 'Звонок', plannedDay: '2026-11-24', plannedTime: '15:00' },
		...{ repeat: 'weekly', returnTo: '/board' },
	});
	expect(answer.statusCode).toBe(303);
	const all = await lines();
	expect(timesOf(all).slice(0, 3)).toEqual([
		'2026-11-24T15:00',
		'2026-12-01T15:00',
		'2026-12-08T15:00',
	]);
	expect(all).toHaveLength(9);
	expect(all[1]?.remind).toEqual(new Date('2026-12-01T11:45:00Z'));
	const { rows } = await pool.query(
		'select rule, starts_at, time_zone from interaction_series where id = $1',
		[all[0]?.series],
	);
	expect(rows[0]).toEqual({
		...{ rule: 'FREQ=WEEKLY', starts_at: '2026-11-24T15:00', time_zone: 'Europe/Moscow' },
	});
	const { rows: events } = await pool.query(
		`select data->>'rule' as rule from events where deal_id = $1 and type = 'interaction.planned'`,
		[dealId],
	);
	expect(events).toEqual([{ rule: 'FREQ=WEEKLY' }]);
	expect((await keptSteps(database)).get(dealId)?.id).toBe(all[0]?.id);
});

test('a rule that comes to nothing, or begins in the past, is refused and saves nothing', async () => {
	const wrong = [
		{ plannedDay: '2026-11-20', repeat: 'weekly' },
		{ plannedDay: '2026-11-25', repeat: 'daily', repeatUntil: '2026-11-24' },
		{ plannedDay: '2026-11-25', repeat: 'hourly' },
		{ plannedDay: '2026-11-25', repeat: 'daily', every: '0' },
		{ plannedDay: '2026-11-25', repeat: 'daily', repeatCount: '1000' },
	];
	for (const fields of wrong) {
		const answer = await anna.json(`/deals/${dealId}/interactions`, { kindId: 1, ...fields });
		expect(answer.statusCode, JSON.stringify(fields)).toBe(422);
	}
	expect(await lines()).toEqual([]);
	const { rows } = await pool.query(
		'select 1 from interaction_series s where not exists (select from interactions where series_id = s.id)',
	);
	expect(rows).toEqual([]);
});

test('«только это»: one is moved, the others stay where they are', async () => {
	const first = await weeklyCall();
	const answer = await anna.json(`/interactions/${first}`, {
		...{ version: 1, plannedDay: '2026-11-25', plannedTime: '10:00', scope: 'one' },
	});
	expect(answer.statusCode, answer.body).toBe(200);
	expect(timesOf(await lines()).slice(0, 3)).toEqual([
		'2026-11-25T10:00',
		'2026-12-01T15:00',
		'2026-12-08T15:00',
	]);
	const rule = await anna.json(`/interactions/${first}`, { version: 2, repeat: 'daily' });
	expect(rule.statusCode).toBe(422);
	expect(rule.json().error.fields).toHaveProperty('scope');
});

test('«это и следующие»: the time changes from here on; earlier ones and what is done stay; steps keep their ids', async () => {
	const first = await weeklyCall();
	await completeInteraction(db, by(cast.people.anna), first, {
		...{ version: 1, outcome: 'Поговорили', next: null },
	});
	const before = await lines();
	const third = before[2] as Line;
	await editSteps(db, by(cast.people.anna), third.id, third.version, {
		scope: 'following',
		edit: { plan: { plannedAt: new Date('2026-12-09T07:30:00Z') }, place: 'Переговорная' },
		rule: undefined,
	});
	const after = await lines();
	expect(timesOf(after).slice(0, 4)).toEqual([
		'2026-11-24T15:00',
		'2026-12-01T15:00',
		'2026-12-09T10:30',
		'2026-12-16T10:30',
	]);
	expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
	expect(after.slice(2, 5).map(({ id }) => id)).toEqual(before.slice(2, 5).map(({ id }) => id));
	expect(after.slice(2).every(({ place }) => place === 'Переговорная')).toBe(true);
	expect(new Set(after.slice(2).map(({ series }) => series)).size).toBe(1);
	const old = before[0]?.series as number;
	expect(await extendSeries(db, by(cast.people.anna, new Date('2027-03-01')), old)).toBe(0);
	expect(await keptSteps(database)).toEqual(await recountedSteps(database));
});

test('«все»: what is said changes in all that are planned; only what was changed, and nothing that is done', async () => {
	const first = await weeklyCall();
	await completeInteraction(db, by(cast.people.anna), first, {
		...{ version: 1, outcome: null, next: null },
	});
	const [done, second, third] = (await lines()) as [Line, Line, Line];
	await editSteps(db, by(cast.people.anna), second.id, 1, {
		...{ scope: 'one', edit: { place: 'Только тут' }, rule: undefined },
	});
	await editSteps(db, by(cast.people.anna), third.id, 1, {
		...{ scope: 'all', edit: { summary: 'Созвон' }, rule: undefined },
	});
	const after = await lines();
	expect(after[0]).toEqual(done);
	expect(after.slice(1).every(({ summary }) => summary === 'Созвон')).toBe(true);
	expect(after.map(({ place }) => place).slice(1, 4)).toEqual(['Только тут', null, null]);
	expect(timesOf(after)).toEqual([done.at, ...timesOf(after).slice(1)]);
});

test('«все» with another day moves each of them by as much', async () => {
	await weeklyCall();
	const before = await lines();
	const second = before[1] as Line;
	await editSteps(db, by(cast.people.anna), second.id, 1, {
		scope: 'all',
		edit: { plan: { plannedAt: new Date('2026-12-03T13:00:00Z') } },
		rule: undefined,
	});
	const after = await lines();
	expect(timesOf(after).slice(0, 3)).toEqual([
		'2026-11-26T16:00',
		'2026-12-03T16:00',
		'2026-12-10T16:00',
	]);
	expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
});

test('another rule plans anew: fewer go, more come, the one in the form stays', async () => {
	await weeklyCall();
	const last = (await lines()).at(-1) as Line;
	const monthly: Repeat = { ...weekly, frequency: 'monthly' };
	const edit = { scope: 'all' as const, edit: {}, rule: monthly };
	await editSteps(db, by(cast.people.anna), last.id, 1, edit);
	const rare = await lines();
	expect(timesOf(rare)).toEqual(['2026-11-24T15:00', '2026-12-24T15:00']);
	expect(rare.map(({ id }) => id)).toContain(last.id);
	const daily: Repeat = { ...weekly, frequency: 'workdays', count: 4 };
	const [first] = rare as [Line];
	const more = { scope: 'following' as const, edit: {}, rule: daily };
	await editSteps(db, by(cast.people.anna), first.id, first.version, more);
	expect(timesOf(await lines())).toEqual([
		...['2026-11-24T15:00', '2026-11-25T15:00', '2026-11-26T15:00', '2026-11-27T15:00'],
	]);
});

test('so many times are so many, also when the last ones are moved', async () => {
	await weeklyCall({ ...weekly, count: 4 });
	const third = (await lines())[2] as Line;
	await editSteps(db, by(cast.people.anna), third.id, 1, {
		scope: 'following',
		edit: { plan: { plannedAt: new Date('2026-12-08T06:00:00Z') } },
		rule: undefined,
	});
	expect(timesOf(await lines())).toEqual([
		...['2026-11-24T15:00', '2026-12-01T15:00', '2026-12-08T09:00', '2026-12-15T09:00'],
	]);
});

test('a step that stands alone gets a rule, and loses it again', async () => {
	const made = await anna.json(`/deals/${dealId}/interactions`, {
		...{ kindId: 1, plannedDay: '2026-11-25' },
	});
	const id = made.json().interactionId;
	await anna.json(`/interactions/${id}`, { version: 1, repeat: 'daily', repeatCount: '3' });
	expect(timesOf(await lines())).toEqual(['2026-11-25', '2026-11-26', '2026-11-27']);
	const ended = await anna.json(`/interactions/${id}`, {
		version: 2,
		repeat: '',
		scope: 'following',
	});
	expect(ended.statusCode, ended.body).toBe(200);
	const [only, ...rest] = await lines();
	expect([only?.id, only?.series, rest]).toEqual([id, null, []]);
});

test('giving up: this one with its reason, those after it go, earlier ones stay; nothing is planned any more', async () => {
	await weeklyCall();
	const [first, second] = (await lines()) as [Line, Line];
	await cancelSeries(db, by(cast.people.anna), second.id, 1, 'following', 'Больше не нужно');
	const after = await lines();
	expect(after.map(({ id, status }) => [id, status])).toEqual([
		[first.id, 'planned'],
		[second.id, 'cancelled'],
	]);
	const later = by(cast.people.anna, new Date('2027-02-01'));
	expect(await extendSeries(db, later, first.series)).toBe(0);
	expect(await keptSteps(database)).toEqual(await recountedSteps(database));
});

test('a yearly step has its next one planned before and after it is done', async () => {
	const first = await weeklyCall({ ...weekly, frequency: 'yearly' });
	expect(timesOf(await lines())).toEqual(['2026-11-24T15:00', '2027-11-24T15:00']);
	await completeInteraction(db, by(cast.people.anna), first, {
		...{ version: 1, outcome: null, next: null },
	});
	expect(timesOf(await lines())).toEqual([
		...['2026-11-24T15:00', '2027-11-24T15:00', '2028-11-24T15:00'],
	]);
});

test('two workers who extend at once make each occurrence once; a closed deal gets none', async () => {
	await weeklyCall();
	const series = (await lines())[0]?.series as number;
	const later = { actorId: null, door: 'job' as const, now: new Date('2026-12-20T00:00:00Z') };
	const made = await Promise.all([1, 2, 3, 4].map(() => extendSeries(db, later, series)));
	expect(made.filter((n) => n > 0)).toEqual([4]);
	const all = timesOf(await lines());
	expect(all).toHaveLength(13);
	expect(new Set(all).size).toBe(13);
	expect(all.at(-1)).toBe('2027-02-16T15:00');
	const { rows } = await pool.query(
		`select count(*)::int as n from graphile_worker.jobs where task_identifier = 'series.extend' and key = $1`,
		[`series.extend:${series}`],
	);
	expect(rows).toEqual([{ n: 1 }]);
	await pool.query('update deals set closed_on = current_date, closed_at = now() where id = $1', [
		dealId,
	]);
	const yet = { ...later, now: new Date('2027-03-01T00:00:00Z') };
	expect(await extendSeries(db, yet, series)).toBe(0);
	await pool.query('update deals set closed_on = null, closed_at = null where id = $1', [dealId]);
	expect(await extendSeries(db, yet, series)).toBe(9);
	expect(await keptSteps(database)).toEqual(await recountedSteps(database));
});

test('of two who change a series at once the second is told who was first', async () => {
	await weeklyCall();
	const [, second, third] = (await lines()) as [Line, Line, Line];
	const first = await anna.json(`/interactions/${second.id}`, {
		...{ version: 1, scope: 'all', summary: 'Созвон' },
	});
	expect(first.statusCode).toBe(200);
	for (const [path, body] of [
		[`/interactions/${third.id}`, { scope: 'following', place: 'Тут' }],
		[`/interactions/${third.id}/cancellation`, { scope: 'all' }],
	] as const) {
		const stale = await anna.json(path, { version: 1, ...body });
		expect(stale.statusCode).toBe(409);
	}
});
