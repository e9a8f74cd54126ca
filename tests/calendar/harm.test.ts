import { afterAll, beforeEach, expect, test } from 'vitest';
import { undoPersonsRound } from '#src/features/calendar/sync/accounts.ts';
import { answerQuestion } from '#src/features/calendar/sync/answers.ts';
import { askUndo } from '#src/features/calendar/sync/undo.ts';
import { cancelInteraction, postponeInteraction } from '#src/features/interactions/actions.ts';
import { testDatabase } from '../database.ts';
import { UNBELIEVABLE } from './hostile-server.ts';
import { event, openHostileSides } from './hostile-sides.ts';

const database = await testDatabase();
const { db, pool } = database;
const sides = await openHostileSides(database);
const { server, act, me, setting, round, view, row, plan, planMany, only, later } = sides;

afterAll(async () => await sides.stop());
beforeEach(async () => await sides.begin());

const statuses = async () => {
	const { rows } = await pool.query(`
		select status, count(*)::int as n from interactions where summary like 'Шаг%' group by 1`);
	return rows;
};

test.each(UNBELIEVABLE)(
	'what is no listing (%s) cancels nothing, deletes nothing, and is told',
	async (mode) => {
		await planMany(7);
		await round();
		const before = new Map(server.events);
		server.answerAs(mode);
		expect(await round()).toBeNull();
		expect(await statuses()).toEqual([{ status: 'planned', n: 7 }]);
		expect((await view()).state).toBe('failing');
		server.answerAs('fine');
		await round();
		expect(server.events).toEqual(before);
		expect((await view()).state).toBe('ok');
		expect(server.asked.filter((one) => one.startsWith('DELETE'))).toEqual([]);
	},
);

test.each(['page', 'redirect', 'foreignJson', 'nothing204'] as const)(
	'a sign-in page (%s) in front of the server connects nobody and makes no calendar',
	async (mode) => {
		await pool.query('delete from calendar_accounts');
		server.answerAs(mode);
		const trial = sides.connect();
		await expect(trial).rejects.toMatchObject({ key: 'calendar.unreachable' });
	},
);

test('addresses are compared decoded: a login that is a mail loses nothing', async () => {
	await planMany(4);
	expect(await round()).toMatchObject({ sent: 4 });
	expect(await round()).toMatchObject({ sent: 0, cancelled: 0, taken: 0 });
});

test('what a listing leaves out is asked for one by one, and stays where it is there', async () => {
	await planMany(3);
	await round();
	for (const href of server.events.keys()) server.hidden.add(href);
	expect(await round()).toMatchObject({ cancelled: 0 });
	expect(await statuses()).toEqual([{ status: 'planned', n: 3 }]);
});

test('a round that would take away a great deal stops and asks; said to be right, it goes on', async () => {
	await planMany(30);
	await round();
	for (const href of [...server.events.keys()].slice(0, 6)) server.events.delete(href);
	expect(await round()).toBeNull();
	const asked = await view();
	expect([asked.state, asked.question?.cancel.length, asked.question?.of]).toEqual([
		'asking',
		6,
		30,
	]);
	expect(await round()).toBeNull();
	expect(await statuses()).toEqual([{ status: 'planned', n: 30 }]);
	await answerQuestion(db, act(), 'allow');
	expect(await round()).toMatchObject({ cancelled: 6 });
	expect((await view()).state).toBe('ok');
	// What was allowed once is not allowed for ever.
	for (const href of [...server.events.keys()].slice(0, 6)) server.events.delete(href);
	expect(await round()).toBeNull();
});

test('more than a fifth is a great deal as well; one alone is none', async () => {
	await planMany(6);
	await round();
	const [first, second] = [...server.events.keys()] as [string, string];
	server.events.delete(first);
	server.events.delete(second);
	expect(await round()).toBeNull();
	server.events.set(second, event('x', 'DTSTART:20270401T090000Z', 'SUMMARY:x'));
	expect(await round()).toMatchObject({ cancelled: 1 });
});

test('said to be a fault, all is put there again with everything that it had', async () => {
	await planMany(7);
	await round();
	const [href, text] = [...server.events][0] as [string, string];
	server.events.set(href, text.replace('END:VEVENT', 'X-COLOUR:red\r\nEND:VEVENT'));
	await round();
	server.events.clear();
	expect(await round()).toBeNull();
	await answerQuestion(db, act(), 'keep');
	expect(await round()).toMatchObject({ cancelled: 0, sent: 7 });
	expect(server.events.size).toBe(7);
	expect(server.events.get(href)).toContain('X-COLOUR:red');
	expect(await statuses()).toEqual([{ status: 'planned', n: 7 }]);
	expect(await round()).toMatchObject({ sent: 0, taken: 0 });
});

