import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createClient, editClient } from '#src/features/clients/actions.ts';
import { addContact } from '#src/features/clients/contacts/contacts.ts';
import { mergeClients } from '#src/features/clients/merge/merge.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import { moveDeal } from '#src/features/deals/actions.ts';
import { logInteraction, planInteraction } from '#src/features/interactions/actions.ts';
import { allTold } from '#src/platform/history/teller.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

let cast: Cast;
let anna: Browser;
let vera: Browser;
let boris: Browser;
let id: number;
let made = 0;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, vera, boris] = await Promise.all([
		signIn(served, 'anna'),
		signIn(served, 'vera'),
		signIn(served, 'boris'),
	]);
});
beforeEach(async () => {
	made += 1;
	id = await createClient(db, by(cast.people.anna), { name: `Карточка ${made}` });
});

const card = async (person: Browser, query = '') => {
	const answer = await person.get(`/clients/${id}${query}`);
	expect(answer.statusCode).toBe(200);
	return read(answer.body);
};
const words = (page: ReturnType<typeof read>, part: string) => {
	const element = page.byId(part);
	return element ? textOf(element).replace(/\s+/g, ' ') : '';
};
const deal = (login: 'anna' | 'boris', title: string, more = {}) =>
	makeDeal(db, cast, login, { title, clientId: id, amount: '1000.00', ...more });
const win = async (dealId: number, closedOn: string) =>
	await moveDeal(db, by(cast.people.anna), {
		...{ dealId, version: 1, stageId: cast.won.id, closedOn, amount: '700.50' },
	});

test('an empty client teaches what to do', async () => {
	const page = await card(anna);
	expect(words(page, 'contacts')).toContain('добавьте, с кем говорить');
	expect(words(page, 'steps')).toContain('Ничего не запланировано');
	expect(words(page, 'client-deals')).toContain('Интересов пока нет');
	expect(words(page, 'tiles')).toContain('0 открытых интересов');
	const hrefs = page.byTag('a').map((link) => attribute(link, 'href'));
	expect(hrefs).toContain(`/deals/new?clientId=${id}`);
	expect(hrefs).toContain(`/clients/${id}/interactions/new`);
});

describe('the tiles', () => {
	test('count open deals and their sum, and what was won within a year', async () => {
		await deal('anna', 'Один', { amount: '100.10' });
		await deal('anna', 'Два', { amount: '200.20' });
		await deal('anna', 'В долларах', { currency: 'USD', amount: '5.00' });
		await win((await deal('anna', 'Выиграна')).id, '2026-11-20');
		await win((await deal('anna', 'Давно')).id, '2025-11-23');
		const tiles = words(await card(anna), 'tiles');
		expect(tiles).toContain('3 открытых интереса');
		expect(tiles).toMatch(/300,30 ₽ · 5 \$|5 \$ · 300,30 ₽/);
		expect(tiles).toContain('1 победа за год');
		expect(tiles).toContain('700,50 ₽');
	});

	test('tell the last contact and the next step of all deals and of none', async () => {
		const one = await deal('anna', 'Один', {
			plan: { plannedAt: new Date('2026-11-26T09:00:00Z') },
		});
		const logged = { kindId: 1, summary: 'Звонок', outcome: null };
		await logInteraction(
			db,
			by(cast.people.anna, new Date('2026-11-20T09:00:00Z')),
			one.id,
			logged,
		);
		expect(words(await card(anna), 'tiles')).toContain('пт, 20 ноя, 12:00');
		const bare = { clientId: id };
		const acting = by(cast.people.anna, new Date('2026-11-23T09:00:00Z'));
		await logInteraction(db, acting, bare, logged);
		await planInteraction(db, acting, bare, {
			...{ kindId: 1, summary: 'Поздравить', plan: { plannedOn: '2026-11-25' } },
		});
		const page = await card(anna);
		expect(words(page, 'tiles')).toContain('вчера, 12:00');
		expect(words(page, 'tiles')).toContain('завтра');
		expect(words(page, 'steps')).toMatch(/Поздравить.*Позвонить/);
	});
});

