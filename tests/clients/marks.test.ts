import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db } = database;
let cast: Cast;
let anna: Browser;

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
});

test('amber on the card and amber in the list are one rule: an open deal waits, and nothing is planned', async () => {
	const id = await createClient(db, by(cast.people.anna), { name: 'Метка' });
	const mark = (element: unknown) =>
		attribute(element as never, 'class')
			?.split(' ')
			.at(-1);
	const marks = async () => {
		const page = read((await anna.get(`/clients/${id}`)).body);
		const tile = page.byTag('li', page.byId('tiles') as never).at(-1);
		const q = encodeURIComponent('Метка');
		const list = read((await anna.get(`/clients?q=${q}`)).body);
		const step = list.byClass('step', list.byId(`client-${id}`) as never)[0];
		return [mark(tile), mark(step)];
	};
	expect(await marks()).toEqual(['later', 'later']);
	const { id: dealId } = await makeDeal(db, cast, 'anna', {
		...{ title: 'Ждёт', clientId: id },
	});
	expect(await marks()).toEqual(['none', 'none']);
	await planInteraction(db, by(cast.people.anna), dealId, {
		...{ kindId: 1, summary: 'Позвонить', plan: { plannedOn: '2099-01-05' } },
	});
	expect(await marks()).toEqual(['later', 'later']);
});
