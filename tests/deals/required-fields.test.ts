import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { setRequiredFields } from '#src/features/deals/pipelines/stages.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let ada: Browser;
let id: number;
let extra: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera] = [await signIn(served, 'anna'), await signIn(served, 'vera')];
	ada = await signIn(served, 'ada');
	const { rows } = await pool.query(
		`insert into extra_fields (noun, name, kind, position) values ('deal', 'Срок поставки', 'day', 1)
		returning id`,
	);
	extra = rows[0].id;
});
beforeEach(async () => {
	id = (await makeDeal(db, cast, 'anna', { title: 'Печь' })).id;
});
afterEach(async () => {
	await pool.query(`update stages set required_fields = '[]', version = 1, idle_days = 5`);
});

const goal = () => cast.open[3];
const demand = (...names: string[]) => setRequiredFields(db, by(cast.people.ada), goal().id, names);
const deal = async () => (await pool.query('select * from deals where id = $1', [id])).rows[0];
const move = (fields: Fields = {}, page = '/board') =>
	anna.htmx(page, `/deals/${id}/moves`, { stageId: goal().id, version: 1, ...fields });

test('a program is told what is missing, by name; nothing is written', async () => {
	await demand('amount', 'expectedCloseOn', 'clientId', 'source', 'probability', 'products');
	const before = await ledgerOf(database);
	const answer = await anna.json(`/deals/${id}/moves`, { stageId: goal().id, version: 1 });
	expect(answer.statusCode).toBe(422);
	const { error } = answer.json();
	expect(Object.keys(error.fields)).toEqual([
		...['amount', 'expectedCloseOn', 'clientId', 'source', 'probability', 'products'],
	]);
	expect(error.key).toBe('deal.fieldsMissing');
	expect(error.message).toContain('«Предложение и закрытие», заполните: сумма, закрыть до');
	expect(await ledgerOf(database)).toEqual(before);
});

test('a drag is answered with the card at home and a form that asks; filled in, it saves and moves at once', async () => {
	await demand('amount', 'source', `extra_${extra}`);
	const answer = await move();
	expect(answer.statusCode).toBe(422);
	const page = read(answer.body);
	const home = page.byId(`stage-${cast.open[0].id}`) ?? undefined;
	expect(page.byClass('card', home).map((card) => attribute(card, 'id'))).toContain(`deal-${id}`);
	const asked = page.byTag('form', page.byId('dialog-body') ?? undefined)[0];
	expect(textOf(page.byId('dialog-body') as never)).toContain('Срок поставки');
	const fields = fieldsOf(page, asked as never);
	expect(fields).toMatchObject({
		stageId: String(goal().id),
		version: '1',
		amount: '',
		source: '',
	});
	const filled = { ...fields, amount: '1 500', source: 'Сайт', [`extra_${extra}`]: '2026-12-24' };
	const done = await anna.htmx('/board', attribute(asked as never, 'hx-post') ?? '', filled);
	expect(done.statusCode).toBe(200);
	expect(await deal()).toMatchObject({
		...{ stage_id: goal().id, amount: '1500.00', source: 'Сайт' },
		extra: { [extra]: '2026-12-24' },
	});
	const { rows } = await pool.query(
		'select type from events where deal_id = $1 order by id desc limit 2',
		[id],
	);
	expect(rows.map(({ type }) => type).sort()).toEqual(['deal.edited', 'deal.moved']);
});

test('what is typed but not enough comes back, and what is wrong is said at its field', async () => {
	await demand('amount', 'source');
	const before = await ledgerOf(database);
	const half = read((await move({ source: 'Сайт' }, `/deals/${id}`)).body);
	expect(attribute(half.byId('f-source') as never, 'value')).toBe('Сайт');
	expect(half.byId('f-amount')).not.toBeNull();
	const wrong = read((await move({ source: 'Сайт', amount: 'сто' }, `/deals/${id}`)).body);
	expect(attribute(wrong.byId('f-amount') as never, 'value')).toBe('сто');
	expect(textOf(wrong.byId('e-amount') as never)).toContain('Нужна сумма');
	expect(await ledgerOf(database)).toEqual(before);
});

test('without scripts the same form is a page, and leads back to where one came from', async () => {
	await demand('amount');
	const asked = await anna.post(`/deals/${id}/moves`, {
		...{ stageId: goal().id, version: 1, returnTo: '/board?q=печь' },
	});
	expect(asked.statusCode).toBe(422);
	const page = read(asked.body);
	const form = page.byTag('form', page.byId(`deal-${id}-entry`) ?? undefined)[0];
	const filled = { ...fieldsOf(page, form as never), amount: '7' };
	const moved = await anna.post(`/deals/${id}/moves`, filled);
	expect([moved.statusCode, decodeURI(String(moved.headers.location))]).toEqual([
		303,
		'/board?q=печь',
	]);
	expect(await deal()).toMatchObject({ stage_id: goal().id, amount: '7.00' });
});

