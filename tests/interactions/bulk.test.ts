import { beforeAll, beforeEach, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { archiveDeal } from '#src/features/deals/removal/archive.ts';
import { planInteraction, postponeInteraction } from '#src/features/interactions/actions.ts';
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
let deal: number;
/** One for a moment, one for a day. */
let moment: number;
let day: number;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});
beforeEach(async () => {
	const plannedAt = new Date('2026-11-20T11:30:00Z');
	const made = await makeDeal(db, cast, 'anna', { title: 'Момент', plan: { plannedAt } });
	[deal, moment] = [made.id, made.stepId as number];
	day = await planInteraction(db, by(cast.people.anna), deal, {
		...{ kindId: 1, summary: 'За день', plan: { plannedOn: '2026-11-23' } },
	});
});

const stepOf = async (id: number) =>
	(await pool.query('select * from interactions where id = $1', [id])).rows[0];
const tokens = async (...ids: number[]) =>
	(await Promise.all(ids.map(async (id) => `${id}.${(await stepOf(id))?.version ?? 1}`))).join(',');

type Told = {
	done: number;
	verdicts: {
		id: number;
		title: string;
		href: string | null;
		status: string;
		why: string | null;
	}[];
};
async function bulk(login: Login, fields: Fields): Promise<Told> {
	const answer = await person[login].json('/interactions/bulk', fields);
	expect(answer.statusCode, answer.body).toBe(200);
	return answer.json() as Told;
}
const statuses = ({ verdicts }: Told) => verdicts.map(({ status }) => status);
const eventsOf = async (id: number) =>
	(
		await pool.query('select type from events where interaction_id = $1 order by id', [id])
	).rows.map(({ type }) => type);

/** Does it on «Мои дела», and takes it back by what the message offers. */
async function andUndo(fields: Fields): Promise<Told> {
	const answer = read((await person.anna.htmx('/agenda', '/interactions/bulk', fields)).body);
	const undo = answer.byId('toast');
	if (undo === null) throw new Error('the toast offers no way back');
	return await bulk('anna', fieldsOf(answer, undo as never));
}

test('putting off: a moment keeps its clock, a day stays a day; each refusal is of its own row', async () => {
	const stale = await planInteraction(db, by(cast.people.anna), deal, {
		...{ kindId: 1, summary: 'Устарело', plan: { plannedOn: '2026-11-23' } },
	});
	const shelved = await makeDeal(db, cast, 'anna', { plan: { plannedOn: '2026-11-23' } });
	const chosen = await tokens(
		...[moment, stale, cast.steps.gleb, ABSENT, shelved.stepId as number, day],
	);
	await postponeInteraction(db, by(cast.people.vera), stale, 1, { plannedOn: '2026-11-30' });
	await archiveDeal(db, by(cast.people.anna), shelved.id, 1, true);
	const told = await bulk('anna', { verb: 'postpone', plannedDay: '2026-12-10', step: chosen });
	expect(statuses(told)).toEqual(['done', 'changed', 'absent', 'absent', 'refused', 'done']);
	expect(told.done).toBe(2);
	expect(told.verdicts[0]).toMatchObject({ title: 'Позвонить', href: `/interactions/${moment}` });
	expect(told.verdicts[1]?.why).toContain('Вера Павлова');
	const gleb = { title: `№ ${cast.steps.gleb}`, href: null };
	const why = 'Дела нет, или оно вам больше не видно';
	expect(told.verdicts[2]).toMatchObject({ ...gleb, why });
	expect(await stepOf(moment)).toMatchObject({ planned_at: new Date('2026-12-10T11:30:00Z') });
	expect(await stepOf(day)).toMatchObject({ planned_on: '2026-12-10', version: 2 });
	expect(await stepOf(stale)).toMatchObject({ planned_on: '2026-11-30' });
	const timed = { verb: 'postpone', plannedDay: '2026-12-11', plannedTime: '09:00' };
	await bulk('anna', { ...timed, step: await tokens(moment, day) });
	for (const id of [moment, day])
		expect(await stepOf(id)).toMatchObject({ planned_at: new Date('2026-12-11T06:00:00Z') });
});

