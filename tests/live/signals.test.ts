import { beforeAll, beforeEach, expect, test } from 'vitest';
import { dismissPerson } from '#src/features/access/people/actions.ts';
import { findPerson } from '#src/features/access/people/queries.ts';
import { editClient } from '#src/features/clients/actions.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import {
	addCollaborator,
	removeCollaborator,
} from '#src/features/deals/collaborators/collaborators.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import { mergeDeals } from '#src/features/deals/merge/merge.ts';
import { noteDeal } from '#src/features/deals/notes/notes.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { allTold } from '#src/platform/history/teller.ts';
import { testApp } from '../app.ts';
import { by, type Cast, LOGINS, type Login, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { cookieOf, openStream, type Reader, serve } from './reader.ts';

const database = await testDatabase();
const { db } = database;
const { app } = await testApp(database);
const other = await testApp(database);
const origin = await serve(app);
const elsewhere = await serve(other.app);

let cast: Cast;
let version: Record<number, number> = {};
const readers = {} as Record<Login, Reader>;

beforeAll(async () => {
	cast = await makeCast(db);
});

/** Streams of everybody, half of them on another instance; each has heard its hello. */
beforeEach(async () => {
	for (const login of LOGINS) {
		readers[login]?.close();
		const at = login === 'vera' || login === 'gleb' ? elsewhere : origin;
		readers[login] = await openStream(at, await cookieOf(database, login));
		await expect.poll(() => readers[login].messages.length).toBeGreaterThan(0);
	}
	const { rows } = await database.pool.query('select id, version from deals');
	version = Object.fromEntries(rows.map(({ id, version }) => [id, version]));
});

/** Who has been told of a deal, after something that everybody hears. */
async function told(deal: number): Promise<Login[]> {
	await allTold(database.pool);
	await database.pool.query(`select pg_notify('changed', '{"all":true}')`);
	for (const login of LOGINS)
		await expect.poll(() => readers[login].changes().some(({ all }) => all)).toBe(true);
	return LOGINS.filter((login) =>
		readers[login].changes().some(({ deals }) => deals?.includes(deal)),
	);
}

const move = async (login: Login, dealId: number) =>
	await moveDeal(db, by(cast.people[login]), {
		...{ dealId, version: version[dealId] as number },
		stageId: cast.open[3].id,
	});

test('a stream is one of events that no proxy keeps back', () => {
	const { status, headers } = readers.anna;
	expect(status).toBe(200);
	expect(headers.get('content-type')).toContain('text/event-stream');
	expect(headers.get('x-accel-buffering')).toBe('no');
	expect(headers.get('cache-control')).toBe('no-store');
	expect(headers.get('content-encoding')).toBeNull();
});

test('a change is told to those who see the deal, on every instance, and to nobody else', async () => {
	await move('anna', cast.deals.none);
	expect(await told(cast.deals.none)).toEqual(['anna', 'vera', 'ada']);
});

test('the making of the demo company is told to nobody: nobody is there yet', async () => {
	await moveDeal(
		db,
		{ ...by(cast.people.anna), door: 'seed' },
		{
			...{ dealId: cast.deals.none, version: version[cast.deals.none] as number },
			stageId: cast.open[1].id,
		},
	);
	expect(await told(cast.deals.none)).toEqual([]);
});

test('what is rolled back is told to nobody', async () => {
	await db
		.transaction(async (tx) => {
			await moveDeal(tx, by(cast.people.anna), {
				...{ dealId: cast.deals.today, version: version[cast.deals.today] as number },
				stageId: cast.open[2].id,
			});
			throw new Error('no');
		})
		.catch(() => {});
	expect(await told(cast.deals.today)).toEqual([]);
});

test('nothing of a foreign deal leaves: no id of it, of its client, of its step', async () => {
	const { id, clientId } = await makeDeal(db, cast, 'gleb', {
		title: 'Тайное',
		client: { name: 'ООО «Тайна»' },
		plan: { plannedOn: '2026-12-02' },
	});
	expect(await told(id)).toEqual(['gleb', 'ada']);
	for (const login of ['anna', 'boris', 'vera'] as const) {
		const said = readers[login].changes();
		expect(said.every(({ all }) => all)).toBe(true);
		expect(JSON.stringify(said)).not.toContain(String(clientId));
	}
});

test('who helps with a deal hears of it, and no more when they have left', async () => {
	const { id } = await makeDeal(db, cast, 'anna', { title: 'Общее' });
	const gleb = { personId: cast.people.gleb.id };
	const joined = await addCollaborator(db, by(cast.people.anna), id, { version: 1, ...gleb });
	expect(await told(id)).toEqual(['anna', 'vera', 'gleb', 'ada']);
	readers.gleb.messages.splice(0);
	await removeCollaborator(db, by(cast.people.anna), id, { version: joined, ...gleb });
	expect(await told(id)).not.toContain('gleb');
	// That something has gone is told once, without saying what.
	expect(readers.gleb.changes().filter(({ all }) => all).length).toBeGreaterThan(0);
	readers.gleb.messages.splice(0);
	await planInteraction(db, by(cast.people.anna), id, {
		kindId: 1,
		summary: 'Позвонить',
		plan: { plannedOn: '2026-12-01' },
	});
	await told(id);
	expect(readers.gleb.changes()).toEqual([{ all: true }]);
});

test('a deal that is given away: the new owner hears of it, the old one only that something is gone', async () => {
	const { id } = await makeDeal(db, cast, 'anna', { title: 'На передачу' });
	await told(id);
	for (const login of LOGINS) readers[login].messages.splice(0);
	await reassignDeal(db, by(cast.people.ada), id, 1, cast.people.gleb.id);
	expect(await told(id)).toEqual(['gleb', 'ada']);
	expect(JSON.stringify(readers.anna.changes())).not.toContain('deals');
});

test('a client is told to its owner and to the owners of its deals', async () => {
	const { clientId } = await makeDeal(db, cast, 'boris', { client: { name: 'ООО «Общий»' } });
	await makeDeal(db, cast, 'gleb', { title: 'Вторая', clientId: clientId as number });
	await told(0);
	for (const login of LOGINS) readers[login].messages.splice(0);
	await editClient(db, by(cast.people.boris), clientId as number, 1, { note: 'Звонить утром' });
	await told(0);
	const hearing = LOGINS.filter((login) =>
		readers[login].changes().some(({ clients }) => clients?.includes(clientId as number)),
	);
	expect(hearing).toEqual(['boris', 'vera', 'gleb', 'ada']);
});

test('the page that made the change is named to its own browser alone', async () => {
	const tab = '00112233445566aa';
	await moveDeal(
		db,
		{ ...by(cast.people.anna), tab },
		{
			...{ dealId: cast.deals.later, version: version[cast.deals.later] as number },
			stageId: cast.open[0].id,
		},
	);
	expect(await told(cast.deals.later)).toContain('vera');
	expect(readers.anna.changes().find(({ deals }) => deals)?.tab).toBe(tab);
	for (const login of LOGINS.filter((one) => one !== 'anna'))
		expect(JSON.stringify(readers[login].changes())).not.toContain(tab);
});

test('a page that is open on a merged deal hears what is done to the one that it went into', async () => {
	const { id: merged } = await makeDeal(db, cast, 'anna', { title: 'Дубль' });
	const { id: survivorId } = await makeDeal(db, cast, 'anna', { title: 'Остаётся' });
	await mergeDeals(db, by(cast.people.ada), {
		survivorId,
		deals: [survivorId, merged].map((id) => ({ id, version: 1 })),
		choices: {},
	});
	expect(await told(merged)).toEqual(['anna', 'vera', 'ada']);
	for (const login of LOGINS) readers[login].messages.splice(0);
	await noteDeal(db, by(cast.people.anna), survivorId, 'дальше');
	expect(await told(merged)).toEqual(['anna', 'vera', 'ada']);
});

test('who has been dismissed hears nothing more, and is out at once', async () => {
	const { version: now } = await findPerson(db, cast.people.boris.id);
	const ada = by(cast.people.ada);
	await dismissPerson(db, ada, cast.people.boris.id, now, cast.people.gleb.id);
	await expect.poll(() => readers.boris.over()).toBe(true);
});
