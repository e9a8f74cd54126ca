import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { tasks } from '#src/platform/idempotency/tasks.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, NOW, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { ledgerOf } from '../ledger.ts';
import { makeRecords, type Records } from './records.ts';

/* A form that is sent twice makes one record, and no change is done twice under its key: generated from the route table. */
const database = await testDatabase();
const served = await testApp(database);
const { pool } = database;

const INVITATION =
	'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART:20261130T090000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';

let cast: Cast;
let ada: Browser;
let records: Records;

beforeAll(async () => {
	cast = await makeCast(database.db);
	records = await makeRecords(served, cast);
	ada = await signIn(served, 'ada');
});

/** What each makes one of, and out of what. */
const STEP = () => ({ kindId: String(cast.kinds[0]?.id), summary: 'Дважды', plannedDay: TODAY });
const MAKES: Record<string, { table: string; body: () => Fields }> = {
	'/deals': {
		table: 'deals',
		body: () => ({ stageId: cast.open[0].id, clientName: 'ООО «Клик»', title: 'Двойной' }),
	},
	'/deals/:id/copies': { table: 'deals', body: () => ({ title: 'Копия' }) },
	'/deals/:id/entries': { table: 'events', body: () => ({ kindId: 'note', text: 'Дважды' }) },
	'/deals/:id/interactions': { table: 'interactions', body: STEP },
	'/clients/:id/interactions': { table: 'interactions', body: STEP },
	'/calendar/steps': {
		table: 'interactions',
		body: () => ({ ...STEP(), dealId: cast.deals.late, clientName: 'ООО «Ромашка»' }),
	},
	'/clients': { table: 'clients', body: () => ({ name: 'ООО «Единожды»' }) },
	'/clients/:id/contacts': { table: 'contacts', body: () => ({ name: 'Пётр Единожды' }) },
	'/filters': {
		table: 'saved_filters',
		body: () => ({ screen: 'board', name: 'Раз', query: 'q=а' }),
	},
	'/admin/extra-fields': {
		table: 'extra_fields',
		body: () => ({ noun: 'deal', name: 'Раз', kind: 'text' }),
	},
	'/admin/kinds': {
		table: 'interaction_kinds',
		body: () => ({ name: 'Раз', icon: 'flag', nextInDays: 1 }),
	},
	'/admin/people': {
		table: 'people',
		body: () => ({ name: 'Раз', login: 'once', role: 'manager' }),
	},
	'/admin/teams': { table: 'teams', body: () => ({ name: 'Раз' }) },
	'/admin/roles': {
		table: 'roles',
		body: () => ({ name: 'Раз', viewScope: 'own', editScope: 'own' }),
	},
	'/admin/mappings': { table: 'group_mappings', body: () => ({ role: 'manager', pattern: 'раз' }) },
	'/admin/organizations': { table: 'organizations', body: () => ({ name: 'Раз' }) },
	'/admin/workdays': { table: 'holidays', body: () => ({ name: 'Раз', day: '2027-01-01' }) },
	'/admin/pipelines': {
		table: 'pipelines',
		body: () => ({ name: 'Раз', likeId: cast.open[0].pipelineId }),
	},
	'/admin/stages': {
		table: 'stages',
		body: () => ({ name: 'Раз', pipelineId: cast.open[0].pipelineId }),
	},
	'/admin/reasons': { table: 'loss_reasons', body: () => ({ name: 'Раз' }) },
	'/admin/tags': { table: 'tags', body: () => ({ name: 'Раз' }) },
	'/admin/sources': { table: 'sources', body: () => ({ kind: 'source', name: 'Раз' }) },
	'/admin/mail': { table: 'mails', body: () => ({ address: 'once@shop.example' }) },
};

const nouns: Record<string, () => number> = {
	deals: () => cast.deals.late,
	clients: () => records.client,
};
const addressOf = (url: string) =>
	url.replace(':id', String(nouns[url.split('/')[1] as string]?.() ?? ''));
const count = async (table: string): Promise<number> =>
	(await pool.query(`select count(*)::int as n from ${table}`)).rows[0].n;

for (const [url, { table, body }] of Object.entries(MAKES)) {
	test(`POST ${url}: twice at once, and once more later, makes one`, async () => {
		const sent = { ...body(), key: `key-of-${url.replaceAll(/\W/g, '-')}` };
		const before = await count(table);
		const answers = await Promise.all([1, 2].map(() => ada.post(addressOf(url), sent)));
		expect(answers.map(({ statusCode }) => statusCode)).toEqual([303, 303]);
		expect(answers[0]?.headers.location).toBe(answers[1]?.headers.location);
		expect(await count(table)).toBe(before + 1);
		const ledger = await ledgerOf(database);
		expect((await ada.post(addressOf(url), sent)).statusCode).toBe(303);
		const first = Object.keys(body()).find((name) =>
			/name|title|text|summary|address|pattern/.test(name),
		) as string;
		const other = await ada.post(addressOf(url), { ...sent, [first]: 'other@shop.example' });
		expect(other.statusCode).toBe(422);
		expect(other.body).toContain('уже отправлена с другими данными');
		expect(await ledgerOf(database)).toEqual(ledger);
	});
}

