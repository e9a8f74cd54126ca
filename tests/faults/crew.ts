import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Place } from './site.ts';

/*
 * People who work while something dies under them, at twenty writes a second together, and who remember what they
 * were told: some move deals to and fro, one gives steps to a colleague, which writes a letter too.
 */

const MOVERS = 4;
const PACE_MS = (MOVERS + 1) * 50;
const AGAIN_MS = 50;
const PATIENCE_MS = 40_000;

/** What one mover knows about its deal: each acknowledged version with the state that it moved to. */
export type Story = {
	dealId: number;
	first: number;
	version: number;
	stageId: number;
	acknowledged: { version: number; stageId: number }[];
	/** Moves of which nobody knows whether they were stored. */
	unknown: number;
	/** Moves that were refused because an unknown one had been stored. */
	conflicts: number;
	failed: number;
};

/** A step that somebody was given; `failed`: how often it had to be asked for again, under the same key. */
export type Given = { summary: string; acknowledged: boolean; failed: number };

/** An answer that was an apology. */
export type Refusal = { status: number; retryAfter: string | null; body: string };

export type Crew = {
	stories: Story[];
	given: Given[];
	refusals: Refusal[];
	/** Answers by status. */
	answers: Map<number, number>;
	stages: number[];
	dealId: number;
	/** The cookies of those who work. */
	anna: string;
	vera: string;
	/** Works until told to stop; what was begun is brought to its end then. */
	work: () => { stop: () => Promise<void> };
	written: () => number;
	/** How many writes got no answer, or another one than they wanted. */
	failed: () => number;
	/** Waits for so many more acknowledged writes. */
	untilWritten: (more: number) => Promise<void>;
};

/** Signs somebody of the demo company in; returns the cookie. */
export async function signIn(address: string, login: string): Promise<string> {
	const body = new URLSearchParams({ login });
	const answer = await fetch(`${address}/sign-in`, { method: 'POST', body, redirect: 'manual' });
	expect(answer.status).toBe(303);
	const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
	return cookies.join('; ');
}

/** Anna’s open deals with a mover each, and Vera who gives steps on another one to Boris. */
export async function hireCrew(site: Place): Promise<Crew> {
	const stages = await site.ask<{ id: number }>(
		`select id from stages where kind = 'open' order by position`,
	);
	const deals = await site.ask<{ id: number; version: number; stage_id: number }>(
		`select d.id, d.version, d.stage_id from deals d join people p on p.id = d.owner_id
		where p.login = 'anna' and d.closed_on is null order by d.id limit $1`,
		[MOVERS + 1],
	);
	const crew: Crew = {
		stories: deals.slice(0, MOVERS).map(({ id, version, stage_id }) => ({
			...{ dealId: id, first: version, version, stageId: stage_id },
			...{ acknowledged: [], unknown: 0, conflicts: 0, failed: 0 },
		})),
		...{ given: [], refusals: [], answers: new Map(), stages: stages.map(({ id }) => id) },
		...{ dealId: deals[MOVERS]?.id ?? 0, anna: await signIn(site.address, 'anna') },
		vera: await signIn(site.address, 'vera'),
		work() {
			const leaving = new AbortController();
			const { signal } = leaving;
			const working = Promise.all([
				...crew.stories.map((story) => keepMoving(site, crew, story, signal)),
				keepGiving(site, crew, signal),
			]);
			return {
				async stop() {
					leaving.abort();
					await working;
				},
			};
		},
		written: () =>
			crew.stories.reduce((sum, story) => sum + story.acknowledged.length, 0) +
			crew.given.filter(({ acknowledged }) => acknowledged).length,
		failed: () => [...crew.stories, ...crew.given].reduce((sum, { failed }) => sum + failed, 0),
		async untilWritten(more) {
			const goal = crew.written() + more;
			while (crew.written() < goal) await pause(20);
		},
	};
	return crew;
}

type Reply = { status: number; body: string };

