import { beforeAll, expect, test } from 'vitest';
import { listStageRecords } from '#src/features/deals/pipelines/stages.ts';
import { saveFilter } from '#src/features/saved-filters/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
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

const named = async (name: string) => {
	const found = (await listStageRecords(db)).find((one) => one.name === name);
	if (found === undefined) throw new Error(`no state ${name}`);
	return found;
};
const names = async () => (await listStageRecords(db)).map(({ name }) => name);
const add = (name: string, more: object = {}) =>
	ada.post('/admin/stages', { name, pipelineId: cast.open[0].pipelineId, ...more });
const press = async (name: string, end: string, fields: Record<string, string> = {}) => {
	const { id, version } = await named(name);
	return await ada.htmx('/admin/stages', `/admin/stages/${id}/${end}`, { version, ...fields });
};
const columns = async (person = anna) => {
	const page = read((await person.get('/board')).body);
	return page.byTag('h2').map(textOf);
};

test('a new state is a column of the board at once, before the two ends, with its colour and rules', async () => {
	const made = await add('Пробная поставка', {
		...{ colour: 'teal', probability: '35', idleDays: '4', requires_amount: '1' },
	});
	expect([made.statusCode, made.headers.location]).toEqual([303, '/admin/stages']);
	expect((await columns()).slice(4, 6)).toEqual(['Выполнение договора', 'Пробная поставка']);
	expect((await names()).slice(-3)).toEqual([
		...['Пробная поставка', cast.won.name, cast.lost.name],
	]);
	expect(await named('Пробная поставка')).toMatchObject({
		...{ kind: 'open', colour: 'teal', probability: 35, idleDays: 4, requiredFields: ['amount'] },
	});
	const asked = await anna.json(`/deals/${cast.deals.none}/moves`, {
		...{ version: 1, stageId: (await named('Пробная поставка')).id },
	});
	expect(asked.statusCode).toBe(422);
	expect(asked.json().error.fields).toHaveProperty('amount');
	const before = await ledgerOf(database);
	const again = await add('пробная ПОСТАВКА', { colour: 'red', requires_source: '1' });
	expect(again.statusCode).toBe(422);
	expect(again.body).toContain('value="пробная ПОСТАВКА"');
	expect(again.body).toContain('name="requires_source" value="1" checked');
	const wrong = [
		{ probability: '101' },
		{ idleDays: '0' },
		{ colour: 'пурпур' },
		{ pipelineId: '999' },
	];
	for (const more of [...wrong, { requires_secret: '1' }, { kind: 'won' }, { position: '1' }])
		expect([400, 404, 422]).toContain((await add('Ещё одно', more)).statusCode);
	expect(await ledgerOf(database)).toEqual(before);
});

test('the order is that of the board: by buttons one place, by a drag any; the ends stay last', async () => {
	const [first, second, third, ...rest] = (await names()) as [string, string, string];
	await press(third, 'position', { way: 'up' });
	expect(await names()).toEqual([first, third, second, ...rest]);
	const dragged = await press(third, 'position', { place: '1' });
	expect(dragged.body).toContain(`«${third}»: порядок изменён`);
	expect((await columns()).slice(0, 3)).toEqual([third, first, second]);
	await press(third, 'position', { place: '999' });
	expect((await names()).slice(-3)).toEqual([third, cast.won.name, cast.lost.name]);
	const before = await ledgerOf(database);
	const end = await press(cast.won.name, 'position', { place: '1' });
	expect(end.statusCode).toBe(422);
	expect(end.body).toContain('конечное состояние');
	await press(third, 'position', { way: 'down' });
	expect(await ledgerOf(database)).toEqual(before);
	await press(third, 'position', { place: '3' });
});

test('a new name and colour stand on the board, in the list and in earlier history', async () => {
	const { id, version, name } = await named(cast.won.name);
	await ada.post(`/admin/stages/${id}/edit`, { version, name: 'Продано', colour: 'teal' });
	expect(await columns()).toContain('Продано');
	expect((await anna.get(`/deals/${cast.deals.won}`)).body).toContain('Продано');
	const { rows } = await pool.query(`select data from events where type = 'stage.edited'`);
	expect(rows.at(-1)?.data.changes).toMatchObject({ name: [name, 'Продано'] });
	await press('Продано', 'edit', { name, colour: 'green' });
});