describe('deals', () => {
	test('stand open ones first by their next step, then closed ones, the latest first', async () => {
		await win((await deal('anna', 'Рано')).id, '2026-10-01');
		await win((await deal('anna', 'Поздно')).id, '2026-11-20');
		await deal('anna', 'Без шага');
		await deal('anna', 'С шагом', { plan: { plannedOn: '2026-11-30' } });
		const page = await card(anna);
		const rows = page.byTag('tr', page.byId('client-deals') ?? undefined).slice(1);
		const titles = rows.map((row) => textOf(page.byTag('a', row)[0] as never));
		expect(titles).toEqual(['С шагом', 'Без шага', 'Поздно', 'Рано']);
	});

	test('of others on the same client are neither shown, nor counted, nor told of in history', async () => {
		await deal('anna', 'Моя', { amount: '10.00' });
		const theirs = await deal('boris', 'Чужая тайна', { amount: '99.00' });
		await planInteraction(db, by(cast.people.boris), theirs.id, {
			...{ kindId: 1, summary: 'Тайный шаг', plan: { plannedOn: '2026-11-25' } },
		});
		const mine = await anna.get(`/clients/${id}`);
		expect(mine.body).not.toContain('Чужая тайна');
		expect(mine.body).not.toContain('Тайный шаг');
		expect(words(read(mine.body), 'tiles')).toContain('1 открытый интерес');
		const page = await card(vera);
		expect(words(page, 'tiles')).toContain('2 открытых интереса');
		expect(words(page, 'history')).toContain('Тайный шаг');
		// Whose deal it is sees the client with that deal alone.
		const his = words(await card(boris), 'client-page');
		expect(his).toContain('Чужая тайна');
		expect(his).not.toContain('Моя');
	});
});

describe('history', () => {
	test('is one, of the client, its contacts and all its deals; and can be narrowed', async () => {
		const acting = by(cast.people.anna);
		const { id: dealId } = await deal('anna', 'Печь');
		await editClient(db, acting, id, 1, { inn: '7707083893', legalKind: 'government' });
		await addContact(db, acting, id, { name: 'Ольга' });
		await logInteraction(db, acting, dealId, { kindId: 1, summary: 'Узнать', outcome: 'Ждут' });
		const all = words(await card(anna), 'history-lines');
		for (const told of ['Клиент заведён', 'Вид: Юр. лицо → Гос. орган', 'Контакт добавлен: Ольга'])
			expect(all).toContain(told);
		expect(all).toContain('ИНН: 7707083893');
		expect(all).toContain('Интерес создан');
		expect(all).toContain('Ждут');
		const part = async (name: string) => words(await card(anna, `?part=${name}`), 'history-lines');
		expect(await part('client')).not.toContain('Интерес создан');
		expect(await part('deals')).toContain('Интерес создан');
		expect(await part('deals')).not.toContain('Ольга');
		expect(await part('interactions')).toMatch(/^ ?Звонок: Узнать Печь ?Ждут/);
	});

	test('goes on page by page, each line once, by link and by script alike', async () => {
		for (let n = 1; n <= 70; n += 1)
			await editClient(db, by(cast.people.anna), id, n, { region: `Город ${n}` });
		const seen: string[] = [];
		const read_ = (html: string) => {
			const page = read(html);
			const lines = page.byClass('timeline').flatMap((list) => page.byTag('ins', list));
			seen.push(...lines.map((line) => textOf(line)));
			const more = page.byTag('a', page.byId('history-more') ?? undefined)[0];
			return more;
		};
		const more = read_((await anna.get(`/clients/${id}`)).body);
		const byScript = attribute(more as never, 'hx-get') as string;
		const next = read_((await anna.htmx(`/clients/${id}`, byScript)).body);
		const byLink = (attribute(next as never, 'href') as string).split('#')[0] as string;
		expect(read_((await anna.get(byLink)).body)).toBeUndefined();
		expect(seen).toEqual(Array.from({ length: 70 }, (_, n) => `Город ${70 - n}`));
	});

	test('is filtered by who, door and days, and offers those who speak in it', async () => {
		await editClient(db, by(cast.people.vera), id, 1, { region: 'Псков' });
		for (let n = 2; n <= 40; n += 1)
			await editClient(db, by(cast.people.anna), id, n, { region: `Город ${n}` });
		const verasPage = await card(anna, `?person=${cast.people.vera.id}&since=2026-11-01`);
		const veras = words(verasPage, 'history-lines');
		expect(veras).toContain('Псков');
		expect(veras).not.toContain('Город');
		expect(words(verasPage, 'h-person')).toContain('Анна Соколова');
		const annas = await card(anna, `?part=client&person=${cast.people.anna.id}`);
		const more = annas.byTag('a', annas.byId('history-more') ?? undefined)[0];
		const address = String(attribute(more as never, 'hx-get'));
		expect(address).toContain(`part=client&person=${cast.people.anna.id}`);
		expect((await anna.htmx(`/clients/${id}`, address)).body).not.toContain('<ins>Псков');
		expect(words(await card(anna, '?until=2026-10-01'), 'history-lines')).not.toContain('Город');
		expect((await anna.get(`/clients/${id}?door=window`)).statusCode).toBe(400);
	});

	test('takes no place that no link of ours names', async () => {
		for (const query of ['?after=x', '?part=secrets', '?after=WzEsMl0', '?page=2'])
			expect((await anna.get(`/clients/${id}${query}`)).statusCode, query).toBe(400);
	});
});

