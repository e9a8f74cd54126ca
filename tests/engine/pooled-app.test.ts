import { expect, onTestFinished, test } from 'vitest';
import { sendMail } from '#src/features/mail/actions.ts';
import { connect } from '#src/platform/db/client.ts';
import { plansHold } from '#src/platform/db/planning.ts';
import { StatementTooLong } from '#src/platform/db/statement-timeout.ts';
import { makeCast } from '../cast.ts';
import { startProgram } from '../platform/program.ts';
import { carriesPlans, ownPooler, ownPostgres, startPooler, startPostgres } from './servers.ts';

const programs = await ownPostgres();
const possible = programs !== null && (await ownPooler());
if (!possible)
	console.warn('NOT TESTED: PostgreSQL 15 of the machine and PgBouncer are not installed');

test.skipIf(!possible)(
	'the whole application works through PgBouncer: start, sign-in, board, move, job, end',
	{
		timeout: 600_000,
	},
	async () => {
		const server = await startPostgres(programs as string);
		onTestFinished(server.stop);
		const pooler = await startPooler(server.url);
		onTestFinished(pooler.stop);
		const env = {
			DATABASE_URL: pooler.url,
			DATABASE_DIRECT_URL: server.url,
			DATABASE_POOL: '20',
			// Without LISTEN the job would wait for longer than this test.
			WORKER: 'on',
		};
		const migrating = startProgram('migrate', { env });
		expect(await migrating.ended).toEqual({ code: 0, signal: null });
		const connection = connect(pooler.url);
		onTestFinished(connection.close);
		const cast = await makeCast(connection.db);
		// Two instances on one database, behind one pooler.
		const instances = [startProgram('start', { env }), startProgram('start', { env })];
		const [first, second] = await Promise.all(instances.map(({ ready }) => ready));

		const signIn = await fetch(`${first}/sign-in`, {
			method: 'POST',
			body: new URLSearchParams({ login: 'anna' }),
			redirect: 'manual',
		});
		const cookie = signIn.headers
			.getSetCookie()
			.map((one) => one.split(';')[0])
			.join('; ');
		for (const path of ['/board', '/board?view=dates', '/agenda', '/deals', '/clients?q=ромашка']) {
			const page = await fetch(`${second}${path}`, { headers: { cookie } });
			expect([path, page.status]).toEqual([path, 200]);
		}
		const moves = Array.from({ length: 8 }, (_, n) =>
			fetch(`${n % 2 ? first : second}/deals/${cast.deals.today}/moves`, {
				method: 'POST',
				headers: { cookie, accept: 'application/json' },
				body: new URLSearchParams({ stageId: String(cast.open[1].id), version: '1' }),
			}),
		);
		const statuses = (await Promise.all(moves)).map(({ status }) => status).sort();
		expect(statuses).toEqual([200, ...Array(7).fill(409)]);

		const to = { address: 'anna@shop.example', name: 'Анна', language: 'ru' as const };
		await sendMail(
			connection.db,
			{ actorId: null, now: new Date() },
			{
				to: { ...to, timeZone: 'Europe/Moscow' },
				kind: 'test',
				subject: { key: 'mail.test' },
				parts: [],
			},
		);
		const state = async () =>
			(await connection.pool.query<{ status: string }>('select status from mails')).rows;
		await expect.poll(state).toEqual([{ status: 'kept' }]);

		for (const instance of instances)
			expect(await instance.kill('SIGTERM')).toEqual({ code: 0, signal: null });
		for (const instance of instances) expect(instance.complaints()).toBe('');
	},
);

test.skipIf(!possible)(
	'whether plans hold behind a pooler is tried: not where it does not carry them over',
	{ timeout: 600_000 },
	async () => {
		const server = await startPostgres(programs as string);
		onTestFinished(server.stop);
		const pooler = await startPooler(server.url);
		onTestFinished(pooler.stop);
		expect(await plansHold(server.url)).toBe(true);
		// PgBouncer carries them over from 1.21 on, which none of Debian 12 is.
		expect(await plansHold(pooler.url)).toBe(await carriesPlans());
	},
);

test.skipIf(!possible)(
	'what is given up is cancelled on the server, through a pooler as well',
	{ timeout: 600_000 },
	async () => {
		const server = await startPostgres(programs as string);
		onTestFinished(server.stop);
		const pooler = await startPooler(server.url);
		onTestFinished(pooler.stop);
		const watcher = connect(server.url, 1);
		onTestFinished(watcher.close);
		for (const url of [pooler.url, server.url]) {
			const hasty = connect(url, 2, 1_000);
			await expect(hasty.pool.query(`select pg_sleep(60), 'runaway'`)).rejects.toThrow(
				StatementTooLong,
			);
			const running = async () =>
				(
					await watcher.pool.query(
						`select from pg_stat_activity where state = 'active' and query like '%runaway%' and pid <> pg_backend_pid()`,
					)
				).rowCount;
			await expect.poll(running).toBe(0);
			await hasty.close();
		}
	},
);
