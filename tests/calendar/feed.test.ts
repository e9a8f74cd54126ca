import { sql } from 'drizzle-orm';
import ICAL from 'ical.js';
import { beforeAll, expect, test } from 'vitest';
import {
	cancelInteraction,
	completeInteraction,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import { type Browser, browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const served = await testApp(database);
const HOSTILE = '<img src=x onerror=alert(1)>; "a",b\\n\nBEGIN:VEVENT\r\nUID:чужой';

let cast: Cast;
let anna: Browser;
let address: string;

const steps = async (url = address) => {
	const { body } = await browser(served.app).get(url);
	const calendar = new ICAL.Component(ICAL.parse(body));
	return calendar.getAllSubcomponents('vevent');
};
const stepOf = async (id: number) =>
	(await steps()).find(
		(one) => one.getFirstPropertyValue('uid') === `interaction-${id}@moi-prodazhi`,
	);
const value = (event: ICAL.Component | undefined, name: string) =>
	String(event?.getFirstPropertyValue(name) ?? '');
const newFeed = async (person: Browser) => {
	const { body } = await person.post('/calendar/feed', {});
	return new URL(/value="([^"]+\.ics)"/.exec(body)?.[1] ?? '').pathname;
};
const versionOf = async (id: number) => {
	const { rows } = await database.pool.query('select version from interactions where id = $1', [
		id,
	]);
	return rows[0].version as number;
};
const act = () => by(cast.people.anna);
const plan = async (summary: string, when: { plannedOn: string } | { plannedAt: Date }) =>
	await planInteraction(database.db, act(), cast.deals.late, {
		kindId: cast.kinds[0]?.id as number,
		summary,
		plan: when,
	});

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
	address = await newFeed(anna);
});

test('the feed needs no session and holds what its owner has planned, nobody else’s', async () => {
	const answer = await browser(served.app).get(address);
	expect(answer.statusCode).toBe(200);
	expect(answer.headers['content-type']).toBe('text/calendar; charset=utf-8');
	const uids = (await steps()).map((one) => value(one, 'uid')).sort();
	const { late, today, later } = cast.steps;
	expect(uids).toEqual([late, today, later].map((id) => `interaction-${id}@moi-prodazhi`).sort());
	expect(answer.body).not.toContain('Тайна');
});

test('a moment is told in UTC, with an end; a day as a day, its end the day after', async () => {
	const moment = await stepOf(cast.steps.today);
	expect(moment?.getFirstProperty('dtstart')?.toICALString()).toBe('DTSTART:20261124T120000Z');
	expect(moment?.getFirstProperty('dtend')?.toICALString()).toBe('DTEND:20261124T123000Z');
	const day = await stepOf(cast.steps.later);
	expect(day?.getFirstProperty('dtstart')?.toICALString()).toBe('DTSTART;VALUE=DATE:20261201');
	expect(day?.getFirstProperty('dtend')?.toICALString()).toBe('DTEND;VALUE=DATE:20261202');
});

test('a change keeps the UID and raises SEQUENCE; what is cancelled says so; what is done stays', async () => {
	const id = await plan('Меняется', { plannedOn: '2026-12-02' });
	const sequence = async () => Number(value(await stepOf(id), 'sequence'));
	expect(await sequence()).toBe(0);
	await postponeInteraction(database.db, act(), id, await versionOf(id), {
		plannedOn: '2026-12-03',
	});
	expect(await sequence()).toBe(1);
	await cancelInteraction(database.db, act(), id, await versionOf(id), 'Не нужно');
	expect(await sequence()).toBe(2);
	expect(value(await stepOf(id), 'status')).toBe('CANCELLED');
	const other = await plan('Делается', { plannedOn: '2026-12-02' });
	await completeInteraction(database.db, act(), other, {
		...{ version: await versionOf(other), outcome: 'Договорились', next: null },
	});
	expect(value(await stepOf(other), 'summary')).toMatch(/^✓ /);
	expect(value(await stepOf(other), 'description')).toContain('Договорились');
});

test('a reminder is an alarm, and goes with the cancellation', async () => {
	const id = await plan('С напоминанием', { plannedAt: new Date('2026-11-26T09:00:00Z') });
	const remind = new Date('2026-11-26T08:45:00Z');
	await database.db.execute(sql`update interactions set remind_at = ${remind} where id = ${id}`);
	const alarm = (await stepOf(id))?.getFirstSubcomponent('valarm');
	expect(alarm?.getFirstProperty('trigger')?.toICALString()).toBe(
		'TRIGGER;VALUE=DATE-TIME:20261126T084500Z',
	);
	await cancelInteraction(database.db, act(), id, await versionOf(id), null);
	expect((await stepOf(id))?.getFirstSubcomponent('valarm')).toBeNull();
});

test('hostile text stays the text of its field; no line is longer than 75 octets', async () => {
	const id = await plan(HOSTILE, { plannedOn: '2026-12-04' });
	const before = (await steps()).length;
	const { body } = await browser(served.app).get(address);
	expect(value(await stepOf(id), 'summary')).toContain(HOSTILE.replace('\r\n', '\n'));
	expect(body.match(/^BEGIN:VEVENT\r$/gm)).toHaveLength(before);
	const octets = body.split('\r\n').map((line) => Buffer.byteLength(line));
	expect(Math.max(...octets)).toBeLessThanOrEqual(75);
	expect(body.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
});

test('what has not changed is not sent again', async () => {
	const first = await browser(served.app).get(address);
	const etag = first.headers.etag as string;
	const again = await browser(served.app).get(address, { 'if-none-match': `W/${etag}` });
	expect([again.statusCode, again.body]).toEqual([304, '']);
	await plan('Ещё одно', { plannedOn: '2026-12-05' });
	const changed = await browser(served.app).get(address, { 'if-none-match': etag });
	expect(changed.statusCode).toBe(200);
});

test('a new address kills the old one, and so does revoking; the database holds no secret', async () => {
	const old = address;
	address = await newFeed(anna);
	expect((await browser(served.app).get(old)).statusCode).toBe(404);
	expect((await browser(served.app).get(address)).statusCode).toBe(200);
	const { rows } = await database.pool.query('select secret_hash from calendar_feeds');
	expect(address).not.toContain(rows[0].secret_hash);
	const page = await anna.get('/calendar/feed');
	expect(page.body).not.toContain('.ics"');
	await anna.post('/calendar/feed/revocation', {});
	expect((await browser(served.app).get(address)).statusCode).toBe(404);
	address = await newFeed(anna);
});

test('nothing guesses its way in: wrong, empty and strange secrets are 404', async () => {
	for (const secret of ['x', 'a'.repeat(32), "'; drop table people; --", '%00', 'é'.repeat(32)]) {
		const answer = await browser(served.app).get(`/calendar/feeds/${encodeURI(secret)}.ics`);
		expect([400, 404]).toContain(answer.statusCode);
	}
});

test('a person who has left has no feed any more', async () => {
	await database.pool.query("update people set active = false where login = 'anna'");
	expect((await browser(served.app).get(address)).statusCode).toBe(404);
	await database.pool.query("update people set active = true where login = 'anna'");
	expect((await browser(served.app).get(address)).statusCode).toBe(200);
});
