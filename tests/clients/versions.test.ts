import { beforeAll, expect, test } from 'vitest';
import { addExtraField } from '#src/features/admin/actions.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { addContact } from '#src/features/clients/contacts.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { ledgerOf } from '../ledger.ts';

/*
 * Every write names the version that it started from. Generated from the route table, as
 * tests/house/versions.test.ts is for deals and interactions: a new route that changes a client, a contact or
 * an own field is held to it without anybody thinking of it.
 */
const database = await testDatabase();
const served = await testApp(database);
const NOUNS = ['client', 'contact', 'extra'];
const changing = served.routes.filter(({ config }) => NOUNS.includes(config.changes ?? ''));
/** What a route asks for beside the version. */
const BODIES: Record<string, Record<string, string>> = {
	'/clients/:id/edit': { name: 'Другое имя' },
	'/contacts/:id/edit': { name: 'Другое имя' },
	'/admin/extra-fields/:id/edit': { name: 'Другое имя' },
	'/admin/extra-fields/:id/position': { way: 'down' },
};
const ids: Record<string, number> = {};
let ada: Browser;

beforeAll(async () => {
	const { people } = await makeCompany(database.db);
	const acting = by(people.ada);
	ids.client = await createClient(database.db, acting, { name: 'ООО «Версия»' });
	ids.contact = await addContact(database.db, acting, ids.client, { name: 'Ольга' });
	const field = { noun: 'client' as const, kind: 'text' as const, choices: [] };
	ids.extra = await addExtraField(database.db, acting, { ...field, name: 'Первое' });
	await addExtraField(database.db, acting, { ...field, name: 'Второе' });
	for (const table of ['clients', 'contacts', 'extra_fields'])
		await database.pool.query(`update ${table} set version = 7`);
	ada = await signIn(served, 'ada');
});

async function statuses(url: string, changes: string, version?: string | number) {
	const body = { ...BODIES[url], ...(version === undefined ? {} : { version }) };
	const address = url.replace(':id', String(ids[changes]));
	const answers = [
		await ada.post(address, body),
		await ada.json(address, body),
		await ada.htmx(`/clients/${ids.client}`, address, body),
	];
	return new Set(answers.map(({ statusCode }) => statusCode));
}

test('there are such routes', () => {
	expect(changing.length).toBeGreaterThanOrEqual(8);
});

for (const { method, url, config } of changing)
	test(`${method} ${url} takes no change without its version, or from another one`, async () => {
		const before = await ledgerOf(database);
		const changes = config.changes ?? '';
		expect(await statuses(url, changes)).toEqual(new Set([428]));
		for (const version of [6, 8, 999_999_999_999_999])
			expect(await statuses(url, changes, version), String(version)).toEqual(new Set([409]));
		for (const version of ['x', '-7', '7.0', "7'--"])
			expect(await statuses(url, changes, version), version).toEqual(new Set([422]));
		expect(await ledgerOf(database)).toEqual(before);
	});
