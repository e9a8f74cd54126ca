import { beforeAll, expect, test } from 'vitest';
import { addPipeline, listPipelineRecords } from '#src/features/deals/pipelines/pipelines.ts';
import { setRequiredFields } from '#src/features/deals/pipelines/stages.ts';
import { listAllStages, type Stage, stagesIn } from '#src/features/deals/queries.ts';
import { saveFilter } from '#src/features/saved-filters/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { recordStatements } from '../bench/statements.ts';
import { by, type Cast, makeCast, makeDeal, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const recorder = recordStatements(database.pool);
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let ada: Browser;
let anna: Browser;
let rent: { id: number; stages: Stage[] };

beforeAll(async () => {
	cast = await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});

const named = async (name: string) => {
	const found = (await listPipelineRecords(db)).find((one) => one.name === name);
	if (found === undefined) throw new Error(`no pipeline ${name}`);
	return found;
};
const press = async (name: string, end: string, fields: Record<string, string> = {}) => {
	const { id, version } = await named(name);
	return await ada.htmx('/admin/pipelines', `/admin/pipelines/${id}/${end}`, {
		version,
		...fields,
	});
};
const bodyOf = async (url: string, person = anna) => (await person.get(url)).body;

test('with one pipeline nothing says that there could be two', async () => {
	const pages = [
		'/board',
		'/board?view=dates',
		'/deals',
		`/deals/${cast.deals.late}`,
		'/deals/new',
	];
	const more = [
		`/deals/${cast.deals.late}/moves/new`,
		'/deals/bulk/new?verb=stage&n=1',
		'/board/print',
	];
	for (const url of [...pages, ...more]) {
		const body = await bodyOf(url);
		expect(body, url).not.toMatch(/ценари|name="pipeline"|<optgroup/);
	}
	const only = (await listPipelineRecords(db))[0] as { id: number; version: number };
	const refused = await ada.json(`/admin/pipelines/${only.id}/removal`, { version: only.version });
	expect(refused.statusCode).toBe(422);
	expect(refused.json().error.message).toContain('последний сценарий');
});

test('a new one begins with the states of another; a name is there once', async () => {
	const likeId = String(cast.open[0].pipelineId);
	await setRequiredFields(db, by(cast.people.ada), cast.open[3].id, ['amount']);
	const made = await ada.post('/admin/pipelines', { name: 'Аренда', likeId });
	expect([made.statusCode, made.headers.location]).toEqual([303, '/admin/pipelines']);
	const { id } = await named('Аренда');
	rent = { id, stages: stagesIn(await listAllStages(db), id) };
	const shape = ({ name, kind, colour, idleDays, probability }: Stage) => ({
		...{ name, kind, colour, idleDays, probability },
	});
	expect(rent.stages.map(shape)).toEqual(cast.stages.map(shape));
	const before = await ledgerOf(database);
	for (const fields of [
		{ name: 'АРЕНДА', likeId },
		{ name: 'Иное', likeId: '999' },
		{ name: ' ', likeId },
	])
		expect((await ada.post('/admin/pipelines', fields)).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
});

test('the board shows one of them, by its address; counts, sums and cards are its own', async () => {
	const [first, second] = rent.stages as [Stage, Stage];
	await makeDeal(db, cast, 'anna', {
		...{ stageId: first.id, title: 'Прокат палатки', amount: '300.00' },
		plan: { plannedAt: new Date(NOW.getTime() + 3_600_000) },
	});
	const usual = await bodyOf('/board');
	expect(usual).not.toContain('Прокат палатки');
	expect(usual).toContain(`id="stage-${cast.open[0].id}"`);
	const url = `/board?pipeline=${rent.id}`;
	recorder.start();
	const board = await bodyOf(url);
	expect(recorder.stop().flat().length).toBeLessThanOrEqual(4);
	const page = read(board);
	const columns = page.byTag('section').flatMap((one) => attribute(one, 'data-stage') ?? []);
	expect(columns.map(Number)).toEqual(rent.stages.map(({ id }) => id));
	expect(textOf(page.byId(`stage-${first.id}`) as never)).toMatch(/1 · 300.₽/);
	expect(textOf(page.byId('sum') as never)).toContain('1 интерес');
	expect(board).not.toContain('Тестомес');
	expect(
		page
			.byTag('option')
			.filter((one) => attribute(one, 'selected') !== null)
			.map(textOf),
	).toContain('Аренда');
	const links = page.byTag('a').map((one) => attribute(one, 'href') ?? '');
	const narrower = links.filter((href) => /^\/board(\/print)?\?/.test(href));
	expect(narrower.length).toBeGreaterThan(4);
	for (const href of narrower) expect(href).toContain(`pipeline=${rent.id}`);
	const dates = await bodyOf(`${url}&view=dates`);
	expect(dates).toContain('Прокат палатки');
	expect(dates).not.toContain('Тестомес');
	expect(await bodyOf('/board?view=dates')).not.toContain('Прокат палатки');
	const paper = await bodyOf(`/board/print?pipeline=${rent.id}`);
	expect(paper).toContain('Аренда;');
	expect(paper).not.toContain('Тестомес');
	const empty = textOf(page.byId(`stage-${second.id}`) as never);
	expect(empty).not.toContain('отбор');
	for (const bad of ['999', '0', 'x'])
		expect([400, 404]).toContain((await anna.get(`/board?pipeline=${bad}`)).statusCode);
});

test('a drag on the board of the second draws its columns again', async () => {
	const { rows } = await pool.query(`select id, version from deals where title = 'Прокат палатки'`);
	const { id, version } = rows[0];
	const to = String(rent.stages[1]?.id);
	const seen = `/board?pipeline=${rent.id}`;
	const answer = await anna.htmx(seen, `/deals/${id}/moves`, { version, stageId: to });
	expect(answer.body).toContain(`stage-${to}`);
	expect(answer.body).toContain('Прокат палатки');
	const { body } = await anna.get(`/deals/new`, { 'hx-current-url': `http://here${seen}` });
	const chosen = read(body)
		.byTag('option')
		.filter((one) => attribute(one, 'selected') !== null);
	expect(chosen.map((one) => attribute(one, 'value'))).toContain(String(rent.stages[0]?.id));
	expect(body).toContain('<optgroup label="Аренда">');
});

test('the list has all of them, or one', async () => {
	const all = await bodyOf('/deals');
	expect(all).toContain('Прокат палатки');
	expect(all).toContain('Тестомес');
	const own = await bodyOf(`/deals?pipeline=${rent.id}`);
	expect(own).toContain('Прокат палатки');
	expect(own).not.toContain('Тестомес');
	expect(textOf(read(own).byId('sum') as never)).toContain('1 ');
	const everything = await bodyOf(`/deals?pipeline=${rent.id}&kind=all`);
	expect(everything).not.toContain('Тестомес');
	// A box of the other pipeline is still ticked in the form that changes the pipeline.
	const stale = await bodyOf(`/deals?pipeline=${rent.id}&stage=${cast.open[0].id}`);
	expect(stale).toContain('Прокат палатки');
	expect((await anna.get('/deals?pipeline=999')).statusCode).toBe(404);
	const admin = await bodyOf(`/deals?pipeline=${rent.id}&kind=all`, ada);
	expect(textOf(read(admin).byId('sum') as never)).toContain('1 ');
	const csv = await ada.get(`/deals/export?format=csv&pipeline=${rent.id}`);
	expect(csv.body).toContain('Прокат палатки');
	expect(csv.body).not.toContain('Тестомес');
});

test('a deal goes to a state of another pipeline by its form, with what that one demands, and back', async () => {
	const { id } = await makeDeal(db, cast, 'anna', { title: 'Переезд' });
	const menu = await bodyOf(`/deals/${id}/moves/new`);
	expect(menu).toContain('В другой сценарий: Аренда');
	const demanding = rent.stages[3] as Stage;
	const asked = await anna.json(`/deals/${id}/moves`, { version: 1, stageId: demanding.id });
	expect(asked.statusCode).toBe(422);
	expect(asked.json().error.fields).toHaveProperty('amount');
	const goal = rent.stages[1] as Stage;
	const moved = await anna.htmx(`/deals/${id}`, `/deals/${id}/moves`, {
		...{ version: 1, stageId: String(goal.id) },
	});
	expect(moved.statusCode).toBe(200);
	const { rows } = await pool.query('select pipeline_id, stage_id from deals where id = $1', [id]);
	expect(rows[0]).toEqual({ pipeline_id: rent.id, stage_id: goal.id });
	const page = read(await bodyOf(`/deals/${id}`));
	const buttons = page.byTag('button', page.byId('stages') as never);
	expect(buttons.map((one) => Number(attribute(one, 'value')))).toEqual(
		rent.stages.filter(({ kind }) => kind === 'open').map((stage) => stage.id),
	);
	expect(textOf(page.byId('course') as never)).toContain('Аренда');
	expect(await bodyOf(`/board?pipeline=${rent.id}`)).toContain('Переезд');
	const back = { version: 2, stageId: cast.open[0].id };
	expect((await anna.json(`/deals/${id}/moves`, back)).statusCode).toBe(200);
	expect(await bodyOf('/board')).toContain('Переезд');
});

test('many at once are won in their own pipelines, and lost so', async () => {
	const here = await makeDeal(db, cast, 'anna', { amount: '1.00' });
	const there = await makeDeal(db, cast, 'anna', {
		...{ amount: '2.00', stageId: rent.stages[0]?.id as number },
	});
	const done = await anna.json('/deals/bulk', {
		...{ verb: 'won', closedOn: '2026-11-24', deal: `${here.id}.1,${there.id}.1` },
	});
	expect(done.json()).toMatchObject({ done: 2 });
	const { rows } = await pool.query(
		'select stage_id as stage from deals where id = any($1) order by id',
		[[here.id, there.id]],
	);
	const won = rent.stages.find(({ kind }) => kind === 'won') as Stage;
	expect(rows.map(({ stage }) => stage)).toEqual([cast.won.id, won.id]);
	const finish = textOf(
		read(await bodyOf(`/board?pipeline=${rent.id}`)).byId(`stage-${won.id}`) as never,
	);
	expect(finish).toMatch(/1\s+в ноябре, 2.₽/);
	const reopen = read(await bodyOf(`/deals/${there.id}`)).byId('reopen') as never;
	const to = read(await bodyOf(`/deals/${there.id}`)).byTag('input', reopen);
	expect(to.map((one) => attribute(one, 'value'))).toContain(String(rent.stages[0]?.id));
});

test('the first one is the board’s own; the order is moved by a button and by a drag', async () => {
	await press('Аренда', 'position', { way: 'up' });
	expect(await bodyOf('/board')).toContain('Прокат палатки');
	await press('Аренда', 'position', { place: '2' });
	expect(await bodyOf('/board')).not.toContain('Прокат палатки');
	const before = await ledgerOf(database);
	await press('Аренда', 'position', { way: 'down' });
	expect(await ledgerOf(database)).toEqual(before);
	await press('Аренда', 'edit', { name: 'Прокат' });
	expect(await bodyOf('/board')).toContain('Прокат</option>');
	await press('Прокат', 'edit', { name: 'Аренда' });
});

test('one that has deals goes into another: open ones into a state, finished ones into its ends', async () => {
	const { id, deals } = await named('Аренда');
	expect(deals).toBeGreaterThan(1);
	await saveFilter(db, by(cast.people.anna), {
		...{ screen: 'board', name: 'Прокаты', query: `pipeline=${id}&q=печь`, shared: false },
	});
	const question = await ada.get(`/admin/pipelines/${id}/removal/new`);
	expect(question.body).toContain(`Здесь ${deals} интереса`);
	expect(textOf(read(question.body).byId('f-intoId') as never)).not.toContain('Завершено');
	const before = await ledgerOf(database);
	expect((await press('Аренда', 'removal')).body).toContain('выберите, куда их переместить');
	const wrong = [rent.stages[0]?.id, cast.won.id];
	for (const intoId of wrong)
		expect((await press('Аренда', 'removal', { intoId: String(intoId) })).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	const done = await press('Аренда', 'removal', { intoId: String(cast.open[1].id) });
	expect(done.body).toContain(`в состоянии «${cast.open[1].name}» прибавилось ${deals} интереса`);
	const left = await pool.query('select from deals where pipeline_id = $1', [id]);
	expect(left.rows).toHaveLength(0);
	const wrongEnds = await pool.query(`
		select from deals d join stages s on s.id = d.stage_id where (s.kind = 'open') <> (d.closed_on is null)`);
	expect(wrongEnds.rows).toHaveLength(0);
	expect(await bodyOf('/board')).not.toMatch(/ценари/);
	expect((await anna.get(`/board?pipeline=${id}`)).statusCode).toBe(404);
	const query = await pool.query(`select query from saved_filters where name = 'Прокаты'`);
	expect(query.rows[0].query).toBe(
		new URLSearchParams({ pipeline: String(cast.open[0].pipelineId), q: 'печь' }).toString(),
	);
	const gone = { version: 2, stageId: String(rent.stages[0]?.id) };
	const { rows } = await pool.query(`select id from deals where title = 'Прокат палатки'`);
	expect((await anna.json(`/deals/${rows[0].id}/moves`, { ...gone, version: 3 })).statusCode).toBe(
		422,
	);
	expect(await bodyOf(`/deals/${rows[0].id}`)).toContain(rent.stages[1]?.name);
	const page = await bodyOf('/admin/stages', ada);
	expect(page).not.toContain('Аренда');
});

test('one that nobody has used leaves nothing behind, and its name is free again', async () => {
	const likeId = cast.open[0].pipelineId;
	const id = await addPipeline(db, by(cast.people.ada), { name: 'Аренда', likeId });
	expect((await press('Аренда', 'removal')).body).toContain('«Аренда»: удалено');
	expect((await pool.query('select from pipelines where id = $1', [id])).rows).toHaveLength(0);
	expect((await pool.query('select from stages where pipeline_id = $1', [id])).rows).toHaveLength(
		0,
	);
});
