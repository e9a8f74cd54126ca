import { beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { connect } from '#src/platform/db/client.ts';
import { allTold } from '#src/platform/history/teller.ts';
import { type Answer, type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, type MadeDeal, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';
import { openWire } from './wire.ts';

/* Any change, sent again under its key, is answered and not done; where the first answer was lost, too. */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
let cast: Cast;
let anna: Browser;
let deal: MadeDeal & { stepId: number };

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});
beforeEach(async () => {
	const made = await makeDeal(db, cast, 'anna', {
		title: 'Дважды',
		client: { name: 'ООО «Дважды»', inn: null },
		plan: { plannedOn: '2026-11-25' },
	});
	deal = { ...made, stepId: made.stepId as number };
});

/** As it goes over the wire, whatever speaks of commits besides. */
const COMMIT = /commit\0/;
let n = 0;
const newKey = () => `key-of-a-change-${n++}`;
const eventsOf = async (id: number): Promise<string[]> =>
	(await pool.query('select type from events where deal_id = $1 order by id', [id])).rows.map(
		({ type }) => type,
	);
const move = (version: number | string = 1): Fields => ({ version, stageId: cast.open[1].id });

/** What of an answer is the same each time: not its number, nor the seal of its cookie. */
const told = (answer: Answer) => ({
	status: answer.statusCode,
	location: answer.headers.location,
	refresh: [answer.headers['hx-redirect'], answer.headers['hx-refresh']],
	cookies: answer.cookies.map(({ name }) => name),
	body: answer.headers['content-type']?.includes('json') ? answer.json() : answer.body,
});

/** Sends it twice, and holds that the second changed nothing and was told the same. */
async function twice(send: () => Promise<Answer>): Promise<Answer> {
	const first = await send();
	await allTold(pool);
	const ledger = await ledgerOf(database);
	const second = await send();
	expect(told(second)).toEqual(told(first));
	expect(await ledgerOf(database)).toEqual(ledger);
	return first;
}

test('a move of a deal: a program, a plain form and a page are told the same, and it is one event', async () => {
	const key = newKey();
	const answer = await twice(() => anna.json(`/deals/${deal.id}/moves`, { ...move(), key }));
	expect(answer.json()).toMatchObject({ version: 2, stageId: cast.open[1].id });
	const back = { version: 2, stageId: cast.open[0].id, key: newKey() };
	const form = await twice(() => anna.post(`/deals/${deal.id}/moves`, back));
	expect([form.statusCode, form.cookies.map(({ name }) => name)]).toEqual([303, ['flash']]);
	const header = { 'idempotency-key': newKey() };
	const page = await twice(() => anna.htmx('/board', `/deals/${deal.id}/moves`, move(3), header));
	expect(page.body).toContain('name="version" value="4"');
	const events = await eventsOf(deal.id);
	expect(events.filter((type) => type === 'deal.moved')).toHaveLength(3);
});

test('an edit with its version, a tag among it, and the toast that tells of it', async () => {
	const edit = { version: 1, title: 'Дважды названа', tags: 'Срочно', key: newKey() };
	expect((await twice(() => anna.post(`/deals/${deal.id}/edit`, edit))).statusCode).toBe(303);
	const { title, version } = (
		await pool.query('select title, version from deals where id = $1', [deal.id])
	).rows[0];
	expect([title, version]).toEqual(['Дважды названа', 2]);
	// Merged with a colleague's change it is the same.
	const was = JSON.stringify({ title: 'Дважды', tags: '' });
	const late = { version: 1, was, title: 'Дважды', tags: 'Срочно', note: 'Сперва', key: newKey() };
	expect((await twice(() => anna.post(`/deals/${deal.id}/edit`, late))).statusCode).toBe(303);
});

test('a step that is done with the next one makes one next; undone by the toast, it is undone once', async () => {
	const done = {
		...{ version: 1, outcome: 'Договорились', kindId: cast.kinds[0]?.id },
		...{ summary: 'Дальше', plannedDay: '2026-11-26', key: newKey() },
	};
	const path = `/interactions/${deal.stepId}`;
	const { version, nextId } = (await twice(() => anna.json(`${path}/completion`, done))).json();
	const steps = `select count(*)::int as n from interactions where deal_id = $1 and status = 'planned'`;
	expect((await pool.query(steps, [deal.id])).rows[0].n).toBe(1);
	const undo = { version, nextId, nextVersion: 1, key: newKey() };
	expect((await twice(() => anna.json(`${path}/reopening`, undo))).statusCode).toBe(200);
	const put = { version: version + 1, to: 'week', key: newKey() };
	const toast = (await twice(() => anna.htmx('/agenda', `${path}/postponement`, put))).body;
	// What takes it back leads to the day on which it stood, also when told again.
	expect(toast).toContain('value="2026-11-25"');
});

