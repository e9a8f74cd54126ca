import { expect, test } from 'vitest';
import { sendMail } from '#src/features/mail/actions.ts';
import { testDatabase } from '../database.ts';
import { openPostOffice } from '../mail/post-office.ts';
import { startProgram } from './program.ts';

const database = await testDatabase();
const { db, pool } = database;

const write = async (): Promise<void> => {
	await sendMail(
		db,
		{ actorId: null, now: new Date() },
		{
			to: { address: 'anna@shop.example', name: 'Анна', language: 'ru', timeZone: 'Europe/Moscow' },
			kind: 'test',
			subject: { key: 'mail.test' },
			parts: [],
		},
	);
};
const states = async () =>
	(await pool.query<{ status: string }>('select status from mails order by id')).rows.map(
		({ status }) => status,
	);
const backends = async (): Promise<number[]> =>
	(
		await pool.query(
			`select coalesce(array_agg(pid), '{}') as pids from pg_stat_activity
			where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
		)
	).rows[0].pids;
const locked = async () =>
	(await pool.query('select from graphile_worker.jobs where locked_by is not null')).rowCount;

test('npm start with WORKER=off leaves the jobs alone; npm run worker does them, and ends in order', async () => {
	const idle = startProgram('start', { env: { DATABASE_URL: database.url, WORKER: 'off' } });
	await idle.ready;
	await write();
	const worker = startProgram('worker', { env: { DATABASE_URL: database.url } });
	await expect.poll(worker.text).toContain('Готово: очередь заданий');
	await expect.poll(states).toEqual(['kept']);
	// Its sign of life is on its way beside the work.
	await expect.poll(async () => (await pool.query('select from job_workers')).rowCount).toBe(1);
	process.kill(worker.pid, 'SIGTERM');
	expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(worker.text().trimEnd().split('\n').slice(-2)).toEqual(['Останавливаемся', 'Остановлено']);
	expect((await pool.query('select from job_workers')).rowCount).toBe(0);
	expect(await idle.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a letter whose program is killed while it is on its way arrives by the next one, once', async () => {
	let asked = 0;
	// The first time the mail server keeps its caller waiting; by then he is dead.
	const office = await openPostOffice({
		onMailFrom(_, __, done) {
			asked += 1;
			if (asked > 1) done();
		},
	});
	const env = {
		DATABASE_URL: database.url,
		SMTP_URL: `smtp://127.0.0.1:${office.port}`,
		MAIL_FROM: 'crm@shop.example',
	};
	const before = await backends();
	const first = startProgram('worker', { env });
	await write();
	await expect.poll(() => asked).toBe(1);
	await first.kill('SIGKILL');
	expect(await locked()).toBe(1);
	// What it still had on its way is over when the server has closed its connections.
	await expect
		.poll(async () => (await backends()).filter((pid) => !before.includes(pid)))
		.toEqual([]);
	// A minute of silence, without waiting for it.
	await pool.query(`update job_workers set seen_at = now() - interval '2 minutes'`);
	const second = startProgram('worker', { env });
	await expect.poll(() => office.received.length).toBe(1);
	await expect.poll(states).toEqual(['kept', 'sent']);
	expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null });
	expect(office.received).toHaveLength(1);
	expect(second.complaints()).toBe('');
});
