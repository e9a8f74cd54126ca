import { beforeAll, expect, test } from 'vitest';
import { addContact } from '#src/features/clients/contacts/contacts.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { setRequiredFields } from '#src/features/deals/pipelines/stages.ts';
import { type Answer, type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { expectInert, says } from '../inert.ts';

const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;

/** What somebody types who wishes us ill; all of it is text, and stays it. */
const HOSTILE = [
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)' x='`,
	`</textarea></select></datalist><script>alert(1)</script>`,
	`<%= 1 %> <%~ it.h %> {n, plural, other {#}} \${7*7}`,
	`<hx-partial hx-target="#toasts">сюда</hx-partial>`,
	'\u202eотворот\u202c 👩‍👩‍👧‍👦 Z̷̢a̵l̸g̵o̴',
	'javascript:alert(1)',
	'=HYPERLINK("http://x";"y")',
	'ы'.repeat(200),
];

let cast: Cast;
let anna: Browser;
let ada: Browser;
let extra: number;

beforeAll(async () => {
	cast = await makeCast(db);
	[anna, ada] = [await signIn(served, 'anna'), await signIn(served, 'ada')];
	const made = await pool.query(
		`insert into extra_fields (noun, name, kind, position) values ('deal', 'x', 'text', 1) returning id`,
	);
	extra = made.rows[0].id;
	await setRequiredFields(db, by(cast.people.ada), cast.open[3].id, ['amount', `extra_${extra}`]);
});

/** A deal that carries the text in everything that this page knows, and in what stands around it. */
async function carrier(text: string): Promise<number> {
	const { id, clientId } = await makeDeal(db, cast, 'anna', {
		title: text,
		client: { name: text },
	});
	await addContact(db, by(cast.people.anna), clientId as number, {
		...{ name: text, position: text, role: text, phones: [text.slice(0, 100)] },
	});
	await pool.query('update extra_fields set name = $1', [text]);
	await pool.query(`update people set name = $1 where login = 'gleb'`, [text]);
	await pool.query('update stages set name = $1 where id = $2', [text, cast.open[3].id]);
	await addCollaborator(db, by(cast.people.anna), id, {
		version: 1,
		personId: cast.people.gleb.id,
	});
	const word = text.replaceAll(',', '').slice(0, 60);
	const edit = {
		...{
			version: 2,
			campaign: text,
			note: text,
			source: text,
			tags: word,
			[`extra_${extra}`]: text,
		},
	};
	expect((await anna.json(`/deals/${id}/edit`, edit)).statusCode).toBe(200);
	const lines = {
		version: 3,
		product1: text,
		quantity1: '2',
		price1: '5',
		product2: `Ещё ${text}`,
	};
	expect((await anna.json(`/deals/${id}/products`, lines)).statusCode).toBe(200);
	for (const entry of [
		{ kindId: 'note', text },
		{ kindId: '1', text: `${text}\n${text}` },
		{ kindId: '1', text, plan: '1', plannedDay: '2026-12-01' },
	])
		expect((await anna.json(`/deals/${id}/entries`, entry)).statusCode).toBe(200);
	const word4 = { version: 4, ownerId: cast.people.anna.id, note: text };
	await ada.json(`/deals/${id}/owner`, { ...word4, ownerId: cast.people.boris.id });
	await ada.json(`/deals/${id}/owner`, { ...word4, version: 5 });
	return id;
}

test('on the page, in its facts, forms and answers it is the text that was typed', async () => {
	for (const text of HOSTILE) {
		const id = await carrier(text);
		const page = `/deals/${id}`;
		const wanted = { stageId: cast.open[3].id, version: 6 };
		const seen: Record<string, Answer> = {
			page: await anna.get(page),
			notes: await anna.get(`${page}?part=notes`),
			changes: await anna.htmx(page, `${page}?part=changes`),
			edit: await anna.htmx(page, `${page}/edit`),
			campaign: await anna.htmx(page, `${page}/edit?field=campaign`),
			tags: await anna.htmx(page, `${page}/edit?field=tags`),
			products: await anna.get(`${page}/products`),
			collaborators: await anna.get(`${page}/collaborators/new`),
			menu: await ada.get(`${page}/menu`),
			asked: await anna.htmx('/board', `${page}/moves`, wanted),
			askedOnPage: await anna.post(`${page}/moves`, wanted),
			wrongEntry: await anna.htmx(page, `${page}/entries`, { kindId: text.slice(0, 9), text }),
			wrongLines: await anna.htmx(page, `${page}/products`, {
				...{ version: 6, product1: text, price1: text },
			}),
			suggested: await anna.htmx(page, `/products/suggestions?product=${encodeURIComponent(text)}`),
			states: await ada.get('/admin/stages'),
		};
		for (const [where, answer] of Object.entries(seen)) {
			const drawn = expectInert(answer, `${where}: ${text}`);
			if (['suggested', 'tags'].includes(where)) continue;
			if (where !== 'collaborators') expect(says(drawn, text), `${where}: ${text}`).toBe(true);
		}
	}
});
