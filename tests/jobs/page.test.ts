import { beforeAll, beforeEach, expect, test } from 'vitest';
import { taskWordsOf } from '#src/features/jobs/words.ts';
import { features } from '#src/features.ts';
import { enqueue } from '#src/platform/jobs/enqueue.ts';
import { tasks } from '#src/tasks.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const { db, pool } = database;
const served = await testApp(database);
const SECRET = 'tO0pSecret';
let ada: Browser;
let anna: Browser;
let ids: number[];

beforeAll(async () => {
	await makeCompany(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});

const set = async (id: number, what: string) => {
	await pool.query(`update graphile_worker._private_jobs set ${what} where id = ${id}`);
};
const jobs = async () =>
	(
		await pool.query<{ id: number; attempts: number; due: boolean }>(
			'select id::int, attempts, run_at <= now() as due from graphile_worker.jobs order by id',
		)
	).rows;

// One of each state: under way, waiting, to be tried again, given up.
beforeEach(async () => {
	await pool.query('delete from graphile_worker._private_jobs');
	for (let n = 0; n < 4; n += 1)
		await enqueue(db, 'mail.deliver', { id: 1, secret: SECRET }, { runAt: new Date('2030-01-01') });
	ids = (await jobs()).map(({ id }) => id);
	const [running, , again, failed] = ids as [number, number, number, number];
	await set(running, `locked_at = now(), locked_by = 'w'`);
	await set(again, `attempts = 2, last_error = 'connect ECONNREFUSED'`);
	await set(
		failed,
		`attempts = max_attempts, last_error = E'smtp://crm:${SECRET}@mail.shop.example said 550\\nparams: ${SECRET}'`,
	);
});

const lines = (html: string): string[] => {
	const page = read(html);
	return page
		.byTag('tr')
		.filter((row) => attribute(row, 'id')?.startsWith('job-'))
		.map((row) => textOf(row).replace(/\s+/g, ' ').trim());
};

test('what runs, waits, will be tried again and was given up, with its error and without secrets', async () => {
	const { body } = await ada.get('/admin/jobs');
	const shown = lines(body);
	expect(shown).toHaveLength(4);
	expect(shown[0]).toContain('Отправка письма');
	expect(shown[0]).toContain('smtp://…@mail.shop.example said 550');
	expect(shown[0]).toContain('попытка 25 из 25');
	expect(shown[1]).toContain('connect ECONNREFUSED');
	expect(body).not.toContain(SECRET);
	for (const [state, at] of [
		['running', 0],
		['waiting', 1],
		['again', 2],
		['failed', 3],
	] as const) {
		const page = await ada.get(`/admin/jobs?state=${state}`);
		expect(lines(page.body)).toHaveLength(1);
		expect(page.body).toContain(`id="job-${ids[at]}"`);
	}
	expect((await ada.get('/admin/jobs?state=other')).statusCode).toBe(400);
});

test('a failed job is tried again from the beginning, one that waits runs at once; that is an event', async () => {
	const [, waiting, , failed] = ids;
	const answer = await ada.post(`/admin/jobs/${failed}/retry`, { state: 'failed' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/admin/jobs?state=failed']);
	await ada.post(`/admin/jobs/${waiting}/retry`, {});
	const now = await jobs();
	expect(now.find(({ id }) => id === failed)).toEqual({ id: failed, attempts: 0, due: true });
	expect(now.find(({ id }) => id === waiting)?.due).toBe(true);
	const { body } = await ada.get('/admin/audit?kind=job');
	expect(body.match(/Задание запущено ещё раз/g)).toHaveLength(2);
	expect(body).toContain('Отправка письма');
});

test('a job is taken out of the queue; one that is gone or under way is told so', async () => {
	const [running, waiting] = ids;
	expect((await ada.post(`/admin/jobs/${waiting}/removal`, {})).statusCode).toBe(303);
	expect((await jobs()).map(({ id }) => id)).toEqual(ids.filter((id) => id !== waiting));
	for (const verb of ['removal', 'retry']) {
		const gone = await ada.post(`/admin/jobs/${waiting}/${verb}`, {});
		expect(gone.statusCode).toBe(404);
		expect(gone.body).toContain('Этого задания уже нет');
		const busy = await ada.post(`/admin/jobs/${running}/${verb}`, {});
		expect(busy.statusCode).toBe(422);
		expect(busy.body).toContain('сейчас выполняется');
	}
	expect((await jobs()).map(({ id }) => id)).toEqual(ids.filter((id) => id !== waiting));
});

test('a queue that stands still is told in red after a minute, and not before', async () => {
	const alarm = async () =>
		read((await ada.get('/admin/jobs')).body)
			.byTag('p')
			.map(textOf);
	const told = expect.stringContaining('самое давнее ждёт уже 3 минуты');
	const [, waiting] = ids as [number, number, number, number];
	await set(waiting, `run_at = now() - interval '50 seconds'`);
	expect(await alarm()).not.toContainEqual(expect.stringContaining('не делаются'));
	await set(waiting, `run_at = now() - interval '200 seconds'`);
	expect(await alarm()).toContainEqual(told);
});

test('only whose role lets them do so, and the rest of the queue stays as it is', async () => {
	const before = await jobs();
	expect((await anna.get('/admin/jobs')).statusCode).toBe(403);
	for (const verb of ['retry', 'removal'])
		expect((await anna.post(`/admin/jobs/${ids[3]}/${verb}`, {})).statusCode).toBe(403);
	expect(await jobs()).toEqual(before);
	expect((await ada.get('/admin')).body).toContain('href="/admin/jobs"');
});

test('every task of the program has words', () => {
	expect(Object.keys(taskWordsOf(features)).sort()).toEqual(Object.keys(tasks).sort());
});
