import { beforeAll, expect, test } from 'vitest';
import { mergeDeals } from '#src/features/deals/merge/merge.ts';
import { archiveDeal } from '#src/features/deals/removal/archive.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { imported, importRow, press, verdicts, work } from './desk.ts';

/* What a file says of a deal in the archive, or of one that was merged, changes neither; it says so of the row. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
let cast: Cast;
let anna: Browser;

const DEALS = { columns: ['ref', 'client', 'title', 'amount'], way: 'ref' };
const deals = (amount: number) => ({
	content: `Номер;Клиент;Интерес;Сумма
Ж-1;ООО «Полюс»;Живой;${amount}
А-1;ООО «Полюс»;Архивный;${amount}
О-1;ООО «Полюс»;Объединённый;${amount}
`,
	feeds: 'deals',
});
const deal = async (ref: string) =>
	(await pool.query('select * from deals where external_ref like $1', [`%${ref}`])).rows[0];
let first: number;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
	first = await imported(served, anna, deals(100), DEALS);
	expect((await importRow(database, first)).counts).toEqual({ created: 3 });
	const acting = by(cast.people.anna);
	await archiveDeal(db, acting, (await deal('А-1')).id, 1, true);
	const [kept, merged] = [await deal('Ж-1'), await deal('О-1')];
	await mergeDeals(db, acting, {
		survivorId: kept.id,
		deals: [kept, merged].map(({ id }) => ({ id, version: 1 })),
		choices: {},
	});
});

test('a row that names it by key is refused and says why; the others are taken', async () => {
	const before = [await deal('А-1'), await deal('О-1')];
	const id = await imported(served, anna, deals(200), DEALS);
	expect(await verdicts(database, id)).toEqual([
		[2, 'updated'],
		[3, 'rejected', 'row.dealArchived'],
		[4, 'rejected', 'row.dealMerged'],
	]);
	expect([await deal('А-1'), await deal('О-1')]).toEqual(before);
	expect((await deal('Ж-1')).amount).toBe('200.00');
	const page = (await anna.get(`/import/${id}`)).body;
	expect(page).toContain('интерес в архиве, там ничего не меняют');
	expect(page).toContain(`интерес объединён с интересом № ${(await deal('Ж-1')).id}`);
});

test('a row that names it by title is refused too, unless a living deal is called so', async () => {
	const columns = { columns: ['client', 'title', 'amount'], way: 'name' };
	const content = 'Клиент;Интерес;Сумма\nООО «Полюс»;Архивный;300\n';
	const named = async () =>
		await verdicts(database, await imported(served, anna, { content, feeds: 'deals' }, columns));
	expect(await named()).toEqual([[2, 'rejected', 'row.dealArchived']]);
	const archived = await deal('А-1');
	await pool.query(
		`insert into deals (pipeline_id, stage_id, client_id, title, owner_id, stage_entered_at)
			select pipeline_id, stage_id, client_id, title, owner_id, now() from deals where id = $1`,
		[archived.id],
	);
	expect(await named()).toEqual([[2, 'updated']]);
	expect(await deal('А-1')).toEqual(archived);
});

test('a step of a merged deal comes to the one that was kept, of one in the archive it is refused', async () => {
	const content = `Номер сделки;Когда;Что сделать;Вид
О-1;01.12.2026;Позвонить;Звонок
А-1;01.12.2026;Позвонить;Звонок
`;
	const columns = ['deal.ref', 'when', 'summary', 'kind'];
	const file = { content, feeds: 'interactions' };
	const id = await imported(served, anna, file, { columns, known: 'skip' });
	expect(await verdicts(database, id)).toEqual([
		[2, 'created'],
		[3, 'rejected', 'row.dealArchived'],
	]);
	const { rows } = await pool.query('select deal_id from interactions order by id desc limit 1');
	expect(rows).toEqual([{ deal_id: (await deal('Ж-1')).id }]);
});

test('taking the import back leaves both where they are, and what leads to the kept one leads there', async () => {
	const before = [await deal('А-1'), await deal('О-1')];
	expect((await press(served, anna, first, 'undo')).statusCode).toBe(303);
	await work(database);
	expect((await importRow(database, first)).undone).toEqual({ removed: 0, restored: 0, kept: 4 });
	expect([await deal('А-1'), await deal('О-1')]).toEqual(before);
});