test('an end is one of its pipeline: it has no rules and never goes', async () => {
	const before = await ledgerOf(database);
	for (const end of [cast.won, cast.lost]) {
		const { id } = end;
		const question = await ada.get(`/admin/stages/${id}/removal/new`);
		expect(question.statusCode).toBe(422);
		const { version } = await named(end.name);
		const into = { version, intoId: cast.open[0].id };
		expect((await ada.json(`/admin/stages/${id}/removal`, into)).statusCode).toBe(422);
		expect((await ada.get(`/admin/stages/${id}/edit`)).body).not.toContain('name="probability"');
		const ruled = { version, name: end.name, requires_amount: '1' };
		expect((await ada.json(`/admin/stages/${id}/edit`, ruled)).statusCode).toBe(422);
	}
	await expect(
		pool.query(`update stages set removed_at = now() where id = $1`, [cast.won.id]),
	).rejects.toThrow('stages_final_stay');
	expect(await ledgerOf(database)).toEqual(before);
});

test('one in use is emptied into another first: it asks with their number, moves all of them, tells their history', async () => {
	const { id: stageId, name } = cast.open[2];
	const gleb = await makeDeal(db, cast, 'gleb', { stageId, amount: '7.00' });
	await saveFilter(db, by(cast.people.anna), {
		...{ screen: 'deals', name: 'Два', query: `stage=${stageId},1`, shared: false },
	});
	const question = await ada.get(`/admin/stages/${stageId}/removal/new`);
	expect(question.body).toContain('Здесь 2 интереса');
	const choices = textOf(read(question.body).byId('f-intoId') as never);
	expect(choices).not.toMatch(new RegExp(`${name}|${cast.won.name}|${cast.lost.name}`));
	const before = await ledgerOf(database);
	const silent = await press(name, 'removal');
	expect(silent.statusCode).toBe(422);
	expect(silent.body).toContain('Здесь 2 интереса: выберите, куда их переместить');
	for (const intoId of [stageId, cast.won.id, 999_999])
		expect((await press(name, 'removal', { intoId: String(intoId) })).statusCode).toBe(422);
	expect((await anna.json(`/admin/stages/${stageId}/removal`, { version: 1 })).statusCode).toBe(
		403,
	);
	expect(await ledgerOf(database)).toEqual(before);

	const into = cast.open[1];
	const done = await press(name, 'removal', { intoId: String(into.id) });
	expect(done.body).toContain(
		`«${name}»: удалено, в состоянии «${into.name}» прибавилось 2 интереса`,
	);
	expect(await columns()).not.toContain(name);
	const { rows } = await pool.query(
		`select d.id, d.stage_id, d.version, c.from_stage_id, c.to_stage_id, c.person_id, c.door, d.next_interaction_id
		from deals d join stage_changes c on c.deal_id = d.id and c.from_stage_id = $1 order by d.id`,
		[stageId],
	);
	const moved = { stage_id: into.id, from_stage_id: stageId, to_stage_id: into.id, version: 2 };
	expect(rows).toMatchObject([
		{ id: cast.deals.later, ...moved, next_interaction_id: cast.steps.later },
		{ id: gleb.id, ...moved, person_id: cast.people.ada.id },
	]);
	const events = await pool.query(
		`select deal_id as deal from events where type = 'deal.moved' and data->>'from' = $1 order by 1`,
		[String(stageId)],
	);
	expect(events.rows.map(({ deal }) => deal)).toEqual([cast.deals.later, gleb.id]);
	const page = (await anna.get(`/deals/${cast.deals.later}`)).body;
	expect(page).toContain(name);
	expect(page).toContain('Ада Миронова');
	const query = await pool.query(`select query from saved_filters where name = 'Два'`);
	expect(query.rows[0].query).toBe(`stage=${encodeURIComponent(`${into.id},1`)}`);
	const back = await anna.json(`/deals/${cast.deals.later}/moves`, { version: 2, stageId });
	expect(back.statusCode).toBe(422);
	const made = await anna.json('/deals', { stageId, title: 'Новая', clientName: 'ООО «А»' });
	expect(made.statusCode).toBe(422);
});

