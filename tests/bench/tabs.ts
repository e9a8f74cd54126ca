import { startBrowser } from '../journeys/browser.ts';
import { send } from './instance.ts';
import { signIn } from './screens.ts';
import type { Site } from './site.ts';

/** Tabs of one browser over HTTP/1.1, s: until all have loaded, and until all show what was changed then. */
export type Tabs = { tabs: number; loadedS: number; liveS: number };

const TABS = 12;

/** Opens a dozen boards in one browser at once, then changes a deal that stands on all of them. */
export async function measureTabs({ instance: { origin }, connection }: Site): Promise<Tabs> {
	const headers = await signIn(origin, 'seller1');
	const [name = '', value = ''] = (headers.cookie as string).split('=');
	const browser = await startBrowser();
	try {
		const context = await browser.newContext({ baseURL: origin, locale: 'ru-RU' });
		await context.addCookies([{ name, value, url: origin }]);
		const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
		const began = performance.now();
		await Promise.all(tabs.map((tab) => tab.goto('/board', { waitUntil: 'load' })));
		const loadedS = (performance.now() - began) / 1_000;
		const card = tabs[0]?.locator('[id^=stage-] article').first();
		const id = Number((await card?.getAttribute('id'))?.replace('deal-', ''));
		const { rows } = await connection.pool.query<{ version: number; to: number }>(
			`select d.version, (select s.id from stages s where s.kind = 'open' and s.pipeline_id = d.pipeline_id
				and s.id <> d.stage_id order by position limit 1) as to from deals d where d.id = $1`,
			[id],
		);
		const { version, to } = rows[0] as { version: number; to: number };
		const changed = performance.now();
		const answer = await send(new URL(`/deals/${id}/moves`, origin), {
			method: 'POST',
			headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
			body: `stageId=${to}&version=${version}`,
		});
		if (answer.status !== 303) throw new Error(`the move was answered ${answer.status}`);
		await Promise.all(
			tabs.map((tab) => tab.locator(`article#deal-${id}[data-version="${version + 1}"]`).waitFor()),
		);
		return { tabs: TABS, loadedS, liveS: (performance.now() - changed) / 1_000 };
	} finally {
		await browser.close();
	}
}

/** The figures in words. */
export function drawTabs({ tabs, loadedS, liveS }: Tabs): string {
	return `Вкладок одного браузера: ${tabs}; загрузились за ${loadedS.toFixed(1)} с, правку показали за ${liveS.toFixed(1)} с`;
}
