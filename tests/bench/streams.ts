import { readFile } from 'node:fs/promises';
import { Agent, type ClientRequest, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from './instance.ts';
import { send } from './instance.ts';
import { rateOf } from './rate.ts';
import { signIn } from './screens.ts';
import type { Site } from './site.ts';

/** Figures of the open streams: of a change to all of them, of what they hold, of all coming back at once. */
export type Streams = {
	streams: number;
	changes: number;
	/** From the answer to a change asked for until each stream has been told of it, ms. */
	toldMs: { p50: number; p95: number; p99: number };
	/** Of how many each stream should hear and did not. */
	unheard: number;
	/** What a stream adds to the memory of the application, KB. */
	memoryKb: number;
	/** All cut at once: until the last is back, s, and a page's p95 before and meanwhile, ms. */
	backSeconds: number;
	page: { before: number; meanwhile: number };
};

const STREAMS = 500;
const STREAMS_A_PERSON = 10;
const CHANGES_A_SECOND = 5;
const CHANGES = 100;
const LOOK_MS = 100;
const SETTLE_MS = 3_000;
/** Browsers wait between half and all of two seconds after the first failure; see public/js/stream.js. */
const AGAIN_MS = 2_000;

type Open = { request: ClientRequest; heard: Map<number, number>; at: string; cookie: string };

/** Five hundred streams of people who see everything, five changes a second; then all are cut at once. */
export async function measureStreams({ instance, connection: { pool } }: Site): Promise<Streams> {
	const cookies = await viewers(instance, pool);
	const seller = (await signIn(instance.origin, 'seller1')).cookie as string;
	const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
	const { rows: deals } = await pool.query<{ id: number }>(
		`select d.id from deals d join people p on p.id = d.owner_id where p.login = 'seller1' order by d.id limit ${CHANGES}`,
	);
	const open = (cookie: string, since = '') => openStream(instance, agent, cookie, since);
	// What the first stream costs, the connection that listens, is not a stream's.
	const first = await open(cookies[0] as string);
	await pause(SETTLE_MS);
	const before = await memoryOf(instance.pid);
	let streams = [first];
	for (let n = 1; n < STREAMS; n += 1)
		streams.push(await open(cookies[Math.floor(n / STREAMS_A_PERSON)] as string));
	await pause(SETTLE_MS);
	const memoryKb = ((await memoryOf(instance.pid)) - before) / (STREAMS - 1);

	const asked = new Map<number, number>();
	for (const { id } of deals) {
		asked.set(id, performance.now());
		void note(instance, seller, id);
		await pause(1_000 / CHANGES_A_SECOND);
	}
	await pause(SETTLE_MS);
	const tookMs = streams.flatMap(({ heard }) =>
		[...asked].flatMap(([id, from]) => (heard.has(id) ? [(heard.get(id) as number) - from] : [])),
	);
	const unheard = STREAMS * asked.size - tookMs.length;

	const board = { path: '/board', headers: { cookie: seller } };
	const calm = await look(instance, board, pause(SETTLE_MS));
	const began = performance.now();
	for (const { request } of streams) request.destroy();
	const back = Promise.all(
		streams.map(async ({ cookie, at }) => {
			await pause(AGAIN_MS * (0.5 + Math.random() / 2));
			return await open(cookie, at);
		}),
	);
	const meanwhile = await look(instance, board, back);
	streams = await back;
	const backSeconds = (performance.now() - began) / 1000;
	for (const { request } of streams) request.destroy();
	agent.destroy();
	const { p50, p95, p99 } = rateOf(tookMs, 1);
	return {
		...{ streams: STREAMS, changes: asked.size, toldMs: { p50, p95, p99 }, unheard, memoryKb },
		...{ backSeconds, page: { before: calm, meanwhile } },
	};
}

/** Sessions of people who see every deal: as many as the streams need. */
async function viewers(instance: Instance, pool: Site['connection']['pool']): Promise<string[]> {
	const count = STREAMS / STREAMS_A_PERSON;
	await pool.query(
		`insert into people (login, name, role) select 'viewer' || n, 'Зритель ' || n, 'administrator'
		from generate_series(1, ${count}) n on conflict do nothing`,
	);
	const cookies: string[] = [];
	for (let n = 1; n <= count; n += 1)
		cookies.push((await signIn(instance.origin, `viewer${n}`)).cookie as string);
	return cookies;
}

async function openStream(
	{ origin }: Instance,
	agent: Agent,
	cookie: string,
	since: string,
): Promise<Open> {
	const heard = new Map<number, number>();
	const opened = Promise.withResolvers<Open>();
	const headers = { cookie, accept: 'text/event-stream' };
	const request = get(`${origin}/live?since=${since}`, { headers, agent });
	const stream: Open = { request, heard, at: '', cookie };
	request.on('error', opened.reject);
	request.on('response', (answer) => {
		if (answer.statusCode !== 200) opened.reject(new Error(`answered ${answer.statusCode}`));
		answer.setEncoding('utf8');
		answer.on('error', () => {});
		answer.on('data', (text: string) => {
			const now = performance.now();
			for (const event of text.split('\n\n').filter(Boolean)) {
				const { at, changes = [] } = JSON.parse(event.slice('data: '.length));
				stream.at = at;
				for (const id of changes.flatMap(({ deals = [] }: { deals?: number[] }) => deals))
					if (!heard.has(id)) heard.set(id, now);
			}
			opened.resolve(stream);
		});
	});
	return await opened.promise;
}

async function note({ origin }: Instance, cookie: string, id: number): Promise<void> {
	const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
	const url = new URL(`/deals/${id}/entries`, origin);
	const body = 'kindId=note&text=x';
	const { status } = await send(url, { method: 'POST', headers, body });
	if (status !== 303) throw new Error(`the note was answered ${status}`);
}

/** The p95 of a page that is looked at ten times a second until `work` is over, ms. */
async function look(
	instance: Instance,
	page: { path: string; headers: Record<string, string> },
	work: Promise<unknown>,
): Promise<number> {
	const tookMs: number[] = [];
	let over = false;
	const ended = work.finally(() => {
		over = true;
	});
	do {
		const from = performance.now();
		const { status } = await instance.get(page);
		if (status !== 200) throw new Error(`the board was answered ${status}`);
		tookMs.push(performance.now() - from);
		await pause(LOOK_MS);
	} while (!over);
	await ended;
	return rateOf(tookMs, 1).p95;
}

/** What a process holds in memory, in KB. */
async function memoryOf(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8');
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}

/** The figures in words, a line each. */
export function drawStreams(one: Streams): string {
	const ms = (value: number) => `${Math.round(value)} мс`;
	return [
		`Открытых потоков: ${one.streams}, изменений: ${one.changes} по ${CHANGES_A_SECOND} в секунду`,
		`Рассказано всем: p50 ${ms(one.toldMs.p50)}, p95 ${ms(one.toldMs.p95)}, p99 ${ms(one.toldMs.p99)}; не дошло: ${one.unheard}`,
		`Память на поток: ${one.memoryKb.toFixed(1)} КБ`,
		`Обрыв всех сразу: вернулись за ${one.backSeconds.toFixed(1)} с; доска p95 ${ms(one.page.before)} до, ${ms(one.page.meanwhile)} во время`,
	].join('\n');
}
