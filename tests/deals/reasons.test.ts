import { beforeAll, beforeEach, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { listReasons } from '#src/features/deals/reasons/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let ada: Browser;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});
beforeEach(async () => {
	await pool.query('update loss_reasons set active = true');
});

const named = async (name: string) => {
	const found = (await listReasons(db)).find((one) => one.name === name);
	if (found === undefined) throw new Error(`no reason ${name}`);
	return found;
};
const press = async (name: string, button: string, fields: Record<string, string> = {}) => {
	const { id, version } = await named(name);
	const address = `/admin/reasons/${id}/${button}`;
	return await ada.htmx('/admin/reasons', address, { version, ...fields });
};
const form = async () =>
	(await anna.get(`/deals/${cast.deals.late}/closure/new?stageId=${cast.lost.id}`)).body;

test('a new reason can be chosen at once; a name is there once, whatever its case', async () => {
	const answer = await ada.post('/admin/reasons', { name: 'Переехали в другой город' });
	expect([answer.statusCode, answer.headers.location]).toEqual([303, '/admin/reasons']);
	expect(await form()).toContain('Переехали в другой город');
	const before = await ledgerOf(database);
	const again = await ada.post('/admin/reasons', { name: 'ПЕРЕЕХАЛИ в другой город' });
	expect(again.statusCode).toBe(422);
	expect(textOf(read(again.body).byId('e-name') as never)).toContain('уже есть');
	expect(again.body).toContain('value="ПЕРЕЕХАЛИ в другой город"');
	expect((await ada.json('/admin/reasons', { name: ' ' })).statusCode).toBe(422);
	expect((await ada.json('/admin/reasons', { name: 'x'.repeat(101) })).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
});

test('a new name stands in earlier deals too, and the history says what it was', async () => {
	const { id, version } = await named('Дорого');
	await ada.post(`/admin/reasons/${id}/edit`, { version, name: 'Не сошлись в цене' });
	expect((await anna.get(`/deals/${cast.deals.lost}`)).body).toContain('Не сошлись в цене');
	const { rows } = await pool.query(`select data from events where type = 'reason.edited'`);
	expect(rows.at(-1)?.data.changes).toEqual({ name: ['Дорого', 'Не сошлись в цене'] });
	const same = await ledgerOf(database);
	await ada.post(`/admin/reasons/${id}/edit`, { version: version + 1, name: 'Не сошлись в цене' });
	expect(await ledgerOf(database)).toEqual(same);
});

test('the order is that of the form: by buttons one place, by a drag any', async () => {
	const order = async () => (await listReasons(db)).map(({ name }) => name);
	const [first, second, third, ...rest] = (await order()) as [string, string, string];
	await press(third, 'position', { way: 'up' });
	expect(await order()).toEqual([first, third, second, ...rest]);
	const dragged = await press(third, 'position', { place: '1' });
	expect(dragged.body).toContain(`«${third}»: порядок изменён`);
	expect(await order()).toEqual([third, first, second, ...rest]);
	const still = await ledgerOf(database);
	await press(third, 'position', { way: 'up' });
	await press(third, 'position', { place: '1' });
	expect((await press(third, 'position')).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(still);
	await press(third, 'position', { place: '9999' });
	expect((await order()).at(-1)).toBe(third);
});

test('one that is switched off is chosen no more and stays with its deals; the last one stays', async () => {
	await press('Нет бюджета', 'activity');
	expect(await form()).not.toContain('Нет бюджета');
	const { id: reasonId } = await named('Нет бюджета');
	const deal = await makeDeal(db, cast, 'anna');
	const lose = moveDeal(db, by(cast.people.anna), {
		...{ dealId: deal.id, version: 1, stageId: cast.lost.id, closedOn: TODAY },
		lossReasonId: reasonId,
	});
	await expect(lose).rejects.toThrow();
	await press('Нет бюджета', 'activity', { active: '1' });
	expect(await form()).toContain('Нет бюджета');
	await pool.query(`update loss_reasons set active = (name = 'Нет бюджета')`);
	const before = await ledgerOf(database);
	for (const button of ['activity', 'removal']) {
		const refused = await press('Нет бюджета', button);
		expect(refused.statusCode).toBe(422);
		expect(refused.body).toContain('последняя причина');
	}
	expect(await ledgerOf(database)).toEqual(before);
});

test('one that deals name is not taken away, and their number is told', async () => {
	const used = (await listReasons(db)).find(({ deals }) => deals > 0) as { name: string };
	const before = await ledgerOf(database);
	const refused = await press(used.name, 'removal');
	expect(refused.statusCode).toBe(422);
	expect(refused.body).toContain('её назвали в 1 интересе');
	expect(await ledgerOf(database)).toEqual(before);
	const gone = await press('Не отвечает', 'removal');
	expect(gone.body).toContain('«Не отвечает»: удалено');
	expect((await listReasons(db)).map(({ name }) => name)).not.toContain('Не отвечает');
});

test('who comes second is told who came first, and loses nothing that was typed', async () => {
	const { id, version } = await named('Другое');
	const was = JSON.stringify({ name: 'Другое' });
	await ada.post(`/admin/reasons/${id}/edit`, { version, name: 'Иное', was });
	const stale = await ada.post(`/admin/reasons/${id}/edit`, { version, name: 'Прочее', was });
	expect(stale.statusCode).toBe(409);
	expect(stale.body).toContain('value="Прочее"');
	expect(stale.body).toContain('Ада Миронова');
	const button = await ada.post(`/admin/reasons/${id}/removal`, { version });
	expect(button.statusCode).toBe(409);
	expect(button.body).toContain('Ада Миронова');
});
