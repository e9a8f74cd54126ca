import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const HOSTILE = '<img src=x onerror=alert(1)>"\'';

let cast: Cast;
let anna: Browser;
let gleb: Browser;
let n = 0;

const event = (uid: string, ...lines: string[]) =>
	[
		...[
			'BEGIN:VCALENDAR',
			'VERSION:2.0',
			'PRODID:x',
			'METHOD:REQUEST',
			'BEGIN:VEVENT',
			`UID:${uid}`,
		],
		...['DTSTAMP:20261124T090000Z', 'DTSTART:20261130T090000Z', 'DTEND:20261130T100000Z'],
		...['SUMMARY:Показ линии', 'LOCATION:Тула', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''],
	].join('\r\n');
const show = (person: Browser, ics: string) => person.post('/calendar/intake', { ics });
const take = (person: Browser, ics: string, uid: string, more: Record<string, string> = {}) =>
	person.post('/calendar/intake/events', { ics, uid, kindId: cast.kinds[1]?.id, ...more });
const taken = async (uid: string) => {
	const { rows } = await database.pool.query('select * from interactions where calendar_uid = $1', [
		uid,
	]);
	return rows;
};

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
	gleb = await signIn(served, 'gleb');
});
let uid = '';
beforeEach(() => {
	n += 1;
	uid = `${n}@mail`;
});

test('a file out of a mail shows its event and proposes the deal of who invites', async () => {
	const ics = event(uid, 'ORGANIZER:mailto:olga@romashka.ru');
	const boundary = 'x-part';
	const payload =
		`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="invite.ics"\r\nContent-Type: text/calendar\r\n\r\n` +
		`${ics}\r\n--${boundary}--\r\n`;
	const answer = await served.app.inject({
		...{ method: 'POST', url: '/calendar/intake', payload },
		headers: { cookie: anna.cookie, 'content-type': `multipart/form-data; boundary=${boundary}` },
	});
	expect(answer.statusCode).toBe(200);
	const page = read(answer.body);
	expect(answer.body).toContain('Показ линии');
	const options = page.byTag('option').map((option) => attribute(option, 'value'));
	expect(options).toContain(`deal:${cast.deals.late}`);
});

test('what is taken in is a step of that deal, at that time; a second time it follows the file', async () => {
	const ics = event(uid, 'ORGANIZER:mailto:olga@romashka.ru');
	const answer = await take(anna, ics, uid, { target: `deal:${cast.deals.late}` });
	expect(answer.statusCode).toBe(303);
	const [step] = await taken(uid);
	expect(step).toMatchObject({
		...{ deal_id: cast.deals.late, summary: 'Показ линии', place: 'Тула', length_minutes: 60 },
		...{ status: 'planned', owner_id: cast.people.anna.id },
	});
	expect(step.planned_at.toISOString()).toBe('2026-11-30T09:00:00.000Z');
	const moved = ics.replaceAll('20261130', '20261201');
	expect((await show(anna, moved)).body).toContain('уже принято');
	await take(anna, moved, uid);
	const after = await taken(uid);
	expect(after).toHaveLength(1);
	expect(after[0].planned_at.toISOString()).toBe('2026-12-01T09:00:00.000Z');
	await take(anna, ics.replace('METHOD:REQUEST', 'METHOD:CANCEL'), uid);
	expect((await taken(uid))[0].status).toBe('cancelled');
});

test('by the client’s name; an unknown one is told, and nothing typed is lost', async () => {
	const ics = event(uid);
	const wrong = await take(anna, ics, uid, { clientName: 'Никто' });
	expect(wrong.statusCode).toBe(422);
	expect(wrong.body).toContain('Такого клиента нет');
	expect(wrong.body).toContain('value="Никто"');
	expect(await taken(uid)).toEqual([]);
	await take(anna, ics, uid, { clientName: 'ООО «Ромашка»' });
	expect((await taken(uid))[0]).toMatchObject({ deal_id: null });
});

test('a foreign deal and a foreign client do not exist, by id, by name, by mail', async () => {
	const ics = event(uid, 'ORGANIZER:mailto:olga@romashka.ru');
	expect((await show(gleb, ics)).body).not.toContain('Ромашка');
	expect((await take(gleb, ics, uid, { target: `deal:${cast.deals.late}` })).statusCode).toBe(404);
	const { rows } = await database.pool.query('select client_id from deals where id = $1', [
		cast.deals.late,
	]);
	expect((await take(gleb, ics, uid, { target: `client:${rows[0].client_id}` })).statusCode).toBe(
		404,
	);
	expect((await take(gleb, ics, uid, { clientName: 'ООО «Ромашка»' })).statusCode).toBe(422);
	expect(await taken(uid)).toEqual([]);
});

