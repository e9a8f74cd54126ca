import { sql } from 'drizzle-orm';
import type { BrowserContextOptions } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { seeAccessible, seeLook } from './axe.ts';
import { dialog, openBoard, seeToast } from './board.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const office = await openOffice();
const { db } = office.database;
await makeDemoCompany(db, NOON, 150);

const SCREENS: Record<string, BrowserContextOptions> = {
	'on a desk': { viewport: { width: 1366, height: 768 } },
	'on a phone': { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

// Colours are the same at every width: the desk looks at the light ones, the phone at the dark.
const colours = (screen: BrowserContextOptions) => (screen.hasTouch ? 'dark' : 'light');

/** A deal of Anna's in this kind of state that has, or has not, a planned step. */
async function dealOf(kind: 'open' | 'won' | 'lost', planned = false): Promise<number> {
	const { rows } = await db.execute<{ id: number }>(sql`
		select d.id from deals d join stages s on s.id = d.stage_id join people p on p.id = d.owner_id
		where p.login = 'anna' and s.kind = ${kind} and (d.next_interaction_id is not null) = ${planned}
		order by d.id limit 1`);
	return (rows[0] as { id: number }).id;
}

async function stepOf(dealId: number): Promise<number> {
	const { rows } = await db.execute<{ id: number }>(
		sql`select next_interaction_id as id from deals where id = ${dealId}`,
	);
	return (rows[0] as { id: number }).id;
}

const deal = await dealOf('open', true);
const bare = await dealOf('open', false);
const step = await stepOf(deal);

/** Opens a form in the dialog of the board, as a click on its link does. */
async function openForm(page: Desk, address: string): Promise<void> {
	await page.evaluate(`(() => {
		const link = Object.assign(document.createElement('a'), { href: '${address}' });
		link.dataset.dialog = '';
		document.querySelector('main').append(link);
		link.click();
		link.remove();
	})()`);
	await dialog(page).locator('h2').waitFor();
}

async function closeForm(page: Desk): Promise<void> {
	await page.keyboard.press('Escape');
	await dialog(page).waitFor({ state: 'hidden' });
}

describe.each(Object.entries(SCREENS))('%s', (_, screen) => {
	test('the sign-in, an error page and the printed board', async () => {
		const page = await office.visit(screen);
		await page.goto('/sign-in');
		await seeAccessible(page, 'sign-in');
		const desk = await office.sit('anna', screen);
		desk.watch.allow(404);
		await desk.goto('/nothing-here');
		await seeAccessible(desk, 'error page');
		await desk.goto('/board/print');
		await seeAccessible(desk, 'print page');
	});

	test('the board: light, dark, with more contrast, in forced colours', async () => {
		const page = await office.sit('anna', screen);
		await openBoard(page, '/board?period=today');
		await seeAccessible(page, 'light');
		await page.emulateMedia({ colorScheme: 'dark' });
		await seeLook(page, 'dark');
		await page.emulateMedia({ colorScheme: 'light', contrast: 'more' });
		await seeLook(page, 'more contrast');
		await page.emulateMedia({ forcedColors: 'active', contrast: 'no-preference' });
		await seeLook(page, 'forced colours');
	});

	test('the board that is empty, and the one filtered to nothing', async () => {
		const page = await office.sit('anna', screen);
		await openBoard(page, '/board?q=такого-нет');
		await seeAccessible(page, 'filtered to nothing');
		await db.execute(sql`
			insert into people (login, name, role) values ('nina', 'Нина Новая', 'manager')
			on conflict do nothing`);
		const nina = await office.sit('nina' as 'anna', screen);
		await openBoard(nina);
		await seeAccessible(nina, 'empty');
	});

	test('a deal that is open, one without a step, won, lost; the lists', async () => {
		const page = await office.sit('anna', screen);
		for (const [name, id] of [
			['open', deal],
			['bare', bare],
			['won', await dealOf('won')],
			['lost', await dealOf('lost')],
		] as const) {
			await page.goto(`/deals/${id}`);
			await seeAccessible(page, `${name} deal`);
			await page.emulateMedia({ colorScheme: name === 'open' ? 'dark' : 'light' });
			if (name === 'open') await seeLook(page, 'open deal, dark');
			await page.emulateMedia({ colorScheme: 'light' });
		}
		for (const stage of [1, 6, 7]) {
			await page.goto(`/deals?stage=${stage}`);
			await seeAccessible(page, `list of state ${stage}`);
		}
	});

	test('every dialog', async () => {
		const page = await office.sit('vera', { ...screen, colorScheme: colours(screen) });
		await openBoard(page, '/board?q=такого-нет');
		for (const address of [
			'/deals/new',
			`/deals/${deal}/menu`,
			`/deals/${deal}/moves/new`,
			`/deals/${deal}/edit`,
			`/deals/${deal}/closure/new?stageId=6`,
			`/deals/${deal}/closure/new?stageId=7`,
			`/deals/${deal}/interactions/new`,
			`/interactions/${step}/completion/new`,
			`/interactions/${step}/postponement/new`,
		]) {
			await openForm(page, address);
			await seeAccessible(page, address);
			await closeForm(page);
		}
		await page.keyboard.press('?');
		await page.locator('#keys h2').waitFor();
		await seeAccessible(page, 'help');
	});
});

test('the board of a company, to who sees all of it', async () => {
	const page = await office.sit('ada');
	await openBoard(page);
	await seeAccessible(page, 'all deals');
});

describe('forms that came back', () => {
	test('with errors, in the dialog and on a page of their own', async () => {
		const page = await office.sit('anna');
		page.watch.allow(422);
		await openBoard(page, '/board?period=none');
		await openForm(page, '/deals/new');
		await page.keyboard.press('Enter');
		await dialog(page).getByRole('alert').waitFor();
		await seeAccessible(page, 'new with errors');
		await closeForm(page);
		await openForm(page, `/deals/${deal}/edit`);
		await dialog(page).getByLabel('Интерес').fill('');
		await dialog(page).getByLabel(/Сумма/).fill('много');
		await page.keyboard.press('Enter');
		await dialog(page).getByRole('alert').waitFor();
		await seeAccessible(page, 'edit with errors');
		const plain = await office.sit('anna', { javaScriptEnabled: false });
		plain.watch.allow(422);
		await plain.goto(`/deals/${deal}/closure/new?stageId=7`);
		await plain.getByRole('button', { name: 'Завершить неудачно' }).click();
		await plain.locator('#form-problem').getByText('Причина неудачи').waitFor();
		await expect
			.poll(() => plain.getByLabel('Причина неудачи').getAttribute('aria-invalid'))
			.toBe('true');
	});

	test('with a conflict; and the toasts', async () => {
		const page = await office.sit('anna');
		page.watch.allow(409);
		await openBoard(page, '/board?period=none');
		await openForm(page, `/deals/${deal}/edit`);
		await db.execute(
			sql`update deals set version = version + 1, title = 'Другое' where id = ${deal}`,
		);
		await dialog(page).getByLabel('Интерес').fill('Моё название');
		await page.keyboard.press('Enter');
		await dialog(page).getByText('Сейчас: Другое').waitFor();
		await seeAccessible(page, 'conflict');
		await page.emulateMedia({ colorScheme: 'dark' });
		await seeLook(page, 'conflict, dark');
		await dialog(page).getByRole('button', { name: 'Сохранить моё' }).click();
		await seeToast(page, 'изменения сохранены');
		await seeAccessible(page, 'toast, dark');
		await page.emulateMedia({ colorScheme: 'light' });
		await seeLook(page, 'toast');
	});
});
