import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, type Element, fieldsOf, type Page, read } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

/*
 * Who sees more than they change: here Boris, who sees his team's records and changes his own. What a page
 * offers him works; what he may not do he is not offered, and may not reach by its address.
 */
const database = await testDatabase();
const served = await testApp(database);
let cast: Cast;
let boris: Browser;
let client: number;
let contact: number;

beforeAll(async () => {
	cast = await makeCast(database.db);
	await database.pool.query(`
		insert into roles (code, name, view_scope, edit_scope, permissions)
		values ('trainee', 'Стажёр', 'team', 'own', '{deals.reassign,filters.share}')`);
	await database.pool.query(`update people set role = 'trainee' where login = 'boris'`);
	const { rows } = await database.pool.query(
		`
		select d.client_id as client, c.id as contact from deals d join contacts c on c.client_id = d.client_id
		where d.id = $1`,
		[cast.deals.late],
	);
	client = Number(rows[0].client);
	contact = Number(rows[0].contact);
	boris = await signIn(served, 'boris');
});

const anna = () => cast.people.anna.id;
/** Pages that show what is Anna's and what is his own, and the menus that open on them. */
const pages = () => [
	...[
		'/board',
		'/board?view=dates',
		'/board?period=overdue',
		'/deals',
		'/deals?kind=all',
		'/clients',
	],
	...[
		'/agenda',
		`/agenda?owner=${anna()}`,
		`/calendar?owner=${anna()}`,
		'/calendar?view=month&owner=team',
	],
	...Object.values(cast.deals)
		.slice(0, 7)
		.flatMap((id) => [`/deals/${id}`, `/deals/${id}/menu`]),
	...[`/clients/${client}`, `/clients/${client}/menu`, `/interactions/${cast.steps.late}`],
	...[
		`/interactions/${cast.steps.boris}`,
		`/deals/${cast.deals.boris}`,
		`/deals/${cast.deals.boris}/menu`,
	],
];

const visible = async (): Promise<[string, Page][]> => {
	const shown: [string, Page][] = [];
	for (const url of pages()) {
		const answer = await boris.get(url);
		// A deal of Gleb's or Ada's is none for him.
		if (answer.statusCode === 404) continue;
		expect(answer.statusCode, url).toBe(200);
		shown.push([url, read(answer.body)]);
	}
	return shown;
};

test('no link that he is shown is refused', async () => {
	const links = new Map<string, string>();
	for (const [url, page] of await visible())
		for (const link of page.byTag('a')) {
			const href = attribute(link, 'href') ?? '';
			if (href.startsWith('/')) links.set(href.split('#')[0] as string, url);
		}
	expect(links.size).toBeGreaterThan(80);
	for (const [href, from] of links) {
		const { statusCode } = await boris.get(href);
		expect([200, 303], `${href} on ${from}: ${statusCode}`).toContain(statusCode);
	}
});

test('what is a colleague’s has nothing to change it with; what is his own has', async () => {
	const theirs = (await boris.get(`/deals/${cast.deals.late}`)).body;
	expect(theirs).toContain('Только чтение');
	for (const sign of ['id="compose"', 'data-inline', '/edit"', '/products"', 'completion/new'])
		expect(theirs, sign).not.toContain(sign);
	const own = (await boris.get(`/deals/${cast.deals.boris}`)).body;
	expect(own).not.toContain('Только чтение');
	for (const sign of ['id="compose"', 'data-inline', '/edit"', '/products"', 'completion/new'])
		expect(own, sign).toContain(sign);
	const board = read((await boris.get('/board')).body);
	const fixed = (id: number) =>
		attribute(board.byId(`deal-${id}`) as Element, 'data-fixed') !== null;
	expect([fixed(cast.deals.late), fixed(cast.deals.boris)]).toEqual([true, false]);
	const picks = board.byTag('input').filter((one) => attribute(one, 'name') === 'deal');
	expect(picks.map((one) => attribute(one, 'value')?.split('.')[0])).toEqual([
		String(cast.deals.boris),
	]);
	const card = (await boris.get(`/clients/${client}`)).body;
	expect(card).toContain('Только чтение');
	for (const sign of ['data-inline', '/contacts/new"', '/edit"', 'completion/new'])
		expect(card, sign).not.toContain(sign);
	const calendar = await boris.get(`/calendar?owner=${anna()}&view=month`);
	expect(calendar.body).toContain(`href="/interactions/${cast.steps.late}"`);
	expect(calendar.body).not.toContain(`data-id="${cast.steps.late}"`);
	const selection = await boris.get('/deals/selection', { accept: 'application/json' });
	const { chosen } = selection.json() as { chosen: string[] };
	expect(chosen.map((token) => token.split('.')[0])).toEqual([String(cast.deals.boris)]);
});

