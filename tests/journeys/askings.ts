import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import type { Database } from '#src/platform/db/client.ts';
import { dayOf } from '#src/platform/i18n/dates.ts';
import {
	cardOf,
	dealsIn,
	dialog,
	drag,
	dropOn,
	headOf,
	holdOver,
	seeDeals,
	toast,
} from './board.ts';
import { by, STAGES } from './company.ts';
import { type Desk, type Login, NOON } from './desk.ts';

const TODAY = dayOf(NOON, 'Europe/Moscow');

/** A request of one script: what asks it, where it is told, and how the screen then is as before. */
export type Asking = {
	at: () => string;
	login?: Login;
	/** The requests that the portal answers. */
	asked: RegExp;
	begin?: (page: Desk) => Promise<unknown>;
	act: (page: Desk) => Promise<unknown>;
	told?: 'toast' | 'form' | 'line';
	kept?: (page: Desk) => Promise<unknown>;
};

/** The page has asked by itself for what it asks for at first: an answer of ours to that would clear the line. */
export const calm = (page: Desk) => page.waitForResponse(/\/reminders$/);
const keyIn = async (page: Desk, form: string) =>
	await page.locator(`${form} input[name=key]`).inputValue();
let key = '';

async function dragEntry(page: Desk, step: number): Promise<void> {
	const from = await page.locator(`#entry-${step}`).boundingBox();
	if (from === null) throw new Error('the entry is not on the screen');
	await page.mouse.move(from.x + 40, from.y + 5);
	await page.mouse.down();
	await page.mouse.move(from.x + 40, from.y + 25, { steps: 3 });
	await page.mouse.move(from.x + 40, from.y + 5 + 2 * from.height, { steps: 5 });
	await page.mouse.up();
}

async function dragState(page: Desk): Promise<void> {
	await holdOver(page, '#state-3', '#state-1');
	await page.mouse.up();
}

/** The world of the askings: two deals of Anna's in the first state, a step of the first at noon. */
export type World = { db: Database; deal: number; other: number; step: number };

