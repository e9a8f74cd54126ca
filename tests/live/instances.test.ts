import { expect, test } from 'vitest';
import { signInByName } from '#src/features/access/sessions/actions.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { by, DESK, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { startProgram } from '../platform/program.ts';
import { openStream } from './reader.ts';

const database = await testDatabase();
const { db } = database;
const env = {
	...{ DATABASE_URL: database.url, WORKER: 'off', LOG_LEVEL: 'silent', DRAIN_SECONDS: '2' },
};

test('two instances behave as one, and one that ends hands over its streams and fails no request', async () => {
	const cast = await makeCast(db);
	const [leaving, staying] = [startProgram('start', { env }), startProgram('start', { env })];
	const [first, second] = await Promise.all([leaving.ready, staying.ready]);
	const { secret } = await signInByName(db, 'anna', DESK, new Date());
	const cookie = `session=${secret}`;
	const readers = await Promise.all([openStream(first, cookie), openStream(second, cookie)]);
	for (const reader of readers) await expect.poll(() => reader.messages.length).toBeGreaterThan(0);

	const answer = await fetch(`${first}/deals/${cast.deals.anna}/entries`, {
		method: 'POST',
		headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
		body: 'kindId=note&text=Важное',
		redirect: 'manual',
	});
	expect(answer.status).toBe(303);
	for (const reader of readers)
		await expect
			.poll(() => reader.changes().flatMap(({ deals }) => deals))
			.toContain(cast.deals.anna);

	// As a proxy does: who says that it leaves is passed over, and who refuses a connection too. The last moment belongs to
	// nobody: the kernel resets a connection that waits to be accepted when its door closes.
	const failed: unknown[] = [];
	let [answered, over] = [0, false];
	const visiting = Array.from({ length: 4 }, async () => {
		let at = first;
		while (!over) {
			try {
				const { status, headers } = await fetch(`${at}/deals`, { headers: { cookie } });
				if (headers.get('connection') === 'close') at = second;
				if (status === 200) answered += 1;
				else failed.push(status);
			} catch (error) {
				const { code } = (error as { cause?: { code?: string } }).cause ?? {};
				if (code === 'ECONNREFUSED' && at === first) at = second;
				else failed.push(error);
			}
		}
	});
	await expect.poll(() => answered).toBeGreaterThan(8);
	expect(await leaving.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(leaving.text().trimEnd().split('\n').at(-1)).toBe('Остановлено');
	const soFar = answered;
	await expect.poll(() => answered).toBeGreaterThan(soFar + 4);
	over = true;
	await Promise.all(visiting);
	expect(failed).toEqual([]);

	const told = readers[0]?.messages.at(-1);
	expect(told?.bye).toBe('move');
	await noteDeal(db, by(cast.people.anna), cast.deals.today, 'Пока переезжали');
	const moved = await openStream(second, cookie, told?.at);
	await expect
		.poll(
			() =>
				moved.missed() +
				moved.changes().filter(({ deals }) => deals?.includes(cast.deals.today)).length,
		)
		.toBeGreaterThan(0);
	for (const reader of [...readers, moved]) reader.close();
	expect(await staying.kill('SIGTERM')).toEqual({ code: 0, signal: null });
}, 600_000);
