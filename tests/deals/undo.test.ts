import { beforeAll, expect, test } from 'vitest';
import { moveDeal } from '#src/features/deals/actions.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});

type Row = Record<string, unknown> & { version: number };
const dealOf = async (id: number): Promise<Row> =>
	(
		await pool.query(
			`select version, stage_id, owner_id, amount, closed_on, loss_reason_id, close_comment from deals where id = $1`,
			[id],
		)
	).rows[0];
const make = async (title: string, extra: object = {}) =>
	(await makeDeal(db, cast, 'anna', { title, amount: '700.00', ...extra })).id;
const finish = async (dealId: number, ending: object) =>
	await moveDeal(db, by(cast.people.anna), { dealId, version: 1, stageId: 0, ...ending });

/** Does something by htmx as a page does, then presses «Отменить» in the toast. */
async function andUndo(login: Login, page: string, url: string, fields: Fields) {
	const answer = read((await person[login].htmx(page, url, fields)).body);
	const toast = answer.byId('toast');
	const [undo] = answer.byTag('form', toast ?? undefined);
	if (undo === undefined) throw new Error('the toast offers no way back');
	const action = attribute(undo, 'hx-post') ?? '';
	return await person[login].htmx(page, action, fieldsOf(answer, undo));
}
const withoutVersion = ({ version: _, ...rest }: Row) => rest;

test('a won deal that was put back to work is won again as it was: worth, day and words', async () => {
	const id = await make('Обратно');
	await finish(id, { stageId: cast.won.id, amount: '950.50', closedOn: '2026-11-02' });
	const before = await dealOf(id);
	const move = { stageId: cast.open[1].id, version: before.version };
	const answer = await andUndo('anna', `/deals/${id}`, `/deals/${id}/moves`, move);
	expect(answer.statusCode).toBe(200);
	const after = await dealOf(id);
	expect(withoutVersion(after)).toEqual(withoutVersion(before));
	expect(after.version).toBe(before.version + 2);
	// Again: what winning wrote over is still what stood there first.
	await moveDeal(db, by(cast.people.anna), {
		...{ dealId: id, version: after.version, stageId: cast.open[0].id },
	});
	expect((await dealOf(id)).amount).toBe('700.00');
});

test('a lost deal that was won by mistake is lost again, with its reason and what was said', async () => {
	const id = await make('Всё-таки нет');
	const ending = { lossReasonId: cast.reasons[1]?.id, comment: 'Дорого '.repeat(250).trim() };
	await finish(id, { stageId: cast.lost.id, ...ending, closedOn: '2026-11-03' });
	const before = await dealOf(id);
	const win = { stageId: cast.won.id, version: 2, amount: '1.00', closedOn: '2026-11-20' };
	expect((await andUndo('anna', '/board', `/deals/${id}/moves`, win)).statusCode).toBe(200);
	expect(withoutVersion(await dealOf(id))).toEqual({
		...withoutVersion(before),
		// Winning had said what it was worth.
		amount: '700.00',
	});
});

test('many finished deals that were moved are finished again', async () => {
	const [won, lost] = [await make('Раз'), await make('Два')];
	await finish(won, { stageId: cast.won.id, amount: '5.00', closedOn: '2026-11-05' });
	await finish(lost, { stageId: cast.lost.id, lossReasonId: cast.reasons[0]?.id });
	const before = [await dealOf(won), await dealOf(lost)];
	const fields = { verb: 'stage', stageId: cast.open[2].id, deal: `${won}.2,${lost}.2` };
	expect((await andUndo('anna', '/deals', '/deals/bulk', fields)).statusCode).toBe(200);
	expect([await dealOf(won), await dealOf(lost)].map(withoutVersion)).toEqual(
		before.map(withoutVersion),
	);
});

test('where nobody knows how a deal was finished, the form of the end asks', async () => {
	const id = await make('Старая');
	const undo = { stageId: cast.lost.id, version: 1, asBefore: 'on' };
	expect((await person.anna.htmx('/board', `/deals/${id}/moves`, undo)).statusCode).toBe(422);
	expect((await dealOf(id)).stage_id).toBe(cast.open[0].id);
});

test('deals that were given away come back with the steps that went along, and nobody is written to', async () => {
	await pool.query(`update people set email = login || '@shop.example'`);
	const id = await make('Отдана', { plan: { plannedOn: '2026-12-03' } });
	const boris = cast.people.boris;
	await addCollaborator(db, by(cast.people.anna), id, { version: 1, personId: boris.id });
	const own = { kindId: 1, summary: 'Своё', plan: { plannedOn: '2026-12-04' }, ownerId: boris.id };
	await planInteraction(db, by(cast.people.vera), id, own);
	const steps = async () =>
		(
			await pool.query(
				`select summary, owner_id from interactions where deal_id = $1 order by summary`,
				[id],
			)
		).rows;
	const helpers = async () =>
		(await pool.query('select person_id from deal_collaborators where deal_id = $1', [id])).rows;
	const before = [await dealOf(id), await steps(), await helpers()] as const;
	const fields = { verb: 'owner', ownerId: boris.id, deal: `${id}.2` };
	const answer = await andUndo('vera', '/deals', '/deals/bulk', fields);
	expect(answer.statusCode).toBe(200);
	const after = [await dealOf(id), await steps(), await helpers()] as const;
	expect(withoutVersion(after[0])).toEqual(withoutVersion(before[0]));
	expect(after.slice(1)).toEqual(before.slice(1));
	const { rows } = await pool.query(`select person_id from mails where kind = 'reassigned'`);
	expect(rows).toEqual([{ person_id: boris.id }]);
	// Who may give nothing away takes nothing back.
	const stolen = { verb: 'back', back: 'owner', deal: `${id}.${after[0].version}` };
	const refused = await person.gleb.json('/deals/bulk', stolen);
	expect(refused.json()).toMatchObject({ done: 0, verdicts: [{ status: 'absent' }] });
});

test('a tag that many deals were given is taken back from those that did not have it', async () => {
	const tags = async (id: number) =>
		(
			await pool.query(
				`select t.name from deal_tags d join tags t on t.id = d.tag_id where deal_id = $1`,
				[id],
			)
		).rows.map(({ name }) => name);
	const [had, has] = [await make('С меткой'), await make('Без метки')];
	await person.anna.json('/deals/bulk', { verb: 'tag', tag: 'Важно', deal: `${had}.1` });
	const fields = { verb: 'tag', tag: 'Важно', deal: `${had}.2,${has}.1` };
	expect((await andUndo('anna', '/deals', '/deals/bulk', fields)).statusCode).toBe(200);
	expect([await tags(had), await tags(has)]).toEqual([['Важно'], []]);
	const away = { verb: 'tag', tag: 'важно', tagAction: 'remove', deal: `${had}.2` };
	expect((await andUndo('anna', '/deals', '/deals/bulk', away)).statusCode).toBe(200);
	expect(await tags(had)).toEqual(['Важно']);
});