test('many cancelled here are not deleted there unasked; kept, they stand there alone', async () => {
	const ids = await planMany(8);
	await round();
	for (const id of ids) await cancelInteraction(db, act(), id, 1, null);
	expect(await round()).toBeNull();
	expect((await view()).question?.remove).toHaveLength(8);
	await answerQuestion(db, act(), 'keep');
	await round();
	expect(server.events.size).toBe(8);
	expect((await view()).strangers).toHaveLength(8);
});

test('a whole round is undone: what was cancelled is planned again, and stands there again as it stood', async () => {
	const ids = await planMany(7);
	await round();
	const before = [...server.events.values()].map((text) => text.replace(/\r\n/g, '\n')).sort();
	server.events.clear();
	await round();
	await answerQuestion(db, act(), 'allow');
	expect(await round()).toMatchObject({ cancelled: 7 });
	const [last] = (await view()).rounds;
	expect(last?.cancelled).toBe(7);
	await askUndo(db, act(), last?.id as number);
	await undoPersonsRound(setting(), me(), last?.id as number);
	expect((await row(ids[0] as number)).status).toBe('planned');
	await round();
	const words = (text: string) => text.replace(/^(DTSTAMP|LAST-MODIFIED|SEQUENCE):.*\n/gm, '');
	const after = [...server.events.values()].map((text) => text.replace(/\r\n/g, '\n')).sort();
	expect(after.map(words)).toEqual(before.map(words));
	expect((await view()).rounds.find(({ id }) => id === last?.id)).toMatchObject({ left: 0 });
	await expect(askUndo(db, act(), last?.id as number)).rejects.toMatchObject({
		key: 'error.notFound',
	});
});

test('undoing brings back what was removed and written over there, and what was taken here', async () => {
	const [moved, gone, taken] = [await plan('Перенос'), await plan('Отмена'), await plan('Правка')];
	for (let n = 0; n < 9; n += 1) await plan(`Шаг ${n}`);
	await round();
	const [href, text] = only('Перенос');
	const [goneHref, goneText] = only('Отмена');
	const [takenHref, takenText] = only('Правка');
	await postponeInteraction(db, act(), moved, 1, { plannedOn: '2027-03-20' });
	await cancelInteraction(db, act(), gone, 1, null);
	server.events.set(takenHref, takenText.replace('Правка', 'Не то'));
	later();
	expect(await round()).toMatchObject({ sent: 1, removed: 1, taken: 1 });
	const [last] = (await view()).rounds;
	await askUndo(db, act(), last?.id as number);
	await undoPersonsRound(setting(), me(), last?.id as number);
	expect(server.events.get(href)).toBe(text);
	expect(server.events.get(goneHref)).toBe(goneText);
	expect((await row(taken)).summary).toBe('Правка');
	await round();
	expect(server.events.get(goneHref)).toBe(goneText);
	expect(server.events.get(takenHref)).toContain('Правка');
});

test('a server that knows weak states only gets every change', async () => {
	server.answerAs('weak');
	const id = await plan('Слабая метка');
	await round();
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	expect(await round()).toMatchObject({ sent: 1 });
	expect(only('Слабая метка')[1]).toContain('20270320');
	await cancelInteraction(db, act(), id, 2, null);
	expect(await round()).toMatchObject({ removed: 1 });
	expect(server.events.size).toBe(0);
});

test('a change that the server refuses for ever is told, with how often', async () => {
	const id = await plan('Отказ');
	await round();
	server.answerAs('neverMatches');
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	for (let n = 0; n < 3; n += 1) await round();
	expect((await view()).faults).toMatchObject([{ fault: 'refused', times: 3, interactionId: id }]);
	server.answerAs('fine');
	expect(await round()).toMatchObject({ sent: 1 });
	expect((await view()).faults).toEqual([]);
});

test('a fault within this program is told on the page, and counted', async () => {
	await plan('Сбой');
	await pool.query('alter table calendar_links rename column fault to fault_away');
	await expect(round()).rejects.toThrow();
	await pool.query('alter table calendar_links rename column fault_away to fault');
	expect((await view()).state).toBe('broken');
	await round();
	expect((await view()).state).toBe('ok');
});
