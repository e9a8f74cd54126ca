import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';

/* Two things of one person at one time: told by every door, forbidden by none. */
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
	await pool.query(`update interactions set status = 'cancelled', completed_at = null`);
	dealId = (await makeDeal(db, cast, 'anna', { title: 'Печь' })).id;
});

const DAY = '2026-11-25';
/** A meeting of an hour at this time in Moscow. */
const meeting = async (clock: string, who: 'anna' | 'boris' | 'gleb' = 'anna', minutes = 60) => {
	const deal = await makeDeal(db, cast, who, { title: 'Другая' });
	return await planInteraction(db, by(cast.people[who]), deal.id, {
		...{ kindId: 2, summary: 'Показ линии', lengthMinutes: minutes },
		plan: { plannedAt: new Date(`${DAY}T${clock}:00+03:00`) },
	});
};
const plan = (plannedTime: string, more: Fields = {}) =>
	anna.htmx(`/deals/${dealId}`, `/deals/${dealId}/interactions`, {
		...{ kindId: '2', summary: 'Переговоры', plannedDay: DAY, plannedTime, lengthMinutes: '30' },
		...more,
	});

test('planning into one’s own meeting is told with its words and hour, and planned all the same', async () => {
	await meeting('15:00');
	const answer = await plan('15:30');
	expect(answer.statusCode).toBe(200);
	expect(answer.body).toMatch(/Запланировано на [^<]+: Переговоры/);
	expect(answer.body).toContain('В это же время у вас: Показ линии, завтра, 15:00.');
	await meeting('15:45');
	expect((await plan('15:40')).body).toContain('Показ линии, завтра, 15:00 и ещё 2 дела.');
});

test('before and after it, on its day without an hour, or for a colleague nothing is told', async () => {
	await meeting('15:00');
	await meeting('15:00', 'boris');
	for (const clock of ['14:30', '16:00', '']) {
		const { body, statusCode } = await plan(clock);
		expect([statusCode, body.includes('в это же время')]).toEqual([200, false]);
		expect(body).not.toContain('В это же время');
		await pool.query(`update interactions set status = 'cancelled' where deal_id = $1`, [dealId]);
	}
});

test('what began long before and still goes on is found', async () => {
	await meeting('09:00', 'anna', 600);
	expect((await plan('18:30')).body).toContain('В это же время у вас');
});

test('of a stranger’s hour one learns that it is taken, not by what', async () => {
	await meeting('15:00', 'gleb');
	const { body } = await plan('15:00', { ownerId: cast.people.gleb.id });
	const { name } = cast.people.gleb;
	expect(body).toContain(`${name}: это время занято, завтра, 15:00.`);
	expect(body).not.toContain('Показ линии');
});

test('postponing, dragging, finishing with a next step, the calendar’s slot and a new interest tell it too', async () => {
	await meeting('15:00');
	const told = 'В это же время у вас: Показ линии';
	const id = await planInteraction(db, by(cast.people.anna), dealId, {
		...{ kindId: 1, summary: 'Звонок', plan: { plannedOn: DAY }, lengthMinutes: 15 },
	});
	const time = { plannedDay: DAY, plannedTime: '15:15' };
	const put = await anna.htmx('/agenda', `/interactions/${id}/postponement`, {
		...{ version: '1', ...time },
	});
	expect(put.body).toContain(told);
	const dragged = await anna.htmx('/calendar', `/interactions/${id}`, {
		...{ version: '2', ...time, plannedTime: '15:30' },
	});
	expect(dragged.body).toContain(told);
	const done = await anna.htmx('/agenda', `/interactions/${id}/completion`, {
		...{ version: '3', kindId: '2', summary: 'Дальше', ...time, lengthMinutes: '30' },
	});
	expect(done.body).toContain(told);
	const slot = await anna.htmx('/calendar', '/calendar/steps', {
		...{ clientName: 'ООО «Ромашка»', dealId: 'none', kindId: '2', summary: 'Слот', ...time },
		lengthMinutes: '30',
	});
	expect(slot.body).toContain(told);
	const made = await anna.htmx('/board', '/deals', {
		...{ stageId: String(cast.open[0].id), title: 'Новый', clientName: 'ООО «Час»', ...time },
		...{ kindId: '2', summary: 'Знакомство', lengthMinutes: '30' },
	});
	expect(made.body).toContain(told);
});

