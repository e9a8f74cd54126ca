import { beforeEach, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { seeAccessible } from './axe.ts';
import { seeToast } from './board.ts';
import { by, makePeople } from './company.ts';
import { openOffice } from './desk.ts';

const office = await openOffice();
const { db, pool } = office.database;
await makePeople(db);
let daisy: number;
let twin: number;

beforeEach(async () => {
	await office.empty();
	const vera = await by(db, 'vera');
	daisy = await createClient(db, vera, {
		...{ name: 'ООО «Ромашка»', inn: '7707083893', region: 'Тула' },
		contacts: [{ name: 'Ольга', phone: '8 495 123-45-67' }],
	});
	twin = await createClient(db, vera, { name: 'Ромашка', inn: '7707083893', region: 'Омск' });
});

const mergedInto = async (id: number) =>
	(await pool.query('select merged_into as into from clients where id = $1', [id])).rows[0].into;

test('who types a client that is there is told at once, and goes to it', async () => {
	const page = await office.sit('vera');
	await page.goto('/clients/new');
	await page.getByLabel('Телефон').fill('+7 (495) 1234567');
	const warning = page.locator('#duplicates');
	await warning.getByRole('link', { name: 'ООО «Ромашка»' }).waitFor();
	await seeAccessible(page, 'a warning of doubles');
	await page.getByLabel('Телефон').fill('');
	await page.getByLabel('Название').fill('ромашка');
	await warning.getByRole('link', { name: 'Ромашка', exact: true }).waitFor();
	await warning.getByRole('link', { name: 'ООО «Ромашка»' }).click();
	await page.waitForURL(`**/clients/${daisy}`);
});

test('likely doubles are merged with the keyboard alone', async () => {
	const page = await office.sit('vera');
	await page.goto('/clients/duplicates');
	await seeAccessible(page, 'likely doubles');
	await page.getByRole('link', { name: 'Объединить' }).focus();
	await page.keyboard.press('Enter');
	await page.getByRole('radio', { name: 'Регион: Омск' }).waitFor();
	await seeAccessible(page, 'a merge');
	await page.getByRole('radio', { name: 'Остаётся карточка: Ромашка', exact: true }).focus();
	await page.keyboard.press('ArrowUp');
	await page.getByRole('button', { name: 'Объединить' }).focus();
	await page.keyboard.press('Enter');
	await seeToast(page, /всё теперь в/);
	await expect.poll(() => mergedInto(twin)).toBe(daisy);
});

test('without scripts: a merge, its undoing by an administrator, the archive and back', async () => {
	const page = await office.sit('ada', { javaScriptEnabled: false });
	await page.goto(`/clients/merge?ids=${daisy},${twin}`);
	await page.getByRole('button', { name: 'Объединить' }).click();
	await seeToast(page, /всё теперь в/);
	await expect.poll(() => page.url()).toBe(`${office.url}/clients/${daisy}`);
	await page.getByRole('button', { name: 'Отменить' }).click();
	await seeToast(page, 'Объединение отменено');
	await expect.poll(() => mergedInto(twin)).toBeNull();
	await page.goto(`/clients/${daisy}/removal`);
	await page.getByRole('button', { name: 'В архив' }).click();
	await seeToast(page, /в архиве/);
	await page.getByRole('button', { name: 'Вернуть из архива' }).click();
	await seeToast(page, /снова в работе/);
});

test('visiting cards are looked at and taken in', async () => {
	const page = await office.sit('vera');
	await page.goto(`/clients/${daisy}`);
	await page.getByRole('link', { name: 'Ещё', exact: true }).click();
	await page.getByRole('link', { name: 'Контакты из vCard' }).click();
	const card = 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Пётр Новый\r\nTEL:+79160000001\r\nEND:VCARD\r\n';
	await page
		.getByLabel('Файл .vcf')
		.setInputFiles({ name: 'cards.vcf', mimeType: 'text/vcard', buffer: Buffer.from(card) });
	await page.getByRole('button', { name: 'Показать' }).click();
	await page.getByRole('checkbox', { name: 'Пётр Новый' }).waitFor();
	await seeAccessible(page, 'visiting cards');
	await page.getByRole('button', { name: 'Добавить отмеченные' }).click();
	await seeToast(page, '1 новый контакт');
	await page.getByRole('link', { name: '+7 916 000-00-01' }).waitFor();
});
