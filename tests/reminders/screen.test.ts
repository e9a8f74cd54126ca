import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const { pool } = database;
let clock = NOW;
const served = await testApp(database, { now: () => clock });
let cast: Cast;
let anna: Browser;

const minutes = (n: number) => new Date(NOW.getTime() + n * 60_000);

beforeAll(async () => {
	cast = await makeCast(database.db);
	anna = await signIn(served, 'anna');
});

beforeEach(async () => {
	clock = NOW;
	anna = await signIn(served, 'anna');
	await pool.query('update interactions set remind_at = null, reminded_at = null, version = 1');
	await pool.query(`update interactions set status = 'planned', completed_at = null`);
});

const remind = async (step: number, at: Date) => {
	await pool.query('update interactions set remind_at = $2 where id = $1', [step, at]);
};
const due = async (person = anna): Promise<number[]> => {
	const answer = await person.get('/reminders', { accept: 'application/json' });
	return (answer.json() as { id: number }[]).map(({ id }) => id);
};
const asked = () => anna.htmx('/deals', '/reminders');

test('what is due is shown, the latest first; what is not yet, done, given up, put away or foreign is not', async () => {
	const { late, today, later, boris } = cast.steps;
	await remind(late, minutes(-60));
	await remind(today, minutes(0));
	await remind(later, minutes(1));
	await remind(boris, minutes(-5));
	expect(await due()).toEqual([today, late]);
	expect(await due(await signIn(served, 'boris'))).toEqual([boris]);
	// Who leads them is not reminded of what they are to do.
	expect(await due(await signIn(served, 'vera'))).toEqual([]);
	await pool.query(`update interactions set status = 'cancelled' where id = $1`, [late]);
	await pool.query('update interactions set reminded_at = now() where id = $1', [today]);
	expect(await due()).toEqual([]);
	clock = minutes(1);
	expect(await due()).toEqual([later]);
	// What nobody looked at for days stands in red elsewhere.
	clock = minutes(60 * 24 * 4);
	expect(await due(await signIn(served, 'anna'))).toEqual([]);
});

test('it says who, what, when and the phone, and does its work by plain forms', async () => {
	await remind(cast.steps.late, minutes(-60));
	await remind(cast.steps.today, minutes(-1));
	const page = read((await anna.get('/reminders')).body);
	const item = page.byId(`reminder-${cast.steps.late}`);
	if (item === null) throw new Error('not shown');
	const words = textOf(item).replace(/\s+/g, ' ');
	for (const word of ['Позвонить', 'ООО «Ромашка»', 'просрочено на 4 дня', '+7 495 123-45-67'])
		expect(words).toContain(word);
	const links = page.byTag('a', item).map((link) => attribute(link, 'href'));
	expect(links).toContain('tel:+74951234567');
	expect(links).toContain(`/deals/${cast.deals.late}`);
	expect(links).toContain(`/interactions/${cast.steps.late}/completion/new?returnTo=%2Freminders`);
	expect(page.byTag('form', item).map((one) => attribute(one, 'action'))).toEqual([
		`/interactions/${cast.steps.late}/reminder`,
		`/interactions/${cast.steps.late}/reminder`,
	]);
	// A page without its corner: the same reminders would stand there twice.
	expect(page.byId('reminders')).toBeNull();
	expect(textOf(page.byId(`reminder-${cast.steps.today}`) as never)).toContain('сегодня, 15:00');
});

test('a page draws an empty corner without asking the database; htmx fills it', async () => {
	await remind(cast.steps.today, minutes(-1));
	const board = read((await anna.get('/deals')).body);
	const corner = board.byId('reminders');
	expect(corner && attribute(corner, 'hidden')).toBe('');
	expect(board.byId(`reminder-${cast.steps.today}`)).toBeNull();
	expect(attribute(board.byId('reminders-told') as never, 'aria-live')).toBe('polite');
	const filled = await asked();
	expect(filled.statusCode).toBe(200);
	expect(filled.body).toContain('hx-target="#reminders"');
	const item = read(filled.body).byId(`reminder-${cast.steps.today}`);
	expect(item && attribute(item, 'data-told')).toBe(
		'Напоминание: Звонок – Позвонить, Тестомес, сегодня, 15:00',
	);
	expect((await anna.htmx('/reminders', '/reminders')).body).toContain(
		'hx-target="#reminders-page"',
	);
});

