import { beforeAll, beforeEach, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const ABSENT = 999_999;

let cast: Cast;
const person = {} as Record<Login, Browser>;
let moment: number;
let day: number;
let bare: number;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});
beforeEach(async () => {
	const make = async (title: string, extra: object) =>
		(await makeDeal(db, cast, 'anna', { title, ...extra })).id;
	moment = await make('Момент', {
		amount: '100.10',
		plan: { plannedAt: new Date('2026-11-20T11:30:00Z') },
	});
	day = await make('День', { amount: '200.00', plan: { plannedOn: '2026-11-23' } });
	bare = await make('Без шага', { amount: null });
});

type Row = Record<string, unknown> & { version: number };
async function dealOf(id: number): Promise<Row> {
	const { rows } = await pool.query(
		`select d.*, i.version as step_version from deals d
		left join interactions i on i.id = d.next_interaction_id where d.id = $1`,
		[id],
	);
	return rows[0];
}

/** Deals as check boxes name them. */
async function tokens(...ids: number[]): Promise<string> {
	const named = await Promise.all(
		ids.map(async (id) => {
			const deal = await dealOf(id);
			const step = deal?.next_interaction_id ? [deal.next_interaction_id, deal.step_version] : [];
			return [id, deal?.version ?? 1, ...step].join('.');
		}),
	);
	return named.join(',');
}

type Told = {
	done: number;
	verdicts: { id: number; title: string; status: string; why: string | null }[];
};
async function bulk(login: Login, fields: Fields): Promise<Told> {
	const answer = await person[login].json('/deals/bulk', fields);
	expect(answer.statusCode, answer.body).toBe(200);
	return answer.json() as Told;
}
const statuses = ({ verdicts }: Told) => verdicts.map(({ status }) => status);

test('a state: each deal by the move’s own verb, with history, a verdict for each in their order', async () => {
	const to = cast.open[2].id;
	const stale = await makeDeal(db, cast, 'anna', { title: 'Устарела' });
	const chosen = await tokens(moment, stale.id, cast.deals.gleb, ABSENT, day);
	await moveDeal(db, by(cast.people.vera), {
		...{ dealId: stale.id, version: 1, stageId: cast.open[1].id },
	});
	const told = await bulk('anna', { verb: 'stage', stageId: to, deal: chosen });
	expect(statuses(told)).toEqual(['done', 'changed', 'absent', 'absent', 'done']);
	expect(told.done).toBe(2);
	expect(told.verdicts[1]?.why).toContain('Вера Павлова');
	expect(told.verdicts[2]).toMatchObject({ title: `№ ${cast.deals.gleb}` });
	expect(JSON.stringify(told)).not.toContain('Тайна');
	for (const id of [moment, day])
		expect(await dealOf(id)).toMatchObject({ stage_id: to, version: 2 });
	expect(await dealOf(stale.id)).toMatchObject({ stage_id: cast.open[1].id });
	const { rows } = await pool.query(
		`select count(*)::int as n from stage_changes where deal_id = any($1) and to_stage_id = $2`,
		[[moment, day], to],
	);
	expect(rows).toEqual([{ n: 2 }]);
	const again = await bulk('anna', { verb: 'stage', stageId: to, deal: await tokens(moment) });
	expect(statuses(again)).toEqual(['same']);
});

test('another owner: planned steps go along, the note stays in history, one letter tells of all of them', async () => {
	await pool.query(`update people set email = login || '@firma.example'`);
	const fields = { verb: 'owner', ownerId: cast.people.boris.id, note: 'Береги их' };
	const told = await bulk('vera', { ...fields, deal: await tokens(moment, day, cast.deals.gleb) });
	expect(statuses(told)).toEqual(['done', 'done', 'absent']);
	const { rows: steps } = await pool.query(
		`select distinct owner_id from interactions where deal_id = any($1) and status = 'planned'`,
		[[moment, day]],
	);
	expect(steps).toEqual([{ owner_id: cast.people.boris.id }]);
	const { rows: events } = await pool.query(
		`select data from events where type = 'deal.reassigned' and deal_id = any($1)`,
		[[moment, day]],
	);
	const { anna, boris } = cast.people;
	expect(events.map(({ data }) => data)).toEqual([
		{ from: anna.id, to: boris.id, note: 'Береги их', steps: [expect.any(Number)] },
		{ from: anna.id, to: boris.id, note: 'Береги их', steps: [expect.any(Number)] },
	]);
	const letters = await pool.query(`select to_jsonb(m)::text as text from mails m`);
	expect(letters.rows).toHaveLength(1);
	for (const word of ['Береги их', 'Момент', 'День']) expect(letters.rows[0].text).toContain(word);
	const waiting = `select run_at <= now() as due from graphile_worker.jobs where key like 'mail:%'`;
	expect((await pool.query(waiting)).rows).toEqual([{ due: true }]);
	const helped = { ...fields, deal: await tokens(bare) };
	await pool.query(`update deals set owner_id = $2 where id = $1`, [bare, cast.people.gleb.id]);
	await pool.query('insert into deal_collaborators (deal_id, person_id) values ($1, $2)', [
		bare,
		anna.id,
	]);
	expect(statuses(await bulk('anna', helped))).toEqual(['refused']);
});

