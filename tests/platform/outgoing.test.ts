import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openAsItIs } from '#src/commands/database.ts';
import { readConfig } from '#src/config.ts';
import { openDirectory } from '#src/features/access/sign-in/oidc/oidc.ts';
import { openCalendar } from '#src/features/calendar/sync/caldav.ts';
import { isBarred, type Resolver } from '#src/platform/outgoing/addresses.ts';
import { fenced } from '#src/platform/outgoing/fence.ts';
import { dripping, floodOf, halved, movedTo, signInPage, startPeer } from './hostile-peer.ts';

const MEGABYTE = 1_048_576;

describe('the fence', () => {
	test('takes what the operator named there and back as it is', async () => {
		const peer = await startPeer(async (request, response) => {
			const chunks = await request.toArray();
			response
				.writeHead(
					207,
					[
						['x-two', 'a'],
						['x-two', 'b'],
					].flat(),
				)
				.end(Buffer.concat(chunks));
		});
		const send = fenced({ allowed: [`${peer.url}/dav/`], inner: true });
		const answer = await send(`${peer.url}/dav/ж?q`, { method: 'PUT', body: 'печь' });
		expect([answer.status, answer.headers.get('x-two'), await answer.text()]).toEqual([
			...[207, 'a, b', 'печь'],
		]);
		expect(peer.asked[0]?.line).toBe('PUT /dav/%D0%B6?q');
		peer.says((_request, response) => response.writeHead(204).end());
		expect((await send(peer.url, { method: 'PROPFIND' })).status).toBe(204);
	});

	test('asks no other origin, neither at first nor after a redirect', async () => {
		const other = await startPeer();
		const peer = await startPeer(movedTo(`${other.url}/stolen`));
		const send = fenced({ allowed: [peer.url], inner: true });
		const answer = await send(peer.url, { headers: { authorization: 'Basic secret' } });
		expect([answer.status, answer.headers.get('location')]).toEqual([302, `${other.url}/stolen`]);
		for (const url of [other.url, peer.named, peer.url.replace('http:', 'https:')])
			await expect(send(url), url).rejects.toMatchObject({ why: 'origin' });
		expect(other.asked).toEqual([]);
		expect(peer.asked).toHaveLength(1);
	});

	test.each([true, false])('reads no more than it is let (length told: %s)', async (honestly) => {
		const peer = await startPeer(floodOf(300, honestly));
		const send = fenced({ allowed: [peer.url], inner: true });
		await expect(send(peer.url)).rejects.toMatchObject({ why: 'large' });
		await expect.poll(peer.sent).toBeGreaterThan(0);
		expect(peer.sent()).toBeLessThan(30 * MEGABYTE);
		peer.says(floodOf(3, honestly));
		const wider = fenced({ allowed: [peer.url], inner: true, megabytes: 3 });
		expect((await (await wider(peer.url)).arrayBuffer()).byteLength).toBe(3 * MEGABYTE);
	});

	test('waits for no answer that does not end, and believes none that stops half-way', async () => {
		const peer = await startPeer(dripping);
		const send = fenced({ allowed: [peer.url], inner: true, wholeMs: 300 });
		await expect(send(peer.url)).rejects.toMatchObject({ why: 'slow' });
		peer.says(() => {});
		await expect(send(peer.url)).rejects.toMatchObject({ why: 'slow' });
		peer.says(halved);
		await expect(fenced({ allowed: [peer.url], inner: true })(peer.url)).rejects.toThrow();
	});

	test('unpacks nothing: an encoding that it did not ask for is no answer', async () => {
		const peer = await startPeer((_request, response) =>
			response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('bomb')),
		);
		const send = fenced({ allowed: [peer.url], inner: true });
		await expect(send(peer.url)).rejects.toMatchObject({ why: 'encoding' });
	});

	test('gives up when its caller does', async () => {
		const peer = await startPeer(() => {});
		const leaving = new AbortController();
		const answer = fenced({ allowed: [peer.url], inner: true })(peer.url, {
			signal: leaving.signal,
		});
		await expect.poll(() => peer.asked.length).toBe(1);
		leaving.abort();
		await expect(answer).rejects.toThrow(/abort/i);
	});
});

