import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { openBoard } from './board.ts';
import { NOON, openOffice } from './desk.ts';

const office = await openOffice();
await makeDemoCompany(office.database.db, NOON);

const PDFTOTEXT = '/usr/bin/pdftotext';
if (!existsSync(PDFTOTEXT))
	console.warn(
		`NOT TESTED: the words of the printed pages, only their number and size: ${PDFTOTEXT} is absent`,
	);

/** The pages of a PDF as text, one string a page; null where nothing here can read it. */
async function textOf(pdf: Buffer): Promise<string[] | null> {
	if (!existsSync(PDFTOTEXT)) return null;
	const folder = await mkdtemp(join(tmpdir(), 'print-'));
	try {
		await writeFile(join(folder, 'board.pdf'), pdf);
		const { stdout } = await promisify(execFile)(PDFTOTEXT, [
			'-layout',
			join(folder, 'board.pdf'),
			'-',
		]);
		return stdout.split('\f').filter((page) => page.trim() !== '');
	} finally {
		await rm(folder, { recursive: true });
	}
}

const A4_LANDSCAPE = [842, 595];

/** Every page is an A4 across. Returns how many there are. */
function seeLandscape(pdf: Buffer): number {
	const boxes = [
		...pdf.toString('latin1').matchAll(/\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)/g),
	];
	for (const [, width, height] of boxes)
		expect([Math.round(Number(width)), Math.round(Number(height))]).toEqual(A4_LANDSCAPE);
	return boxes.length;
}

