/*
 * npm run bench: an own server in an empty folder, companies of 10,000 and 100,000 deals, the
 * application on each in a process of its own, one table. After `--`: `--million` adds 1,000,000 deals,
 * `--live` opens five hundred streams and twelve tabs, `--mixed` looks and moves at a fixed rate,
 * `--sizes 10000,20000` takes others, `--only board,boardHead,import` measures some screens (`export` and `import` are large files), `--rounds` and
 * `--seconds` (of one measurement) make it more exact; `--keep FOLDER` loads the companies there once, and
 * measures them again the next time (files then only when they are named: they add to a company).
 */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbedded } from '#src/platform/embedded/embedded.ts';
import { type Bulk, measureBulk } from './bulk.ts';
import { weighFirstVisit } from './first-visit.ts';
import { loadVisits } from './load.ts';
import { prepare } from './measuring.ts';
import { drawMixed, measureMixed } from './mixed.ts';
import { postmasterOf, processorOf } from './processor.ts';
import { openSite, type Site } from './site.ts';
import { drawStreams, measureStreams } from './streams.ts';
import { drawBulk, drawTable, type Row } from './table.ts';
import { drawTabs, measureTabs } from './tabs.ts';
import { judge, judgeBulk, judgeMixed, judgeStreams, judgeTabs } from './targets.ts';

const { values: flags } = parseArgs({
	options: {
		million: { type: 'boolean', default: false },
		live: { type: 'boolean', default: false },
		mixed: { type: 'boolean', default: false },
		sizes: { type: 'string' },
		rounds: { type: 'string', default: '3' },
		seconds: { type: 'string', default: '2' },
		only: { type: 'string' },
		keep: { type: 'string' },
	},
});
const [rounds, seconds] = [Number(flags.rounds), Number(flags.seconds)];
const sizes = flags.sizes?.split(',').map(Number) ?? [
	10_000,
	100_000,
	...(flags.million ? [1_000_000] : []),
];
/** Of the company that files go out of, if there is one so large. */
const FILE_ROWS = 50_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

const dataDir = flags.keep ?? (await mkdtemp(join(tmpdir(), 'moi-prodazhi-bench-')));
await mkdir(dataDir, { recursive: true });
// Under root the server runs as another user, who has to enter here.
await chmod(dataDir, 0o755);
const leaving = new AbortController();
// What has been started is ended on the way out, whenever that is.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => leaving.abort());
try {
	await measureAll();
} finally {
	if (!flags.keep) await rm(dataDir, { recursive: true, force: true });
}

async function measureAll(): Promise<void> {
	// The product's own settings, but for a write-ahead log that the loading does not stop for.
	const settings = { max_wal_size: '8GB', checkpoint_timeout: '1h' };
	const server = await startEmbedded({ dataDir, say, settings });
	const sites: Site[] = [];
	try {
		for (const deals of sizes) {
			leaving.signal.throwIfAborted();
			sites.push(await openSite(server, deals, say));
		}
		const rows = [...(await measureHello(sites))];
		for (const { key } of sites[0]?.screens ?? [])
			if (!flags.only || flags.only.split(',').includes(key))
				rows.push(...(await measure(sites, key)));
		say(`\n${drawTable(rows)}\n`);
		const bulk = await measureFiles(sites);
		const streams = flags.live ? await measureStreams(sites[0] as Site) : null;
		if (streams) say(`\n${drawStreams(streams)}\n`);
		const mixed = flags.mixed ? await measureMixed(sites[0] as Site) : null;
		if (mixed) say(`\n${drawMixed(mixed)}\n`);
		const tabs = flags.live ? await measureTabs(sites[0] as Site) : null;
		if (tabs) say(`\n${drawTabs(tabs)}\n`);
		const instance = (sites[0] as Site).instance;
		const board = sites[0]?.screens[0];
		if (board === undefined || !('visits' in board)) return;
		const page = await instance.get(board.visits[0] as (typeof board.visits)[number]);
		const visit = await weighFirstVisit(page, (path) => instance.get({ path, headers: {} }));
		for (const line of [
			...judge(rows, visit),
			...judgeBulk(bulk),
			...judgeStreams(streams),
			...judgeMixed(mixed),
			...judgeTabs(tabs),
		])
			say(line);
	} finally {
		for (const site of sites) await site.stop();
		await server.stop();
	}
}

/** Large files that go out and come in, last of all: they add to the company. */
async function measureFiles(sites: Site[]): Promise<Bulk[]> {
	const site = sites.find(({ deals }) => deals >= FILE_ROWS) ?? sites.at(-1);
	const wanted = ['export', 'import'].filter(
		(key) => flags.only?.split(',').includes(key) ?? !flags.keep,
	);
	if (site === undefined || wanted.length === 0) return [];
	say(`Измеряем: ${wanted.join(', ')}`);
	const bulk = await measureBulk(site, wanted);
	say(`\n${drawBulk(bulk)}\n`);
	return bulk;
}

/** The floor under everything: the same Fastify with the same hooks and no work. */
async function measureHello(sites: Site[]): Promise<Row[]> {
	const visits = [{ path: '/hello', headers: { 'accept-encoding': 'gzip' } }];
	return await inRounds(sites, 'hello', async ({ instance, deals }) => ({
		pid: instance.pid,
		row: { key: 'hello', name: 'GET /hello', deals, counts: null, page: [], sql: [], cpu: [] },
		page: () => loadVisits(instance.origin, visits, seconds),
		sql: null,
	}));
}

async function measure(sites: Site[], key: string): Promise<Row[]> {
	return await inRounds(sites, key, async (site) => {
		const screen = site.screens.find((one) => one.key === key) as Site['screens'][number];
		const { counts, page, sql } = await prepare(site, screen);
		const row: Row = {
			key,
			name: screen.name,
			deals: site.deals,
			counts,
			page: [],
			sql: [],
			cpu: [],
		};
		return {
			...{ pid: site.instance.pid, row },
			...{ page: () => page(seconds), sql: () => sql(seconds) },
		};
	});
}

type Runs = {
	/** The application's process. */
	pid: number;
	row: Row;
	page: () => Promise<Row['page'][number]>;
	sql: (() => Promise<Row['page'][number]>) | null;
};

// Sizes, and a page and its SQL, take turns within a round: what disturbs one disturbs the other, and
// the ratios hold.
async function inRounds(
	sites: Site[],
	key: string,
	prepareOn: (site: Site) => Promise<Runs>,
): Promise<Row[]> {
	say(`Измеряем: ${key}`);
	const postmaster = await postmasterOf(dataDir);
	const all: Runs[] = [];
	for (const site of sites) all.push(await prepareOn(site));
	for (const { page, sql } of all) {
		await page();
		await sql?.();
	}
	for (let round = 0; round < rounds; round += 1)
		for (const { pid, row, page, sql } of all) {
			leaving.signal.throwIfAborted();
			const before = await processorOf(pid, postmaster);
			const rate = await page();
			const after = await processorOf(pid, postmaster);
			row.page.push(rate);
			row.cpu.push({
				app: (after.app - before.app) / rate.count,
				postgres: (after.postgres - before.postgres) / rate.count,
			});
			if (sql) row.sql.push(await sql());
		}
	return all.map(({ row }) => row);
}