test('a reminder is put off: it comes again, the plan and its version stay', async () => {
	const { today } = cast.steps;
	const cases = [
		['fiveMinutes', minutes(5)],
		['quarter', minutes(15)],
		['hour', minutes(60)],
		// Nine in the morning of Moscow.
		['tomorrow', new Date('2026-11-25T06:00:00Z')],
	] as const;
	for (const [until, at] of cases) {
		await remind(today, minutes(-1));
		const answer = await anna.post(`/interactions/${today}/reminder`, { version: 1, until });
		expect([answer.statusCode, answer.headers.location]).toEqual([303, '/reminders']);
		expect(await due()).toEqual([]);
		clock = at;
		expect(await due()).toEqual([today]);
		clock = NOW;
	}
	const { rows } = await pool.query(
		'select version, planned_at, remind_minutes from interactions where id = $1',
		[today],
	);
	expect(rows).toMatchObject([{ version: 1, planned_at: new Date('2026-11-24T12:00:00Z') }]);
});

test('a reminder is put away for good, by htmx with a toast', async () => {
	const { today } = cast.steps;
	await remind(today, minutes(-1));
	const answer = await anna.htmx('/board', `/interactions/${today}/reminder`, { version: 1 });
	expect(answer.statusCode).toBe(200);
	expect(read(answer.body).byId(`reminder-${today}`)).toBeNull();
	expect(answer.body).toContain('Напоминание убрано: Позвонить');
	clock = minutes(60);
	expect(await due()).toEqual([]);
	const done = await pool.query('select status, reminded_at from interactions where id = $1', [
		today,
	]);
	expect(done.rows).toEqual([{ status: 'planned', reminded_at: NOW }]);
});

test('a choice outside the list, a finished step and a foreign one are refused', async () => {
	const { today, gleb } = cast.steps;
	const put = async (id: number, fields: Record<string, string | number>) =>
		(await anna.json(`/interactions/${id}/reminder`, fields)).statusCode;
	expect(await put(today, { version: 1, until: 'never' })).toBe(422);
	expect(await put(today, { version: 1, until: 'hour', remindAt: '2030-01-01' })).toBe(400);
	expect(await put(gleb, { version: 1, until: 'hour' })).toBe(404);
	expect(await put(today, { until: 'hour' })).toBe(428);
	expect(await put(today, { version: 2, until: 'hour' })).toBe(409);
	await pool.query(`update interactions set status = 'done', completed_at = now() where id = $1`, [
		today,
	]);
	expect(await put(today, { version: 1, until: 'hour' })).toBe(422);
});

test('hostile words stay words', async () => {
	const words = '<img src=x onerror=alert(1)>"\'\u202e';
	await pool.query('update interactions set summary = $1 where id = $2', [words, cast.steps.late]);
	await pool.query('update clients set name = $1', [words]);
	await pool.query('update contact_points set value = $1', [`javascript:alert(1)//${words}`]);
	await remind(cast.steps.late, minutes(-1));
	for (const { body } of [await anna.get('/reminders'), await asked()]) {
		const page = read(body);
		expect(page.byTag('img')).toEqual([]);
		const item = page.byId(`reminder-${cast.steps.late}`);
		expect(item && textOf(item)).toContain(words);
		const hrefs = page.byTag('a', item ?? undefined).map((link) => attribute(link, 'href') ?? '');
		expect(hrefs.every((href) => /^(\/|tel:)/.test(href))).toBe(true);
	}
});
