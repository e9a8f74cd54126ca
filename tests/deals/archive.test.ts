import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import { cancelInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { type Answer, type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, makeDeal, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

/* The archive: out of boards, lists and sums with what is planned, and back as it was; nothing changes in it. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});

type Made = { id: number; clientId: number; step: number };

/** A deal of Anna's with a client of its own and one step ahead. */
async function made(title: string): Promise<Made> {
	const anna = by(cast.people.anna);
	const clientId = await createClient(db, anna, { name: `ООО «${title}»` });
	const { id } = await makeDeal(db, cast, 'anna', { title, clientId, amount: '100.00' });
	const plan = { plannedOn: '2026-12-01' };
	const step = await planInteraction(db, anna, id, { kindId: 1, summary: `Звонок ${title}`, plan });
	return { id, clientId, step };
}

const rowOf = async (id: number) =>
	(await pool.query('select * from deals where id = $1', [id])).rows[0];
const stepsOf = async (id: number) =>
	(
		await pool.query('select status from interactions where deal_id = $1 order by id', [id])
	).rows.map(({ status }) => status);
const versionOf = async (id: number) => (await rowOf(id)).version as number;
const change = async (login: Login, id: number, noun: 'archive' | 'restoration') =>
	await person[login].json(`/deals/${id}/${noun}`, { version: await versionOf(id) });

/** What the company and the client are told of open deals: how many, of how much. */
async function sums(clientId: number) {
	const { rows: tallied } = await pool.query(
		`select sum(deals)::int as deals, sum(amount) as amount from deal_tallies where closed_on is null`,
	);
	const { rows: client } = await pool.query(
		`select open_deals, open_amount, next_interaction_id from client_summaries where client_id = $1`,
		[clientId],
	);
	return { tallied: tallied[0], client: client[0] };
}

/** Which screens of Anna's and of the administrator's show the deal, or its step. */
async function shownOn({ id, clientId, step }: Made): Promise<string[]> {
	const places: [string, Login, string, string][] = [
		['board', 'anna', '/board', `id="deal-${id}"`],
		['everybody’s board', 'ada', '/board', `id="deal-${id}"`],
		['dates', 'anna', '/board?view=dates', `id="deal-${id}"`],
		['search', 'anna', `/board?q=${id}`, `id="deal-${id}"`],
		['list', 'anna', '/deals', `id="deal-${id}"`],
		['list found', 'vera', `/deals?q=${id}&kind=all`, `id="deal-${id}"`],
		['client', 'anna', `/clients/${clientId}`, `href="/deals/${id}"`],
		['agenda', 'anna', '/agenda', `id="step-${step}"`],
		['calendar', 'anna', '/calendar?view=day&on=2026-12-01', `/interactions/${step}"`],
	];
	const shown: string[] = [];
	// What happened with it stays in the client's history: only the table of deals is looked at.
	for (const [name, login, url, mark] of places)
		if (tableIn((await person[login].get(url)).body, name).includes(mark)) shown.push(name);
	return shown;
}

const tableIn = (body: string, name: string) =>
	name === 'client' ? (/id="client-deals".*?<\/section>/s.exec(body)?.[0] ?? '') : body;

/** Presses the undo of the toast in an answer. */
async function undo(login: Login, from: string, answer: Answer): Promise<Answer> {
	const page = read(answer.body);
	const [form] = page.byTag('form', page.byId('toast') ?? undefined);
	const to = attribute(form as never, 'hx-post') ?? '';
	return await person[login].htmx(from, to, fieldsOf(page, form as never));
}

test('an archived deal leaves board, list, client, agenda and sums with its step; undoing goes both ways', async () => {
	const deal = await made('Опечатка');
	const [before, places] = [await sums(deal.clientId), await shownOn(deal)];
	expect(places).toContain('board');
	expect(places).toContain('agenda');
	const menu = read((await person.anna.get(`/deals/${deal.id}/menu`)).body);
	const form = menu
		.byTag('form')
		.find((one) => attribute(one, 'action') === `/deals/${deal.id}/archive`);
	const fields = fieldsOf(menu, form as never);
	const archived = await person.anna.htmx('/board', `/deals/${deal.id}/archive`, fields);
	expect(archived.statusCode, archived.body).toBe(200);
	expect(await shownOn(deal)).toEqual([]);
	expect(await stepsOf(deal.id)).toEqual(['cancelled']);
	const out = await sums(deal.clientId);
	expect(out.tallied.deals).toBe(before.tallied.deals - 1);
	expect(Number(out.tallied.amount)).toBe(Number(before.tallied.amount) - 100);
	expect(out.client).toMatchObject({
		open_deals: 0,
		open_amount: '0.00',
		next_interaction_id: null,
	});
	const back = await undo('anna', '/board', archived);
	expect(back.statusCode, back.body).toBe(200);
	expect([await shownOn(deal), await stepsOf(deal.id)]).toEqual([places, ['planned']]);
	expect(await sums(deal.clientId)).toEqual(before);
	// And there again: the message of the return takes the return back.
	expect((await undo('anna', '/board', back)).statusCode).toBe(200);
	expect(await shownOn(deal)).toEqual([]);
	const history = textOf(
		read((await person.anna.get(`/deals/${deal.id}`)).body).byId('work') as never,
	);
	expect(history).toContain('Отменено вместе с уходом в архив: Звонок');
	expect(history).toContain('Возвращён из архива');
	const audit = (await person.ada.get(`/admin/audit?record=deal:${deal.id}`)).body;
	expect(audit).toContain('Интерес в архиве');
	expect(audit).toContain('Возвращён из архива');
});

test('nothing in the archive changes until it is brought back; the page says so and offers that', async () => {
	const { id, step } = await made('Под замком');
	expect((await change('anna', id, 'archive')).statusCode).toBe(200);
	const version = await versionOf(id);
	const refused = 'Интерес в архиве: сначала верните его';
	const before = await ledgerOf(database);
	const stageId = cast.open[1].id;
	const tries: [string, Record<string, string | number>][] = [
		[`/deals/${id}/moves`, { version, stageId }],
		[`/deals/${id}/moves`, { version, stageId: cast.won.id, amount: '1', closedOn: TODAY }],
		[`/deals/${id}`, { version, title: 'Другое' }],
		[`/deals/${id}/owner`, { version, ownerId: cast.people.boris.id }],
		[`/deals/${id}/interactions`, { kindId: 1, summary: 'Ещё', plannedDay: '2026-12-02' }],
		[`/interactions/${step}/reopening`, { version: 2 }],
		[`/interactions/${step}/postponement`, { version: 2, plannedDay: '2026-12-03' }],
	];
	for (const [url, fields] of tries) {
		const answer = await person.vera.json(url, fields);
		expect([url, answer.statusCode]).toEqual([url, 422]);
		expect(answer.body, url).toContain(refused);
	}
	expect((await person.anna.get(`/deals/${id}/edit`)).statusCode).toBe(422);
	expect(await ledgerOf(database)).toEqual(before);
	const page = (await person.anna.get(`/deals/${id}`)).body;
	expect(textOf(read(page).byId('main') as never)).toContain('В архиве');
	expect(page).toContain(`action="/deals/${id}/restoration"`);
	expect(page).not.toContain(`href="/deals/${id}/edit"`);
	expect((await person.anna.post(`/deals/${id}/restoration`, { version })).statusCode).toBe(303);
	expect(await stepsOf(id)).toEqual(['planned']);
});

test('what an end had cancelled comes back with the end taken back, not out of the archive', async () => {
	const { id } = await made('Проигран');
	const anna = by(cast.people.anna);
	await moveDeal(db, anna, {
		...{
			dealId: id,
			version: 1,
			stageId: cast.lost.id,
			lossReasonId: cast.reasons[0]?.id as number,
		},
	});
	await change('anna', id, 'archive');
	expect((await person.anna.get('/deals?kind=lost')).body).not.toContain(`id="deal-${id}"`);
	await change('anna', id, 'restoration');
	expect(await stepsOf(id)).toEqual(['cancelled']);
	expect((await person.anna.get('/deals?kind=lost')).body).toContain(`id="deal-${id}"`);
	const version = await versionOf(id);
	await moveDeal(db, anna, { dealId: id, version, stageId: cast.open[0].id });
	expect(await stepsOf(id)).toEqual(['planned']);
});

test('a step that somebody had cancelled before stays so when its deal comes back', async () => {
	const { id, step } = await made('Отменён раньше');
	const anna = by(cast.people.anna);
	await cancelInteraction(db, anna, step, 1, 'Передумали');
	await change('anna', id, 'archive');
	await change('anna', id, 'restoration');
	expect(await stepsOf(id)).toEqual(['cancelled']);
});

test('the list shows the archive where it is asked for, in a file and on paper too', async () => {
	const { id } = await made('Для списка');
	const mark = `id="deal-${id}"`;
	const count = async (login: Login, query: string) =>
		(
			(
				await person[login].get(`/deals/selection?${query}`, { accept: 'application/json' })
			).json() as {
				count: number;
			}
		).count;
	const open = { anna: await count('anna', ''), ada: await count('ada', '') };
	const archive = await count('ada', 'archived=only&kind=all');
	await change('anna', id, 'archive');
	for (const login of ['anna', 'ada'] as const) {
		expect(await count(login, ''), login).toBe(open[login] - 1);
		for (const [query, there] of [
			['', false],
			['archived=with', true],
			['archived=only', true],
			['archived=only&kind=lost&month=all', false],
		] as const)
			expect((await person[login].get(`/deals?${query}`)).body.includes(mark), query).toBe(there);
	}
	expect(await count('ada', 'archived=only&kind=all')).toBe(archive + 1);
	const row = textOf(
		read((await person.anna.get('/deals?archived=only')).body).byId(`deal-${id}`) as never,
	);
	expect(row).toContain('в архиве');
	const file = (await person.ada.get('/deals/export?format=csv&archived=only')).body;
	expect(file.split('\n').find((line) => line.includes('Для списка'))).toContain('в архиве');
	const paper = (await person.anna.get('/deals/print?archived=only')).body;
	expect(paper).toContain('Архив: только он');
	expect(paper).toContain('Для списка');
});

test('many go into the archive at once, and come back by the same message', async () => {
	const deals = [await made('Раз'), await made('Два')];
	const tokens = async () =>
		(await Promise.all(deals.map(async ({ id }) => `${id}.${await versionOf(id)}`))).join(',');
	const form = (await person.anna.get(`/deals/bulk/new?verb=archive&deal=${await tokens()}`)).body;
	expect(form).toContain('Убрать в архив: 2 интереса');
	const fields = { verb: 'archive', deal: await tokens() };
	const answer = await person.anna.htmx('/deals', '/deals/bulk', fields);
	expect(answer.statusCode, answer.body).toBe(200);
	for (const { id } of deals) expect((await rowOf(id)).archived_at).not.toBeNull();
	expect((await undo('anna', '/deals', answer)).statusCode).toBe(200);
	for (const { id } of deals)
		expect([(await rowOf(id)).archived_at, await stepsOf(id)]).toEqual([null, ['planned']]);
});

test('who may not change a deal archives none; nor does anybody from a stale version', async () => {
	const { id } = await made('Чужое');
	const before = await ledgerOf(database);
	expect((await change('gleb', id, 'archive')).statusCode).toBe(404);
	expect((await person.anna.json(`/deals/${id}/archive`, { version: 99 })).statusCode).toBe(409);
	expect((await person.anna.json(`/deals/${id}/archive`, {})).statusCode).toBe(428);
	// It is there already: nothing is written.
	expect((await change('anna', id, 'restoration')).statusCode).toBe(200);
	expect(await ledgerOf(database)).toEqual(before);
});

test('a deal in the archive can be deleted, and comes back into the archive', async () => {
	const { id } = await made('Из архива');
	await change('anna', id, 'archive');
	const version = await versionOf(id);
	expect((await person.vera.get(`/deals/${id}/removal`)).statusCode).toBe(200);
	expect((await person.vera.json(`/deals/${id}/removal`, { version })).statusCode).toBe(200);
	expect((await person.vera.json(`/deals/${id}/recovery`, { version })).statusCode).toBe(200);
	expect((await rowOf(id)).archived_at).not.toBeNull();
});

test('a state whose only deals are in the archive still asks where they go', async () => {
	const { id } = await made('В состоянии');
	const stageId = cast.open[3].id;
	await moveDeal(db, by(cast.people.anna), { dealId: id, version: 1, stageId });
	await pool.query('update deals set archived_at = now() where stage_id = $1', [stageId]);
	const { rows } = await pool.query('select version from stages where id = $1', [stageId]);
	const asked = await person.ada.json(`/admin/stages/${stageId}/removal`, rows[0]);
	expect(asked.statusCode, asked.body).toBe(422);
	const form = (await person.ada.get(`/admin/stages/${stageId}/removal/new`)).body;
	expect(form).toContain('name="intoId"');
});
