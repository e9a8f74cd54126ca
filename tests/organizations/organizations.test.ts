import { beforeAll, expect, test } from 'vitest';
import {
	listOrganizations,
	type Organization,
} from '#src/features/company/organizations/queries.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db } = database;

let ada: Browser;
let anna: Browser;

beforeAll(async () => {
	await makeCast(db);
	[ada, anna] = [await signIn(served, 'ada'), await signIn(served, 'anna')];
});

const ROMASHKA = {
	...{ name: 'ООО «Ромашка»', inn: '7707083893', kpp: '770701001', ogrn: '1027700132195' },
	...{ bankName: 'ПАО Сбербанк', bic: '044525225', account: '40702 81083 80000 00127' },
	correspondentAccount: '30101810400000000225',
};
const named = async (name: string) =>
	(await listOrganizations(db)).find((one) => one.name === name) as Organization;
const press = async (name: string, end: string, fields: Record<string, string> = {}) => {
	const { id, version } = await named(name);
	return await ada.htmx('/admin/organizations', `/admin/organizations/${id}/${end}`, {
		...{ version, ...fields },
	});
};
const usual = async () => {
	const page = read((await ada.get('/admin/organizations')).body);
	return page
		.byTag('tr')
		.map(textOf)
		.filter((row) => row.includes('основная'))
		.map((row) => /(ООО «[^»]+»|ИП [А-Я]\S+)/.exec(row)?.[1]);
};

test('requisites that cannot be right are refused with all that was typed, each in its field', async () => {
	const before = await ledgerOf(database);
	const wrong = {
		...{ inn: '7707083894', kpp: '77', ogrn: '1027700132196', bic: '944525225' },
		...{ account: '123', correspondentAccount: '40101810400000000225' },
	};
	const refused = await ada.json('/admin/organizations', { ...ROMASHKA, ...wrong });
	expect(refused.statusCode).toBe(422);
	expect(Object.keys(refused.json().error.fields).sort()).toEqual(Object.keys(wrong).sort());
	const account = { account: '40702810838000000128' };
	const key = await ada.post('/admin/organizations', { ...ROMASHKA, ...account });
	expect(key.statusCode).toBe(422);
	expect(key.body).toContain('value="40702810838000000128"');
	expect(key.body).toContain('value="7707083893"');
	const sole = { name: 'ИП Ковалёва', inn: '500100732259', kpp: '770701001' };
	const ofSole = await ada.json('/admin/organizations', sole);
	expect(Object.keys(ofSole.json().error.fields)).toEqual(['kpp']);
	expect((await ada.json('/admin/organizations', { name: ' ' })).statusCode).toBe(422);
	expect((await ada.json('/admin/organizations', { name: 'А', active: '1' })).statusCode).toBe(400);
	expect((await anna.json('/admin/organizations', { name: 'А' })).statusCode).toBe(403);
	expect(await ledgerOf(database)).toEqual(before);
});

test('the first one in use is the usual one: added, moved, put out of use', async () => {
	const made = await ada.post('/admin/organizations', ROMASHKA);
	expect([made.statusCode, made.headers.location]).toEqual([303, '/admin/organizations']);
	expect(await named(ROMASHKA.name)).toMatchObject({
		...{ ...ROMASHKA, account: '40702810838000000127' },
		active: true,
	});
	await ada.post('/admin/organizations', { name: 'ИП Ковалёва', inn: '500100732259' });
	expect(await usual()).toEqual(['ООО «Ромашка»']);
	await press('ИП Ковалёва', 'position', { place: '1' });
	expect(await usual()).toEqual(['ИП Ковалёва']);
	await press('ИП Ковалёва', 'activity');
	expect(await usual()).toEqual(['ООО «Ромашка»']);
	await press('ООО «Ромашка»', 'activity');
	expect(await usual()).toEqual([]);
	await press('ООО «Ромашка»', 'activity', { active: '1' });
	const twice = await ada.post('/admin/organizations', { name: 'ооо «ромашка»' });
	expect(twice.statusCode).toBe(422);
});

test('a change is told with old and new; who comes second is told who came first', async () => {
	const { id, version } = await named(ROMASHKA.name);
	const kpp = { kpp: '770801001' };
	await ada.post(`/admin/organizations/${id}/edit`, { ...ROMASHKA, ...kpp, version });
	const { rows } = await database.pool.query(
		`select data from events where type = 'organization.edited' order by id desc limit 1`,
	);
	expect(rows[0].data.changes).toEqual({ kpp: ['770701001', '770801001'] });
	const same = await ledgerOf(database);
	await ada.post(`/admin/organizations/${id}/edit`, { ...ROMASHKA, ...kpp, version: version + 1 });
	const stale = await ada.post(`/admin/organizations/${id}/removal`, { version });
	expect(stale.statusCode).toBe(409);
	expect(stale.body).toContain('Ада Миронова');
	expect(await ledgerOf(database)).toEqual(same);
	expect((await press(ROMASHKA.name, 'removal')).body).toContain('«ООО «Ромашка»»: удалено');
	expect((await listOrganizations(db)).map(({ name }) => name)).toEqual(['ИП Ковалёва']);
});