test('done with one outcome for all, given up with one reason; what is over already is refused', async () => {
	const told = await bulk('anna', {
		verb: 'done',
		outcome: 'Дозвонились',
		step: await tokens(day),
	});
	expect(statuses(told)).toEqual(['done']);
	expect(await stepOf(day)).toMatchObject({ status: 'done', outcome: 'Дозвонились' });
	const cancel = { verb: 'cancel', reason: 'Уехали', step: await tokens(day, moment) };
	const given = await bulk('anna', cancel);
	expect(statuses(given)).toEqual(['refused', 'done']);
	expect(await stepOf(moment)).toMatchObject({ status: 'cancelled', outcome: 'Уехали' });
	expect(await eventsOf(day)).toEqual(['interaction.planned', 'interaction.completed']);
	expect(await eventsOf(moment)).toEqual(['interaction.planned', 'interaction.cancelled']);
});

test('a head does it with the team’s steps; nobody with another team’s', async () => {
	const fields = { verb: 'cancel', step: await tokens(moment) };
	expect(statuses(await bulk('gleb', fields))).toEqual(['absent']);
	expect(statuses(await bulk('boris', fields))).toEqual(['absent']);
	expect(statuses(await bulk('vera', fields))).toEqual(['done']);
});

test('the message takes all of it back, each where nobody has changed it since', async () => {
	const chosen = await tokens(moment, day);
	const off = { verb: 'postpone', plannedDay: '2026-12-24', step: chosen };
	expect(statuses(await andUndo(off))).toEqual(['done', 'done']);
	expect(await stepOf(moment)).toMatchObject({ planned_at: new Date('2026-11-20T11:30:00Z') });
	expect(await stepOf(day)).toMatchObject({ planned_on: '2026-11-23' });
	for (const verb of ['done', 'cancel']) {
		const told = await andUndo({ verb, step: await tokens(moment, day) });
		expect(statuses(told)).toEqual(['done', 'done']);
		for (const id of [moment, day])
			expect(await stepOf(id)).toMatchObject({ status: 'planned', completed_at: null });
	}
	const answer = await person.anna.htmx('/agenda', '/interactions/bulk', {
		...{ verb: 'done', step: await tokens(moment, day) },
	});
	const undo = fieldsOf(read(answer.body), read(answer.body).byId('toast') as never);
	await pool.query('update interactions set version = version + 1 where id = $1', [day]);
	expect(statuses(await bulk('anna', undo))).toEqual(['done', 'changed']);
	expect(statuses(await bulk('gleb', undo))).toEqual(['absent', 'absent']);
});

test('each step has a transaction of its own: one that fails keeps no other back', async () => {
	await pool.query(`
		create function fail_some() returns trigger language plpgsql as $$ begin
			if new.summary = 'За день' then raise exception 'no'; end if; return new; end $$;
		create trigger fail_some before update on interactions for each row execute function fail_some()`);
	const told = await bulk('anna', { verb: 'done', step: await tokens(day, moment) });
	await pool.query('drop trigger fail_some on interactions; drop function fail_some');
	expect(statuses(told)).toEqual(['failed', 'done']);
	expect(await stepOf(day)).toMatchObject({ status: 'planned', version: 1 });
});

test('without scripts: what, then the form, then a page with all verdicts', async () => {
	const query = new URLSearchParams({ verb: 'done' });
	for (const one of (await tokens(moment, cast.steps.gleb)).split(',')) query.append('step', one);
	const page = read((await person.anna.get(`/interactions/bulk/new?${query}`)).body);
	const form = page.byTag('form').find((one) => attribute(one, 'action') === '/interactions/bulk');
	const answer = await person.anna.post('/interactions/bulk', fieldsOf(page, form as never));
	const result = read(answer.body);
	const lines = result
		.byTag('li', result.byId('bulk-verdicts') as never)
		.map((one) => textOf(one).replace(/\s+/g, ' ').trim());
	expect(lines).toEqual([
		expect.stringContaining(`№ ${cast.steps.gleb}Не найдено.`),
		'Позвонить Момент',
	]);
	expect((await person.anna.get('/interactions/bulk/new?verb=done')).statusCode).toBe(422);
});

test('what a verb lacks is asked for with all that was typed; nonsense is refused; nothing is written', async () => {
	const step = await tokens(moment, day);
	const before = await ledgerOf(database);
	for (const plannedDay of ['', '2026-11-23', '2037-01-01']) {
		const fields = { verb: 'postpone', plannedDay, plannedTime: '10:00', step };
		const answer = await person.anna.post('/interactions/bulk', fields);
		expect(answer.statusCode, plannedDay).toBe(422);
		const page = read(answer.body);
		const form = page
			.byTag('form')
			.find((one) => attribute(one, 'action') === '/interactions/bulk');
		expect(fieldsOf(page, form as never)).toMatchObject({ step, plannedTime: '10:00' });
	}
	const many = Array.from({ length: 501 }, (_, n) => `${n + 1}.1`).join(',');
	for (const step of [many, '', 'x', '1', '1.1.1', '1.0', '1.1,2', '-1.1', '1e3.1'])
		expect([400, 422], step).toContain(
			(await person.anna.json('/interactions/bulk', { verb: 'done', step })).statusCode,
		);
	for (const step of ['1.1', '1.1.x', '1.1.2026-1-1', '1.1.2026-11-11.1'])
		expect(
			(await person.anna.json('/interactions/bulk', { verb: 'back', back: 'postpone', step }))
				.statusCode,
			step,
		).toBe(400);
	expect(await ledgerOf(database)).toEqual(before);
});

