import ICAL from 'ical.js';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { completeInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { countByPerson, countTodos } from '#src/features/interactions/agenda/agenda.ts';
import { readTodoFilter } from '#src/features/interactions/agenda/forms.ts';
import { mailReminders } from '#src/features/interactions/reminders/letters.ts';
import { listDue, readDay } from '#src/features/interactions/reminders/queries.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Browser, browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Company, makeCompany, makeDeal, NOW, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';
import { imported } from '../imports/desk.ts';

/* Finishing a deal settles what is planned on it, by whichever door; every screen counts the same afterwards. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const viewer = viewerAt(NOW, 'ru', 'Europe/Moscow');

let company: Company;
let anna: Browser;
let ada: Browser;
let feed: string;

beforeAll(async () => {
	company = await makeCompany(db);
	await pool.query(`update people set email = login || '@shop.example'`);
	[anna, ada] = [await signIn(served, 'anna'), await signIn(served, 'ada')];
	const { body } = await anna.post('/calendar/feed', {});
	feed = new URL(/value="([^"]+\.ics)"/.exec(body)?.[1] ?? '').pathname;
});
beforeEach(async () => {
	await pool.query('delete from mails');
	await pool.query('delete from interactions');
	await pool.query(
		`update deals set next_interaction_id = null, next_planned_at = null, next_planned_on = null`,
	);
});

/** Half an hour ago, and reminded of before that. */
const LATE = { plannedAt: new Date('2026-11-24T08:30:00Z') };
const plan = async (dealId: number, summary = 'Позвонить', when: object = LATE) =>
	await planInteraction(db, by(company.people.anna), dealId, {
		...{ kindId: 1, summary, plan: when as typeof LATE, remindMinutes: 15 },
	});
async function made(title: string): Promise<{ id: number; step: number }> {
	const { id } = await makeDeal(db, company, 'anna', {
		...{ title, amount: '700.00', client: { name: `ООО «${title}»` } },
	});
	return { id, step: await plan(id) };
}
const steps = async (dealId: number) =>
	(
		await pool.query(
			'select id, status, version from interactions where deal_id = $1 order by id',
			[dealId],
		)
	).rows;
const statuses = async (dealId: number) => (await steps(dealId)).map(({ status }) => status);
const versionOf = async (id: number) =>
	(await pool.query('select version from deals where id = $1', [id])).rows[0].version as number;
const lost = (more: Fields = {}): Fields => ({
	...{ version: 1, stageId: company.lost.id, lossReasonId: company.reasons[0]?.id, ...more },
});
const won = (more: Fields = {}): Fields => ({
	...{ version: 1, stageId: company.won.id, amount: '700', closedOn: TODAY, ...more },
});

/** How many overdue calls of Anna each screen tells of. */
async function counts(): Promise<Record<string, number>> {
	const { actor } = by(company.people.anna);
	const board = read((await anna.get('/board')).body);
	const late = board.byClass('chip').find((chip) => attribute(chip, 'class')?.includes('late'));
	const agenda = await countTodos(db, readTodoFilter(actor, {}).filter, viewer);
	const team = await countByPerson(db, company.people.vera, viewer);
	const riser = { id: actor.id, name: '', language: 'ru', timeZone: 'Europe/Moscow' } as const;
	const day = await readDay(db, { ...riser, day: TODAY }, NOW, 100);
	await pool.query('update interactions set mailed_for = null');
	await pool.query('delete from mails');
	await mailReminders(db, NOW);
	const { rows: mails } = await pool.query('select id from mails');
	const page = read((await anna.get(`/calendar?view=day&on=${TODAY}`)).body);
	const entries = page
		.byTag('a')
		.map((link) => /^\/interactions\/(\d+)$/.exec(attribute(link, 'href') ?? '')?.[1])
		.filter((id) => id !== undefined);
	const events = new ICAL.Component(ICAL.parse((await browser(served.app).get(feed)).body));
	const standing = events
		.getAllSubcomponents('vevent')
		.filter((event) => event.getFirstPropertyValue('status') !== 'CANCELLED');
	return {
		board: Number(/\d+/.exec(textOf(late as never))?.[0]),
		agenda: agenda.late,
		team: team.find(({ id }) => id === actor.id)?.late ?? 0,
		reminders: (await listDue(db, actor, NOW)).length,
		letters: mails.length,
		digest: day.lateAll,
		calendar: new Set(entries).size,
		feed: standing.length,
	};
}
const all = (n: number) => ({
	...{ board: n, agenda: n, team: n, reminders: n, letters: n, digest: n, calendar: n, feed: n },
});

/** Each door by which a deal is lost, with nothing said of its steps. */
const DOORS: Record<string, (id: number) => Promise<{ statusCode: number } | undefined>> = {
	'a drag over the board': (id) => anna.htmx('/board', `/deals/${id}/moves`, lost()),
	'the bar of states': (id) => anna.htmx(`/deals/${id}`, `/deals/${id}/moves`, lost()),
	'a form without scripts': async (id) => {
		const url = `/deals/${id}/closure/new?stageId=${company.lost.id}`;
		const page = read((await anna.get(url)).body);
		const [form] = page.byTag('form', page.byId(`deal-${id}-closure`) ?? undefined);
		const fields = fieldsOf(page, form as never);
		expect(fields.steps).toBe('cancel');
		const answer = await anna.post(`/deals/${id}/moves`, { ...fields, ...lost() });
		return { statusCode: answer.statusCode === 303 ? 200 : answer.statusCode };
	},
	'many at once': (id) =>
		anna.htmx('/deals', '/deals/bulk', {
			...{ verb: 'lost', deal: `${id}.1`, lossReasonId: company.reasons[0]?.id },
		}),
	'a program': (id) => anna.json(`/deals/${id}/moves`, lost()),
	'an import': async (id) => {
		const { rows } = await pool.query(
			'select d.title, c.name from deals d join clients c on c.id = d.client_id where d.id = $1',
			[id],
		);
		const [{ title, name }] = rows;
		const content = `Клиент;Интерес;Этап;Завершено\n${name};${title};${company.lost.name};${TODAY}\n`;
		const columns = ['client', 'title', 'stage', 'closedOn'];
		await imported(served, ada, { content, feeds: 'deals' }, { columns });
		return undefined;
	},
};

test('what was planned on lost deals is counted nowhere any more, by whichever door they were lost', async () => {
	const stays = await made('Осталась');
	const deals: number[] = [];
	for (const door of Object.keys(DOORS)) deals.push((await made(door)).id);
	expect(await counts()).toEqual(all(deals.length + 1));
	for (const [n, [door, lose]] of Object.entries(DOORS).entries()) {
		const answer = await lose(deals[n] as number);
		if (answer) expect(answer.statusCode, door).toBe(200);
		expect(await statuses(deals[n] as number), door).toEqual(['cancelled']);
		expect(await counts(), door).toEqual(all(deals.length - n));
	}
	expect(await statuses(stays.id)).toEqual(['planned']);
});

test('what is planned on a won deal stays, unless somebody says otherwise; of a lost one it may be kept', async () => {
	const [kept, given, remembered] = [await made('Раз'), await made('Два'), await made('Три')];
	expect((await anna.json(`/deals/${kept.id}/moves`, won())).statusCode).toBe(200);
	expect((await anna.json(`/deals/${given.id}/moves`, won({ steps: 'cancel' }))).statusCode).toBe(
		200,
	);
	expect(
		(await anna.json(`/deals/${remembered.id}/moves`, lost({ steps: 'keep' }))).statusCode,
	).toBe(200);
	expect(await statuses(kept.id)).toEqual(['planned']);
	expect(await statuses(given.id)).toEqual(['cancelled']);
	expect(await statuses(remembered.id)).toEqual(['planned']);
	const wrong = await anna.json(`/deals/${kept.id}/moves`, lost({ version: 2, steps: 'delete' }));
	expect(wrong.statusCode).toBe(422);
	// What stays is marked, and can be looked at by itself.
	const page = read((await anna.get('/agenda?finished=1')).body);
	const ids = page.byClass('todo').map((line) => attribute(line, 'id'));
	expect(ids.sort()).toEqual([`step-${kept.step}`, `step-${remembered.step}`].sort());
	expect(page.byClass('todo').every((line) => textOf(line).includes('завершён'))).toBe(true);
});

test('the form of an end shows what is planned and asks; the history tells what was cancelled', async () => {
	const { id } = await made('Печь');
	await plan(id, 'Показать образцы', { plannedOn: '2026-12-01' });
	for (const [stage, usual] of [
		[company.lost, 'cancel'],
		[company.won, 'keep'],
	] as const) {
		const page = read((await anna.get(`/deals/${id}/closure/new?stageId=${stage.id}`)).body);
		const form = page.byId(`deal-${id}-closure`) as never;
		expect(textOf(form)).toContain('Показать образцы');
		expect(fieldsOf(page, page.byTag('form', form)[0] as never).steps).toBe(usual);
	}
	const answer = await anna.htmx(`/deals/${id}`, `/deals/${id}/moves`, lost());
	expect(answer.body).toContain('Отменены 2 запланированных дела');
	expect(answer.body).toContain(
		'Отменено вместе с завершением: Звонок, Позвонить; Звонок, Показать образцы',
	);
	const without = read(
		(
			await anna.get(
				`/deals/${(await makeDeal(db, company, 'anna', {})).id}/closure/new?stageId=${company.lost.id}`,
			)
		).body,
	);
	expect(without.byId('field-steps')).toBeNull();
});

test('what an end cancelled comes back with «Вернуть в работу», and only that', async () => {
	const { id, step } = await made('Печь');
	const touched = await plan(id, 'Тронут', { plannedOn: '2026-12-01' });
	const own = await plan(id, 'Отменён раньше', { plannedOn: '2026-12-02' });
	await anna.json(`/interactions/${own}/cancellation`, { version: 1 });
	await anna.json(`/deals/${id}/moves`, lost());
	// Somebody has planned one of them again by hand, and done it since.
	await anna.json(`/interactions/${touched}/reopening`, { version: 2 });
	await completeInteraction(db, by(company.people.anna), touched, {
		version: 3,
		outcome: null,
		next: null,
	});
	const answer = await anna.htmx(`/deals/${id}`, `/deals/${id}/moves`, {
		...{ stageId: company.open[1].id, version: await versionOf(id) },
	});
	expect(answer.body).toContain('Вернулось в план 1 дело');
	expect(await steps(id)).toMatchObject([
		{ id: step, status: 'planned', version: 3 },
		{ id: touched, status: 'done' },
		{ id: own, status: 'cancelled' },
	]);
	const { rows } = await pool.query('select next_interaction_id from deals where id = $1', [id]);
	expect(rows[0].next_interaction_id).toBe(step);
	expect((await listDue(db, company.people.anna, NOW)).map((one) => one.id)).toEqual([step]);
});

/** Presses «Отменить» in the toast of an answer. */
async function undo(page: string, body: string) {
	const answer = read(body);
	const [form] = answer.byTag('form', answer.byId('toast') ?? undefined);
	return await anna.htmx(
		page,
		attribute(form as never, 'hx-post') ?? '',
		fieldsOf(answer, form as never),
	);
}

test('the undo of the toast brings back what the end cancelled: of one deal, of many, and of a return', async () => {
	const [one, two] = [await made('Раз'), await made('Два')];
	const answer = await anna.htmx('/board', `/deals/${one.id}/moves`, lost());
	expect((await undo('/board', answer.body)).statusCode).toBe(200);
	expect(await statuses(one.id)).toEqual(['planned']);
	const fields = { verb: 'lost', lossReasonId: company.reasons[0]?.id };
	const many = await anna.htmx('/deals', '/deals/bulk', {
		...fields,
		deal: `${one.id}.${await versionOf(one.id)},${two.id}.1`,
	});
	expect([await statuses(one.id), await statuses(two.id)]).toEqual([['cancelled'], ['cancelled']]);
	expect((await undo('/deals', many.body)).statusCode).toBe(200);
	expect([await statuses(one.id), await statuses(two.id)]).toEqual([['planned'], ['planned']]);
	// A return to work that is taken back cancels again what had come back, and nothing that was kept.
	const kept = await made('Три');
	await anna.json(`/deals/${kept.id}/moves`, lost({ steps: 'keep' }));
	const back = { stageId: company.open[0].id, version: 2 };
	const returned = await anna.htmx('/board', `/deals/${kept.id}/moves`, back);
	await undo('/board', returned.body);
	expect(await statuses(kept.id)).toEqual(['planned']);
	await anna.json(`/deals/${two.id}/moves`, lost({ version: await versionOf(two.id) }));
	const again = await anna.htmx('/board', `/deals/${two.id}/moves`, {
		...{ stageId: company.open[0].id, version: await versionOf(two.id) },
	});
	expect(await statuses(two.id)).toEqual(['planned']);
	const late = await plan(two.id, 'Потом', { plannedOn: '2026-12-03' });
	await undo('/board', again.body);
	expect(await steps(two.id)).toMatchObject([
		{ status: 'cancelled' },
		{ id: late, status: 'planned' },
	]);
});

test('from one end to the other: what the first cancelled comes back, and the second settles anew', async () => {
	const { id } = await made('Печь');
	await anna.json(`/deals/${id}/moves`, lost());
	await anna.json(`/deals/${id}/moves`, won({ version: 2 }));
	expect(await statuses(id)).toEqual(['planned']);
	await anna.json(`/deals/${id}/moves`, lost({ version: 3 }));
	expect(await statuses(id)).toEqual(['cancelled']);
});

test('who changes a step that an end has cancelled meanwhile is told whose end that was', async () => {
	const { id, step } = await made('Печь');
	const vera = await signIn(served, 'vera');
	await vera.json(`/deals/${id}/moves`, lost());
	const answer = await anna.htmx('/agenda', `/interactions/${step}/completion`, { version: 1 });
	expect(answer.statusCode).toBe(409);
	expect(answer.body).toContain('Вера Павлова');
});
