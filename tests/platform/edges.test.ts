import { connect as openSocket } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { browser, signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
await makeCast(database.db);
const SECRET = { SECRET_KEY: 'a key of the tests, long enough', DEMO_SIGN_IN: 'on' };
const open = await testApp(database);
const named = await testApp(database, {
	env: { PUBLIC_URL: 'https://crm.example.ru', METRICS_FROM: '127.0.0.1', ...SECRET },
});
const behind = await testApp(database, {
	env: { TRUSTED_PROXIES: '10.0.0.5', LANGUAGE: 'en' },
});
let port = 0;
beforeAll(async () => {
	port = Number(new URL(await open.app.listen({ host: '127.0.0.1', port: 0 })).port);
});

/** What the server says to these bytes, until it closes. */
async function sent(bytes: string): Promise<string> {
	const socket = openSocket(port, '127.0.0.1');
	socket.on('error', () => {});
	socket.write(bytes.replaceAll('\n', '\r\n'));
	let heard = '';
	socket.on('data', (piece) => {
		heard += piece;
	});
	await new Promise((resolve) => socket.once('close', resolve));
	return heard;
}
const CLOSED = 'Host: localhost\nConnection: close\n\n';

describe('an answer that no hook has seen', () => {
	test.each([
		['a path that cannot be read', `GET /%zz HTTP/1.1\n${CLOSED}`, 400, 'Такого адреса не бывает'],
		['garbage', 'garbage\n\n', 400, 'Запрос не понят'],
		['too many headers', `GET / HTTP/1.1\nX: ${'x'.repeat(40_000)}\n${CLOSED}`, 431, 'cookie'],
		[
			'two lengths',
			'POST / HTTP/1.1\nHost: x\nContent-Length: 1\nContent-Length: 2\n\n',
			400,
			'не понят',
		],
	])('is guarded, and in words: %s', async (_what, bytes, status, words) => {
		const said = await sent(bytes);
		expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(said).toContain(words);
		for (const header of [
			...['cache-control: no-store', 'x-content-type-options: nosniff', 'x-frame-options: DENY'],
			"content-security-policy: default-src 'none'",
		])
			expect(said.toLowerCase()).toContain(header.toLowerCase());
		expect(said).not.toContain('%zz');
	});
	test('is data for programs, and in the language of the settings', async () => {
		const headers = { accept: 'application/json' };
		const answer = await behind.app.inject({ url: '/%zz', headers });
		expect([answer.statusCode, answer.json().error.message]).toEqual([
			...[400, 'There is no such address: check the link.'],
		]);
		expect(answer.json().error.requestId).toBe(answer.headers['x-request-id']);
	});
});

test('what says nothing of being kept is kept by nobody, and depends on who asked', async () => {
	const anna = await signIn(open, 'anna');
	const data = { accept: 'application/json' };
	for (const answer of [
		await anna.get('/reminders', data),
		await anna.get('/nothing', data),
		await browser(open.app).get('/board'),
		await browser(open.app).get('/healthz'),
	]) {
		expect(answer.headers['cache-control']).toBe('no-store');
		expect(String(answer.headers.vary)).toMatch(/accept, hx-request/i);
	}
	const page = await anna.get('/board');
	expect(page.headers['cache-control']).toBe('no-store');
	const sheet = /href="(\/assets\/[^"]+\.css)"/.exec(page.body)?.[1] as string;
	expect((await anna.get(sheet)).headers['cache-control']).toContain('immutable');
});

test('signing out takes along what the browser kept', async () => {
	const anna = await signIn(open, 'anna');
	const answer = await anna.post('/sign-out', {});
	expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
});

