import type { BrowserContextOptions } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { createDeal } from '#src/features/deals/actions.ts';
import { addPipeline } from '#src/features/deals/pipelines/pipelines.ts';
import { listAllStages, type Stage, stagesIn } from '#src/features/deals/queries.ts';
import { makeDemoCompany } from '#src/features/demo/actions.ts';
import { seeAccessible } from './axe.ts';
import { holdOver } from './board.ts';
import { by } from './company.ts';
import { type Desk, NOON, openOffice } from './desk.ts';

/* States and pipelines in a browser: their order is dragged, the board changes over, at a desk and on a phone. */
const office = await openOffice();
const { db } = office.database;
let rent: Stage[];

beforeAll(async () => {
	await makeDemoCompany(db, NOON, 50);
	const likeId = (await listAllStages(db))[0]?.pipelineId as number;
	const id = await addPipeline(db, await by(db, 'ada'), { name: 'Аренда оборудования', likeId });
	rent = stagesIn(await listAllStages(db), id);
	await createDeal(db, await by(db, 'anna'), {
		...{
			stageId: rent[0]?.id as number,
			title: 'Прокат тестомеса',
			clientId: null,
			amount: '900.00',
		},
	});
});

const PHONE: BrowserContextOptions = {
	viewport: { width: 390, height: 844 },
	hasTouch: true,
	isMobile: true,
};
const names = async (page: Desk, list: string) =>
	(await page.locator(`${list} tbody[data-order] tr td:first-child`).allTextContents()).map(
		(name) => name.trim(),
	);

test('the order of states is dragged: it is saved, and the board follows; Esc leaves it', async () => {
	const page = await office.sit('ada');
	await page.goto('/admin/stages');
	await page.locator('[data-grip]').first().waitFor();
	const list = '.panel:first-of-type';
	const before = await names(page, list);
	await holdOver(page, '#state-3', '#state-1');
	await page.keyboard.press('Escape');
	await page.mouse.up();
	await expect.poll(async () => await names(page, list)).toEqual(before);
	await holdOver(page, '#state-3', '#state-1');
	await page.mouse.up();
	await page.getByRole('status').getByText('порядок изменён').waitFor();
	const [first, second, third, ...rest] = before as [string, string, string];
	await expect.poll(async () => await names(page, list)).toEqual([third, first, second, ...rest]);
	await page.goto('/board');
	await expect.poll(() => page.locator('.board .stage h2').first().textContent()).toBe(third);
	// By the keyboard the same: the button, and the focus stays with it.
	await page.goto('/admin/stages');
	await page.locator('#state-3-down').press('Enter');
	await page.locator('#state-1:first-child').waitFor();
	await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('state-3-down');
	await page.locator('#state-3-down').press('Enter');
	await page.locator('#state-2 + #state-3').waitFor();
	await expect.poll(() => names(page, list)).toEqual(before);
});

test('the switch changes the board over, the address holds it, Back brings the other one back', async () => {
	const page = await office.sit('anna');
	await page.goto('/board');
	const card = page.getByText('Прокат тестомеса');
	const usual = page.locator(`#stage-${(await listAllStages(db))[0]?.id}`);
	await usual.waitFor();
	await expect.poll(() => card.count()).toBe(0);
	await page.getByLabel('Сценарий продажи').selectOption({ label: 'Аренда оборудования' });
	await card.waitFor();
	await expect
		.poll(() => new URL(page.url()).searchParams.get('pipeline'))
		.toBe(String(rent[0]?.pipelineId));
	await expect.poll(() => usual.count()).toBe(0);
	await page.getByRole('link', { name: 'По срокам' }).click();
	await page.waitForURL(/view=dates/);
	await card.waitFor();
	await page.goBack();
	await page.locator(`#stage-${rent[1]?.id}`).waitFor();
	// A card is moved there as anywhere, and the answer draws the columns of this pipeline.
	await card.hover();
	await page
		.locator('article', { has: card })
		.getByRole('link', { name: /Переместить/ })
		.click();
	await page
		.getByRole('button', { name: rent[1]?.name as string })
		.first()
		.click();
	await page.locator(`#stage-${rent[1]?.id}`).getByText('Прокат тестомеса').waitFor();
	await page.goBack();
	await usual.waitFor();
	await expect.poll(() => card.count()).toBe(0);
});

test('an open board of a colleague takes a new state in, and lets one go', async () => {
	const [desk, page] = [await office.sit('ada'), await office.sit('anna')];
	await page.goto('/board');
	await page.locator('#stage-5').waitFor();
	await desk.goto('/admin/stages');
	await desk.getByRole('link', { name: 'Новое состояние' }).first().click();
	await desk.getByLabel('Название').fill('Пусконаладка');
	await desk.locator('#f-probability').fill('95');
	await desk.getByRole('button', { name: 'Сохранить' }).click();
	const column = page.getByRole('region', { name: 'Пусконаладка', exact: true });
	await column.waitFor();
	await seeAccessible(page, 'six open states');
	await desk
		.locator('tr', { hasText: 'Пусконаладка' })
		.getByRole('link', { name: /Удалить/ })
		.click();
	await desk.getByRole('dialog').getByRole('button', { name: 'Удалить' }).click();
	await column.waitFor({ state: 'detached' });
});

test('a state in use asks where its deals go, and they go there', async () => {
	const page = await office.sit('ada');
	await page.goto('/admin/stages');
	const state = rent[2] as Stage;
	const { id } = {
		id: await createDeal(db, await by(db, 'anna'), {
			...{ stageId: state.id, title: 'Прокат печи', clientId: null, amount: null },
		}),
	};
	await page
		.locator(`#state-${state.id}`)
		.getByRole('link', { name: /Удалить/ })
		.click();
	const dialog = page.getByRole('dialog');
	await dialog.getByText('Здесь 1 интерес').waitFor();
	await seeAccessible(page, 'the question');
	await dialog.getByLabel('Куда переместить').selectOption({ label: rent[1]?.name as string });
	await dialog.getByRole('button', { name: 'Удалить' }).click();
	await page.getByRole('status').getByText('прибавился 1 интерес').waitFor();
	await expect.poll(() => page.locator(`#state-${state.id}`).count()).toBe(0);
	await page.goto(`/deals/${id}`);
	await page.getByText(state.name).first().waitFor();
});

// At a desk by all rules, and in the dark: journeys/every-page.
test('pages of states and pipelines can be used by everybody on a phone', async () => {
	const page = await office.sit('ada', PHONE);
	const own = `/board?pipeline=${rent[0]?.pipelineId}`;
	const forms = [
		'/admin/stages/1/edit',
		'/admin/stages/6/edit',
		'/admin/stages/new',
		'/admin/pipelines/new',
	];
	for (const address of ['/admin/stages', '/admin/pipelines', ...forms, own, '/deals']) {
		await page.goto(address);
		await seeAccessible(page, `${address} on a phone`);
		const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
		await expect.poll(() => page.evaluate(wide), { message: address }).toBe(false);
	}
});