/** Every kind of request that a script makes, by what it is. */
export const askings = ({ db, deal, other, step }: World): Record<string, Asking> => ({
	'a drag of a card': {
		at: () => '/board',
		asked: /\/moves$/,
		act: (page) => drag(page, deal, STAGES.needs),
		kept: async (page) => {
			await expect
				.poll(async () => (await dealsIn(page, STAGES.interest)).toSorted())
				.toEqual([deal, other].toSorted());
			await seeDeals(page, STAGES.needs, []);
			await expect.poll(() => headOf(page, STAGES.interest)).toBe('2 · 200 000 ₽');
			await expect.poll(() => cardOf(page, deal).locator('h3 a:focus').count()).toBe(1);
			await expect.poll(() => toast(page).textContent()).toContain('«Касса» на прежнем месте');
		},
	},
	'a drag to another day': {
		at: () => '/board?view=dates',
		asked: /\/interactions\/\d+\/date$/,
		act: async (page) => await dropOn(page, other, page.locator('[data-stretch=tomorrow]').first()),
		kept: async (page) =>
			await expect
				.poll(() => page.locator('[data-stretch=today] .card').count())
				.toBeGreaterThan(1),
	},
	'a drag in the calendar': {
		at: () => `/calendar?view=day&on=${TODAY}`,
		asked: /\/interactions\/\d+$/,
		act: (page) => dragEntry(page, step),
		kept: async (page) => await expect.poll(() => page.locator('.ghost, .lifted').count()).toBe(0),
	},
	'a drag of a setting': {
		at: () => '/admin/stages',
		login: 'ada',
		asked: /\/position$/,
		act: dragState,
		kept: async (page) => {
			const places = page.locator('.panel:first-of-type [data-place]');
			await expect.poll(() => places.nth(2).getAttribute('id')).toBe('state-3');
		},
	},
	'opening a form': {
		at: () => '/board',
		asked: /\/deals\/new$/,
		act: (page) => page.locator('header').getByRole('link', { name: 'Новый интерес' }).click(),
		kept: async (page) => await expect.poll(() => dialog(page).isVisible()).toBe(false),
	},
	'a form in the dialog': {
		at: () => '/board',
		asked: /\/deals$/,
		begin: async (page) => {
			await page.locator('header').getByRole('link', { name: 'Новый интерес' }).click();
			await dialog(page).getByLabel('Клиент').fill('ООО «Новый»');
			await dialog(page).locator('[name=title]').fill('Долго писали');
			key = await keyIn(page, '#dialog');
		},
		act: (page) => dialog(page).getByRole('button', { name: 'Создать' }).click(),
		told: 'form',
		kept: async (page) => {
			await expect
				.poll(() => dialog(page).locator('[name=title]').inputValue())
				.toBe('Долго писали');
			await expect.poll(() => keyIn(page, '#dialog')).toBe(key);
		},
	},
	'the field of a deal': {
		at: () => `/deals/${deal}`,
		asked: /\/entries$/,
		begin: async (page) => {
			await page.locator('#c-text').fill('Долго писали');
			key = await keyIn(page, '#compose');
		},
		act: (page) => page.locator('#c-text').press('Control+Enter'),
		kept: async (page) => {
			await expect.poll(() => page.locator('#c-text').inputValue()).toBe('Долго писали');
			await expect.poll(() => keyIn(page, '#compose')).toBe(key);
		},
	},
	'a fact in its place': {
		at: () => `/deals/${deal}`,
		asked: /\?field=amount$/,
		begin: async (page) => {
			await page.getByRole('link', { name: 'Изменить: Сумма' }).click();
			await page.locator('#fact-amount input[name=amount]').fill('777');
		},
		act: (page) => page.locator('#fact-amount input[name=amount]').press('Enter'),
		kept: async (page) =>
			await expect
				.poll(() => page.locator('#fact-amount input[name=amount]').inputValue())
				.toBe('777'),
	},
	'opening a fact': {
		at: () => `/deals/${deal}`,
		asked: /\?field=amount$/,
		act: (page) => page.getByRole('link', { name: 'Изменить: Сумма' }).click(),
		kept: async (page) => await expect.poll(() => page.locator('.fact.editing').count()).toBe(0),
	},
	'choosing all': {
		at: () => '/deals',
		asked: /\/deals\/(?:selection|bulk\/all|all)/,
		begin: (page) => page.locator('.pick input').first().check(),
		act: (page) => page.locator('[data-pick-all]').click(),
		kept: async (page) => {
			await expect.poll(() => page.locator('#bulk .count').textContent()).toMatch(/1/);
			await expect.poll(() => new URL(page.url()).pathname).toBe('/deals');
		},
	},
	'several at once': {
		at: () => '/deals',
		asked: /\/deals\/bulk$/,
		begin: async (page) => {
			for (const box of await page.locator('.pick input').all()) await box.check();
			await page.locator('#bulk').getByRole('button', { name: 'Метка' }).click();
			await dialog(page).locator('[name=tag]').fill('Важное');
		},
		act: (page) => dialog(page).locator('button.primary').click(),
		told: 'form',
		kept: async (page) => {
			await expect.poll(() => dialog(page).locator('[name=tag]').inputValue()).toBe('Важное');
			await expect.poll(() => page.locator('#bulk .count').textContent()).toMatch(/2/);
		},
	},
	'the filter of the board': {
		at: () => '/board',
		asked: /\/board\?/,
		act: (page) => page.locator('#filter [name=period]').selectOption({ index: 1 }),
		kept: async (page) => {
			await expect.poll(() => page.locator('#filter [name=period]').inputValue()).toBe('');
			await expect.poll(() => new URL(page.url()).search).toBe('');
		},
	},
	'the filter of what is to do': {
		at: () => '/agenda',
		asked: /\/agenda\?/,
		act: (page) => page.locator('#agenda-bar [name=kind]').selectOption({ index: 1 }),
		kept: async (page) =>
			await expect.poll(() => page.locator('#agenda-bar [name=kind]').inputValue()).toBe(''),
	},
	'the search of clients': {
		at: () => '/clients',
		asked: /\/clients\?/,
		act: (page) =>
			page.locator('input[type=search]').pressSequentially(randomBytes(1).toString('hex')),
		kept: async (page) =>
			await expect.poll(() => page.locator('input[type=search]').inputValue()).not.toBe(''),
	},
	'a look for doubles': {
		at: () => '/clients/new',
		asked: /\/clients\/duplicates\?/,
		act: (page) => page.getByLabel('Название').pressSequentially('Ка'),
		told: 'form',
		kept: async (page) =>
			await expect.poll(() => page.getByLabel('Название').inputValue()).toMatch(/^(Ка)+$/),
	},
	'a look for clashes': {
		at: () => `/deals/${deal}/interactions/new`,
		asked: /\/interactions\/clashes\?/,
		act: (page) =>
			page
				.getByLabel('Время')
				.fill('12:15')
				.then(() => page.getByLabel('Время').fill('12:30')),
		told: 'form',
		kept: async (page) =>
			await expect.poll(() => page.getByLabel('Время').inputValue()).toBe('12:30'),
	},
	'what may be meant': {
		at: () => '/board',
		asked: /\/clients\/suggestions\?/,
		begin: (page) => page.locator('header').getByRole('link', { name: 'Новый интерес' }).click(),
		act: (page) => dialog(page).getByLabel('Клиент').pressSequentially('Ка'),
		told: 'form',
		kept: async (page) =>
			await expect.poll(() => dialog(page).getByLabel('Клиент').inputValue()).toMatch(/^(Ка)+$/),
	},
	'what others have changed': {
		at: () => '/board',
		asked: /\/live\/page$/,
		begin: (page) => page.locator('#live[data-state=ok]').waitFor({ state: 'attached' }),
		act: async () => {
			const title = `Касса ${randomBytes(2).toString('hex')}`;
			await db.execute(`update deals set title = title where id = ${deal}`);
			await planInteraction(db, await by(db, 'vera'), other, {
				...{ kindId: 1, summary: title, plan: { plannedAt: NOON } },
			});
		},
		told: 'line',
		kept: async (page) => await expect.poll(() => cardOf(page, deal).isVisible()).toBe(true),
	},
	'the reminders': {
		at: () => '/board',
		asked: /\/reminders$/,
		begin: async (page) => {
			await db.execute(`update interactions set remind_at = planned_at - interval '1 day'`);
			await page.reload();
			await page.locator('#reminders-box').waitFor();
		},
		act: (page) =>
			page.evaluate(`document.getElementById('dialog').dispatchEvent(new Event('close'))`),
		told: 'line',
	},
	'the stream': {
		at: () => '/board',
		asked: /\/live\?/,
		act: (page) =>
			page.evaluate(`window.dispatchEvent(new Event('pagehide'));
			window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))`),
		told: 'line',
	},
	'who else looks': {
		at: () => `/deals/${deal}`,
		asked: /\/viewers$/,
		begin: (page) => Promise.all([page.waitForResponse(/\/viewers$/), calm(page), page.reload()]),
		act: (page) => page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`),
		told: 'line',
	},
});