test('all that is found can be chosen: what is planned of what отбор leaves', async () => {
	const choose = async (login: Login, query: string) =>
		(
			await person[login].get(`/agenda/selection${query}`, { accept: 'application/json' })
		).json() as { chosen: string[]; count: number };
	const late = await choose('anna', '?period=late');
	expect(late.chosen).toHaveLength(late.count);
	expect(late.chosen).toEqual(expect.arrayContaining((await tokens(moment, day)).split(',')));
	expect(await choose('anna', '?q=нет такого')).toEqual({ chosen: [], count: 0 });
	expect(await choose('vera', '?owner=team')).toEqual({ chosen: [], count: 0 });
	const page = read((await person.anna.get('/agenda/selection')).body);
	const checked = page.byTag('input').filter((one) => attribute(one, 'name') === 'step');
	expect(checked.map((one) => attribute(one, 'value'))).toContain(await tokens(moment));
});

/** A deal that is lost while its step stays planned. */
async function loseOne(): Promise<{ stepId: number }> {
	const lost = await makeDeal(db, cast, 'anna', { plan: { plannedOn: '2026-11-23' } });
	await moveDeal(db, by(cast.people.anna), {
		...{ dealId: lost.id, version: 1, stageId: cast.lost.id, steps: 'keep' },
		...{ lossReasonId: cast.reasons[0]?.id as number, closedOn: TODAY },
	});
	return { stepId: lost.stepId as number };
}

test('the list offers boxes for what one may change, and giving up first where deals are over', async () => {
	const page = read((await person.anna.get('/agenda')).body);
	const box = (id: number) =>
		page.byTag('input', page.byId(`step-${id}`) as never).map((one) => attribute(one, 'value'));
	expect(box(moment)).toEqual([await tokens(moment)]);
	const verbs = async (address: string) => {
		const shown = read((await person.anna.get(address)).body);
		const bar = shown.byId('bulk-bar');
		return bar && shown.byTag('button', bar).map((one) => attribute(one, 'value'));
	};
	expect(await verbs('/agenda')).toEqual(['postpone', 'done', 'cancel', null]);
	const { stepId } = await loseOne();
	expect(await verbs('/agenda?finished=1')).toEqual(['cancel', 'done', 'postpone', null]);
	expect(statuses(await bulk('anna', { verb: 'cancel', step: await tokens(stepId) }))).toEqual([
		'done',
	]);
	await bulk('anna', { verb: 'done', step: await tokens(day) });
	expect(await verbs('/agenda?period=done')).toBeNull();
	const done = read((await person.anna.get('/agenda?period=done')).body);
	expect(done.byTag('input', done.byId(`step-${day}`) as never)).toEqual([]);
	const boris = read((await person.boris.get('/agenda')).body);
	expect(boris.byId(`step-${moment}`)).toBeNull();
});

test('the answer draws «Мои дела» anew, says it in a message, and tells in a dialog what was refused', async () => {
	const all = { verb: 'postpone', plannedDay: '2026-11-26', step: await tokens(moment, day) };
	const answer = read((await person.anna.htmx('/agenda', '/interactions/bulk', all)).body);
	expect(textOf(answer.byId('toast') as never)).toContain('Перенесено на чт, 26 ноя – 2 из 2 дел');
	const open = answer.byTag('a', answer.byId('toast') as never);
	expect(open.map((one) => attribute(one, 'href'))).toEqual(['/calendar?view=day&on=2026-11-26']);
	expect(textOf(answer.byId('dialog-body') as never).trim()).toBe('');
	const mixed = { verb: 'done', step: `${await tokens(moment)},${ABSENT}.1` };
	const told = read((await person.anna.htmx('/agenda', '/interactions/bulk', mixed)).body);
	expect(told.byId(`step-${moment}`)).toBeNull();
	expect(attribute(told.byId('bulk-verdicts') as never, 'data-keep')).toBe(String(ABSENT));
});