describe('the address that is connected to', () => {
	const LITERALS = [
		...['http://2130706433/', 'http://0177.0.0.1/', 'http://0x7f.1/', 'http://127.1/'],
		...[
			'http://１２７.0.0.1/',
			'http://127.0.0.1./',
			'http://[::1]/',
			'http://[::ffff:127.0.0.1]/',
		],
		...['http://[64:ff9b::7f00:1]/', 'http://[fe80::1]/', 'http://169.254.169.254/'],
		...['http://100.64.0.1/', 'http://10.0.0.1/', 'http://192.168.1.1/', 'http://172.31.0.1/'],
		...['http://0.0.0.0/', 'http://[fd00::1]/', 'http://[2002:7f00:1::]/', 'http://224.0.0.1/'],
	];
	test.each(LITERALS)('is not the own network’s where a stranger named it: %s', async (url) => {
		const send = fenced({ allowed: [url], inner: false });
		await expect(send(url)).rejects.toMatchObject({ why: 'address' });
	});
	test('may be the own network’s where the operator named it, but no cloud’s secrets', () => {
		for (const address of ['127.0.0.1', '::1', '10.0.0.1', '192.168.1.1', 'fd00::1'])
			expect([address, isBarred(address, true)]).toEqual([address, false]);
		for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', '0.0.0.0'])
			expect([address, isBarred(address, true)]).toEqual([address, true]);
		for (const address of ['8.8.8.8', '2a00:1450::1'])
			expect([address, isBarred(address, false)]).toEqual([address, false]);
	});

	test('is checked each time that a name is asked: a name that leads elsewhere the second time is refused', async () => {
		const peer = await startPeer();
		const { port } = new URL(peer.url);
		const found = ['127.0.0.1', '169.254.169.254'];
		const resolve: Resolver = (_host, _options, done) =>
			done(null, [{ address: found.shift() ?? '', family: 4 }]);
		const url = `http://cal.example.ru:${port}`;
		const send = fenced({ allowed: [url], inner: true, resolve });
		expect(await (await send(url)).text()).toBe('good');
		await expect(send(url)).rejects.toMatchObject({ why: 'address' });
	});

	test('is refused where one of several is barred, and where it is the own network’s behind a stranger’s name', async () => {
		const peer = await startPeer();
		const { port } = new URL(peer.url);
		const url = `http://hooks.example.com:${port}`;
		const resolve: Resolver = (_host, _options, done) =>
			done(null, [
				{ address: '8.8.8.8', family: 4 },
				{ address: '127.0.0.1', family: 4 },
			]);
		const send = fenced({ allowed: [url], inner: false, resolve });
		await expect(send(url)).rejects.toMatchObject({ why: 'address' });
		expect(peer.asked).toEqual([]);
	});
});

describe('a calendar server that is not to be trusted', () => {
	const account = (server: string) => ({ server, login: 'anna', password: 's3cret' });
	const principalAt = (href: string) =>
		`<?xml version="1.0"?><multistatus xmlns="DAV:"><response><href>/</href><propstat><prop>
		<current-user-principal><href>${href}</href></current-user-principal></prop>
		<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>`;

	test('sends the password nowhere else, by a redirect or by naming a principal', async () => {
		const other = await startPeer();
		const peer = await startPeer(movedTo(`${other.url}/dav/`));
		await expect(openCalendar(account(`${peer.url}/`), null)).rejects.toMatchObject({
			status: 302,
		});
		peer.says((_request, response) =>
			response
				.writeHead(207, { 'content-type': 'text/xml' })
				.end(principalAt(`${other.url}/principals/anna/`)),
		);
		await expect(openCalendar(account(`${peer.url}/`), null)).rejects.toMatchObject({
			status: null,
		});
		expect(peer.asked.at(-1)?.authorization).toMatch(/^Basic /);
		expect(other.asked).toEqual([]);
	});

	test.each([
		['an answer without end', floodOf(300, false)],
		['a page for people', signInPage],
		['half an answer', halved],
	])('is told as one that does not answer: %s', async (_what, behaviour) => {
		const peer = await startPeer(behaviour);
		await expect(openCalendar(account(`${peer.url}/`), null)).rejects.toMatchObject({
			status: null,
		});
		expect(peer.sent()).toBeLessThan(200 * MEGABYTE);
	});
});