test('the date: a moment keeps its clock, a day stays a day, a time makes a moment of both', async () => {
	const chosen = await tokens(moment, day, bare);
	const told = await bulk('anna', { verb: 'date', plannedDay: '2026-12-10', deal: chosen });
	expect(statuses(told)).toEqual(['done', 'done', 'refused']);
	expect(await dealOf(moment)).toMatchObject({ next_planned_at: new Date('2026-12-10T11:30:00Z') });
	expect(await dealOf(day)).toMatchObject({ next_planned_on: '2026-12-10', version: 1 });
	const stale = await bulk('anna', { verb: 'date', plannedDay: '2026-12-11', deal: chosen });
	expect(statuses(stale)).toEqual(['changed', 'changed', 'refused']);
	const timed = { verb: 'date', plannedDay: '2026-12-11', plannedTime: '09:00' };
	await bulk('anna', { ...timed, deal: await tokens(moment, day) });
	for (const id of [moment, day])
		expect(await dealOf(id)).toMatchObject({ next_planned_at: new Date('2026-12-11T06:00:00Z') });
});

test('a step of another deal is not moved by naming it', async () => {
	const before = await ledgerOf(database);
	const gleb = await dealOf(cast.deals.gleb);
	const own = await dealOf(moment);
	for (const step of [
		`${gleb.next_interaction_id}.1`,
		`${(await dealOf(day)).next_interaction_id}.1`,
	])
		expect(
			statuses(
				await bulk('anna', {
					...{ verb: 'date', plannedDay: '2026-12-10' },
					deal: `${moment}.${own.version}.${step}`,
				}),
			),
		).toEqual(['absent']);
	expect(await ledgerOf(database)).toEqual(before);
});

test('a tag is added and taken off, whatever its case; what has it already stays as it is', async () => {
	const tagsOn = async (id: number) =>
		(
			await pool.query(
				'select t.name from deal_tags l join tags t on t.id = l.tag_id where deal_id = $1 order by 1',
				[id],
			)
		).rows.map(({ name }) => name);
	const add = { verb: 'tag', tag: 'Опт', tagAction: 'add' };
	expect(statuses(await bulk('anna', { ...add, deal: await tokens(moment, day) }))).toEqual([
		...['done', 'done'],
	]);
	expect(statuses(await bulk('anna', { ...add, tag: 'опт', deal: await tokens(moment) }))).toEqual([
		'same',
	]);
	const off = { ...add, tag: 'ОПТ', tagAction: 'remove' };
	expect(statuses(await bulk('anna', { ...off, deal: await tokens(moment, bare) }))).toEqual([
		...['done', 'same'],
	]);
	expect([await tagsOn(moment), await tagsOn(day)]).toEqual([[], ['Опт']]);
});

test('won takes each deal’s own amount; without one there is nothing to win yet', async () => {
	const fields = { verb: 'won', closedOn: TODAY };
	const told = await bulk('anna', { ...fields, deal: await tokens(moment, bare, cast.deals.won) });
	expect(statuses(told)).toEqual(['done', 'refused', 'refused']);
	expect(told.verdicts[1]?.why).toBe('Нет суммы');
	expect(await dealOf(moment)).toMatchObject({
		...{ stage_id: cast.won.id, amount: '100.10', closed_on: TODAY },
	});
	expect(await dealOf(bare)).toMatchObject({ stage_id: cast.open[0].id });
});

test('lost asks for the reason before anything is written', async () => {
	const before = await ledgerOf(database);
	const deal = await tokens(moment, day);
	const answer = await person.anna.post('/deals/bulk', { verb: 'lost', comment: 'Увы', deal });
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/deals/bulk');
	expect(fieldsOf(page, form as never)).toMatchObject({ deal, comment: 'Увы', verb: 'lost' });
	expect(await ledgerOf(database)).toEqual(before);
	const lossReasonId = cast.reasons[1]?.id;
	const told = await bulk('anna', { verb: 'lost', lossReasonId, comment: 'Увы', deal });
	expect(statuses(told)).toEqual(['done', 'done']);
	expect(await dealOf(day)).toMatchObject({
		...{ stage_id: cast.lost.id, loss_reason_id: lossReasonId, close_comment: 'Увы' },
	});
});

test('each deal has a transaction of its own: one that fails keeps no other back', async () => {
	await pool.query(`
		create function fail_some() returns trigger language plpgsql as $$ begin
			if new.title = 'День' and new.stage_id <> old.stage_id then raise exception 'no'; end if;
			return new; end $$;
		create trigger fail_some before update on deals for each row execute function fail_some()`);
	const deal = await tokens(moment, day, bare);
	const told = await bulk('anna', { verb: 'stage', stageId: cast.open[3].id, deal });
	await pool.query('drop trigger fail_some on deals; drop function fail_some');
	expect(statuses(told)).toEqual(['done', 'failed', 'done']);
	expect(await dealOf(day)).toMatchObject({ stage_id: cast.open[0].id, version: 1 });
});