test('many deals at once: what became of each is told again, and what failed is done', async () => {
	const other = await makeDeal(db, cast, 'anna', { title: 'Вторая' });
	const body = (versions: [number, number]): Fields => ({
		...{ verb: 'stage', stageId: cast.open[2].id, key: newKey() },
		deal: `${deal.id}.${versions[0]},${other.id}.${versions[1]}`,
	});
	const sent = body([1, 1]);
	const answer = await twice(() => anna.json('/deals/bulk', sent));
	expect(answer.json()).toMatchObject({ done: 2 });
	expect((await eventsOf(other.id)).filter((type) => type === 'deal.moved')).toHaveLength(1);
	const refused = await anna.json('/deals/bulk', { ...sent, stageId: cast.open[0].id });
	expect(refused.statusCode).toBe(422);
});

test('own settings, and a record of a directory', async () => {
	const settings = { version: 1, language: 'ru', timeZone: 'UTC', workFrom: '08:00' };
	const sent = { ...settings, workUntil: '17:00', key: newKey() };
	const { version } = (await pool.query(`select version from people where login = 'anna'`)).rows[0];
	const saved = await twice(() => anna.json('/settings', { ...sent, version }));
	expect(saved.json()).toEqual({ version: version + 1 });
	const ada = await signIn(served, 'ada');
	const { id, version: now } = (
		await pool.query('select id, version from loss_reasons order by position limit 1')
	).rows[0];
	const use = { version: now, key: newKey() };
	const off = await twice(() => ada.post(`/admin/reasons/${id}/activity`, use));
	expect([off.statusCode, off.headers.location]).toEqual([303, '/admin/reasons']);
});

test('what is removed is removed once, though its page is gone', async () => {
	const key = newKey();
	const path = `/interactions/${deal.stepId}/deletion`;
	expect((await twice(() => anna.json(path, { version: 1, key }))).statusCode).toBe(200);
});

test('a refusal is not kept: the same key does it once it can be done; for anything else it is taken', async () => {
	const key = newKey();
	const stale = await anna.json(`/deals/${deal.id}/moves`, { ...move(7), key });
	expect(stale.statusCode).toBe(409);
	const done = await anna.json(`/deals/${deal.id}/moves`, { ...move(1), key });
	expect(done.statusCode).toBe(200);
	for (const [path, body] of [
		[`/deals/${deal.id}/moves`, { ...move(2), key }],
		[`/deals/${deal.id}/archive`, { version: 2, key }],
	] as const) {
		const other = await anna.json(path, body);
		expect([other.statusCode, other.json().error.key]).toEqual([422, 'error.keyUsed']);
	}
	// Another person's keys are their own.
	const ada = await signIn(served, 'ada');
	const theirs = await ada.json(`/deals/${deal.id}/moves`, { ...move(1), key });
	expect(theirs.statusCode).toBe(409);
});

test('two at once, at two instances: the second waits, and is told what became of the first', async () => {
	const elsewhere = connect(database.url, 3);
	onTestFinished(() => elsewhere.close());
	const there = await signIn(await testApp({ ...elsewhere, url: database.url }), 'anna');
	const sent = { ...move(), key: newKey() };
	const answers = await Promise.all(
		[anna, there, anna, there].map((one) => one.json(`/deals/${deal.id}/moves`, sent)),
	);
	for (const answer of answers) expect(answer.json(), answer.body).toEqual(answers[0]?.json());
	expect(answers[0]?.statusCode).toBe(200);
	expect((await eventsOf(deal.id)).filter((type) => type === 'deal.moved')).toHaveLength(1);
});

test('a connection that breaks after COMMIT: one is told that it may be stored, and hears under the key what came of it', async () => {
	const wire = await openWire(database.url);
	const connection = connect(wire.url, 3);
	onTestFinished(() => connection.close());
	const there = await signIn(await testApp({ ...connection, url: database.url }), 'anna');
	const sent = { ...move(), key: newKey() };
	wire.cutAfter = COMMIT;
	const lost = await there.json(`/deals/${deal.id}/moves`, sent);
	expect(lost.statusCode).toBe(503);
	expect(lost.json().error.message).toMatch(/неизвестно. Повторите/);
	expect((await eventsOf(deal.id)).filter((type) => type === 'deal.moved')).toHaveLength(1);
	const again = await there.json(`/deals/${deal.id}/moves`, sent);
	expect([again.statusCode, again.json().version]).toEqual([200, 2]);
	expect((await eventsOf(deal.id)).filter((type) => type === 'deal.moved')).toHaveLength(1);
	// Without a key one has to look.
	wire.cutAfter = COMMIT;
	const bare = await there.json(`/deals/${deal.id}/moves`, {
		...move(2),
		stageId: cast.open[2].id,
	});
	expect([bare.statusCode, bare.json().error.message]).toEqual([
		503,
		expect.stringMatching(/Посмотрите/),
	]);
});