test('a client, somebody to talk to and a first product can be given along', async () => {
	await demand('clientId', 'contact', 'products');
	const page = read((await move()).body);
	for (const name of ['clientName', 'contactName', 'contactPhone', 'product', 'quantity', 'price'])
		expect(page.byId(`f-${name}`), name).not.toBeNull();
	const answer = await move({
		...{ clientName: 'ООО «Новый»', contactName: 'Олег Рыбин', contactPhone: '8 495 765-43-21' },
		...{ product: 'Печь подовая', quantity: '2', price: '100' },
	});
	expect(answer.statusCode).toBe(200);
	const { rows } = await pool.query(
		`select c.name as client, co.name as contact, p.name as product, dp.quantity
		from deals d join clients c on c.id = d.client_id join contacts co on co.client_id = c.id
		join deal_products dp on dp.deal_id = d.id join products p on p.id = dp.product_id
		where d.id = $1`,
		[id],
	);
	expect(rows).toEqual([
		{ client: 'ООО «Новый»', contact: 'Олег Рыбин', product: 'Печь подовая', quantity: '2.000' },
	]);
});

test('a stale move with something filled in keeps what was typed and moves nothing', async () => {
	await demand('amount');
	await vera.json(`/deals/${id}`, { version: 1, source: 'Выставка' });
	const before = await ledgerOf(database);
	const answer = await move({ amount: '9' }, `/deals/${id}`);
	expect(answer.statusCode).toBe(409);
	const page = read(answer.body);
	expect(attribute(page.byId('f-amount') as never, 'value')).toBe('9');
	const form = page.byTag('form', page.byId(`deal-${id}-entry`) ?? undefined)[0];
	expect(fieldsOf(page, form as never)).toMatchObject({ version: '2' });
	expect(await ledgerOf(database)).toEqual(before);
});

test('who has all that is demanded moves freely, a final state asks for its own only, and so does the state it stands in', async () => {
	await demand('amount');
	await pool.query('update deals set amount = 5 where id = $1', [id]);
	expect((await move()).statusCode).toBe(200);
	await pool.query('update deals set amount = null where id = $1', [id]);
	expect((await move({ version: 2 })).statusCode).toBe(200);
	const lost = { stageId: cast.lost.id, version: 2, lossReasonId: 1 };
	expect((await anna.json(`/deals/${id}/moves`, lost)).statusCode).toBe(200);
	const back = await anna.json(`/deals/${id}/moves`, { stageId: goal().id, version: 3 });
	expect(back.statusCode).toBe(422);
});

test('a new deal in a demanding state needs the same, and an extra field that is given up is demanded of nobody', async () => {
	await demand('amount', `extra_${extra}`);
	const made = { stageId: goal().id, title: 'Сразу', clientName: 'ООО «Сразу»' };
	const before = await ledgerOf(database);
	const answer = await anna.json('/deals', { ...made, amount: '5' });
	expect(answer.statusCode).toBe(422);
	expect(Object.keys(answer.json().error.fields)).toEqual([`extra_${extra}`]);
	expect(await ledgerOf(database)).toEqual(before);
	await pool.query('update extra_fields set active = false where id = $1', [extra]);
	expect((await anna.json('/deals', { ...made, amount: '5' })).statusCode).toBe(200);
	await pool.query('update extra_fields set active = true where id = $1', [extra]);
});

test('administrators set up states by a form; others may not, and a stale form overwrites nothing', async () => {
	const url = `/admin/stages/${goal().id}/edit`;
	const { name } = goal();
	const saved = await ada.post(url, {
		name,
		...{ version: 1, idleDays: '9', requires_amount: '1', [`requires_extra_${extra}`]: '1' },
	});
	expect([saved.statusCode, saved.headers.location]).toEqual([303, '/admin/stages']);
	const { rows } = await pool.query('select * from stages where id = $1', [goal().id]);
	expect(rows[0]).toMatchObject({ idle_days: 9, version: 2 });
	expect(rows[0].required_fields).toEqual(['amount', `extra_${extra}`]);
	const page = read((await ada.get(url)).body);
	const form = page.byId('stage-form');
	const checked = page
		.byTag('input', form as never)
		.filter((one) => attribute(one, 'type') === 'checkbox')
		.filter((one) => attribute(one, 'checked') !== null)
		.map((one) => attribute(one, 'name'));
	expect(checked).toEqual(['requires_amount', `requires_extra_${extra}`]);
	const before = await ledgerOf(database);
	const stale = await ada.post(url, { name, version: 1, requires_source: '1', idleDays: '3' });
	expect(stale.statusCode).toBe(409);
	expect(stale.body).toContain('name="requires_source" value="1" checked');
	expect((await ada.json(url, { name, requires_source: '1' })).statusCode).toBe(428);
	expect((await ada.json(url, { name, version: 2, requires_secret: '1' })).statusCode).toBe(422);
	expect((await ada.json(url, { name, version: 2, idleDays: '0' })).statusCode).toBe(422);
	const end = `/admin/stages/${cast.won.id}/edit`;
	for (const rule of [{ idleDays: '3' }, { requires_amount: '1' }, { probability: '50' }])
		expect((await ada.json(end, { name: cast.won.name, version: 1, ...rule })).statusCode).toBe(
			422,
		);
	for (const person of [anna, vera]) {
		expect((await person.json(url, { name, version: 2 })).statusCode).toBe(403);
		expect((await person.get('/admin/stages')).statusCode).toBe(403);
	}
	expect(await ledgerOf(database)).toEqual(before);
});