/** Sends a form as a program does. Throws where no answer came. */
async function sendForm(
	site: Place,
	crew: Crew,
	path: string,
	{ cookie, fields, key }: { cookie: string; fields: Record<string, string>; key?: string },
): Promise<Reply> {
	const answer = await fetch(site.address + path, {
		method: 'POST',
		headers: { cookie, accept: 'application/json', ...(key && { 'idempotency-key': key }) },
		body: new URLSearchParams(fields),
		redirect: 'manual',
		signal: AbortSignal.timeout(PATIENCE_MS),
	});
	const { status, headers } = answer;
	const body = await answer.text();
	note(crew, { status, retryAfter: headers.get('retry-after'), body });
	return { status, body };
}

/** Remembers an answer: how many of its status there were, and each apology as it stood. */
export function note(crew: Crew, answer: Refusal): void {
	crew.answers.set(answer.status, (crew.answers.get(answer.status) ?? 0) + 1);
	if (answer.status >= 500) crew.refusals.push(answer);
}

async function keepMoving(
	site: Place,
	crew: Crew,
	story: Story,
	signal: AbortSignal,
): Promise<void> {
	while (!signal.aborted) {
		const pace = pause(PACE_MS, undefined, { signal }).catch(() => {});
		const at = crew.stages.indexOf(story.stageId);
		const stageId = crew.stages[(at + 1) % crew.stages.length] as number;
		const fields = { stageId: String(stageId), version: String(story.version) };
		const path = `/deals/${story.dealId}/moves`;
		try {
			const { status, body } = await sendForm(site, crew, path, { cookie: crew.anna, fields });
			if (status === 409) story.conflicts += 1;
			if (status !== 200) throw new Error(`${status} ${body}`);
			const { version } = JSON.parse(body) as { version: number };
			story.acknowledged.push({ version, stageId });
			Object.assign(story, { version, stageId });
		} catch (error) {
			story.failed += 1;
			if (mayBeStored(error)) story.unknown += 1;
			await lookUp(site, story);
		}
		await pace;
	}
}

/** A refused connection and a conflict stored nothing; whatever else went wrong may have come after the commit. */
function mayBeStored(error: unknown): boolean {
	const { cause, message } = error as { cause?: { code?: string }; message: string };
	return cause?.code !== 'ECONNREFUSED' && !message.startsWith('409 ');
}

/** After a failure nobody knows whether the change was stored: the deal itself says, once it can be asked. */
async function lookUp(site: Place, story: Story): Promise<void> {
	for (;;) {
		await pause(AGAIN_MS);
		const [now] = await site
			.ask<{ version: number; stage_id: number }>(
				'select version, stage_id from deals where id = $1',
				[story.dealId],
			)
			.catch(() => []);
		if (now === undefined) continue;
		Object.assign(story, { version: now.version, stageId: now.stage_id });
		return;
	}
}

async function keepGiving(site: Place, crew: Crew, signal: AbortSignal): Promise<void> {
	const [boris] = await site.ask<{ id: number }>(`select id from people where login = 'boris'`);
	const [kind] = await site.ask<{ id: number }>('select min(id) as id from interaction_kinds');
	while (!signal.aborted) {
		const pace = pause(PACE_MS, undefined, { signal }).catch(() => {});
		const step: Given = {
			summary: `Поручение ${randomUUID()}`,
			acknowledged: false,
			failed: 0,
		};
		crew.given.push(step);
		const fields = {
			...{ kindId: String(kind?.id), ownerId: String(boris?.id) },
			...{ summary: step.summary, plannedDay: '2030-01-15' },
		};
		const sent = { cookie: crew.vera, fields, key: randomUUID() };
		// Until it is acknowledged, whoever else has stopped: that is what the key is for.
		while (!step.acknowledged) {
			try {
				const path = `/deals/${crew.dealId}/interactions`;
				const { status, body } = await sendForm(site, crew, path, sent);
				if (status !== 200) throw new Error(`${status} ${body}`);
				step.acknowledged = true;
			} catch {
				step.failed += 1;
				await pause(AGAIN_MS);
			}
		}
		await pace;
	}
}