describe('a directory that points elsewhere', () => {
	const described = (issuer: string, other: string) =>
		JSON.stringify({
			...{ issuer, authorization_endpoint: `${issuer}/auth`, jwks_uri: `${other}/keys` },
			...{ token_endpoint: `${other}/token`, response_types_supported: ['code'] },
		});
	const LOGOUT = [{ alg: 'RS256' }, { iss: 'x' }]
		.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
		.concat('AAAA')
		.join('.');
	const setUp = async (OIDC_ORIGINS: (other: string) => string) => {
		const [other, peer] = [await startPeer(), await startPeer()];
		peer.says((_request, response) =>
			response
				.writeHead(200, { 'content-type': 'application/json' })
				.end(described(peer.url, other.url)),
		);
		const directory = openDirectory(
			readConfig({
				...{ OIDC_ISSUER: peer.url, OIDC_CLIENT_ID: 'crm', OIDC_CLIENT_SECRET: 'directory secret' },
				...{ PUBLIC_URL: 'https://crm.example.ru', OIDC_ORIGINS: OIDC_ORIGINS(other.url) },
			}),
		);
		const { pending } = await directory.begin();
		const back = `?code=c&state=${pending.state}`;
		return { other, directory, finish: () => directory.finish(back, pending) };
	};

	test('is asked for nothing there: neither the secret nor the keys leave its origin', async () => {
		const { other, directory, finish } = await setUp(() => '');
		await expect(finish()).rejects.toThrow(`${other.url} is no address of the settings`);
		await expect(directory.readLogout(LOGOUT, new Date())).rejects.toThrow(/no address/);
		expect(other.asked).toEqual([]);
	});
	test('is asked there where the settings name the origin', async () => {
		const { other, directory, finish } = await setUp((origin) => origin);
		await expect(finish()).rejects.toThrow();
		await expect(directory.readLogout(LOGOUT, new Date())).rejects.toThrow();
		expect(other.asked.map(({ line }) => line)).toEqual(['POST /token', 'GET /keys']);
	});
});

describe('a password over an open line', () => {
	const faults = (env: Record<string, string>) => {
		try {
			readConfig({ MAIL_FROM: 'crm@example.ru', ...env });
			return '';
		} catch (error) {
			return String(error);
		}
	};
	test.each([
		[{ CALDAV_URL: 'http://cal.example.ru/' }, 'CALDAV_INSECURE'],
		[{ CALDAV_URL: 'http://127.0.0.1.example.ru/' }, 'CALDAV_INSECURE'],
		[{ SMTP_URL: 'smtp://u:p@mail.example.ru', SMTP_TLS: 'off' }, 'SMTP_INSECURE'],
		[{ OIDC_ORIGINS: 'http://sso.example.ru' }, 'OIDC_ORIGINS'],
	])('stops the start: %o', (env, told) =>
		expect(faults(env as Record<string, string>)).toContain(told),
	);
	test.each([
		{ CALDAV_URL: 'http://cal.example.ru/', CALDAV_INSECURE: 'on' },
		{ CALDAV_URL: 'http://localhost:5232/' },
		{ CALDAV_URL: 'https://cal.example.ru/' },
		{ SMTP_URL: 'smtp://u:p@mail.example.ru', SMTP_TLS: 'off', SMTP_INSECURE: 'on' },
		{ SMTP_URL: 'smtp://mail.example.ru', SMTP_TLS: 'off' },
		{ SMTP_URL: 'smtp://u:p@127.0.0.1:2525', SMTP_TLS: 'off' },
	])('is let out where the operator said so, or it goes nowhere: %o', (env) =>
		expect(faults(env as Record<string, string>)).toBe(''),
	);

	test('to a database elsewhere is told in one line', async () => {
		const told = async (DATABASE_URL: string) => {
			const lines: string[] = [];
			const opened = openAsItIs(readConfig({ DATABASE_URL }), (line) => lines.push(line));
			await expect(opened).rejects.toThrow(/не отвечает/);
			return lines.filter((line) => line.includes('без TLS')).length;
		};
		expect(await told('postgres://u:p@db.invalid/x')).toBe(1);
		expect(await told('postgres://u:p@db.invalid/x?sslmode=disable')).toBe(1);
		expect(await told('postgres://u:p@db.invalid/x?sslmode=verify-full')).toBe(0);
		expect(await told('postgres://u:p@127.0.0.1:9/x')).toBe(0);
	});
});
