import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { dataFolder, killServer, type Program, startProgram } from './program.ts';

const WRITERS = 4;
const MOVES_BETWEEN_KILLS = 60;

type Move = { version: number; stageId: number };

/** What one writer knows about its deal: each acknowledged version with the state that it moved to. */
type Story = { dealId: number; version: number; acknowledged: Move[]; unknown: number };

type Row = { id: number; version: number; stage_id: number };

/** Asks the embedded server itself, past the application, on a connection made for the question. */
async function ask<T extends pg.QueryResultRow>(
	dataDir: string,
	sql: string,
	args: unknown[] = [],
) {
	const lock = await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8');
	const client = new pg.Client({
		host: '127.0.0.1',
		port: Number(lock.split('\n')[3]),
		user: 'moi_prodazhi',
		database: 'moi_prodazhi',
		password: await readFile(join(dataDir, 'postgres/password'), 'utf8'),
	});
	client.on('error', () => {});
	await client.connect();
	try {
		return (await client.query<T>(sql, args)).rows;
	} finally {
		await client.end();
	}
}

async function signIn(address: string): Promise<string> {
	const body = new URLSearchParams({ login: 'anna' });
	const answer = await fetch(`${address}/sign-in`, { method: 'POST', body, redirect: 'manual' });
	expect(answer.status).toBe(303);
	return answer.headers
		.getSetCookie()
		.map((cookie) => cookie.split(';')[0])
		.join('; ');
}

/** Moves one deal to and fro until told to stop; keeps what was acknowledged, counts what stayed unknown. */
async function write(
	story: Story,
	stages: number[],
	door: { address: string; cookie: string; dataDir: string; stop: () => boolean },
): Promise<void> {
	for (let turn = 0; !door.stop(); turn++) {
		const stageId = stages[turn % stages.length] as number;
		try {
			const answer = await fetch(`${door.address}/deals/${story.dealId}/moves`, {
				method: 'POST',
				headers: { cookie: door.cookie, accept: 'application/json' },
				body: new URLSearchParams({ stageId: String(stageId), version: String(story.version) }),
				redirect: 'manual',
			});
			if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
			const { version } = (await answer.json()) as { version: number };
			if (version !== story.version) story.acknowledged.push({ version, stageId });
			story.version = version;
		} catch (error) {
			if (mayBeStored(error)) story.unknown += 1;
			await pause(50);
			story.version = await currentVersion(story, door.dataDir);
		}
	}
}

/** A refused connection carried nothing; whatever else went wrong may have come after the commit. */
function mayBeStored(error: unknown): boolean {
	const { cause } = error as { cause?: { code?: string } };
	return cause?.code !== 'ECONNREFUSED';
}

/** After a failure nobody knows whether the change was stored: the deal itself says, once it can be asked. */
async function currentVersion(story: Story, dataDir: string): Promise<number> {
	const found = await ask<Row>(dataDir, 'select version from deals where id = $1', [
		story.dealId,
	]).catch(() => []);
	return found[0]?.version ?? story.version;
}

const acknowledged = (stories: Story[]) => stories.reduce((n, s) => n + s.acknowledged.length, 0);

async function untilWritten(stories: Story[], more: number): Promise<void> {
	const goal = acknowledged(stories) + more;
	while (acknowledged(stories) < goal) await pause(20);
}

test('kill −9 of Postgres, of the app and of both during writes loses no acknowledged change', {
	timeout: 240_000,
}, async () => {
	const dataDir = await dataFolder();
	let program: Program = startProgram('start', { env: { DATA_DIR: dataDir } });
	let address = await program.ready;
	const cookie = await signIn(address);
	const stages = await ask<Row>(
		dataDir,
		`select id from stages where kind = 'open' order by position`,
	);
	const deals = await ask<Row>(
		dataDir,
		`select d.id, d.version, d.stage_id from deals d join people p on p.id = d.owner_id
		where p.login = 'anna' and d.closed_on is null order by d.id limit $1`,
		[WRITERS],
	);
	const before = await ask<{ n: number }>(dataDir, 'select count(*)::int as n from stage_changes');
	const stories: Story[] = deals.map(({ id, version }) => ({
		dealId: id,
		version,
		acknowledged: [],
		unknown: 0,
	}));
	let over = false;
	const during = async (kill: () => Promise<void>) => {
		over = false;
		const door = { address, cookie, dataDir, stop: () => over };
		const writers = stories.map((story) =>
			write(
				story,
				stages.map((s) => s.id),
				door,
			),
		);
		await untilWritten(stories, MOVES_BETWEEN_KILLS);
		await kill();
		return { writers };
	};

	// Postgres dies twice: the app brings it back under the writers, who go on by themselves.
	const { writers } = await during(() => killServer(dataDir));
	await untilWritten(stories, MOVES_BETWEEN_KILLS);
	await killServer(dataDir);
	await untilWritten(stories, MOVES_BETWEEN_KILLS);
	over = true;
	await Promise.all(writers);

	for (const kill of [
		async () => void (await program.kill('SIGKILL')),
		async () => void (await Promise.all([program.kill('SIGKILL'), killServer(dataDir)])),
	]) {
		const killed = await during(kill);
		over = true;
		program = startProgram('start', { env: { DATA_DIR: dataDir } });
		address = await program.ready;
		await Promise.all(killed.writers);
		for (const story of stories) story.version = await currentVersion(story, dataDir);
	}

	await during(async () => {});
	over = true;
	await program.kill('SIGTERM');
	// Else the kills came when nobody wrote, and the test would prove nothing.
	expect(stories.some(({ unknown }) => unknown > 0)).toBe(true);
	await expectNothingLost(dataDir, deals, stories, before[0]?.n ?? 0);
});

/** Each acknowledged version moved its deal once, to its state; nothing is stored by halves. */
async function expectNothingLost(
	dataDir: string,
	deals: Row[],
	stories: Story[],
	changesBefore: number,
): Promise<void> {
	const program = startProgram('start', { env: { DATA_DIR: dataDir } });
	await program.ready;
	let stored = 0;
	for (const [i, story] of stories.entries()) {
		const first = deals[i] as Row;
		const [deal] = await ask<Row>(dataDir, 'select * from deals where id = $1', [story.dealId]);
		const changes = await ask<{ to_stage_id: number }>(
			dataDir,
			'select to_stage_id from stage_changes where deal_id = $1 order by id',
			[story.dealId],
		);
		const events = await ask(
			dataDir,
			`select from events where deal_id = $1 and type = 'deal.moved'`,
			[story.dealId],
		);
		const moves = (deal?.version ?? 0) - first.version;
		const since = changes.slice(changes.length - moves);
		const versions = story.acknowledged.map(({ version }) => version);
		// A version acknowledged twice: the first one was lost and its number given away again.
		expect(new Set(versions).size).toBe(versions.length);
		for (const { version, stageId } of story.acknowledged)
			expect(since[version - first.version - 1]?.to_stage_id).toBe(stageId);
		expect(moves).toBeGreaterThanOrEqual(story.acknowledged.length);
		expect(moves).toBeLessThanOrEqual(story.acknowledged.length + story.unknown);
		expect(deal?.stage_id).toBe(changes.at(-1)?.to_stage_id);
		expect(events.length).toBeGreaterThanOrEqual(moves);
		stored += moves;
	}
	const after = await ask<{ n: number }>(dataDir, 'select count(*)::int as n from stage_changes');
	expect((after[0]?.n ?? 0) - changesBefore).toBe(stored);
	await program.kill('SIGTERM');
}