test('totals of the board are right after a thousand and more have moved at once', async () => {
	await add('Склад');
	const from = await named('Склад');
	await pool.query(
		`insert into deals (pipeline_id, stage_id, title, owner_id, amount, stage_entered_at)
		select $1, $2, 'Поставка ' || n, $3, 2, now() from generate_series(1, 1234) n`,
		[from.pipelineId, from.id, cast.people.gleb.id],
	);
	const into = cast.open[4];
	const before = (await named(into.name)).deals;
	expect((await named('Склад')).deals).toBe(1234);
	await press('Склад', 'removal', { intoId: String(into.id) });
	expect((await named(into.name)).deals).toBe(before + 1234);
	const counted = await pool.query('select count(*)::int as n from deals where stage_id = $1', [
		into.id,
	]);
	expect(counted.rows[0].n).toBe(before + 1234);
	const moves = await pool.query(
		`select count(*)::int as n from events where type = 'deal.moved' and data->>'from' = $1`,
		[String(from.id)],
	);
	expect(moves.rows[0].n).toBe(1234);
});

test('one that nobody has been in leaves nothing behind; the last open one stays', async () => {
	await add('Ошибка');
	const { id } = await named('Ошибка');
	expect((await ada.get(`/admin/stages/${id}/removal/new`)).body).toContain('Интересов здесь нет');
	expect((await press('Ошибка', 'removal')).body).toContain('«Ошибка»: удалено');
	expect((await pool.query('select from stages where id = $1', [id])).rows).toHaveLength(0);
	await pool.query(`insert into pipelines (name, position) values ('Малый', 9)`);
	const alone = await pool.query(`
		insert into stages (pipeline_id, name, position, kind, probability)
		select id, 'Единственное', 1, 'open', 5 from pipelines where name = 'Малый' returning id, version`);
	const refused = await ada.json(`/admin/stages/${alone.rows[0].id}/removal`, { version: 1 });
	expect(refused.statusCode).toBe(422);
	expect(refused.json().error.message).toContain('последнее рабочее состояние');
	await pool.query('delete from stages where id = $1', [alone.rows[0].id]);
	await pool.query(`delete from pipelines where name = 'Малый'`);
});

test('a deal that enters a state while it is emptied goes along, or is told that the state is gone', async () => {
	await add('Гонка');
	const { id, version } = await named('Гонка');
	const deals = await Promise.all(
		Array.from({ length: 6 }, async () => (await makeDeal(db, cast, 'anna')).id),
	);
	const [removed, ...moves] = await Promise.all([
		ada.json(`/admin/stages/${id}/removal`, { version, intoId: cast.open[0].id }),
		...deals.map((deal) => anna.json(`/deals/${deal}/moves`, { version: 1, stageId: id })),
	]);
	expect(removed?.statusCode).toBe(200);
	for (const { statusCode } of moves) expect([200, 422]).toContain(statusCode);
	const { rows } = await pool.query('select from deals where stage_id = $1', [id]);
	expect(rows).toHaveLength(0);
});

test('who comes second is told who came first, and loses nothing that was typed', async () => {
	const { id, version, name } = await named('Пробная поставка');
	const form = read((await ada.get(`/admin/stages/${id}/edit`)).body);
	const was = form.byTag('input').flatMap(({ attrs }) => {
		const of = Object.fromEntries(attrs.map((one) => [one.name, one.value]));
		return of.name === 'was' ? [of.value as string] : [];
	})[0] as string;
	const all = { ...(JSON.parse(was) as Record<string, string>), version, was };
	const boxes = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
	await ada.post(`/admin/stages/${id}/edit`, { ...boxes, requires_source: '1' });
	const other = await ada.post(`/admin/stages/${id}/edit`, { ...boxes, probability: '40' });
	expect(other.statusCode).toBe(303);
	expect(await named(name)).toMatchObject({
		...{ probability: 40, requiredFields: ['amount', 'source'], version: version + 2 },
	});
	const same = await ada.post(`/admin/stages/${id}/edit`, { ...boxes, probability: '45' });
	expect(same.statusCode).toBe(409);
	expect(same.body).toContain('value="45"');
	expect(same.body).toContain('Ада Миронова');
});