test('the toast takes moves and dates back, each where nobody has changed it since', async () => {
	const fields = { verb: 'stage', stageId: cast.open[4].id, deal: await tokens(moment, day) };
	const answer = await person.anna.htmx('/deals', '/deals/bulk', fields);
	const undo = fieldsOf(read(answer.body), read(answer.body).byId('toast') as never);
	expect(undo).toMatchObject({ verb: 'back', back: 'stage' });
	await pool.query('update deals set version = version + 1 where id = $1', [day]);
	const told = await bulk('anna', undo);
	expect(statuses(told)).toEqual(['done', 'changed']);
	expect(await dealOf(moment)).toMatchObject({ stage_id: cast.open[0].id });

	const dates = { verb: 'date', plannedDay: '2026-12-24', deal: await tokens(moment, day) };
	const moved = await person.anna.htmx('/board', '/deals/bulk', dates);
	const back = fieldsOf(read(moved.body), read(moved.body).byId('toast') as never);
	expect(statuses(await bulk('anna', back))).toEqual(['done', 'done']);
	expect(await dealOf(moment)).toMatchObject({ next_planned_at: new Date('2026-11-20T11:30:00Z') });
	expect(await dealOf(day)).toMatchObject({ next_planned_on: '2026-11-23' });
	expect(statuses(await bulk('gleb', { ...back, deal: String(back.deal) }))).toEqual([
		...['absent', 'absent'],
	]);
});

test('without scripts: what, then the form, then a page with all verdicts', async () => {
	const deal = await tokens(moment, bare, cast.deals.gleb);
	const query = new URLSearchParams({ verb: 'won' });
	for (const one of deal.split(',')) query.append('deal', one);
	const page = read((await person.anna.get(`/deals/bulk/new?${query}`)).body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/deals/bulk');
	const fields = fieldsOf(page, form as never);
	expect(fields.deal).toBe(deal);
	const answer = await person.anna.post('/deals/bulk', fields);
	expect(answer.statusCode).toBe(200);
	const result = read(answer.body);
	const lines = result
		.byTag('li', result.byId('bulk-verdicts') as never)
		.map((one) => textOf(one).replace(/\s+/g, ' ').trim());
	expect(lines).toEqual([
		expect.stringMatching(/^Без шага № \d+Отказ\. Нет суммы$/),
		expect.stringContaining(`№ ${cast.deals.gleb}Не найдено.`),
		expect.stringMatching(/^Момент № \d+$/),
	]);
	const none = await person.anna.get('/deals/bulk/new?verb=won');
	expect(none.statusCode).toBe(422);
});

test('all that is found can be chosen: as a page, and as data, five hundred at most', async () => {
	const found = await person.anna.get('/deals/selection?kind=open&q=момент', {
		accept: 'application/json',
	});
	const told = found.json() as { chosen: string[]; count: number };
	expect(told.chosen).toHaveLength(told.count);
	expect(told.chosen).toContain(await tokens(moment));
	const page = read((await person.anna.get('/deals/selection?owner=me')).body);
	const checked = page.byTag('input').filter((one) => attribute(one, 'name') === 'deal');
	expect(checked.length).toBeGreaterThan(3);
	expect(checked.every((one) => attribute(one, 'checked') !== null)).toBe(true);
	const many = Array.from({ length: 501 }, (_, n) => `${n + 1}.1`).join(',');
	const before = await ledgerOf(database);
	const fields = { verb: 'stage', stageId: cast.open[1].id };
	expect((await person.anna.json('/deals/bulk', { ...fields, deal: many })).statusCode).toBe(400);
	for (const deal of ['', 'x', '1', '1.1.1', '1.0', '1.1,2', '-1.1', '1.1.1.1.1', '1e3.1'])
		expect([400, 422], deal).toContain(
			(await person.anna.json('/deals/bulk', { ...fields, deal })).statusCode,
		);
	expect(await ledgerOf(database)).toEqual(before);
});

test('the answer redraws list or board, and tells in a dialog what was refused', async () => {
	const fields = { verb: 'won', closedOn: TODAY, deal: await tokens(moment, bare) };
	const answer = read((await person.anna.htmx('/deals?sort=title', '/deals/bulk', fields)).body);
	expect(answer.byId(`deal-${moment}`)).toBeNull();
	expect(answer.byId(`deal-${bare}`)).not.toBeNull();
	expect(textOf(answer.byId('dialog-body') as never)).toContain('Нет суммы');
	const all = { verb: 'stage', stageId: cast.open[1].id, deal: await tokens(day) };
	const board = read((await person.anna.htmx('/board', '/deals/bulk', all)).body);
	expect(board.byId(`stage-${cast.open[1].id}`)).not.toBeNull();
	expect(textOf(board.byId('dialog-body') as never).trim()).toBe('');
});