describe('whom a request is for', () => {
	const statusFor = async (host: string, url = '/sign-in', app = named.app) =>
		(await app.inject({ url, headers: { host } })).statusCode;
	test('is said once', async () => {
		for (const path of ['/sign-in', '/metrics'])
			expect(
				await sent(`GET ${path} HTTP/1.1\nHost: localhost\nHost: localhost\nConnection: close\n\n`),
			).toMatch(/^HTTP\/1\.1 400 /);
		expect(await sent(`GET /sign-in HTTP/1.1\n${CLOSED}`)).toMatch(/^HTTP\/1\.1 200 /);
	});
	test('is no bare address where the program has a name', async () => {
		for (const host of ['6.6.6.6', '[2a00::1]:3000', '10.0.0.7', 'evil.example'])
			expect([host, await statusFor(host)]).toEqual([host, 400]);
		for (const host of ['crm.example.ru', 'localhost:3000', '127.0.0.1:3000', '[::1]:3000'])
			expect([host, await statusFor(host)]).toEqual([host, 200]);
		expect(await statusFor('6.6.6.6', '/sign-in', open.app)).toBe(200);
		expect(await statusFor('6.6.6.6', '/healthz')).toBe(200);
	});
	test('keeps figures from whoever comes by the public name or through a proxy', async () => {
		expect(await statusFor('10.0.0.7:3000', '/metrics')).toBe(200);
		expect(await statusFor('crm.example.ru', '/metrics')).toBe(403);
		for (const name of ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'via']) {
			const headers = { host: '10.0.0.7', [name]: 'x' };
			expect((await named.app.inject({ url: '/metrics', headers })).statusCode).toBe(403);
		}
	});
});

test('no page is framed, and none asks for camera or place', async () => {
	const { headers } = await browser(open.app).get('/sign-in');
	expect(headers['x-frame-options']).toBe('DENY');
	expect(headers['permissions-policy']).toMatch(/camera=\(\).*geolocation=\(\)/);
});

test('a path that is known by other methods says by which', async () => {
	const ask = async (method: 'DELETE' | 'PUT' | 'GET', url: string) =>
		await open.app.inject({ method, url });
	for (const [method, url, allow] of [
		['DELETE', '/deals/1?x=1', 'GET, HEAD, POST'],
		['GET', '/sign-out', 'POST'],
		['PUT', '/deals/1/moves', 'POST'],
		['DELETE', '/clients/1.vcf', 'GET, HEAD'],
	] as const) {
		const answer = await ask(method, url);
		expect([url, answer.statusCode]).toEqual([url, 405]);
		expect(String(answer.headers.allow).split(', ')).toEqual(
			expect.arrayContaining(allow.split(', ')),
		);
		expect(String(answer.headers.allow)).not.toContain(method);
	}
	for (const url of ['/nothing', '/deals/1/nothing', '/constructor'])
		expect((await ask('DELETE', url)).statusCode).toBe(404);
});

describe('the number of a request', () => {
	const numberOf = async (given: string, remoteAddress: string) => {
		const headers = { 'x-request-id': given };
		const answer = await behind.app.inject({ url: '/nothing', headers, remoteAddress });
		return String(answer.headers['x-request-id']);
	};
	test('is the trusted proxy’s, and nobody else’s', async () => {
		expect(await numberOf('9f2c-edge.1', '10.0.0.5')).toBe('9f2c-edge.1');
		expect(await numberOf('9f2c-edge.1', '10.0.0.6')).toMatch(/^[\da-f]{8}$/);
	});
	test.each(['', 'a b', 'a\tb', '<b>', 'a, b', 'x'.repeat(65), 'ж'])(
		'is ours where the proxy’s is none: %o',
		async (odd) => expect(await numberOf(odd, '10.0.0.5')).toMatch(/^[\da-f]{8}$/),
	);
	test('stands on every answer, and is the one that the person is told', async () => {
		const headers = { accept: 'application/json' };
		for (const url of ['/healthz', '/sign-in', '/nothing', '/board', '/metrics'])
			expect((await open.app.inject({ url })).headers['x-request-id']).toMatch(/^[\da-f]{8}$/);
		const answer = await open.app.inject({ url: '/nothing', headers });
		expect(answer.json().error.requestId).toBe(answer.headers['x-request-id']);
	});
});
