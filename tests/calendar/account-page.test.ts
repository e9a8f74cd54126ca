import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cancelInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { event, openHostileSides } from './hostile-sides.ts';

const database = await testDatabase();
const sides = await openHostileSides(database);
const { server, round, planMany, there } = sides;
const SECRET_KEY = randomBytes(24).toString('hex');
const served = await testApp(database, { env: { CALDAV_URL: server.url, SECRET_KEY } });
let anna: Browser;
let gleb: Browser;

beforeAll(async () => {
	anna = await signIn(served, 'anna');
	gleb = await signIn(served, 'gleb');
});
afterAll(async () => await sides.stop());
beforeEach(async () => await sides.begin());

test('the page asks, and each button answers; nobody else is asked', async () => {
	await planMany(7);
	await round();
	server.events.clear();
	await round();
	const { body } = await anna.get('/calendar/account');
	expect(body).toContain('Будет отменено здесь: 7.');
	const buttons = read(body)
		.byTag('button')
		.filter((button) => attribute(button, 'name') === 'answer');
	expect(buttons.map((button) => attribute(button, 'value'))).toEqual(['keep', 'allow']);
	expect((await gleb.post('/calendar/account/answer', { answer: 'allow' })).statusCode).toBe(422);
	expect((await anna.post('/calendar/account/answer', { answer: 'keep' })).statusCode).toBe(303);
	await round();
	expect(server.events.size).toBe(7);
	expect((await anna.get('/calendar/account')).body).not.toContain('Будет отменено');
	expect((await anna.post('/calendar/account/answer', { answer: 'keep' })).statusCode).toBe(422);
});

test('what cannot be read and which zone is unknown is told there; states are counted for /metrics', async () => {
	there('broken', event('broken@phone', 'DTSTART:20160816T::', 'SUMMARY:Сломана'));
	const nowhere = 'DTSTART;TZID=Nowhere:20261214T100000';
	there('zone', event('zone@phone', nowhere, 'SUMMARY:Где-то', 'ATTENDEE:mailto:olga@romashka.ru'));
	await round();
	const { body } = await anna.get('/calendar/account');
	expect(body).toContain('Сломана: событие не удалось прочитать');
	expect(body).toContain('часовой пояс «Nowhere» неизвестен');
	expect((await anna.get('/metrics')).body).toContain('calendar_accounts{state="ok"} 1');
});

test('a round is undone by its own person alone, and once', async () => {
	const ids = await planMany(10);
	await round();
	await cancelInteraction(database.db, sides.act(), ids[0] as number, 1, null);
	await round();
	const { body } = await anna.get('/calendar/account');
	expect(body).toContain('в календаре удалено: 1');
	const action = /\/calendar\/account\/rounds\/\d+\/undoing/.exec(body)?.[0] ?? '';
	expect((await gleb.post(action, {})).statusCode).toBe(404);
	expect((await anna.post(action, {})).statusCode).toBe(303);
	expect((await anna.post(action, {})).statusCode).toBe(404);
	expect((await anna.get('/calendar/account')).body).toContain('отменяется…');
});
