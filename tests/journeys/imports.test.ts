import { expect, test } from 'vitest';
import { work } from '../imports/desk.ts';
import { seeAccessible } from './axe.ts';
import { makePeople } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

const office = await openOffice();
await makePeople(office.database.db);

const FILE = {
	name: 'клиенты.csv',
	mimeType: 'text/csv',
	buffer: Buffer.from('Клиент;ИНН;Телефон\nЗавод «Север»;;8 495 111-22-33\nПлохой;123;12\n'),
};

async function send(page: Desk): Promise<void> {
	await page.goto('/import');
	await page.getByLabel('Файл CSV или XLSX').setInputFiles(FILE);
	await page.getByRole('button', { name: 'Отправить файл' }).click();
	await page.getByRole('heading', { name: 'Столбцы файла' }).waitFor();
}
const go = () => work(office.database, { now: () => NOON });

test('a file comes in and goes again, with the page following by itself; nothing is in anybody’s way', async () => {
	const page = await office.sit('anna');
	await page.goto('/import');
	await seeAccessible(page, 'the list');
	await send(page);
	await expect
		.poll(() => page.getByRole('combobox', { name: 'Телефон' }).inputValue())
		.toBe('phones');
	await seeAccessible(page, 'columns');
	await page.getByRole('button', { name: 'Проверить' }).click();
	await page.getByText('Ничего ещё не записано').or(page.getByText('Читаем файл')).waitFor();
	await seeAccessible(page, 'progress');
	// Nobody reloads: the page asks by itself.
	await go();
	await page.getByRole('button', { name: 'Загрузить 1 строку' }).waitFor();
	await page.getByText('ИНН: «123»: должно быть цифр').waitFor();
	await seeAccessible(page, 'preview');
	await page.getByRole('link', { name: /С ошибкой/ }).click();
	await expect.poll(() => page.getByRole('row').count()).toBe(2);
	await page.goBack();
	await page.getByRole('button', { name: 'Загрузить 1 строку' }).press('Enter');
	await page.getByText('Загружаем').waitFor();
	await go();
	await page.getByRole('link', { name: 'Завод «Север»' }).waitFor();
	await page.getByText('Отменить всю загрузку').first().click();
	await seeAccessible(page, 'result');
	await page.getByRole('button', { name: 'Отменить всю загрузку' }).press('Enter');
	await page.getByText('Возвращаем').waitFor();
	await go();
	await page.getByText('убрано записей – 1').waitFor();
	expect(page.watch.faults).toEqual([]);
});

test('all of it works without scripts', async () => {
	const page = await office.sit('boris', { javaScriptEnabled: false });
	await send(page);
	await page.getByRole('button', { name: 'Проверить' }).click();
	await go();
	await page.reload();
	await page.getByRole('button', { name: 'Загрузить 1 строку' }).click();
	await go();
	await page.reload();
	await page.getByRole('link', { name: 'Завод «Север»' }).waitFor();
	const file = page.waitForEvent('download');
	await page.getByRole('link', { name: 'CSV', exact: true }).click();
	expect((await file).suggestedFilename()).toContain('Отклонённые строки – клиенты');
	await page.goto('/import');
	await page.getByRole('link', { name: 'клиенты.csv' }).waitFor();
});
