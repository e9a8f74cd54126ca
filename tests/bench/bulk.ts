import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { DIRECTOR } from './company.ts';
import { type Instance, type Reply, send } from './instance.ts';
import type { Visit } from './load.ts';
import { type Rate, rateOf } from './rate.ts';
import { signIn } from './screens.ts';
import type { Site } from './site.ts';

/** A large file that goes out or comes in: how long it takes, and what it costs the others meanwhile. */
export type Bulk = {
	name: string;
	rows: number;
	seconds: number;
	/** Memory of the application's process: before, and at its height. MB. */
	memory: { before: number; most: number };
	/** The board of a manager who looks at it ten times a second: before, and meanwhile. */
	board: { before: Rate; meanwhile: Rate };
};

const EXPORTED = 50_000;
const IMPORTED = 10_000;
const LOOK_MS = 100;
const BEFORE_MS = 5_000;
const POLL_MS = 200;
const MB = 1_048_576;
const BOUNDARY = '----moiprodazhi';

type Cookie = Record<string, string>;

/** Fifty thousand deals to XLSX and to CSV, ten thousand clients by the browser's import, one after the other. */
export async function measureBulk({ instance, deals }: Site, wanted: string[]): Promise<Bulk[]> {
	const seller = await signIn(instance.origin, 'seller1');
	const director = await signIn(instance.origin, DIRECTOR);
	const board = { path: '/board', headers: { ...seller, 'accept-encoding': 'gzip' } };
	const watched = async (name: string, rows: number, work: () => Promise<void>) =>
		await watch(instance, board, { name, rows }, work);
	const all: Bulk[] = [];
	const rows = Math.min(EXPORTED, deals);
	if (wanted.includes('export'))
		for (const format of ['xlsx', 'csv'])
			all.push(
				await watched(`Выгрузка ${format.toUpperCase()}`, rows, async () => {
					const path = `/deals/export?format=${format}`;
					expectStatus(await instance.get({ path, headers: director }), 200);
				}),
			);
	if (wanted.includes('import')) {
		await instance.work();
		const { id, version } = await sendFile(instance, seller);
		const order = (path: string, body: string) =>
			post(instance, `/import/${id}/${path}`, seller, body);
		const columns = 'c0=name&c1=phones&c2=emails&c3=region&way=name&known=update';
		all.push(
			await watched('Проверка перед загрузкой', IMPORTED, async () => {
				await order('columns', `version=${version}&${columns}`);
				await until(instance, seller, id, 'checked');
			}),
			await watched('Загрузка клиентов', IMPORTED, async () => {
				await order('start', `version=${version + 1}`);
				await until(instance, seller, id, 'done');
			}),
		);
	}
	return all;
}

async function watch(
	instance: Instance,
	board: Visit,
	what: Pick<Bulk, 'name' | 'rows'>,
	work: () => Promise<void>,
): Promise<Bulk> {
	const calm = await look(instance, board, pause(BEFORE_MS));
	const began = performance.now();
	const meanwhile = await look(instance, board, work());
	const seconds = (performance.now() - began) / 1000;
	return {
		...{ ...what, seconds },
		memory: { before: calm.most, most: meanwhile.most },
		board: { before: calm.rate, meanwhile: meanwhile.rate },
	};
}

/** Looks at the board again and again until `work` is over, and at the memory beside it. */
async function look(
	{ get, pid }: Instance,
	board: Visit,
	work: Promise<unknown>,
): Promise<{ rate: Rate; most: number }> {
	const [tookMs, sizes]: [number[], number[]] = [[], []];
	const began = performance.now();
	let over = false;
	const ended = work.finally(() => {
		over = true;
	});
	do {
		const from = performance.now();
		expectStatus(await get(board), 200);
		tookMs.push(performance.now() - from);
		sizes.push(await memoryOf(pid));
		await pause(LOOK_MS);
	} while (!over);
	await ended;
	return { rate: rateOf(tookMs, performance.now() - began), most: Math.max(...sizes) };
}

/** What a process holds in memory, in MB. */
async function memoryOf(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8');
	return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / MB;
}

async function sendFile(
	instance: Instance,
	cookie: Cookie,
): Promise<{ id: number; version: number }> {
	const lines = Array.from({ length: IMPORTED }, (_, at) => {
		const phone = 4_951_000_000 + at;
		return `ООО «Новый завод ${at}»;8 ${phone};zavod${at}@example.org;Тула`;
	});
	const part = (head: string, body: string) =>
		`--${BOUNDARY}\r\ncontent-disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
	const file = `Клиент;Телефон;Почта;Регион\n${lines.join('\n')}\n`;
	const body = `${part('name="feeds"', 'clients')}${part('name="file"; filename="a.csv"', file)}--${BOUNDARY}--\r\n`;
	const headers = { ...cookie, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
	const url = new URL('/import', instance.origin);
	const { status, headers: told } = await send(url, { method: 'POST', headers, body });
	if (status !== 303) throw new Error(`the file was answered ${status}`);
	return { id: Number(String(told.location).split('/').at(-1)), version: 1 };
}

async function post(instance: Instance, path: string, cookie: Cookie, body: string): Promise<void> {
	const headers = { ...cookie, 'content-type': 'application/x-www-form-urlencoded' };
	expectStatus(await send(new URL(path, instance.origin), { method: 'POST', headers, body }), 303);
}

async function until({ get }: Instance, cookie: Cookie, id: number, wanted: string): Promise<void> {
	const visit = {
		path: `/import/${id}/progress`,
		headers: { ...cookie, accept: 'application/json' },
	};
	for (;;) {
		const { status, counts } = JSON.parse((await get(visit)).text);
		if (status === wanted && counts.created === IMPORTED) return;
		if (!['checking', 'running'].includes(status))
			throw new Error(`the import came to «${status}»: ${JSON.stringify(counts)}`);
		await pause(POLL_MS);
	}
}

function expectStatus({ status, text }: Reply, wanted: number): void {
	if (status !== wanted) throw new Error(`answered ${status}: ${text.slice(0, 300)}`);
}
