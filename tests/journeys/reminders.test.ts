import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { sendMail } from '#src/features/mail/actions.ts';
import { deliverMail } from '#src/features/mail/delivery.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { seeAccessible } from './axe.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const office = await openOffice();
const { db, pool } = office.database;
let cast: Cast;

beforeAll(async () => {
	cast = await makeCast(db);
});

const remind = async (...steps: number[]) => {
	await pool.query(
		`update interactions set reminded_at = null, status = 'planned', completed_at = null,
			remind_at = case when id = any($1) then $2::timestamptz end`,
		[steps, NOON],
	);
};
const remindedOf = async () =>
	(
		await pool.query<{ id: number }>(
			`select id from interactions where status = 'planned' and remind_at <= $1 and reminded_at is null`,
			[NOON],
		)
	).rows.map(({ id }) => id);
const corner = (desk: Desk) => desk.locator('#reminders');
const told = async (desk: Desk) => (await desk.locator('#reminders-told').textContent())?.trim();

test('a reminder comes into the corner by itself, is told once, and is put off by keyboard alone', async () => {
	await remind(cast.steps.late, cast.steps.today);
	const anna = await office.sit('anna');
	await anna.goto('/board');
	await corner(anna).getByText('ООО «Ромашка»').waitFor();
	await expect.poll(() => told(anna)).toContain('Напоминание: Звонок – Позвонить');
	await seeAccessible(anna, 'reminders in the corner of the board');

	const first = corner(anna).locator('li').first();
	const id = Number((await first.getAttribute('id'))?.slice('reminder-'.length));
	await first.getByText('Отложить').focus();
	await anna.keyboard.press('Enter');
	await seeAccessible(anna, 'how long to put a reminder off');
	await anna.keyboard.press('Escape');
	await expect.poll(() => first.getByRole('button', { name: '15 минут' }).isVisible()).toBe(false);
	await anna.keyboard.press('Enter');
	await anna.keyboard.press('Tab');
	await anna.keyboard.press('Tab');
	await anna.keyboard.press('Enter');
	await expect.poll(remindedOf).not.toContain(id);
	await expect.poll(() => corner(anna).locator('li').count()).toBe(1);
	await expect
		.poll(() => anna.evaluate('document.activeElement.closest("#reminders") !== null'))
		.toBe(true);
	await anna.getByText('Напомним').waitFor();

	// The other page of the same tab does not tell the same again.
	await anna.goto('/deals');
	await corner(anna).locator('li').first().waitFor();
	await expect.poll(() => told(anna)).toBe('');
});

test('«Сделано» finishes the step in the dialog, and the corner empties', async () => {
	await remind(cast.steps.today);
	const anna = await office.sit('anna');
	await anna.goto('/deals');
	await corner(anna).getByRole('link', { name: 'Сделано' }).click();
	await anna.getByRole('dialog').getByRole('button', { name: 'Сделано', exact: true }).click();
	await expect.poll(remindedOf).toEqual([]);
	await expect.poll(() => corner(anna).isVisible()).toBe(false);
});

test('a session that ends while somebody writes takes neither the page nor the words away', async () => {
	await remind();
	const anna = await office.sit('anna');
	anna.watch.allow(401);
	await anna.clock.install();
	await anna.goto('/deals/new');
	await anna.locator('#f-title').fill('Недописано');
	await pool.query('delete from sessions');
	const refused = anna.waitForResponse(
		(answer) => /\/reminders$/.test(answer.url()) && answer.status() === 401,
	);
	await anna.clock.runFor(61_000);
	await refused;
	await expect.poll(() => new URL(anna.url()).pathname).toBe('/deals/new');
	await expect.poll(() => anna.locator('#f-title').inputValue()).toBe('Недописано');
	await expect.poll(() => anna.locator('#toasts .toast').count()).toBe(0);
});

test('folded, the corner stays a small heading on the next page too', async () => {
	await remind(cast.steps.late);
	const anna = await office.sit('anna');
	await anna.goto('/deals');
	const item = corner(anna).locator('li');
	await item.waitFor();
	await corner(anna).locator('summary').first().click();
	await anna.goto('/board');
	await corner(anna).getByText('Напоминания', { exact: true }).last().waitFor();
	await expect.poll(() => item.isVisible()).toBe(false);
});

test('without JavaScript reminders have a page, and everything on it works', async () => {
	await remind(cast.steps.late, cast.steps.today);
	const anna = await office.sit('anna', { javaScriptEnabled: false });
	await anna.goto('/board');
	await expect.poll(() => corner(anna).isVisible()).toBe(false);
	await anna.goto('/reminders');
	const one = anna.locator(`#reminder-${cast.steps.late}`);
	await one.getByText('Отложить').click();
	await one.getByRole('button', { name: 'час' }).click();
	await anna.getByText('Напомним').waitFor();
	await expect.poll(() => anna.locator('main li').count()).toBe(1);
	await anna.getByRole('button', { name: 'Убрать напоминание' }).click();
	await anna.getByText('Сейчас напоминать не о чем').waitFor();
});

test('the pages of reminders, settings and letters are accessible, and a letter shows in its frame', async () => {
	await remind(cast.steps.late);
	await pool.query(`update people set email = login || '@shop.example'`);
	const id = (await sendMail(db, by(cast.people.vera), {
		to: cast.people.anna.id,
		kind: 'assigned',
		subject: 'Вам поручено',
		parts: [
			{ part: 'words', words: 'Позвонить <b>сегодня</b>' },
			{ part: 'button', href: '/deals/1', words: { key: 'mail.open' } },
		],
	})) as number;
	await deliverMail({ db, config: readConfig({}), now: () => NOON }, id);
	const ada = await office.sit('ada');
	for (const path of ['/reminders', '/settings', '/admin/mail', `/admin/mail/${id}`]) {
		await ada.goto(path);
		await seeAccessible(ada, path);
	}
	await ada.frameLocator('iframe').getByText('Позвонить <b>сегодня</b>').waitFor();
	const anna = await office.sit('anna');
	await anna.goto('/reminders');
	await seeAccessible(anna, 'reminders');
	await anna.goto('/settings');
	await anna.getByLabel('Утренняя сводка').uncheck();
	await anna.getByRole('button', { name: 'Сохранить настройки' }).click();
	await anna.getByText('Настройки сохранены').waitFor();
	await expect.poll(() => anna.getByLabel('Утренняя сводка').isChecked()).toBe(false);
});