test('a client that lives on in another leads there, with its history', async () => {
	const other = await createClient(db, by(cast.people.anna), { name: `Двойник ${made}` });
	await mergeClients(db, by(cast.people.anna), {
		survivorId: id,
		clients: [
			{ id, version: 1 },
			{ id: other, version: 1 },
		],
		choices: {},
	});
	const answer = await anna.get(`/clients/${other}`);
	expect([answer.statusCode, answer.headers.location]).toEqual([303, `/clients/${id}`]);
	const history = words(await card(anna), 'history-lines');
	expect(history.match(/Клиент заведён/g)).toHaveLength(2);
	const edit = await anna.json(`/clients/${other}/edit`, { version: 2, segment: 'x' });
	expect(edit.statusCode).toBe(422);
});

test('the card takes six statements at most, whatever is on it', async () => {
	const { id: dealId } = await deal('anna', 'Печь', { plan: { plannedOn: '2026-11-30' } });
	await addContact(db, by(cast.people.anna), id, { name: 'Ольга', phones: ['112', '113'] });
	await logInteraction(db, by(cast.people.anna), dealId, { kindId: 1, summary: 'x', outcome: 'y' });
	await anna.get(`/clients/${id}`);
	// What others are told of the changes above is no part of the card.
	await allTold(pool);
	let statements = 0;
	const query = pool.query.bind(pool);
	const spied = (...args: unknown[]) => {
		statements += 1;
		return (query as (...all: unknown[]) => unknown)(...args);
	};
	pool.query = spied as typeof pool.query;
	try {
		await anna.get(`/clients/${id}`);
	} finally {
		pool.query = query as typeof pool.query;
	}
	expect(statements).toBeGreaterThan(0);
	expect(statements).toBeLessThanOrEqual(6);
});

const HOSTILE = [
	'<img src=x onerror="alert(1)">',
	`"'><script>alert(1)</script>`,
	'=HYPERLINK("http://evil.example")',
	'javascript:alert(1)',
	'\u202eтекст наоборот\u202c',
	`{{it.x}} <%= 1+1 %> \${7*7}`,
	'ы'.repeat(40),
];

test('text of any kind in any field stays text, on the card, in its forms and in history', async () => {
	const acting = by(cast.people.anna);
	const own = await addExtraField(db, by(cast.people.ada), {
		...{ noun: 'client', name: `<b>${made}</b>`, kind: 'text', choices: [] },
	});
	for (const [n, evil] of HOSTILE.entries()) {
		const texts = [
			...['inn', 'kpp', 'ogrn', 'bankName', 'bic', 'account', 'correspondentAccount'],
			...['website', 'segment', 'region', 'source', 'note'],
		];
		const lists = ['phones', 'emails', 'legalAddress', 'deliveryAddress', 'tags'];
		const edit = {
			...Object.fromEntries(texts.map((name) => [name, evil.slice(0, 40)])),
			...Object.fromEntries(lists.map((name) => [name, [evil]])),
			...{ name: evil, extra: { [own]: evil } },
		};
		await editClient(db, acting, id, n + 1, edit);
		const contact = {
			name: evil,
			position: evil,
			role: evil,
			note: evil,
			phones: [evil],
			emails: [evil],
		};
		const contactId = await addContact(db, acting, id, contact);
		for (const url of [
			`/clients/${id}`,
			`/clients/${id}/edit`,
			`/contacts/${contactId}/edit`,
			`/clients/${id}/contacts/new`,
			`/deals/new?clientId=${id}`,
		]) {
			const answer = await anna.get(url);
			expect(answer.statusCode).toBe(200);
			const page = read(answer.body);
			expect(page.byTag('b').filter((one) => textOf(one) === String(made))).toEqual([]);
			for (const element of page.elements) {
				expect(element.attrs.filter((one) => one.name.startsWith('on'))).toEqual([]);
				const href = attribute(element, 'href') ?? '';
				expect(href.trim().toLowerCase().startsWith('javascript:')).toBe(false);
				if (element.tagName === 'script') expect(attribute(element, 'src')).toMatch(/^\/assets\//);
			}
			expect(page.byTag('img')).toEqual([]);
			expect(answer.body).not.toContain('<%');
		}
	}
});
