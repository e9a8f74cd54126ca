import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { openCompany } from '../auth/directory.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { seeAccessible } from './axe.ts';
import { startBrowser } from './browser.ts';

/* A real browser between the application and a real directory: cookies, redirects and the policy of content hold. */
const database = await testDatabase();
await makeCast(database.db);
const company = await openCompany(database, { BREAK_GLASS: 'on' });
const { url, accounts } = company;
accounts.nina = { preferred_username: 'nina', name: 'Нина Орлова', groups: ['/sales'] };
accounts.oleg = { preferred_username: 'oleg', name: 'Олег Новый', groups: [] };
await database.pool.query(
	`insert into group_mappings (pattern, role) values ('/sales', 'manager')`,
);
const browser = await startBrowser();
afterAll(async () => await browser.close());

const SCREENS = {
	desk: { viewport: { width: 1366, height: 768 }, colorScheme: 'light' },
	phone: { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true },
} as const;

async function visit(screen: keyof typeof SCREENS, javaScriptEnabled = true): Promise<Page> {
	const context = await browser.newContext({
		...SCREENS[screen],
		javaScriptEnabled,
		locale: 'ru-RU',
	});
	return await context.newPage();
}

async function atDirectory(page: Page, login: string): Promise<void> {
	await page.locator('input[name=login]').fill(login);
	await page.locator('input[name=password]').fill('x');
	await page.locator('button[type=submit]').click();
}

for (const [screen, scripts] of [
	['desk', true],
	['phone', false],
] as const)
	test(`one comes in by the directory, back to the page asked for, and out of both (${screen}, scripts: ${scripts})`, async () => {
		const page = await visit(screen, scripts);
		await page.goto(`${url}/deals?sort=title`);
		await atDirectory(page, 'nina');
		await page.waitForURL(`${url}/deals?sort=title`);
		await page.locator('details.me summary').click();
		await page.locator('details.me .pop').getByText('Нина Орлова').waitFor();
		await page.getByRole('button', { name: 'Выйти' }).click();
		await page.waitForURL(`${company.issuer}/session/end**`);
		await page.locator('button[name=logout], button[type=submit]').first().click();
		await page.waitForURL(`${url}/sign-in`);
		if (scripts) await seeAccessible(page, 'the sign-in page');
		await page.getByRole('link', { name: 'Войти через единый вход' }).click();
		await page.locator('input[name=login]').waitFor();
		await page.context().close();
	});

test('who waits, who is refused and who knows no password is told so, accessibly', async () => {
	for (const screen of ['desk', 'phone'] as const) {
		const page = await visit(screen);
		await page.goto(`${url}/board`);
		await atDirectory(page, 'oleg');
		await page.getByRole('heading', { name: 'Ждём подтверждения' }).waitFor();
		await seeAccessible(page, `waiting, ${screen}`);
		await page.goto(`${url}/sign-in/callback?state=x`);
		await page.getByRole('heading', { name: 'Войти не удалось' }).waitFor();
		await seeAccessible(page, `refused, ${screen}`);
		await page.getByRole('link', { name: 'Вход администратора по паролю' }).click();
		await page.getByLabel('Логин').fill('ada');
		await page.getByLabel('Пароль').fill('guessed');
		await page.keyboard.press('Enter');
		await page.getByRole('alert').getByText('Логин или пароль не подходит.').waitFor();
		await expect.poll(() => page.getByLabel('Логин').inputValue()).toBe('ada');
		await seeAccessible(page, `wrong password, ${screen}`);
		const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
		await expect.poll(() => page.evaluate(wide)).toBe(false);
		await page.context().close();
	}
});
