import { sql } from 'drizzle-orm';
import type { BrowserContextOptions } from 'playwright-core';
import { expect, test } from 'vitest';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

/* The phone is a first device: who, what and the call come first, and nothing moves sideways but rows that should. */
const office = await openOffice();
const { db } = office.database;
await makeDemoCompany(db, NOON, 250);
const { rows } = await db.execute<{ id: number; client: number }>(sql`
	select d.id, d.client_id as client from deals d
	join people p on p.id = d.owner_id and p.login = 'anna'
	where d.next_planned_at < ${NOON} and exists (select from contact_points cp
		where cp.client_id = d.client_id and cp.contact_id is not null and cp.kind = 'phone')
	order by d.id limit 1`);
const { id: deal, client } = rows[0] as { id: number; client: number };

const phone = (width: number): BrowserContextOptions => ({
	...{ viewport: { width, height: 844 }, hasTouch: true, isMobile: true },
});
const shown = (page: Desk, selector: string) => page.locator(selector).filter({ visible: true });

test('no page moves sideways on a screen of 320, 360 or 390', async () => {
	const page = await office.sit('vera', phone(390));
	for (const address of [
		...['/board', '/board?view=dates', '/agenda', '/agenda?owner=team', '/deals', '/clients'],
		...[
			'/calendar',
			'/calendar?view=month',
			'/calendar?view=list',
			'/calendar?view=day&owner=team',
		],
		...[`/deals/${deal}`, `/clients/${client}`, '/settings', '/reminders', '/import'],
	]) {
		await page.setViewportSize({ width: 390, height: 844 });
		await page.goto(address);
		for (const width of [390, 360, 320]) {
			await page.setViewportSize({ width, height: 844 });
			const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
			expect(wide, `${address} ${width}`).toBeLessThanOrEqual(width);
			for (const place of await page
				.getByRole('navigation', { name: 'Разделы' })
				.getByRole('link')
				.all()) {
				const box = await place.boundingBox();
				expect((box?.x ?? 0) + (box?.width ?? 999), `${address} ${width}`).toBeLessThanOrEqual(
					width,
				);
				expect(Math.min(box?.height ?? 0, box?.width ?? 0)).toBeGreaterThanOrEqual(44);
			}
		}
	}
});

test('a deal offers its call above the fold, right under the next step, without scripts too', async () => {
	for (const javaScriptEnabled of [true, false]) {
		const page = await office.sit('anna', { ...phone(390), javaScriptEnabled });
		await page.goto(`/deals/${deal}`);
		const call = page.getByRole('link', { name: /^Позвонить: / }).first();
		await expect.poll(() => call.getAttribute('href')).toMatch(/^tel:\+\d+/);
		const box = await call.boundingBox();
		const dock = await page.getByRole('navigation', { name: 'Разделы' }).boundingBox();
		expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThan(dock?.y ?? 0);
		const next = await page.locator('#next').boundingBox();
		expect(box?.y).toBeGreaterThan((next?.y ?? 0) + (next?.height ?? 0));
		expect((box?.y ?? 999) - (next?.y ?? 0) - (next?.height ?? 0)).toBeLessThan(40);
	}
});

test('the board begins before the middle of the screen: chips in one row, отбор behind one button', async () => {
	const page = await office.sit('vera', phone(390));
	await page.goto('/board');
	const chips = await shown(page, '#chips .chip').all();
	const tops = await Promise.all(chips.map(async (chip) => (await chip.boundingBox())?.y));
	expect(chips.length).toBe(3);
	expect(new Set(tops).size).toBe(1);
	expect((await page.locator('.card').first().boundingBox())?.y).toBeLessThan(360);
	const owner = page.locator('#filter').getByLabel('Ответственный');
	await expect.poll(() => owner.isVisible()).toBe(false);
	await page.locator('#fold summary').tap();
	await owner.selectOption('me');
	await page.waitForURL('**/board?owner=me');
	// It stays open while it is being used.
	await expect.poll(() => owner.isVisible()).toBe(true);
	await page.goto('/agenda');
	const groups = await shown(page, '#agenda-bar .chips .chip').all();
	const places = await Promise.all(groups.map(async (chip) => (await chip.boundingBox())?.y));
	expect(new Set(places).size).toBe(1);
	expect((await page.locator('.todo').first().boundingBox())?.y).toBeLessThan(260);
});

test('the calendar opens on the day, the week where it is asked for, without scripts too', async () => {
	const page = await office.sit('anna', { ...phone(390), javaScriptEnabled: false });
	await page.goto('/calendar');
	await expect.poll(() => shown(page, '.calendar-day').count()).toBe(1);
	await expect.poll(() => shown(page, '.calendar-day').getAttribute('class')).toContain('here');
	await shown(page, 'a[rel=next]').tap();
	await page.waitForURL('**/calendar?view=day&on=*');
	await page.goto('/calendar?view=week');
	await expect.poll(() => page.locator('.calendar-day').count()).toBeGreaterThanOrEqual(5);
	await expect.poll(() => shown(page, '.calendar-day').count()).toBeGreaterThanOrEqual(5);
	await page.setViewportSize({ width: 1366, height: 768 });
	await page.goto('/calendar');
	await expect.poll(() => shown(page, '.calendar-day').count()).toBeGreaterThanOrEqual(5);
});
