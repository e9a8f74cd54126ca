import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { stampAt } from '#src/platform/live/hub.ts';
import { seeDeals } from './board.ts';
import { inHours, makeDeal, makePeople, moveBehind, STAGES } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makePeople(db);
const wire = await startWire(Number(new URL(office.url).port));

let deal: number;
beforeEach(async () => {
	await office.empty();
	deal = await makeDeal(db, 'anna', { title: 'Касса', plan: inHours(1) });
});
afterEach(() => wire.mend());
afterAll(() => wire.cut());

/** A wire between browsers and the application that can be cut, or fall silent. */
async function startWire(to: number) {
	let way: 'open' | 'cut' | 'silent' = 'open';
	const sockets = new Set<Socket>();
	const server = createServer((near) => {
		const far = connect(to, '127.0.0.1');
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(one);
			one.on('error', () => {});
			one.on('data', (chunk) => way !== 'silent' && other.write(chunk));
			one.on('close', () => {
				sockets.delete(one);
				other.destroy();
			});
		}
		if (way === 'cut') near.destroy();
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
	const hangUp = () => {
		for (const socket of sockets) socket.destroy();
	};
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		cut: () => {
			way = 'cut';
			hangUp();
		},
		hush: () => {
			way = 'silent';
		},
		mend: () => {
			// What was silent stays so for ever, as a connection that a proxy has swallowed.
			if (way === 'silent') hangUp();
			way = 'open';
		},
	};
}

const live = async (page: Desk) =>
	await page.locator('#live[data-state=ok]').waitFor({ state: 'attached' });
const lost = (page: Desk) => page.getByText('Связь с сервером прервалась');

for (const fault of ['cut', 'hush'] as const)
	test(`a connection that is ${fault === 'cut' ? 'cut' : 'swallowed'} is told, comes back, and what happened meanwhile shows`, async () => {
		const anna = await office.sit('anna', { baseURL: wire.url });
		anna.watch.allow('offline');
		await anna.goto('/board');
		await live(anna);
		wire[fault]();
		await lost(anna).waitFor();
		await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.needs });
		wire.mend();
		await lost(anna).waitFor({ state: 'detached' });
		await seeDeals(anna, STAGES.needs, [deal]);
	});

test('twelve tabs of one browser all load and are live, by one stream', async () => {
	const first = await office.sit('anna');
	const tabs = [
		first,
		...(await Promise.all(Array.from({ length: 11 }, () => first.context().newPage()))),
	];
	await Promise.all(tabs.map((tab) => tab.goto('/board')));
	for (const tab of tabs) await live(tab as Desk);
	await expect.poll(() => office.streams().length).toBe(1);
	await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.needs });
	for (const tab of tabs) await seeDeals(tab, STAGES.needs, [deal]);
	// Whoever held the stream goes: another takes over, and nothing is missed.
	await first.close();
	await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.proposal });
	for (const tab of tabs.slice(1)) await seeDeals(tab, STAGES.proposal, [deal]);
	await expect.poll(() => office.streams().length).toBe(1);
});

/** Hides a tab, or shows it, as another tab before it does. */
const hide = async (page: Desk, hidden: boolean) =>
	await page.evaluate(`
		Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} });
		document.dispatchEvent(new Event('visibilitychange'))`);

test('a hidden tab rests, fetches nothing, and catches up when it is shown', async () => {
	const anna = await office.sit('anna');
	await anna.goto('/board');
	await live(anna);
	await hide(anna, true);
	await expect.poll(() => office.streams().length).toBe(0);
	let fetched = 0;
	anna.on('request', (request) => {
		if (request.url().includes('/live')) fetched += 1;
	});
	await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.needs });
	const vera = await office.sit('vera');
	await vera.goto('/board');
	await seeDeals(vera, STAGES.needs, [deal]);
	expect(fetched).toBe(0);
	await hide(anna, false);
	await seeDeals(anna, STAGES.needs, [deal]);
});

test('where tabs cannot agree on one stream, each asks', async () => {
	const anna = await office.sit('anna');
	await anna.addInitScript(`Object.defineProperty(navigator, 'locks', { value: undefined })`);
	await anna.goto('/board');
	await live(anna);
	await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.needs });
	await seeDeals(anna, STAGES.needs, [deal]);
	expect(office.streams()).toEqual([]);
});

test('where streams are kept back, the browser asks instead', async () => {
	const anna = await office.sit('anna');
	anna.watch.allow('offline');
	await anna.route('**/live?*', async (route) => {
		if (route.request().headers().accept === 'application/json') await route.fallback();
	});
	await anna.goto('/board');
	await anna.locator('#live[data-state=ok]').waitFor({ state: 'attached' });
	await moveBehind(db, 'anna', { dealId: deal, stageId: STAGES.needs });
	await expect.poll(async () => await anna.locator(`#stage-${STAGES.needs} .card`).count()).toBe(1);
});

test('where everybody missed the same, a page looks again within the time that it is told', async () => {
	const anna = await office.sit('anna');
	await anna.addInitScript(`Math.random = () => 0.5;
		const set = setTimeout;
		window.waits = [];
		window.setTimeout = (work, ms, ...rest) => (window.waits.push(ms), set(work, ms, ...rest));`);
	await anna.goto('/board');
	await live(anna);
	await expect.poll(() => office.streams().length).toBe(1);
	// Half of two hours, less what has passed meanwhile.
	const long = 'window.waits.some((ms) => ms > 3_000_000 && ms <= 3_600_000)';
	await expect
		.poll(async () => {
			for (const stream of office.streams())
				stream.send({ at: stampAt(Date.now()), missed: true, within: 7_200_000 });
			return await anna.evaluate(long);
		})
		.toBe(true);
});

test('a session that has ended is told, with the way to sign in again', async () => {
	const anna = await office.sit('anna');
	anna.watch.allow(401);
	await anna.goto('/board');
	await live(anna);
	await office.database.pool.query('delete from sessions');
	await hide(anna, true);
	await expect.poll(() => office.streams().length).toBe(0);
	await hide(anna, false);
	await anna.getByText('Сеанс закончился.').waitFor();
	const link = anna.getByRole('link', { name: 'Войти снова' });
	await expect.poll(() => link.getAttribute('href')).toBe('/sign-in?returnTo=%2Fboard');
});
