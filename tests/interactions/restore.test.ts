import { beforeAll, expect, test } from 'vitest';
import { deleteInteraction } from '#src/features/interactions/interaction/editing.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, fieldsOf, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
const person = {} as Record<Login, Browser>;

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of LOGINS) person[login] = await signIn(served, login);
});

const rowOf = async (id: number) =>
	(
		await pool.query(
			`select to_jsonb(i) - 'version' - 'changed_at' as row from interactions i where id = $1`,
			[id],
		)
	).rows[0]?.row;
const nextOf = async (id: number) =>
	(await pool.query('select next_interaction_id as next, version from deals where id = $1', [id]))
		.rows[0];

test('the toast of a deletion brings the step back as it was, on the board too', async () => {
	const { late: id } = cast.steps;
	const [before, next] = [await rowOf(id), await nextOf(cast.deals.late)];
	const page = `/deals/${cast.deals.late}`;
	const gone = await person.anna.htmx(page, `/interactions/${id}/deletion`, { version: 1 });
	expect(await rowOf(id)).toBeUndefined();
	expect((await nextOf(cast.deals.late)).next).toBeNull();
	const answer = read(gone.body);
	const [undo] = answer.byTag('form', answer.byId('toast') ?? undefined);
	const action = attribute(undo as never, 'hx-post') ?? '';
	const fields = fieldsOf(answer, undo as never);
	const back = await person.anna.htmx(page, action, fields);
	expect(back.statusCode).toBe(200);
	expect(textOf(read(back.body).byId('toast') as never)).toContain('Снова на месте: Позвонить');
	expect(await rowOf(id)).toEqual(before);
	expect(await nextOf(cast.deals.late)).toEqual(next);
	expect((await person.anna.get(page)).body).toContain('Удаление отменено');
	// Once.
	expect((await person.anna.htmx(page, action, fields)).statusCode).toBe(409);
});

test('without scripts it is the same, and a step of a client comes back to its page', async () => {
	const { rows } = await pool.query('select client_id as id from deals where id = $1', [
		cast.deals.late,
	]);
	const url = `/clients/${rows[0].id}/interactions`;
	const made = await person.anna.json(url, { kindId: 1, plannedDay: '2026-12-08' });
	const { interactionId: id } = made.json() as { interactionId: number };
	const gone = await person.anna.post(`/interactions/${id}/deletion`, { version: 1 });
	const shown = read(
		(
			await person.anna.get(String(gone.headers.location), {
				cookie: [person.anna.cookie, ...gone.cookies.map((c) => `${c.name}=${c.value}`)].join('; '),
			})
		).body,
	);
	const [undo] = shown.byTag('form', shown.byId('toast') ?? undefined);
	const action = attribute(undo as never, 'action') ?? '';
	expect((await person.anna.post(action, fieldsOf(shown, undo as never))).statusCode).toBe(303);
	expect((await person.anna.get(`/interactions/${id}`)).statusCode).toBe(200);
});

test('nobody brings back what another has deleted, nor with another version, nor into another’s deal', async () => {
	const { boris: id } = cast.steps;
	await deleteInteraction(db, by(cast.people.boris), id, 1);
	const url = `/interactions/${id}/restoration`;
	const fields = { version: 1, dealId: cast.deals.boris };
	expect((await person.vera.json(url, fields)).statusCode).toBe(404);
	expect((await person.gleb.json(url, fields)).statusCode).toBe(404);
	expect((await person.boris.json(url, { ...fields, version: 2 })).statusCode).toBe(404);
	expect((await person.boris.json(url, { version: 1 })).statusCode).toBe(404);
	expect((await person.boris.json(url, { ...fields, dealId: cast.deals.gleb })).statusCode).toBe(
		404,
	);
	expect(await rowOf(id)).toBeUndefined();
	expect((await person.boris.json(url, fields)).statusCode).toBe(200);
});
