import { once } from 'node:events';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childrenOf, killServer, postmasterOf } from '../platform/program.ts';
import { type Crew, hireCrew, note } from './crew.ts';
import { LONG, tell } from './figures.ts';
import { expectAtRest, expectLettersOut, expectOracles, type Held, heldBy } from './oracles.ts';
import { openBoard, type Screen } from './screens.ts';
import { canMount, openSite, type Site } from './site.ts';

const LIMIT = { timeout: 900_000 };
const POLL = { timeout: 120_000, interval: 25 };
const ROUNDS = LONG ? 5 : 1;
const MOST_ROUNDS = 10;
const WRITES = LONG ? 200 : 20;
const RESTARTS = LONG ? 5 : 2;
/** Five in a minute. */
const BETWEEN_RESTARTS_MS = LONG ? 10_000 : 0;
const FROZEN_MS = LONG ? 20_000 : 6_000;
const FULL_MS = LONG ? 20_000 : 0;
const CROWD = 300;
/** Twenty for each of ten connections may wait. */
const QUEUE = 200;

let site: Site;
let crew: Crew;
let screens: Screen[] = [];
let rest: Held;

beforeAll(async () => {
	site = await openSite();
	await site.start();
	crew = await hireCrew(site);
	screens = [await openBoard(site.address, crew.anna), await openBoard(site.address, crew.vera)];
}, 600_000);
afterAll(async () => {
	for (const screen of screens) await screen.close();
	await site.end();
});

/** Lets a fault happen while people write, and asks the oracles when they have gone on for a while and stopped. */
async function under(fault: string, happen: () => Promise<Record<string, number>>): Promise<void> {
	const work = crew.work();
	let told: Record<string, number>;
	try {
		await crew.untilWritten(WRITES);
		const failed = crew.failed();
		told = await happen();
		// Else it happened when nobody wrote, and would prove nothing.
		expect(crew.failed()).toBeGreaterThan(failed);
		await crew.untilWritten(WRITES);
	} finally {
		await work.stop();
	}
	const after = await expectOracles(site, crew, screens);
	const cost = Object.entries(after).map(([name, n]) => [name, n - (before[name] ?? 0)] as const);
	before = after;
	tell(fault, { ...told, ...Object.fromEntries(cost), lost: 0 });
}
let before: Record<string, number> = {};

/** Asks for a page as a browser does that keeps no connection; whatever comes is remembered. */
async function look(path: string): Promise<number> {
	const asked = get(site.address + path, { headers: { cookie: crew.anna }, agent: false });
	const [answer] = (await once(asked, 'response')) as [IncomingMessage];
	const body = await text(answer);
	const { statusCode: status = 0, headers } = answer;
	note(crew, { status, retryAfter: headers['retry-after'] ?? null, body });
	return status;
}

async function untilServed(): Promise<void> {
	const status = async () =>
		await fetch(`${site.address}/readyz`).then((answer) => answer.status, String);
	await expect.poll(status, POLL).toBe(200);
}

test(
	'kill −9 of the application under twenty writes a second loses no acknowledged change',
	LIMIT,
	async () => {
		await under('kill −9 of the application', async () => {
			for (let round = 0; round < ROUNDS; round += 1) {
				await site.program().kill('SIGKILL');
				await site.start();
				await crew.untilWritten(WRITES);
			}
			return { rounds: ROUNDS };
		});
	},
);

test('kill −9 of the application and of Postgres at once', LIMIT, async () => {
	await under('kill −9 of both', async () => {
		for (let round = 0; round < ROUNDS; round += 1) {
			await Promise.all([site.program().kill('SIGKILL'), killServer(site.dataDir)]);
			await site.start();
			await crew.untilWritten(WRITES);
		}
		return { rounds: ROUNDS };
	});
	rest = await heldBy(site);
});

test(
	'kill −9 of Postgres: the application brings it back under those who write',
	LIMIT,
	async () => {
		await under('kill −9 of Postgres', async () => {
			const failed = crew.failed();
			let round = 0;
			// It may be back before anybody has noticed.
			for (; round < ROUNDS || (round < MOST_ROUNDS && crew.failed() === failed); round += 1) {
				await killServer(site.dataDir);
				await untilServed();
				await crew.untilWritten(WRITES);
			}
			return { rounds: round };
		});
		await expectAtRest(site, rest);
	},
);

test('Postgres restarted again and again', LIMIT, async () => {
	await under('Postgres restarted', async () => {
		const from = Date.now();
		for (let round = 0; round < RESTARTS; round += 1) {
			const old = (await postmasterOf(site.dataDir)) as number;
			// Fast shutdown: every session is cut in the middle of what it does.
			process.kill(old, 'SIGINT');
			const current = async () => (await postmasterOf(site.dataDir)) ?? old;
			await expect.poll(current, POLL).not.toBe(old);
			await crew.untilWritten(4);
			await pause(BETWEEN_RESTARTS_MS);
		}
		return { restarts: RESTARTS, 'within s': Math.round((Date.now() - from) / 1000) };
	});
	await expectAtRest(site, rest);
});