test('forms of what he only reads are refused by their addresses, and so are their changes', async () => {
	const deal = `/deals/${cast.deals.late}`;
	const step = `/interactions/${cast.steps.late}`;
	const won = `closure/new?stageId=${cast.won.id}`;
	for (const url of [
		...['edit', 'moves/new', won, 'collaborators/new', 'products', 'interactions/new'].map(
			(form) => `${deal}/${form}`,
		),
		...['edit', 'completion/new', 'postponement/new', 'cancellation/new'].map(
			(form) => `${step}/${form}`,
		),
		...['edit', 'contacts/new', 'contacts/vcard', 'removal'].map(
			(form) => `/clients/${client}/${form}`,
		),
		...[`/contacts/${contact}/edit`, `/contacts/${contact}/removal`],
	]) {
		const answer = await boris.get(url);
		expect(answer.statusCode, url).toBe(403);
		expect(answer.body, url).toContain('роль не позволяет');
	}
	const before = await ledgerOf(database);
	for (const [url, body] of [
		[`/contacts/${contact}/edit`, { version: 1, name: 'Чужое имя' }],
		[`/contacts/${contact}/archive`, { version: 1 }],
		[`/contacts/${contact}/removal`, { version: 1 }],
		[`/clients/${client}/archive`, { version: 1 }],
		[`/clients/${client}/contacts`, { name: 'Кто-то' }],
		[`${step}/reopening`, { version: 1 }],
		[`${step}/deletion`, { version: 1 }],
	] as const)
		expect((await boris.json(url, body)).statusCode, url).toBe(403);
	expect(await ledgerOf(database)).toEqual(before);
});

test('no form that he is shown is refused', async () => {
	const forms: { from: string; action: string; fields: Record<string, string> }[] = [];
	for (const [from, page] of await visible())
		for (const form of page.byTag('form')) {
			const action = attribute(form, 'action') ?? '';
			if (attribute(form, 'method') !== 'post' || action === '/sign-out') continue;
			forms.push({ from, action, fields: { ...fieldsOf(page, form), ...buttonOf(page, form) } });
		}
	expect(forms.length).toBeGreaterThanOrEqual(3);
	for (const { from, action, fields } of forms) {
		const { statusCode, body } = await boris.post(action, fields);
		expect(statusCode, `${action} on ${from}: ${body.slice(0, 200)}`).not.toBe(403);
	}
});

function buttonOf(page: Page, form: Element): Record<string, string> {
	const open = page.byTag('button', form).filter((one) => attribute(one, 'disabled') === null);
	const name = open[0] && attribute(open[0], 'name');
	return name ? { [name]: attribute(open[0] as Element, 'value') ?? '' } : {};
}

test('a deal that he helps with is his to change, from the next page on', async () => {
	await database.pool.query('insert into deal_collaborators (deal_id, person_id) values ($1, $2)', [
		...[cast.deals.late, cast.people.boris.id],
	]);
	const { body } = await boris.get(`/deals/${cast.deals.late}`);
	expect(body).not.toContain('Только чтение');
	expect(body).toContain('id="compose"');
	expect((await boris.get(`/deals/${cast.deals.late}/edit`)).statusCode).toBe(200);
});