describe('on paper', () => {
	test('the printed board is a table with its head and «n из m» on every page', async () => {
		const page = await office.sit('anna');
		await page.goto('/board/print?q=а');
		const pdf = await page.pdf({ preferCSSPageSize: true });
		const pages = seeLandscape(pdf);
		expect(pages).toBeGreaterThan(2);
		const texts = await textOf(pdf);
		if (texts === null) return;
		expect(texts).toHaveLength(pages);
		for (const [n, text] of texts.entries()) {
			expect(text).toMatch(/Интерес\s+Клиент\s+Когда/);
			expect(text).toContain(`${n + 1} из ${pages}`);
		}
		expect(texts[0]).toMatch(/Отбор: .*текст «а»/);
		expect(texts[0]).toContain('Напечатано: Анна Соколова');
		expect(texts.join('')).not.toMatch(/^ *Печать *$|Назад на доску|Новый интерес|Показать ещё/m);
		expect(texts.join('')).toContain('Завершено успешно');
	});

	test('prints every deal of the отбор once, with its amount', async () => {
		const page = await office.sit('anna');
		await page.goto('/board/print');
		const rows = await page.locator('tbody tr:not(.stage-row)').count();
		const told = Number(
			/(\d+) интерес/.exec((await page.locator('header').textContent()) ?? '')?.[1],
		);
		expect(rows).toBe(told);
	});

	test('the board itself prints without its buttons, on several pages with numbers', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		const pdf = await page.pdf({ preferCSSPageSize: true });
		const pages = seeLandscape(pdf);
		expect(pages).toBeGreaterThan(1);
		const texts = await textOf(pdf);
		if (texts === null) return;
		expect(texts.join('')).not.toMatch(
			/Новый интерес|Показать (ещё|завер)|Сбросить|Ответственный|Выйти/,
		);
		for (const state of ['Первичный интерес', 'Выполнение договора', 'Завершено неудачно'])
			expect(texts.join('')).toContain(state);
		for (const [n, text] of texts.entries())
			expect(text).toMatch(new RegExp(`${n + 1}\\s*(/|из)\\s*${pages}`));
	});

	test('a deal of the board is one line: what, whom, how much, what to do, when, on one level', async () => {
		const page = await office.sit('anna');
		await openBoard(page);
		await page.emulateMedia({ media: 'print' });
		for (const selector of ['#print', '.bulk', '.pick', '.card .do', '.filter'])
			await expect
				.poll(() => page.locator(selector).filter({ visible: true }).count(), { message: selector })
				.toBe(0);
		for (const card of (await page.locator('.card').all()).slice(0, 30)) {
			const lines = await card.locator('h3, .client > *, .step > span, .at').all();
			const tops = await Promise.all(lines.map(async (line) => (await line.boundingBox())?.y ?? 0));
			expect(tops.length).toBeGreaterThan(3);
			expect(Math.max(...tops) - Math.min(...tops)).toBeLessThan(3);
		}
		const texts = await textOf(await page.pdf({ preferCSSPageSize: true }));
		if (texts === null) return;
		expect(texts.join('')).toMatch(
			/Погрузчики, два штабелёра\s+Ключевая вода\s+2 623 650,50 ₽\s+Договориться о встрече\s+просрочено на/,
		);
	});

	test('of a team’s board whose a card is stands whole on its line', async () => {
		const page = await office.sit('vera');
		await openBoard(page);
		await page.emulateMedia({ media: 'print' });
		const texts = await textOf(await page.pdf({ preferCSSPageSize: true }));
		if (texts === null) return;
		expect(texts.join('')).toMatch(/Договориться о встрече\s+Анна Соколова\s+просрочено на/);
	});

	test('the list of deals has all its columns on the page, who printed it and what was asked for, nothing to click', async () => {
		const page = await office.sit('anna');
		// As wide as an A4 across has room for at 96 dots an inch.
		await page.setViewportSize({ width: 1032, height: 700 });
		await page.goto('/deals?q=а');
		await page.emulateMedia({ media: 'print' });
		const beyond = await page
			.locator('thead th')
			.evaluateAll((all) =>
				all.filter((one) => one.getBoundingClientRect().right > 1032).map((one) => one.textContent),
			);
		expect(beyond).toEqual([]);
		const choosing = page.locator('td.tick, #bulk, .bar .button, .bar select, .chip');
		await expect.poll(() => choosing.filter({ visible: true }).count()).toBe(0);
		const pdf = await page.pdf({ preferCSSPageSize: true });
		seeLandscape(pdf);
		const texts = await textOf(pdf);
		if (texts === null) return;
		expect(texts[0]).toContain('Напечатано: Анна Соколова');
		expect(texts[0]).toContain('Отбор: В работе; текст «а».');
		for (const text of texts) expect(text).toMatch(/Клиент\s+Состояние[\s\S]*Чей/);
		expect(texts.join('')).not.toMatch(/Выйти|Новый интерес|Показать ещё|Отборы/);
	});

	test('the list of clients prints with all its columns, отбор, author and numbers, without its bar', async () => {
		const page = await office.sit('vera');
		await page.goto('/clients?status=active&sort=-amount');
		const rows = await page.locator('tbody th').count();
		const pdf = await page.pdf({ preferCSSPageSize: true });
		const pages = seeLandscape(pdf);
		const texts = await textOf(pdf);
		if (texts === null) return;
		expect(texts[0]).toMatch(/Напечатано: Вера Павлова, .*Найдено \d+ клиент.*Отбор: Действующий/);
		expect(texts.join('')).not.toMatch(/Похожие клиенты|Новый клиент|Отборы|Ответственный вся/);
		expect(texts.join('').match(/Действующий/g)?.length).toBe(rows + 1);
		for (const [n, text] of texts.entries()) {
			expect(text).toMatch(/Следующий\s/);
			expect(text).toMatch(new RegExp(`${n + 1}\\s*/\\s*${pages}`));
		}
	});

	test('the whole list prints in its order, however little of it was on the screen, with its head on every page', async () => {
		const page = await office.sit('vera');
		for (const [address, what] of [
			['/deals?amountFrom=1000&sort=-amount', 'Сумма от 1 000'],
			['/clients?contact=30&sort=-name', 'Контакт: не было 30 дней'],
		] as const) {
			await page.goto(address);
			const told = Number(/\d+/.exec((await page.locator('#sum').textContent()) ?? '')?.[0]);
			const names = await page.locator('tbody th > a').allTextContents();
			await page.getByRole('link', { name: 'Печать', exact: true }).click();
			await page.waitForURL('**/print?*');
			const printed = page.locator('tbody th');
			await expect.poll(() => printed.count()).toBe(told);
			const first = (await printed.allTextContents()).slice(0, names.length);
			for (const [n, name] of names.entries()) expect(first[n]).toContain(name);
			const pdf = await page.pdf({ preferCSSPageSize: true });
			const pages = seeLandscape(pdf);
			const texts = await textOf(pdf);
			if (texts === null) return;
			expect(texts[0]?.replaceAll(' ', ' ')).toContain(what);
			expect(texts[0]).toContain('Напечатано: Вера Павлова');
			for (const [n, text] of texts.entries()) {
				expect(text).toMatch(/Следующий шаг/);
				expect(text).toContain(`${n + 1} из ${pages}`);
			}
			expect(texts.join('')).not.toMatch(/^ *Печать *$|Назад к списку|Показать ещё/m);
			await page.getByRole('link', { name: 'Назад к списку' }).click();
			await page.waitForURL((url) => url.pathname === new URL(address, url).pathname);
			await expect.poll(() => page.locator('tbody th > a').allTextContents()).toEqual(names);
		}
	});

	test('a client prints from its first page on: what comes next, who to call, requisites, history', async () => {
		const page = await office.sit('vera');
		await page.goto('/clients?sort=-amount');
		await page.locator('tbody th a').first().click();
		await page.locator('#history').waitFor();
		const steps = await page.locator('#steps li').count();
		const pdf = await page.pdf({ preferCSSPageSize: true });
		seeLandscape(pdf);
		const texts = await textOf(pdf);
		if (texts === null) return;
		expect(texts[0]).toContain('Следующие шаги');
		expect(steps).toBeGreaterThan(4);
		expect(texts.length).toBeLessThan(8);
		const all = texts.join('');
		for (const words of ['Контакты', 'Реквизиты', 'История']) expect(all).toContain(words);
		expect(all).not.toMatch(/Сделано$|Перенести|Изменить|Показать (ещё|все)|Запланировать$/m);
	});

	test('«Мои дела» and a deal stand upright, with nothing to choose and no field without a value', async () => {
		const page = await office.sit('anna');
		await page.goto('/deals?sort=-amount');
		const deal = await page.locator('tbody th > a').first().getAttribute('href');
		for (const address of ['/agenda', deal ?? '']) {
			await page.goto(address);
			await page.emulateMedia({ media: 'print' });
			const choosing = page.locator('.chip, select, [type="search"], .tick, button');
			await expect
				.poll(() => choosing.filter({ visible: true }).count(), { message: address })
				.toBe(0);
			const empty = page.locator('.fact dd > .soft:first-child').filter({ visible: true });
			await expect.poll(() => empty.count(), { message: address }).toBe(0);
			const pdf = await page.pdf({ preferCSSPageSize: true });
			const widths = pdf.toString('latin1').matchAll(/\/MediaBox\s*\[\s*0\s+0\s+([\d.]+)/g);
			for (const [, width] of widths) expect(Math.round(Number(width)), address).toBe(595);
		}
	});

	test('the button of the print page prints', async () => {
		const page = await office.sit('anna');
		await page.addInitScript('window.print = () => { window.printed = true; }');
		await page.goto('/board/print');
		await page.getByRole('button', { name: 'Печать' }).click();
		await expect.poll(() => page.evaluate('window.printed')).toBe(true);
	});
});