test('hostile words stay words', async () => {
	const ics = event(uid, `DESCRIPTION:${HOSTILE}`).replace('Показ линии', HOSTILE);
	const page = read((await show(anna, ics)).body);
	expect(page.byTag('img')).toEqual([]);
	expect(page.byTag('h2').map(textOf).join()).toContain(HOSTILE);
	await take(anna, ics, uid, { target: `deal:${cast.deals.late}` });
	expect((await taken(uid))[0]).toMatchObject({ summary: HOSTILE, description: HOSTILE });
});

test('what is no calendar is told in words; nothing at all, too', async () => {
	expect((await show(anna, 'Добрый день')).statusCode).toBe(422);
	expect((await show(anna, 'Добрый день')).body).toContain('не файл календаря');
	expect((await show(anna, '')).statusCode).toBe(422);
	expect(
		(await show(anna, event(uid, `DESCRIPTION:${'я'.repeat(120_000)}`))).statusCode,
	).toBeGreaterThan(399);
});

test('the page of the company’s calendar says where there is none, and never shows a password', async () => {
	expect((await anna.get('/calendar/account')).body).toContain('не настроен');
	const answer = await anna.post('/calendar/account', { login: 'anna', password: 'тайный пароль' });
	expect(answer.statusCode).toBe(422);
	expect(answer.body).not.toContain('тайный пароль');
});

test('an older invitation never wins: by SEQUENCE, and of the same by its stamp', async () => {
	const at = (sequence: number, day: string, stamp = '20261124T090000Z') =>
		event(uid, `SEQUENCE:${sequence}`)
			.replaceAll('20261130', day)
			.replace('DTSTAMP:20261124T090000Z', `DTSTAMP:${stamp}`);
	const deal = { target: `deal:${cast.deals.late}` };
	expect((await take(anna, at(0, '20261130'), uid, deal)).statusCode).toBe(303);
	expect((await take(anna, at(2, '20261202'), uid)).statusCode).toBe(303);
	const late = await take(anna, at(1, '20261201'), uid);
	expect([late.statusCode, late.body.includes('устарело')]).toEqual([422, true]);
	const before = await take(anna, at(2, '20261203', '20261123T090000Z'), uid);
	expect(before.statusCode).toBe(422);
	expect((await taken(uid))[0].planned_at.toISOString()).toBe('2026-12-02T09:00:00.000Z');
	expect((await show(anna, at(1, '20261201'))).body).toContain('устарело');
});

test('a message about one occurrence touches that one alone', async () => {
	const series = event(uid, 'RRULE:FREQ=WEEKLY');
	await take(anna, series, uid, {
		target: `deal:${cast.deals.late}`,
		occurrence: await occurrenceIn(series),
	});
	const [step] = await taken(uid);
	const own = step.planned_at.toISOString().replace(/[-:]|\.000/g, '');
	const off = (of: string) =>
		event(uid, `RECURRENCE-ID:${of}`, 'SEQUENCE:1').replace('METHOD:REQUEST', 'METHOD:CANCEL');
	const other = off('20270118T090000Z');
	expect((await show(anna, other)).body).toContain('другое повторение');
	await take(anna, other, uid, { occurrence: '2027-01-18T09:00:00.000Z' });
	expect((await taken(uid))[0].status).toBe('planned');
	const mine = off(own);
	expect(
		(await take(anna, mine, uid, { occurrence: step.planned_at.toISOString() })).statusCode,
	).toBe(303);
	expect((await taken(uid))[0].status).toBe('cancelled');
});

async function occurrenceIn(ics: string): Promise<string> {
	const page = read((await show(anna, ics)).body);
	const field = page.byTag('input').find((one) => attribute(one, 'name') === 'occurrence');
	return field ? (attribute(field, 'value') ?? '') : '';
}

test('what calls off an event need not say when it would have been', async () => {
	await take(anna, event(uid), uid, { target: `deal:${cast.deals.late}` });
	const off = event(uid)
		.replace('METHOD:REQUEST', 'METHOD:CANCEL')
		.replace(/DT(START|END).*\r\n/g, '');
	expect((await show(anna, off)).statusCode).toBe(200);
	await take(anna, off, uid);
	expect((await taken(uid))[0].status).toBe('cancelled');
});

test('of a private event the time alone is taken in', async () => {
	const ics = event(uid, 'CLASS:PRIVATE', 'DESCRIPTION:Тайна');
	expect((await show(anna, ics)).body).toContain('только время');
	await take(anna, ics, uid, { target: `deal:${cast.deals.late}` });
	expect((await taken(uid))[0]).toMatchObject({
		summary: 'Встреча',
		description: null,
		place: null,
	});
});

test('bad lines are named, and the rest is shown', async () => {
	const { body, statusCode } = await show(anna, event(uid, 'без двоеточия'));
	expect(statusCode).toBe(200);
	expect(body).toContain('без двоеточия');
	expect(body).toContain('Показ линии');
});
