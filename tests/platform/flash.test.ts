import { createHash, hkdfSync } from 'node:crypto';
import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { keepToast, setUpFlash, takeToast } from '#src/platform/pages/flash.ts';
import { isUndo, UNDO_DOORS, undoPath, wayBack } from '#src/platform/pages/undo.ts';
import { seal } from '#src/platform/secrets.ts';
import { type Answer, type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { read, textOf } from '../html.ts';

const database = await testDatabase();
const open = await testApp(database);
const closed = await testApp(database, {
	env: {
		PUBLIC_URL: 'https://crm.example.ru',
		DEMO_SIGN_IN: 'on',
		SECRET_KEY: 'a key of the tests, long enough',
	},
});
let cast: Cast;
let ada: Browser;
let boris: Browser;
let dealId: number;
let version: number;

beforeAll(async () => {
	cast = await makeCast(database.db);
	dealId = cast.deals.late;
});
beforeEach(async () => {
	[ada, boris] = [await signIn(open, 'ada'), await signIn(open, 'boris')];
	const { rows } = await database.pool.query('select version from deals where id = $1', [dealId]);
	version = rows[0].version;
});

const toastsOf = ({ body }: Answer) => read(body).byId('toasts') as never;
const cookieOf = ({ cookies }: Answer, name = 'flash') => cookies.find((one) => one.name === name);
const shown = async (who: Browser, flash: string, name = 'flash') =>
	await who.get('/board', { cookie: `${who.cookie}; ${name}=${flash}` });

const FORGED = {
	key: 'toast.clientCreated',
	args: { name: 'любой текст' },
	undo: {
		action: '/admin/people/4/edit',
		fields: { version: '1', name: 'Глеб', login: 'gleb', role: 'administrator' },
	},
};

test('a toast that nobody sealed is none: neither its words nor its button are drawn', async () => {
	const flash = Buffer.from(JSON.stringify(FORGED)).toString('base64url');
	const page = await shown(ada, flash);
	expect(page.statusCode).toBe(200);
	expect(page.body).not.toMatch(/любой текст|admin\/people\/4/);
	expect(textOf(toastsOf(page))).toBe('');
	// It is not believed a second time either: the browser is told to forget it.
	expect(cookieOf(page)?.value).toBe('');
});

/** As this browser's session seals; `text` is what somebody who could would put there. */
function sealedFor({ cookie }: Browser, text: string): string {
	const secret = cookie.slice(cookie.indexOf('=') + 1);
	return seal(Buffer.from(hkdfSync('sha256', secret, 'moi-prodazhi', 'flash', 32)), text, 'flash');
}

test('a toast of another session opens nowhere', async () => {
	const text = JSON.stringify({ key: 'toast.clientCreated', args: { name: 'любой текст' } });
	expect(textOf(toastsOf(await shown(ada, sealedFor(ada, text))))).toContain('любой текст');
	expect(textOf(toastsOf(await shown(ada, sealedFor(boris, text))))).toBe('');
	expect(textOf(toastsOf(await shown(await signIn(open, 'ada'), sealedFor(ada, text))))).toBe('');
	const id = createHash('sha256')
		.update(ada.cookie.split('=')[1] ?? '')
		.digest('hex');
	expect(textOf(toastsOf(await shown(ada, sealedFor({ ...ada, cookie: `x=${id}` }, text))))).toBe(
		'',
	);
});

test('even a sealed toast leads only through the doors of the list', async () => {
	for (const undo of [
		FORGED.undo,
		{ way: '/admin/people/4/edit', id: 4, fields: {} },
		{ way: 'toString', id: 4, fields: {} },
		{ way: 'deal.move', id: 4, fields: { ownerId: '1' } },
		{ way: 'deal.move', id: '4/../../admin', fields: {} },
	]) {
		const text = JSON.stringify({ ...FORGED, undo });
		const page = await shown(ada, sealedFor(ada, text));
		expect([page.statusCode, textOf(toastsOf(page))], JSON.stringify(undo)).toEqual([200, '']);
	}
	expect(isUndo({ way: 'deal.move', id: 4, fields: { version: '1', returnTo: '/' } })).toBe(true);
	expect(undoPath({ way: 'deal.move', id: 4, fields: {} })).toBe('/deals/4/moves');
});

test('every door of the list is there', () => {
	const posts = open.routes.filter(({ method }) => method === 'POST').map(({ url }) => url);
	expect(UNDO_DOORS.filter((door) => !posts.includes(door))).toEqual([]);
});

test('what we sealed stands on the next page, and its button takes the move back', async () => {
	const [first, second] = cast.open;
	const answer = await ada.post(`/deals/${dealId}/moves`, { stageId: second.id, version });
	const flash = cookieOf(answer)?.value ?? '';
	const page = await shown(ada, flash);
	const [, action = ''] = /<form action="([^"]+)"[^>]*>/.exec(
		page.body.slice(page.body.indexOf('id="toasts"')),
	) ?? [''];
	expect(action).toBe(`/deals/${dealId}/moves`);
	const fields = [
		...page.body
			.slice(page.body.indexOf('id="toasts"'))
			.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g),
	].map(([, name = '', value = '']) => [name, value]);
	expect((await ada.post(action, Object.fromEntries(fields))).statusCode).toBe(303);
	const { rows } = await database.pool.query('select stage_id from deals where id = $1', [dealId]);
	expect(rows[0].stage_id).toBe(first.id);
});

test('behind TLS every cookie of ours is bound to this host and to TLS', async () => {
	const host = { host: 'crm.example.ru' };
	const moved = await (await signIn(closed, 'ada')).post(
		`/deals/${dealId}/moves`,
		{ stageId: cast.open[1].id, version },
		host,
	);
	const flash = cookieOf(moved, '__Host-flash');
	expect(flash).toMatchObject({ secure: true, httpOnly: true, path: '/', sameSite: 'Lax' });
	expect(flash?.domain).toBeUndefined();
	for (const { name, secure } of moved.cookies)
		expect([name, secure]).toEqual([expect.stringMatching(/^__Host-/), true]);
});

test('a toast that is too large for a cookie loses its way back and not its words', async () => {
	const app = Fastify();
	await app.register(cookie);
	setUpFlash(app, { secure: false, secretOf: () => 'secret of a session' });
	app.get('/take', async (request, reply) => takeToast(request, reply));
	app.get('/keep/:deals', async (request, reply) => {
		const { deals } = request.params as { deals: string };
		const deal = Array.from({ length: Number(deals) }, (_, at) => `${at}.1.2`).join(',');
		const undo = wayBack('deals.bulk', 0, { verb: 'back', back: 'stage', deal });
		keepToast(reply, {
			key: 'toast.bulkDone',
			args: { verb: 'owner', to: 'Борис Лунин', done: 1, all: 1, noun: 'deal' },
			undo,
		});
		return await reply.send('');
	});
	const there = async (deals: number) => {
		const { value = '' } = cookieOf(await app.inject(`/keep/${deals}`)) ?? {};
		expect(value.length).toBeLessThan(4_000);
		return (await app.inject({ url: '/take', headers: { cookie: `flash=${value}` } })).json();
	};
	expect(await there(10)).toMatchObject({ key: 'toast.bulkDone', undo: { way: 'deals.bulk' } });
	expect(await there(500)).toEqual({
		key: 'toast.bulkDone',
		args: { verb: 'owner', to: 'Борис Лунин', done: 1, all: 1, noun: 'deal' },
	});
});
