import { beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/features/clients/actions.ts';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read } from '../html.ts';
import { expectInert, says } from '../inert.ts';
import { ledgerOf } from '../ledger.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

/** What somebody types who wishes us ill; all of it is text, and stays it. */
const HOSTILE = [
	`<script>alert('script-1')</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)' x='`,
	`<svg/onload=alert(1)>`,
	`</textarea></select></title><script>alert(1)</script>`,
	`<%= 1 %> <% throw new Error('eta') %> <%~ it.h %>`,
	['{{7*7}} $', '{7*7} #{7*7} {n, plural, other {#}}'].join(''),
	`'; drop table deals; -- $$ \\'; select pg_sleep(9)`,
	`<a hx-get=/x hx-trigger=load>сюда</a>`,
	`<hx-partial hx-target="#toasts">сюда</hx-partial>`,
	'&lt;b&gt; &amp;amp; &#x3c;i&#x3e; %3Cb%3E',
	'\u202eотворот\u202c 👩‍👩‍👧‍👦 Z̷̢a̵l̸g̵o̴ \u{1f4a3}',
	'javascript:alert(1)',
	`--><script>alert(1)</script><!--`,
];

let cast: Cast;
let anna: Browser;
/** The deals that carry a hostile text in every field, by their place in HOSTILE. */
const carriers: { id: number; stepId: number }[] = [];

beforeAll(async () => {
	cast = await makeCast(db);
	anna = await signIn(served, 'anna');
	for (const text of HOSTILE) carriers.push(await carrier(text));
});

async function carrier(text: string): Promise<{ id: number; stepId: number }> {
	const made = await anna.json('/deals', {
		...{ stageId: cast.open[0].id, clientName: text, title: text },
		...{ kindId: 1, summary: text, plannedDay: '2026-11-25' },
	});
	expect(made.statusCode, made.body).toBe(200);
	const id: number = made.json().dealId;
	const edit = { version: 1, title: text, clientName: text, source: text };
	expect((await anna.json(`/deals/${id}`, edit)).statusCode).toBe(200);
	for (const [path, fields] of [
		['completion', { outcome: text }],
		['cancellation', { reason: text }],
	] as const) {
		await anna.json(`/deals/${id}/interactions`, {
			kindId: 2,
			summary: text,
			plannedDay: '2026-12-01',
		});
		const { rows } = await pool.query(
			'select max(id)::int as id from interactions where deal_id = $1',
			[id],
		);
		expect(
			(await anna.json(`/interactions/${rows[0].id}/${path}`, { version: 1, ...fields }))
				.statusCode,
		).toBe(200);
	}
	const { rows } = await pool.query('select next_interaction_id as step from deals where id = $1', [
		id,
	]);
	return { id, stepId: rows[0].step };
}

test('on the board, the print, the lists, the deal and in every dialog it is the text that was typed', async () => {
	for (const [at, text] of HOSTILE.entries()) {
		const { id, stepId } = carriers[at] as { id: number; stepId: number };
		const pages = {
			board: await anna.get('/board'),
			print: await anna.get('/board/print'),
			list: await anna.get(`/deals?stage=${cast.open[0].id}`),
			deal: await anna.get(`/deals/${id}`),
			edit: await anna.htmx('/board', `/deals/${id}/edit`),
			menu: await anna.htmx('/board', `/deals/${id}/menu`),
			move: await anna.htmx('/board', `/deals/${id}/moves/new`),
			won: await anna.htmx('/board', `/deals/${id}/closure/new?stageId=${cast.won.id}`),
			lost: await anna.get(`/deals/${id}/closure/new?stageId=${cast.lost.id}`),
			plan: await anna.htmx('/board', `/deals/${id}/interactions/new`),
			completion: await anna.htmx('/board', `/interactions/${stepId}/completion/new`),
			postponement: await anna.get(`/interactions/${stepId}/postponement/new`),
		};
		for (const [name, answer] of Object.entries(pages)) {
			const page = expectInert(answer, `${name} of ${text}`);
			expect(answer.statusCode).toBe(200);
			expect(says(page, text), `${name} says ${text}`).toBe(true);
		}
	}
});

test('the database holds it byte for byte, also after the form has gone round five times', async () => {
	for (const [at, text] of HOSTILE.entries()) {
		const { id } = carriers[at] as { id: number };
		for (let round = 0; round < 5; round += 1) {
			const { rows } = await pool.query('select version, source, title from deals where id = $1', [
				id,
			]);
			expect(rows[0]).toMatchObject({ title: text, source: text });
			const page = read((await anna.get(`/deals/${id}/edit`)).body);
			const title = page.byId('f-title')?.attrs.find(({ name }) => name === 'value')?.value;
			expect(title).toBe(text);
			const edit = {
				version: rows[0].version,
				title: `${title}`,
				clientName: text,
				source: text,
				probability: round,
			};
			expect((await anna.post(`/deals/${id}`, edit)).statusCode).toBe(303);
		}
	}
});

test('search, suggestions, toasts and errors give it back as text', async () => {
	for (const [at, text] of HOSTILE.entries()) {
		const { id } = carriers[at] as { id: number };
		const found = expectInert(
			await anna.get(`/board?${new URLSearchParams({ q: text })}`),
			`search ${text}`,
		);
		expect(says(found, text)).toBe(true);
		expectInert(
			await anna.get(`/board/print?${new URLSearchParams({ q: text })}`),
			`print ${text}`,
		);
		expectInert(
			await anna.htmx(
				'/board',
				`/clients/suggestions?${new URLSearchParams({ clientName: text })}`,
			),
			text,
		);
		const { rows } = await pool.query('select version, stage_id from deals where id = $1', [id]);
		const stageId = cast.open[rows[0].stage_id === cast.open[0].id ? 1 : 0].id;
		const moved = await anna.htmx('/board', `/deals/${id}/moves`, {
			stageId,
			version: rows[0].version,
		});
		expect(says(expectInert(moved, `toast ${text}`), text)).toBe(true);
		expectInert(
			await anna.htmx('/board', `/deals/${id}/moves`, { stageId, version: 1 }),
			`conflict ${text}`,
		);
		const wrong = {
			title: text,
			clientName: text,
			amount: text,
			stageId: cast.open[0].id,
			plannedDay: text,
			kindId: text,
		};
		const refused = await anna.htmx('/board', '/deals', wrong);
		expect(refused.statusCode).toBe(422);
		expect(says(expectInert(refused, `refused ${text}`), text)).toBe(true);
		expectInert(await anna.post('/deals', { [text]: 'x' }), `field ${text}`);
		expectInert(await anna.get(`/deals?after=${encodeURIComponent(text)}`), `query ${text}`);
		expectInert(
			await anna.get(`/sign-in?returnTo=${encodeURIComponent(text.slice(0, 400))}`),
			`returnTo ${text}`,
		);
		const flash = Buffer.from(
			JSON.stringify({
				key: 'toast.moved',
				args: { title: text, from: text, to: text },
				undo: { action: text, fields: { [text]: text } },
			}),
		).toString('base64url');
		const forged = await anna.get('/board', { cookie: `${anna.cookie}; flash=${flash}` });
		expect(forged.statusCode, text).toBeLessThan(500);
	}
});

test('a toast that we did not write does not break the page', async () => {
	for (const toast of [
		'x',
		'[]',
		'null',
		'{"key":1}',
		'{"key":"toast.nothing"}',
		'{"key":"toast.moved"}',
		'{"key":"toast.moved","args":7}',
		'{"key":"toast.moved","undo":1}',
		'{"key":"toast.moved","args":{},"undo":{"action":"javascript:alert(1)"}}',
		'{"key":"toast.undo","undo":{"action":"https://evil.example","fields":{}}}',
	]) {
		const flash = Buffer.from(toast).toString('base64url');
		const answer = await anna.get('/board', { cookie: `${anna.cookie}; flash=${flash}` });
		expect(answer.statusCode, toast).toBe(200);
		expectInert(answer, toast);
	}
});

/** Every form with a text field, and what else it needs. */
const forms = (): [string, Fields, string[]][] => {
	const { id, stepId } = carriers[0] as { id: number; stepId: number };
	return [
		[
			'/deals',
			{
				stageId: cast.open[0].id,
				title: 'x',
				clientName: 'x',
				kindId: 1,
				plannedDay: '2026-11-25',
			},
			['title', 'clientName', 'summary'],
		],
		[`/deals/${id}`, { version: 1, title: 'x' }, ['title', 'clientName', 'source']],
		[`/deals/${id}/moves`, { version: 1, stageId: cast.lost.id, lossReasonId: 1 }, ['comment']],
		[`/deals/${id}/interactions`, { kindId: 1, plannedDay: '2026-11-25' }, ['summary']],
		[`/interactions/${stepId}/completion`, { version: 1 }, ['outcome', 'summary']],
		[`/interactions/${stepId}/cancellation`, { version: 1 }, ['reason']],
		['/sign-in', {}, ['login']],
	];
};

test('NUL and texts of ten thousand signs are refused by every text field, and nothing is written', async () => {
	const before = await ledgerOf(database);
	for (const [url, fields, names] of forms())
		for (const name of names)
			for (const text of ['a\0b', 'ы'.repeat(10_000)]) {
				const sent = { ...fields, [name]: text };
				for (const answer of [
					await anna.post(url, sent),
					await anna.json(url, sent),
					await anna.htmx('/board', url, sent),
				])
					expect(answer.statusCode, `${url} ${name} ${text.slice(0, 3)}`).toBe(422);
			}
	expect((await anna.get(`/board?q=${'ы'.repeat(10_000)}`)).statusCode).toBe(400);
	expect((await anna.post('/deals', { title: 'x'.repeat(300_000) })).statusCode).toBe(413);
	expect(await ledgerOf(database)).toEqual(before);
});

test('line breaks are kept as one sign where they belong, and split no header', async () => {
	const { stepId } = carriers[1] as { stepId: number };
	const text = 'строка\r\nSet-Cookie: a=b\r\n\r\nстрока';
	const answer = await anna.post(`/interactions/${stepId}/completion`, {
		version: 1,
		outcome: text,
		returnTo: '/board\r\nX: y',
	});
	expect(answer.statusCode).toBe(303);
	expect(answer.headers).not.toHaveProperty('x');
	expect(answer.cookies.map(({ name }) => name)).toEqual(['flash']);
	const { rows } = await pool.query('select outcome from interactions where id = $1', [stepId]);
	expect(rows[0].outcome).toBe('строка\nSet-Cookie: a=b\n\nстрока');
});

test('contacts of a client are links to call and to write, whatever they hold', async () => {
	const client = await createClient(db, by(cast.people.anna), {
		name: 'Клиент',
		contacts: HOSTILE.map((text) => ({
			name: text,
			position: text,
			phone: text,
			email: `${text}@x`,
		})),
	});
	const { id } = carriers[0] as { id: number };
	await pool.query('update deals set client_id = $1 where id = $2', [client, id]);
	expectInert(await anna.get(`/deals/${id}`), 'contacts');
	expectInert(await anna.htmx('/board', `/deals/${id}/menu`), 'contacts in the menu');
});
