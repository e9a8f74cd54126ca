import type { AddressInfo } from 'node:net';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, expect } from 'vitest';
import { buildApp } from '#src/app.ts';
import { readConfig } from '#src/config.ts';
import { signInByName } from '#src/features/access/sessions/actions.ts';
import { allTold } from '#src/platform/history/teller.ts';
import { dayOf, momentOf } from '#src/platform/i18n/dates.ts';
import type { Stream } from '#src/platform/live/stream.ts';
import { DESK } from '#tests/cast.ts';
import { type TestDatabase, testDatabase } from '#tests/database.ts';
import { startBrowser, type Watch, watch } from './browser.ts';

const ZONE = 'Europe/Moscow';

/** Noon of today in Moscow, all test long: what is overdue and what is ahead does not depend on the hour. */
export const NOON = momentOf(dayOf(new Date(), ZONE), '12:00', ZONE);

export type Login = 'anna' | 'boris' | 'vera' | 'gleb' | 'ada';
/** A page with the watch over it. */
export type Desk = Page & { watch: Watch };

/** An open office: the app on a database of its own, a browser, and a desk for whoever comes. */
export type Office = {
	database: TestDatabase;
	url: string;
	/** The streams that the application holds open. */
	streams: () => Stream[];
	/** Takes all deals away; the people stay. */
	empty: () => Promise<void>;
	/** A page of a browser that nobody has signed in with. */
	visit: (options?: BrowserContextOptions) => Promise<Desk>;
	/** A page of a browser that this person has signed in with. */
	sit: (login: Login, options?: BrowserContextOptions) => Promise<Desk>;
};

/** Whoever comes to a page acts when its scripts listen: an earlier press is lost, and a person presses again. */
async function waitForScripts(page: Page, told: () => Promise<unknown>): Promise<void> {
	const deaf = page.locator('html:not(.scripted):has(script[src$="/js/app.js"])');
	const listening = async () => {
		if ((await deaf.count()) > 0) await deaf.waitFor({ state: 'detached' });
	};
	for (const way of ['goto', 'reload', 'goBack', 'goForward', 'waitForURL'] as const) {
		const go = page[way].bind(page) as (...how: unknown[]) => Promise<unknown>;
		const gone = async (...how: unknown[]) => {
			// What is told only after a page was drawn has it ask for itself at once.
			if (way === 'goto') await told();
			const answer = await go(...how);
			await listening();
			return answer;
		};
		Object.assign(page, { [way]: gone });
	}
	// A click and a key may have led to another page as well.
	await page.addLocatorHandler(deaf, listening);
	for (const way of ['press', 'type', 'insertText'] as const) {
		const act = page.keyboard[way].bind(page.keyboard) as (...keys: unknown[]) => Promise<void>;
		const acted = async (...keys: unknown[]) => {
			await listening();
			await act(...keys);
		};
		Object.assign(page.keyboard, { [way]: acted });
	}
}

/**
 * Opens the office for a test file. After each test all its pages are closed, and it fails for any
 * script error, console error, CSP report or refusal that it did not allow.
 */
export async function openOffice(): Promise<Office> {
	const database = await testDatabase();
	const config = readConfig({ LOG_LEVEL: 'error' });
	const app = await buildApp({ connection: database, config, now: () => NOON });
	const [browser] = await Promise.all([startBrowser(), app.listen({ host: '127.0.0.1', port: 0 })]);
	const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
	const open: { context: BrowserContext; watch: Watch }[] = [];

	const visit = async (options: BrowserContextOptions = {}): Promise<Desk> => {
		const context = await browser.newContext({
			baseURL: url,
			viewport: { width: 1366, height: 768 },
			locale: 'ru-RU',
			...options,
		});
		context.setDefaultTimeout(120_000);
		const page = await context.newPage();
		const watching = watch(page);
		open.push({ context, watch: watching });
		if (options.javaScriptEnabled !== false)
			await waitForScripts(page, () => allTold(database.pool));
		return Object.assign(page, { watch: watching });
	};
	const sit = async (login: Login, options?: BrowserContextOptions): Promise<Desk> => {
		const desk = await visit(options);
		const { secret } = await signInByName(database.db, login, DESK, NOON);
		await desk.context().addCookies([{ name: 'session', value: secret, url }]);
		return desk;
	};

	// What a page left behind may be read meanwhile: then it is tried again.
	const empty = async (tries = 5): Promise<void> => {
		try {
			await database.pool.query(
				`begin; alter table events disable trigger events_kept;
				truncate clients, deals, deal_tallies, events restart identity cascade;
				alter table events enable trigger events_kept; commit`,
			);
		} catch (error) {
			if ((error as { code?: string }).code !== '40P01' || tries === 0) throw error;
			await empty(tries - 1);
		}
	};

	afterEach(async () => {
		const faults = open.flatMap((one) => one.watch.faults);
		await Promise.all(open.splice(0).map((one) => one.context.close()));
		expect(faults).toEqual([]);
	});
	afterAll(async () => {
		await browser.close();
		await app.close();
	});
	const streams = () => [...app.live.hub.streams];
	return { database, url, streams, empty, visit, sit };
}
