import { expect, test } from 'vitest';
import { testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cookieOf, openStream, serve } from '../live/reader.ts';

const database = await testDatabase();
const { app } = await testApp(database);

test('an instance that is about to end is not ready any more, serves as ever, and keeps nobody’s connection', async () => {
	await makeCast(database.db);
	const origin = await serve(app);
	const cookie = await cookieOf(database, 'anna');
	const ask = async (path: string) => await fetch(`${origin}${path}`, { headers: { cookie } });
	const before = await ask('/readyz');
	expect([before.status, before.headers.get('connection')]).toEqual([200, 'keep-alive']);
	const stream = await openStream(origin, cookie);
	await expect.poll(() => stream.messages.length).toBeGreaterThan(0);

	app.draining.begun = true;
	const ready = await ask('/readyz');
	expect(ready.status).toBe(503);
	expect(await ready.json()).toMatchObject({ ok: false, draining: true });
	for (const path of ['/healthz', '/board', '/deals']) {
		const answer = await ask(path);
		expect([path, answer.status]).toEqual([path, 200]);
		expect(answer.headers.get('connection')).toBe('close');
		await answer.text();
	}
	// Whoever watches is moved at the very end: until then there may be nowhere to go to.
	expect(stream.over()).toBe(false);
	await app.close();
	await expect.poll(() => stream.over()).toBe(true);
	expect(stream.messages.at(-1)?.bye).toBe('move');
});