test('a series is told of the first of its days that is taken', async () => {
	await meeting('15:00');
	const answer = await plan('15:00', {
		...{ plannedDay: '2026-11-24', repeat: 'daily', repeatCount: '3' },
	});
	expect(answer.body).toContain('В это же время у вас: Показ линии, завтра, 15:00.');
});

test('a program reads it as data; without scripts it stands on the next page', async () => {
	await meeting('15:00');
	const time = { kindId: 2, summary: 'Переговоры', plannedDay: DAY, plannedTime: '15:00' };
	const answer = await anna.json(`/deals/${dealId}/interactions`, { ...time, lengthMinutes: 30 });
	expect(answer.json().clash).toMatchObject({ whose: 'mine', summary: 'Показ линии' });
	const form = await anna.post(`/deals/${dealId}/interactions`, { ...time, lengthMinutes: 30 });
	const flash = form.cookies.find(({ name }) => name === 'flash')?.value ?? '';
	const next = await anna.get('/board', { cookie: `${anna.cookie}; flash=${flash}` });
	expect(next.body).toContain('В это же время у вас: Показ линии');
});

describe('a form tells it before it is saved', () => {
	const told = async (fields: Fields, person = anna) => {
		const url = `/interactions/clashes?${new URLSearchParams(fields as Record<string, string>)}`;
		const answer = await person.htmx('/calendar', url);
		expect(answer.statusCode).toBe(200);
		return answer.body;
	};
	const at = (plannedTime: string) => ({ plannedDay: DAY, plannedTime, lengthMinutes: '30' });

	test('with its words and hour; of a time that is free, or not yet told, nothing', async () => {
		const id = await meeting('15:00');
		expect(await told(at('15:30'))).toContain('В это же время у вас: Показ линии, завтра, 15:00.');
		for (const fields of [
			at('16:00'),
			{ plannedDay: DAY },
			{ ...at('15:30'), lengthMinutes: '' },
			{},
		])
			expect(await told(fields)).not.toContain('note');
		// A step is not in its own way.
		expect(await told({ ...at('15:30'), except: String(id) })).not.toContain('note');
	});

	test('of what is half typed nothing, and nothing that it would be wrong', async () => {
		await meeting('15:00');
		for (const half of [
			...['0002-11-25', '0020-11-25', '0202-11-25'].map((plannedDay) => ({ plannedDay })),
			...['0', '1441', 'час'].map((lengthMinutes) => ({ lengthMinutes })),
			{ plannedTime: '15' },
		])
			expect(await told({ ...at('15:00'), ...half })).not.toContain('note');
	});

	test('of a stranger’s hour that it is taken, not by what', async () => {
		await meeting('15:00', 'gleb');
		const body = await told({ ...at('15:00'), ownerId: String(cast.people.gleb.id) });
		expect(body).toContain(`${cast.people.gleb.name}: это время занято, завтра, 15:00.`);
		expect(body).not.toContain('Показ');
	});
});

test('a step that is only made longer says so; moved, it says that', async () => {
	const id = await meeting('15:00');
	const save = (version: number, plannedTime: string, lengthMinutes: string) =>
		anna.htmx('/calendar', `/interactions/${id}`, {
			...{ version: String(version), plannedDay: DAY, plannedTime, lengthMinutes },
		});
	expect((await save(1, '15:00', '90')).body).toContain(
		'Длительность изменена: Показ линии, 90 минут',
	);
	expect((await save(2, '16:00', '90')).body).toMatch(/Перенесено на [^<]+: Показ линии/);
});