/** What makes no record, and names no version by which versions.test.ts could try it. */
const CARDS = { cards: '[]' };
const OTHERS: Record<string, () => Fields> = {
	'/deals/bulk': () => ({ verb: 'archive', deal: `${cast.deals.late}.1` }),
	'/clients/bulk': () => ({ verb: 'tag', tag: 'опт', client: `${records.client}.1` }),
	'/interactions/bulk': () => ({ verb: 'cancel', reason: 'Нет', step: `${cast.steps.late}.1` }),
	'/deals/merge': () => ({
		...{ version: `${cast.deals.late}:1,${cast.deals.today}:1`, survivorId: cast.deals.late },
	}),
	'/clients/merge': () => ({
		...{ version: `${records.client}:1,${records.twin}:1`, survivorId: records.client },
	}),
	'/clients/differences': () => ({
		...{ kind: 'inn', alike: '7707083893', ids: `${records.client},${records.twin}` },
	}),
	'/clients/vcard/cards': () => CARDS,
	'/clients/:id/contacts/vcard/cards': () => CARDS,
	'/calendar/intake/events': () => ({ ics: INVITATION, uid: '1@x', kindId: cast.kinds[0]?.id }),
	'/calendar/account/answer': () => ({ answer: 'keep' }),
	...Object.fromEntries(
		[
			...['/admin/jobs/:id/retry', '/admin/jobs/:id/removal', '/admin/mail/deliveries'],
			...['/admin/mail/:id/deliveries', '/calendar/feed/revocation', '/calendar/account/rounds'],
			...['/calendar/account/rounds/:id/undoing', '/calendar/account/removal'],
		].map((url) => [url, () => ({})]),
	),
};

test.each(Object.keys(OTHERS))('POST %s knows a key that is taken', async (url) => {
	const key = `taken-by-${url.replaceAll(/\W/g, '-')}`;
	await pool.query(
		`insert into requests_done (person_id, key, at, asked, result) values ($1, $2, $3, 'another', 'null')`,
		[cast.people.ada.id, key, NOW],
	);
	const path = url.startsWith('/clients') ? addressOf(url) : url.replace(':id', '1');
	const answer = await ada.json(path, { ...OTHERS[url]?.(), key });
	expect([answer.statusCode, answer.json().error.key]).toEqual([422, 'error.keyUsed']);
});

test('every route that changes anything takes a key, and is tried here or with its version', () => {
	const NONE = [
		// Files: a file to be imported is tried in its own tests; others are only read and shown.
		...['/import', '/clients/vcard', '/clients/:id/contacts/vcard', '/calendar/intake'],
		// A secret that is told once, and another program's password: one a person, asked for twice it is the later one.
		...['/calendar/feed', '/calendar/account'],
	];
	const tried = new Set([...Object.keys(MAKES), ...Object.keys(OTHERS), ...NONE]);
	const nameless = served.routes.filter(({ config: { changes } }) =>
		['new', 'job', 'deals', 'clients', 'interactions'].includes(changes ?? ''),
	);
	expect(nameless.map(({ url }) => url).filter((url) => !tried.has(url))).toEqual([]);
});

test('every form that makes something carries a key of its own', async () => {
	for (const path of [
		...['/deals/new', '/clients/new', '/filters/new?screen=board&query=q%3Da', '/calendar/new'],
		...['/admin/people/new', '/admin/teams/new', '/admin/roles/new', '/admin/mappings/new'],
		...[
			'/admin/organizations/new',
			'/admin/workdays/new',
			'/admin/pipelines/new',
			'/admin/stages/new',
			'/admin/reasons/new',
		],
		...['/admin/tags/new', '/admin/sources/new'],
		...['/admin/kinds/new', '/admin/extra-fields/new', '/admin/mail', '/import'],
		...[`/deals/${cast.deals.late}`, `/deals/${cast.deals.late}/interactions/new`],
		`/clients/${records.client}/contacts/new`,
		`/deals/${cast.deals.late}/menu`,
	]) {
		const keys = await Promise.all([1, 2].map(async () => keyIn((await ada.get(path)).body)));
		expect(keys[0], path).toMatch(/^[\w-]{36}$/);
		expect(keys[0], path).not.toBe(keys[1]);
	}
});

function keyIn(html: string): string | null {
	const input = read(html)
		.byTag('input')
		.find((one) => attribute(one, 'name') === 'key');
	return input ? attribute(input, 'value') : null;
}

test('a header does the same for programs; what failed is not kept; another person has keys of their own', async () => {
	const key = { 'idempotency-key': 'a-program-0001' };
	const wrong = await ada.post('/clients', { name: '' }, key);
	expect(wrong.statusCode).toBe(422);
	const made = await ada.post('/clients', { name: 'ООО «Заголовок»' }, key);
	const again = await ada.post('/clients', { name: 'ООО «Заголовок»' }, key);
	expect([made.statusCode, again.headers.location]).toEqual([303, made.headers.location]);
	const anna = await signIn(served, 'anna');
	const theirs = await anna.post('/clients', { name: 'ООО «Другой ключ»' }, key);
	expect(theirs.headers.location).not.toBe(made.headers.location);
	for (const bad of ['short', "x'--------", 'ы'.repeat(9), 'x'.repeat(101)])
		expect((await ada.post('/clients', { name: 'Раз', key: bad })).statusCode, bad).toBe(400);
	expect(
		(await ada.post('/clients', { name: 'Два' }, { 'idempotency-key': 'no' })).statusCode,
	).toBe(400);
});

test('keys go after a week, not before', async () => {
	const all = await count('requests_done');
	const later = (days: number) => () => new Date(NOW.getTime() + days * 86_400_000);
	const setting = {
		connection: database,
		config: readConfig({}),
		signal: new AbortController().signal,
	};
	await tasks['once.forget']?.({}, { ...setting, now: later(6) });
	expect(await count('requests_done')).toBe(all);
	await tasks['once.forget']?.({}, { ...setting, now: later(8) });
	expect(await count('requests_done')).toBe(0);
});
