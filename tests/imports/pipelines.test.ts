import { beforeAll, expect, test } from 'vitest';
import { addPipeline } from '#src/features/deals/pipelines/pipelines.ts';
import { removeStage } from '#src/features/deals/pipelines/stage-removal.ts';
import { editStage, listStageRecords } from '#src/features/deals/pipelines/stages.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { checked, idIn, importRow, press, upload, verdicts, work } from './desk.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let ada: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	ada = await signIn(served, 'ada');
});

const COLUMNS = ['client', 'title', 'stage'];
const CSV = (...rows: string[]) => `Клиент;Интерес;Этап\n${rows.join('\n')}\n`;
const stageOf = async (title: string) => {
	const { rows } = await pool.query(
		`select s.id, s.name, d.pipeline_id as pipeline, s.pipeline_id as of from deals d
		join stages s on s.id = d.stage_id where d.title = $1`,
		[title],
	);
	return rows[0];
};

test('with one pipeline the form does not ask for it', async () => {
	const id = idIn(await upload(served, ada, { content: CSV('ООО «А»;Раз;'), feeds: 'deals' }));
	expect((await ada.get(`/import/${id}`)).body).not.toContain('name="pipeline"');
});

test('new deals go into the pipeline that is chosen, by the names of its states', async () => {
	const likeId = cast.open[0].pipelineId;
	const rent = await addPipeline(db, by(cast.people.ada), { name: 'Аренда', likeId });
	const own = (await listStageRecords(db)).filter(({ pipelineId }) => pipelineId === rent);
	const second = own[1] as (typeof own)[number];
	await editStage(db, by(cast.people.ada), second.id, 1, { name: 'Выдача' });
	const content = CSV(
		'ООО «Б»;Прокат;выдача',
		'ООО «Б»;Другой прокат;',
		'ООО «Б»;Чужое;Нет такого',
	);
	const id = idIn(await upload(served, ada, { content, feeds: 'deals' }));
	expect((await ada.get(`/import/${id}`)).body).toContain('<option value="Аренда">');
	const fields = { c0: 'client', c1: 'title', c2: 'stage', way: 'name', known: 'update' };
	const wrong = await press(served, ada, id, 'columns', { ...fields, pipeline: 'Лизинг' });
	expect(wrong.statusCode).toBe(422);
	await press(served, ada, id, 'columns', { ...fields, pipeline: 'Аренда' });
	await work(database);
	expect(await verdicts(database, id)).toMatchObject([
		[2, 'created'],
		[3, 'created'],
		[4, 'rejected', expect.any(String)],
	]);
	await press(served, ada, id, 'start');
	await work(database);
	expect(await stageOf('Прокат')).toEqual({
		id: second.id,
		name: 'Выдача',
		pipeline: rent,
		of: rent,
	});
	expect(await stageOf('Другой прокат')).toMatchObject({ id: own[0]?.id, pipeline: rent });
});

test('the first state and the ends are found by their usual names whatever they are called; one that is gone is not', async () => {
	const ada0 = by(cast.people.ada);
	const [first, second] = cast.open;
	await editStage(db, ada0, first.id, 1, { name: 'Заявка' });
	await editStage(db, ada0, cast.lost.id, 1, { name: 'Отказ' });
	await removeStage(db, ada0, second.id, 1, first.id);
	const content = CSV('ООО «В»;Без этапа;', 'ООО «В»;Новый;Новый', `ООО «В»;Ушло;${second.name}`);
	const id = await checked(served, ada, { content, feeds: 'deals' }, { columns: COLUMNS });
	expect(await verdicts(database, id)).toMatchObject([
		[2, 'created'],
		[3, 'created'],
		[4, 'rejected', expect.any(String)],
	]);
	await press(served, ada, id, 'start');
	await work(database);
	expect(await stageOf('Без этапа')).toMatchObject({ id: first.id });
	expect((await importRow(database, id)).status).toBe('done');
});

test('undoing an import leaves a deal where it is when the state that it had is gone', async () => {
	const ada0 = by(cast.people.ada);
	const before = await checked(
		...([
			served,
			ada,
			{ content: CSV('ООО «Г»;Туда;Предложение и закрытие'), feeds: 'deals' },
		] as const),
		{ columns: COLUMNS },
	);
	await press(served, ada, before, 'start');
	await work(database);
	const again = await checked(
		...([
			served,
			ada,
			{ content: CSV('ООО «Г»;Туда;Выполнение договора'), feeds: 'deals' },
		] as const),
		{ columns: COLUMNS },
	);
	await press(served, ada, again, 'start');
	await work(database);
	expect(await stageOf('Туда')).toMatchObject({ id: cast.open[4].id });
	await removeStage(db, ada0, cast.open[3].id, 1, cast.open[4].id);
	await press(served, ada, again, 'undo');
	await work(database);
	expect(await stageOf('Туда')).toMatchObject({ id: cast.open[4].id });
});
