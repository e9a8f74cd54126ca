import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

/** The board as a person meets it: cards by deal, columns by state. */
export const cardOf = (page: Page, dealId: number): Locator => page.locator(`#deal-${dealId}`);
export const column = (page: Page, stageId: number): Locator => page.locator(`#stage-${stageId}`);
export const toast = (page: Page): Locator => page.locator('#toasts .toast');
export const dialog = (page: Page): Locator => page.locator('#dialog');

/** Opens the board and waits until its scripts are at work. */
export async function openBoard(page: Page, address = '/board'): Promise<void> {
	await page.goto(address);
	await expect.poll(async () => await page.evaluate('document.readyState')).toBe('complete');
}

/** The deals of a column as they stand in it, from the top. */
export async function dealsIn(page: Page, stageId: number): Promise<number[]> {
	const ids = await column(page, stageId)
		.locator('.card')
		.evaluateAll((all) => all.map((one) => one.id));
	return ids.map((id) => Number(id.replace('deal-', '')));
}

/** Waits until a column shows exactly these deals in this order. */
export async function seeDeals(page: Page, stageId: number, deals: number[]): Promise<void> {
	await expect.poll(async () => await dealsIn(page, stageId)).toEqual(deals);
}

/** Count and sum of a column's header, with plain spaces: `2 · 300 000 ₽`. */
export async function headOf(page: Page, stageId: number): Promise<string> {
	const text = (await column(page, stageId).locator('.totals').textContent()) ?? '';
	return text.replace(/\s/g, ' ').trim();
}

/** Waits until a header says this. */
export async function seeHead(page: Page, stageId: number, head: string): Promise<void> {
	await expect.poll(async () => await headOf(page, stageId)).toBe(head);
}

/** Waits until the toast says something that matches. */
export async function seeToast(page: Page, words: string | RegExp): Promise<void> {
	const say = async () => ((await toast(page).textContent()) ?? '').replace(/\s+/g, ' ').trim();
	await toast(page).waitFor();
	if (typeof words === 'string') await expect.poll(say).toContain(words);
	else await expect.poll(say).toMatch(words);
}

/** The deal whose card holds the focus. */
export async function focusedDeal(page: Page): Promise<number | null> {
	const id = await page.evaluate<string | null>(
		'document.activeElement?.closest(".card")?.id ?? null',
	);
	return id === null ? null : Number(id.replace('deal-', ''));
}

/** Waits until the focus stands on a card. */
export async function seeFocus(page: Page, dealId: number): Promise<void> {
	await expect.poll(async () => await focusedDeal(page)).toBe(dealId);
}

/** How far below its top a card is taken: the toolbar of the card above it may hang over its title. */
const GRIP = 42;

// The answer to an earlier move may put the card elsewhere between the look at it and the press: then
// the mouse has caught nothing, and a person takes the card once more.
async function take(page: Page, dealId: number, tries = 5): Promise<void> {
	const card = cardOf(page, dealId);
	await card.scrollIntoViewIfNeeded();
	const from = await card.boundingBox();
	if (from === null) throw new Error('the card is not on the screen');
	await page.mouse.move(from.x + 60, from.y + GRIP);
	await page.mouse.down();
	await page.mouse.move(from.x + 75, from.y + GRIP + 8, { steps: 3 });
	const held = page.locator(`body.dragging .ghost #deal-${dealId}`);
	const caught = held.first().waitFor({ timeout: tries > 0 ? 1_000 : 15_000 });
	if (
		await caught.then(
			() => true,
			() => false,
		)
	)
		return;
	await page.mouse.up();
	await page.locator('body:not(.dragging)').waitFor();
	await take(page, dealId, tries - 1);
}

/** Takes a card by the mouse and holds it over a column, still pressed. */
export async function dragOver(page: Page, dealId: number, stageId: number): Promise<void> {
	await take(page, dealId);
	const to = await column(page, stageId).boundingBox();
	if (to === null) throw new Error('the column is not on the screen');
	await page.mouse.move(to.x + to.width / 2, to.y + Math.min(to.height / 2, 200), { steps: 4 });
	await page.mouse.move(to.x + to.width / 2 + 2, to.y + Math.min(to.height / 2, 200) + 2);
}

/** Drags a card with the mouse and drops it on a column. */
export async function drag(page: Page, dealId: number, stageId: number): Promise<void> {
	await dragOver(page, dealId, stageId);
	await page.mouse.up();
	await page.locator('body:not(.dragging)').waitFor();
}

/** Drags a card straight to the middle of something, and lets it go at once. */
export async function dropOn(page: Page, dealId: number, place: Locator): Promise<void> {
	const from = await cardOf(page, dealId).boundingBox();
	const to = await place.boundingBox();
	if (from === null || to === null) throw new Error('card or place is not on the screen');
	await page.mouse.move(from.x + 60, from.y + GRIP);
	await page.mouse.down();
	await page.mouse.move(from.x + 75, from.y + GRIP + 8, { steps: 3 });
	await page.locator('body.dragging').waitFor();
	await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2);
	await page.mouse.up();
	await page.locator('body:not(.dragging)').waitFor();
}

/** Takes a record of a directory by its grip and holds it over one above, still pressed, until it stands there. */
export async function holdOver(page: Page, from: string, to: string): Promise<void> {
	const grip = page.locator(`${from} [data-grip]`);
	await grip.scrollIntoViewIfNeeded();
	const [box, goal] = [await grip.boundingBox(), await page.locator(to).boundingBox()];
	if (box === null || goal === null) throw new Error('nothing to drag');
	const x = box.x + box.width / 2;
	const y = box.y + box.height / 2;
	await page.mouse.move(x, y);
	await page.mouse.down();
	await page.mouse.move(x, y - 8, { steps: 4 });
	await page.locator('body.dragging').waitFor();
	await page.mouse.move(x, goal.y + 4, { steps: 12 });
	// Rows that still slide take nobody in: the hand waits for them, as a hand does.
	const place = page.locator(`${from}.ghost ~ ${to}`);
	let tremor = 4;
	await expect
		.poll(async () => {
			tremor = tremor === 4 ? 6 : 4;
			await page.mouse.move(x, goal.y + tremor);
			return await place.count();
		})
		.toBe(1);
}

/** Types letter by letter without a pause between them, which a busy machine would make. */
export async function typeAtOnce(field: Locator, text: string): Promise<void> {
	await field.focus();
	await field.evaluate((input, letters) => {
		for (const letter of letters) {
			input.value += letter;
			input.dispatchEvent(new Event('input', { bubbles: true }));
		}
	}, text);
}

/** Counts the moves that the page asks the server for. */
export function countMoves(page: Page): () => number {
	let moves = 0;
	page.on('request', (request) => {
		if (request.method() === 'POST' && request.url().endsWith('/moves')) moves += 1;
	});
	return () => moves;
}
