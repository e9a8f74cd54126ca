import { expect, test } from 'vitest';
import { testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { pagesOf } from '../house/addresses.ts';
import { makeRecords } from '../house/records.ts';
import { findFaults, OF_THE_LOOK } from './axe.ts';
import { openOffice } from './desk.ts';

/*
 * What holds for every page, taken from the same list as tests/house/pages.test.ts: a new page is looked at
 * without anybody thinking of it.
 */
const office = await openOffice();
const cast = await makeCast(office.database.db);
const pages = pagesOf(await makeRecords(await testApp(office.database), cast));
const addresses = Object.values(pages).flat();
const PHONE = { width: 320, height: 700 };
const DESK = { width: 1366, height: 768 };
// What is wide scrolls within itself; the page never does.
const TOO_WIDE = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
const SHOWN = 'document.body.innerText';

test('every page is accessible, light on a desk and dark on a phone, and nowhere wider than its screen', async () => {
	const page = await office.sit('ada');
	const faults: string[] = [];
	for (const url of addresses) {
		await page.setViewportSize(DESK);
		await page.emulateMedia({ colorScheme: 'light' });
		await page.goto(url);
		faults.push(...(await findFaults(page, url)));
		await page.setViewportSize(PHONE);
		await page.emulateMedia({ colorScheme: 'dark' });
		faults.push(...(await findFaults(page, `${url}, dark, narrow`, OF_THE_LOOK)));
		const wider = await page.evaluate<number>(TOO_WIDE);
		if (wider > 0) faults.push(`${url}: ${wider} px wider than a phone`);
	}
	expect(faults).toEqual([]);
}, 1_800_000);

test('every page has its title, heading and words without scripts, and on paper', async () => {
	const page = await office.sit('ada', { javaScriptEnabled: false });
	for (const url of addresses) {
		await page.goto(url);
		await expect.poll(() => page.title(), { message: url }).toMatch(/\S/);
		await expect.poll(() => page.locator('h1, h2').count(), { message: url }).toBeGreaterThan(0);
		await page.emulateMedia({ media: 'print' });
		await expect.poll(() => page.evaluate(SHOWN), { message: `${url}, printed` }).toMatch(/\S/);
		await page.emulateMedia({ media: 'screen' });
	}
}, 1_200_000);
