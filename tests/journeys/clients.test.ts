import { type BrowserContextOptions, devices } from 'playwright-core';
import { beforeEach, describe, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { seeAccessible } from './axe.ts';
import { typeAtOnce } from './board.ts';
import { by, inHours, makeDeal, makePeople } from './company.ts';
import { type Desk, openOffice } from './desk.ts';

const office = await openOffice();
const { db, pool } = office.database;
await makePeople(db);

beforeEach(async () => {
	await office.empty();
	await makeDeal(db, 'anna', { title: 'Печь', client: 'ООО «Ромашка»', plan: inHours(-30) });
	await createClient(db, await by(db, 'anna'), { name: 'ООО «Роман»', inn: '7707083893' });
	await pool.query(`
		insert into clients (name, owner_id, status, segment, region)
		select 'Клиент ' || to_char(n, 'FM000'), p.id, (array['prospect','active'])[1 + n % 2],
			'Бюджетные организации', 'Новосибирская область'
		from generate_series(1, 130) n, people p where p.login = 'anna'`);
});

const address = (page: Desk) => decodeURIComponent(new URL(page.url()).search);
const search = (page: Desk) => page.getByRole('searchbox');
const names = async (page: Desk) => await page.locator('tbody th a').allTextContents();
const seeNames = async (page: Desk, all: string[]) =>
	await expect.poll(async () => await names(page)).toEqual(all);
const focused = async (page: Desk) =>
	await page.evaluate<string>('document.activeElement.textContent.trim()');

async function open(login: 'anna' | 'vera', path = '/clients', options?: BrowserContextOptions) {
	const page = await office.sit(login, options);
	await page.goto(path);
	return page;
}

describe('search', () => {
	test('answers while one types, once for all of it; what is typed stays in the field', async () => {
		const page = await open('anna');
		let asked = 0;
		page.on('request', (request) => {
			if (request.url().includes('/clients?')) asked += 1;
		});
		await typeAtOnce(search(page), 'рамашка');
		await seeNames(page, ['ООО «Ромашка»']);
		expect([asked, address(page)]).toEqual([1, '?q=рамашка']);
		await expect.poll(() => page.locator('#sum').textContent()).toBe('Найден 1 клиент');
		await expect.poll(() => page.evaluate('document.activeElement.type')).toBe('search');
	});

	test('a slow answer to what was typed before is cancelled by what is typed now', async () => {
		const page = await open('anna');
		const gone: string[] = [];
		page.on('requestfailed', (request) => gone.push(decodeURIComponent(request.url())));
		let release = () => {};
		const held = new Promise<void>((resolve) => {
			release = resolve;
		});
		await page.route(/\/clients\?q=[^&]*$/, async (route) => {
			if (decodeURIComponent(route.request().url()).endsWith('q=ром')) await held;
			await route.continue().catch(() => {});
		});
		const first = page.waitForRequest((request) =>
			decodeURIComponent(request.url()).endsWith('?q=ром'),
		);
		await search(page).fill('ром');
		await first;
		await search(page).fill('ромашка');
		await seeNames(page, ['ООО «Ромашка»']);
		release();
		await expect.poll(() => gone).toEqual([`${office.url}/clients?q=ром`]);
		await expect.poll(() => address(page)).toBe('?q=ромашка');
		await expect.poll(() => names(page)).toEqual(['ООО «Ромашка»']);
	});
});

test('Back from a client brings отбор, order, all that was unfolded and the place on the page', async () => {
	const page = await open('anna');
	await page.getByLabel('Статус').selectOption('Действующий');
	await expect.poll(() => address(page)).toBe('?status=active');
	await page.getByRole('link', { name: 'Название' }).click();
	await expect.poll(() => address(page)).toBe('?status=active&sort=-name');
	await page.getByRole('link', { name: 'Показать ещё' }).click();
	await expect.poll(async () => (await names(page)).length).toBe(65);
	const last = page.getByRole('link', { name: 'Клиент 005' });
	await last.scrollIntoViewIfNeeded();
	const place = await page.evaluate<number>('scrollY');
	expect(place).toBeGreaterThan(500);
	await last.click();
	await page.getByRole('heading', { name: 'Клиент 005' }).waitFor();
	await page.goBack();
	await expect.poll(async () => (await names(page)).length).toBe(65);
	await expect.poll(async () => await page.evaluate<number>('scrollY')).toBe(place);
	await expect.poll(() => page.getByLabel('Статус').inputValue()).toBe('active');
	await page.goBack();
	await page.goBack();
	await expect.poll(() => address(page)).toBe('');
	await expect.poll(async () => await page.getByLabel('Статус').inputValue()).toBe('');
	await expect.poll(async () => (await names(page)).length).toBe(50);
});

test('with the keyboard alone: a heading sorts, arrows walk the lines, Enter opens one', async () => {
	const page = await open('anna');
	await page.getByRole('link', { name: 'Название' }).focus();
	await page.keyboard.press('Enter');
	await expect.poll(() => address(page)).toBe('?sort=-name');
	await expect.poll(async () => (await names(page))[0]).toBe('ООО «Ромашка»');
	await expect.poll(() => focused(page)).toBe('Название');
	await page.getByRole('link', { name: 'ООО «Ромашка»' }).focus();
	await page.keyboard.press('ArrowDown');
	await expect.poll(() => focused(page)).toBe('ООО «Роман»');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'ООО «Роман»' }).waitFor();
});

test('without scripts: search, отбор, order, more lines and a file', async () => {
	const page = await open('anna', '/clients', { javaScriptEnabled: false });
	await search(page).fill('ромашку');
	await search(page).press('Enter');
	await expect.poll(() => names(page)).toEqual(['ООО «Ромашка»']);
	await search(page).fill('');
	await page.getByLabel('Статус').selectOption('Действующий');
	await page.getByRole('button', { name: 'Показать', exact: true }).click();
	await expect.poll(() => page.locator('#sum').textContent()).toBe('Найдено 65 клиентов');
	await page.getByRole('link', { name: 'Название' }).click();
	await expect.poll(async () => (await names(page))[0]).toBe('Клиент 129');
	await page.getByRole('link', { name: 'Показать ещё' }).click();
	await expect.poll(async () => (await names(page)).at(-1)).toBe('Клиент 001');
	await page.locator('#export-menu summary').click();
	const file = page.waitForEvent('download');
	await page.getByRole('link', { name: /CSV/ }).click();
	expect((await file).suggestedFilename()).toMatch(/\.csv$/);
});

const SCREENS: Record<string, BrowserContextOptions> = {
	'a desk': { viewport: { width: 1366, height: 768 } },
	'a phone, dark': { ...devices['iPhone 13'], defaultBrowserType: undefined, colorScheme: 'dark' },
} as Record<string, BrowserContextOptions>;

test.each(Object.entries(SCREENS))(
	'%s shows all columns and everybody can use it',
	async (_, screen) => {
		const page = await open('anna', '/clients', screen);
		const wide = page.viewportSize()?.width ?? 0;
		const rights = await page
			.locator('tbody tr')
			.first()
			.locator('th, td')
			.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().right));
		expect(Math.max(...rights)).toBeLessThanOrEqual(wide);
		await seeAccessible(page, 'list');
		const sideways = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
		expect(sideways).toBeLessThanOrEqual(0);
		await page.goto('/clients?q=щщщъъъ');
		await seeAccessible(page, 'nobody found');
		await page.goto('/clients/candidates?ids=1&q=роман');
		await seeAccessible(page, 'whom to merge with');
	},
);