test(
	'Postgres frozen: 503 and when to come again, a queue that has an end, and all goes on when it thaws',
	LIMIT,
	async () => {
		await under('Postgres frozen', async () => {
			const pid = (await postmasterOf(site.dataDir)) as number;
			const server = [pid, ...(await childrenOf(pid))];
			const each = (signal: NodeJS.Signals) => {
				for (const one of server)
					try {
						process.kill(one, signal);
					} catch {
						// A session that has ended meanwhile.
					}
			};
			each('SIGSTOP');
			const thaw = pause(FROZEN_MS).then(() => each('SIGCONT'));
			const from = Date.now();
			const answers = await Promise.all(
				Array.from({ length: CROWD }, async () => {
					const status = await look('/board');
					return { status, at: Date.now() - from };
				}),
			);
			const alive = await fetch(`${site.address}/healthz`);
			expect(alive.status).toBe(200);
			const refused = answers.filter(({ status }) => status === 503);
			// Beyond the queue and those that are asked already, everybody is refused.
			expect(refused.length).toBeGreaterThanOrEqual(CROWD - QUEUE - 10);
			await thaw;
			await untilServed();
			return {
				'frozen s': FROZEN_MS / 1000,
				'of a crowd of': CROWD,
				refused: refused.length,
				'longest wait ms': Math.max(...answers.map(({ at }) => at)),
			};
		});
		await expectAtRest(site, rest);
	},
);

const CUT_PROGRAM = `select pg_terminate_backend(pid) from pg_stat_activity
	where application_name like 'moi-prodazhi%' and usename = 'moi_prodazhi'`;

test('its connections used up: whoever gets none is told when to come again', LIMIT, async () => {
	await under('connections of Postgres used up', async () => {
		const others: pg.Client[] = [];
		const taken = async () => {
			const client = new pg.Client(await site.asProgram());
			client.on('error', () => {});
			await client.connect();
			others.push(client);
		};
		const takeAll = async () => {
			for (;;)
				if ((await Promise.allSettled([taken(), taken(), taken(), taken()])).some(isRefused))
					return;
		};
		const busy = () => crew.answers.get(503) ?? 0;
		const calm = busy();
		try {
			// Those of the program go too, and it finds none again.
			for (let round = 0; round < 20 && busy() < calm + 10; round += 1) {
				await takeAll();
				// Even the administrator's own place may be taken for a moment by somebody who is being refused.
				await site.ask(CUT_PROGRAM).catch(() => {});
				await takeAll();
				await pause(200);
			}
			expect(busy()).toBeGreaterThanOrEqual(calm + 10);
		} finally {
			await Promise.all(others.map((client) => client.end()));
		}
		const count = others.length;
		await untilServed();
		return { 'taken by others': count };
	});
	await expectAtRest(site, rest);
});
const isRefused = ({ status }: PromiseSettledResult<void>) => status === 'rejected';

if (!canMount)
	console.warn(
		'SKIPPED: a disk that is full (tests/faults/kill.test.ts) needs root, who can mount a small one.',
	);
test.skipIf(!canMount)(
	'disk full: nothing is stored by halves, pages are read as long as Postgres lives, all goes on when there is room',
	LIMIT,
	async () => {
		await under('disk full', async () => {
			const busy = () => crew.answers.get(503) ?? 0;
			const calm = busy();
			const ballast: string[] = [];
			const fill = async () => {
				const { bavail, bsize } = await statfs(site.dataDir);
				if (bavail === 0) return;
				ballast.push(join(site.dataDir, `ballast.${ballast.length}`));
				await writeFile(ballast.at(-1) as string, Buffer.alloc(bavail * bsize)).catch(() => {});
			};
			while (busy() < calm + 5) {
				await fill();
				await pause(100);
			}
			expect(await look('/board')).toBe(200);
			expect(await look('/deals')).toBe(200);
			const refused = busy() - calm;
			// The log's own files are used up as well: without the next one Postgres itself stops.
			while ((await look('/deals')) === 200) {
				await fill();
				await site.ask('select pg_switch_wal()').catch(() => {});
			}
			await pause(FULL_MS);
			for (const file of ballast) await rm(file, { force: true });
			await untilServed();
			return { 'refused while it lived': refused };
		});
		await expectAtRest(site, rest);
	},
);

test(
	'every letter that was written meanwhile has left, and can be told from its doubles',
	LIMIT,
	async () => {
		const { letters, doubled } = await expectLettersOut(site);
		tell('letters through all of this', { letters, 'sent twice under one id': doubled });
	},
);
