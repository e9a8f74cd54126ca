import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { syncPerson } from '#src/features/calendar/sync/accounts.ts';
import {
	cancelInteraction,
	completeInteraction,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import {
	deleteInteraction,
	editInteraction,
} from '#src/features/interactions/interaction/editing.ts';
import { by } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type BothSides, openBothSides, PASSWORD } from './both-sides.ts';
import { noRadicale } from './radicale.ts';

const database = await testDatabase();

describe.skipIf(noRadicale)('a person’s calendar on the company’s server', () => {
	let sides: BothSides;
	beforeAll(async () => {
		sides = await openBothSides(database);
	});
	afterAll(async () => await sides?.stop());
	beforeEach(async () => {
		await sides.sync();
		await sides.sync();
	});

	test('what is planned here arrives there; a second round has nothing to do', async () => {
		const id = await sides.plan('Показ линии');
		expect(await sides.sync()).toEqual({ ...sides.quiet, sent: 1 });
		const event = await sides.eventOf('Показ линии');
		expect(event.text).toContain('DTSTART:20270310T090000Z');
		expect(event.text).toContain(`UID:interaction-${id}@moi-prodazhi`);
		expect(await sides.sync()).toEqual(sides.quiet);
	});

	test('only calls and meetings go there, and only one’s own', async () => {
		await planInteraction(database.db, sides.act(), sides.cast.deals.late, {
			...{
				kindId: sides.cast.kinds[4]?.id as number,
				summary: 'Задача',
				plan: { plannedOn: '2027-03-10' },
			},
		});
		await planInteraction(database.db, by(sides.cast.people.boris), sides.cast.deals.boris, {
			...{ kindId: sides.cast.kinds[1]?.id as number, summary: 'Чужая' },
			plan: { plannedOn: '2027-03-10' },
		});
		expect(await sides.sync()).toEqual(sides.quiet);
	});

	test('a change here arrives there', async () => {
		const id = await sides.plan('Перенесут здесь');
		await sides.sync();
		await postponeInteraction(database.db, sides.act(), id, 1, { plannedOn: '2027-03-12' });
		expect(await sides.sync()).toEqual({ ...sides.quiet, sent: 1 });
		expect((await sides.eventOf('Перенесут здесь')).text).toContain('DTSTART;VALUE=DATE:20270312');
	});

	test('a change there arrives here: time, length, place and words, without our frame around them', async () => {
		const id = await sides.plan('Перенесут там');
		await sides.sync();
		await sides.change('Перенесут там', /DTSTART:20270310T090000Z/, 'DTSTART:20270311T070000Z');
		await sides.change(
			'Перенесут там',
			/DTEND:[^\r\n]+/,
			'DTEND:20270311T083000Z\r\nLOCATION:Переговорная',
		);
		await sides.change('Перенесут там', /Перенесут там/, 'Перенесли там');
		expect(await sides.sync()).toEqual({ ...sides.quiet, taken: 1 });
		const found = await sides.row(id);
		expect(found.planned_at.toISOString()).toBe('2027-03-11T07:00:00.000Z');
		expect([found.length_minutes, found.place, found.summary]).toEqual([
			90,
			'Переговорная',
			'Перенесли там',
		]);
		const { rows } = await database.pool.query(
			'select door from events where interaction_id = $1 order by id desc limit 1',
			[id],
		);
		expect(rows[0].door).toBe('calendar');
		expect(await sides.sync()).toEqual(sides.quiet);
	});

	test('deleting there cancels here; cancelling, deleting and giving away here removes there', async () => {
		// Four of so many are no fault that would be asked about.
		for (let n = 0; n < 18; n += 1)
			await sides.plan(`Остаётся ${n}`, `2027-05-${n + 10}T09:00:00Z`);
		const [deleted, cancelled, erased, given] = [
			...[await sides.plan('Удалят там'), await sides.plan('Отменят здесь')],
			...[await sides.plan('Сотрут здесь'), await sides.plan('Отдадут')],
		] as [number, number, number, number];
		await sides.sync();
		const event = await sides.eventOf('Удалят там');
		await sides.elsewhere.remove(event.href, event.etag);
		await cancelInteraction(database.db, sides.act(), cancelled, 1, null);
		await deleteInteraction(database.db, sides.act(), erased, 1);
		await editInteraction(database.db, by(sides.cast.people.vera), given, 1, {
			ownerId: sides.cast.people.boris.id,
		});
		expect(await sides.sync()).toEqual({ ...sides.quiet, cancelled: 1, removed: 3 });
		expect(await sides.row(deleted)).toMatchObject({
			status: 'cancelled',
			outcome: 'Удалено в календаре',
		});
		const titles = [...(await sides.events()).keys()].join();
		expect(titles).not.toMatch(/Удалят|Отменят|Сотрут|Отдадут/);
		expect(await sides.sync()).toEqual(sides.quiet);
	});

	test('what was changed on both sides is kept on both, and the person is told', async () => {
		const id = await sides.plan('Спорная');
		await sides.sync();
		await sides.change('Спорная', /DTSTART:20270310T090000Z/, 'DTSTART:20270310T140000Z');
		await sides.change('Спорная', /DTEND:20270310T100000Z/, 'DTEND:20270310T150000Z');
		await postponeInteraction(database.db, sides.act(), id, 1, {
			plannedAt: new Date('2027-03-10T11:00:00Z'),
		});
		expect(await sides.sync()).toEqual({ ...sides.quiet, copied: 1, sent: 2 });
		const { rows } = await database.pool.query(
			"select planned_at from interactions where summary = 'Спорная' and status = 'planned' order by planned_at",
		);
		expect(rows.map((one) => one.planned_at.toISOString())).toEqual([
			...['2027-03-10T11:00:00.000Z', '2027-03-10T14:00:00.000Z'],
		]);
		const there = [...(await sides.elsewhere.read([...(await sides.elsewhere.list()).keys()]))]
			.filter(({ text }) => text.includes('Спорная'))
			.map(({ text }) => /DTSTART:(\w+)/.exec(text)?.[1]);
		expect(there.sort()).toEqual(['20270310T110000Z', '20270310T140000Z']);
		expect((await sides.view()).conflicts).toMatchObject([{ id, summary: 'Спорная' }]);
		expect(await sides.sync()).toEqual(sides.quiet);
	});

	test('what was given up here while it moved there stands as a step of its own', async () => {
		const id = await sides.plan('Передумали');
		await sides.sync();
		await sides.change('Передумали', /DTSTART:20270310T090000Z/, 'DTSTART:20270310T093000Z');
		await cancelInteraction(database.db, sides.act(), id, 1, null);
		expect(await sides.sync()).toEqual({ ...sides.quiet, copied: 1 });
		const { rows } = await database.pool.query(
			"select id, planned_at from interactions where status = 'planned' and summary like '%Передумали%'",
		);
		expect(rows).toHaveLength(1);
		expect(rows[0].planned_at.toISOString()).toBe('2027-03-10T09:30:00.000Z');
	});

	test('what moved here although it was deleted there is sent again', async () => {
		const id = await sides.plan('Вернётся');
		await sides.sync();
		const event = await sides.eventOf('Вернётся');
		await sides.elsewhere.remove(event.href, event.etag);
		await postponeInteraction(database.db, sides.act(), id, 1, { plannedOn: '2027-03-15' });
		expect(await sides.sync()).toEqual({ ...sides.quiet, sent: 1 });
		expect((await sides.eventOf('Вернётся')).text).toContain('20270315');
		expect((await sides.row(id)).status).toBe('planned');
	});

	test('what is done here stays there, ticked; nobody moves it from there', async () => {
		const id = await sides.plan('Сделают');
		await sides.sync();
		await completeInteraction(database.db, sides.act(), id, {
			version: 1,
			outcome: 'Да',
			next: null,
		});
		await sides.sync();
		expect((await sides.eventOf('Сделают')).text).toContain('SUMMARY:✓');
		await sides.change('Сделают', /DTSTART:20270310T090000Z/, 'DTSTART:20270401T090000Z');
		await sides.sync();
		expect((await sides.eventOf('Сделают')).text).toContain('DTSTART:20270310T090000Z');
		expect((await sides.row(id)).planned_at.toISOString()).toBe('2027-03-10T09:00:00.000Z');
	});

	test('a new event with a client’s person becomes a meeting with that client; any other waits to be taken in', async () => {
		const text = (uid: string, line: string) =>
			`BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:${uid}\r\nDTSTAMP:20261124T120000Z\r\n` +
			`DTSTART;TZID=Europe/Moscow:20270320T120000\r\nSUMMARY:${uid}\r\n${line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
		await sides.elsewhere.create('a.ics', text('С Ольгой', 'ATTENDEE:mailto:olga@romashka.ru'));
		await sides.elsewhere.create(
			'b.ics',
			text('Стоматолог', 'LOCATION:<img src=x onerror=alert(1)>'),
		);
		expect(await sides.sync()).toEqual({ ...sides.quiet, taken: 1, strangers: 1 });
		const { rows } = await database.pool.query(
			"select * from interactions where summary = 'С Ольгой'",
		);
		expect(rows).toHaveLength(1);
		expect(rows[0].planned_at.toISOString()).toBe('2027-03-20T09:00:00.000Z');
		expect(rows[0].deal_id).toBeNull();
		expect((await sides.view()).strangers.map((one) => one.text).join()).toContain('Стоматолог');
		expect(await sides.sync()).toEqual(sides.quiet);
		const event = await sides.eventOf('Стоматолог');
		await sides.elsewhere.remove(event.href, event.etag);
		await sides.sync();
		expect((await sides.view()).strangers).toEqual([]);
	});

	test('a round that broke off after sending is ended without a double', async () => {
		const id = await sides.plan('Один раз');
		await sides.sync();
		await database.pool.query('delete from calendar_links where interaction_id = $1', [id]);
		await sides.sync();
		await sides.sync();
		expect(
			[...(await sides.events()).keys()].filter((title) => title.includes('Один раз')),
		).toHaveLength(1);
		const { rows } = await database.pool.query(
			"select from interactions where summary = 'Один раз'",
		);
		expect(rows).toHaveLength(1);
	});

	test('a calendar that was deleted as a whole cancels nothing: it is made and filled anew', async () => {
		const id = await sides.plan('Переживёт');
		await sides.sync();
		const answer = await fetch(sides.elsewhere.url, {
			method: 'DELETE',
			headers: { authorization: `Basic ${Buffer.from(`anna:${PASSWORD}`).toString('base64')}` },
		});
		expect(answer.ok).toBe(true);
		await syncPerson(sides.setting(), sides.cast.people.anna.id);
		await sides.sync();
		expect((await sides.row(id)).status).toBe('planned');
		expect((await sides.eventOf('Переживёт')).text).toContain(`interaction-${id}@`);
	});

	test('a real server keeps alarms, guests and series of the phone through every change here', async () => {
		const id = await sides.plan('Богатое');
		await sides.sync();
		const more =
			'RRULE:FREQ=WEEKLY;COUNT=5\r\nATTENDEE;CN=Пётр:mailto:p@example.net\r\nX-PHONE:да\r\n' +
			'BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT';
		await sides.change('Богатое', /END:VEVENT/, more);
		await sides.sync();
		await postponeInteraction(database.db, sides.act(), id, 1, {
			plannedAt: new Date('2027-03-10T11:00:00Z'),
		});
		await sides.sync();
		const { text } = await sides.eventOf('Богатое');
		for (const line of [
			/RRULE:FREQ=WEEKLY;COUNT=5/,
			/ATTENDEE;CN=Пётр/,
			/X-PHONE:да/,
			/TRIGGER:-PT15M/,
		])
			expect(text).toMatch(line);
		expect(text).toContain('RECURRENCE-ID:20270310T090000Z');
		expect(text).toContain('DTSTART:20270310T110000Z');
		expect(await sides.sync()).toEqual(sides.quiet);
	});
});
