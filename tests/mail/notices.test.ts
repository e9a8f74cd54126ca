import { beforeEach, expect, test } from 'vitest';
import { handOverDeal } from '#src/features/deals/handover/reassign.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import {
	editInteraction,
	reassignInteraction,
} from '#src/features/interactions/interaction/editing.ts';
import { by, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const { db, pool } = database;
const cast = await makeCast(db);
const { anna, boris, vera } = cast.people;
const head = by(vera);

const letters = async () =>
	(
		await pool.query<{ name: string; kind: string; subject: string; dealId: number }>(
			`select name, kind, subject, deal_id as "dealId" from mails order by id`,
		)
	).rows;

await pool.query(`update people set email = login || '@shop.example'`);
beforeEach(async () => {
	await pool.query('delete from mails');
});

test('who is given a deal gets a letter with the note; who takes one, or has it already, gets none', async () => {
	const { today } = cast.deals;
	const note = 'Клиент ждёт звонка <сегодня>';
	const { version } = await handOverDeal(db, head, today, 1, boris.id, note);
	expect(await letters()).toEqual([
		{
			name: 'Борис Лунин',
			kind: 'reassigned',
			subject: 'Вам передан интерес «Тестомес»',
			dealId: today,
		},
	]);
	const { rows } = await pool.query('select content from mails');
	expect(rows[0]?.content).toContainEqual({ part: 'quote', text: note });
	expect(await handOverDeal(db, head, today, version, boris.id)).toMatchObject({ version });
	await handOverDeal(db, head, today, version, vera.id);
	expect(await letters()).toHaveLength(1);
});

test('a refused change writes no letter', async () => {
	await expect(handOverDeal(db, head, cast.deals.late, 99, boris.id)).rejects.toThrow(
		'error.conflict',
	);
	expect(await letters()).toEqual([]);
});

test('a step that is planned for, given to, or edited over to somebody is told to them once each', async () => {
	const { none } = cast.deals;
	const plan = { plannedAt: new Date('2026-11-25T08:00:00Z') };
	const step = { kindId: cast.kinds[0]?.id ?? 0, summary: 'Согласовать', plan };
	const own = await planInteraction(db, head, none, step);
	expect(await letters()).toEqual([]);
	const id = await planInteraction(db, head, none, { ...step, ownerId: boris.id });
	await reassignInteraction(db, head, id, 1, anna.id);
	await editInteraction(db, head, own, 1, { ownerId: boris.id });
	await editInteraction(db, head, own, 2, { summary: 'Согласовать цену' });
	await reassignInteraction(db, head, id, 2, vera.id);
	const subject = 'Вам поручено: Звонок: Согласовать';
	expect(await letters()).toEqual([
		{ name: 'Борис Лунин', kind: 'assigned', subject, dealId: none },
		{ name: 'Анна Соколова', kind: 'assigned', subject, dealId: none },
		{ name: 'Борис Лунин', kind: 'assigned', subject, dealId: none },
	]);
});

test('an import, and the demo, write to nobody', async () => {
	const plan = { plannedOn: '2026-11-30' };
	const step = { kindId: cast.kinds[0]?.id ?? 0, summary: 'Из файла', plan, ownerId: boris.id };
	for (const door of ['import', 'seed'] as const)
		await planInteraction(db, by(vera, NOW, door), cast.deals.none, step);
	expect(await letters()).toEqual([]);
});
