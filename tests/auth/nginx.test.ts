import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { freePort } from '../ports.ts';
import { readmeBlock } from '../readme.ts';

/*
 * The two blocks for nginx, as docs/sign-in.md prints them, in a real nginx with TLS. oauth2-proxy is played by a server of
 * our own that speaks its contract. `.ci/run` installs nginx; where it is not, this says so and skips.
 */
const NGINX = '/usr/sbin/nginx';
const here = existsSync(NGINX);
if (!here) console.warn('SKIPPED: nginx is not installed (tests/auth/nginx.test.ts)');

const SECRET = 'the secret between nginx and us';
const PUBLIC_URL = 'https://crm.example.ru';
const database = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'moi-prodazhi-nginx-'));
// Its workers are another user where root starts it, and keep large bodies here.
chmodSync(folder, 0o755);
const running: ChildProcess[] = [];
const servers: Server[] = [];
const ports = { portal: 0, plain: 0 };
/** Whom the portal has signed in; nobody: it says 401. */
let portalUser = '';

const conf = (name: string, block: string) => `
daemon off;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.log;
${process.getuid?.() === 0 ? 'user www-data;' : ''}
events {}
http {
access_log off;
client_body_temp_path ${folder}/${name}-body;
proxy_temp_path ${folder}/${name}-proxy;
fastcgi_temp_path ${folder}/${name}-fastcgi;
uwsgi_temp_path ${folder}/${name}-uwsgi;
scgi_temp_path ${folder}/${name}-scgi;
${block}
}
`;

async function startNginx(name: 'portal' | 'plain', nth: number, own: Record<string, string>) {
	ports[name] = await freePort();
	const block = readmeBlock(
		'nginx',
		{
			'listen 443 ssl': `listen 127.0.0.1:${ports[name]} ssl`,
			'/etc/ssl/crm.pem': join(folder, 'crm.pem'),
			'/etc/ssl/crm.key': join(folder, 'crm.key'),
			...own,
		},
		nth,
	);
	const path = join(folder, `${name}.conf`);
	writeFileSync(path, conf(name, block));
	running.push(spawn(NGINX, ['-c', path], { stdio: 'inherit' }));
	await vi.waitFor(async () => await ask(name, '/healthz'), { timeout: 120_000 });
}

type Said = { status: number; headers: Record<string, unknown>; body: string };
type Asked = {
	method?: string;
	headers?: Record<string, string>;
	body?: Buffer | string;
	first?: boolean;
};

/** A browser of the intranet: by the name, over TLS. `first` ends with the first bytes of a stream. */
function ask(
	at: 'portal' | 'plain',
	path: string,
	{ method = 'GET', headers = {}, body, first }: Asked = {},
) {
	return new Promise<Said>((resolve, reject) => {
		const asked = request(
			{
				...{ host: '127.0.0.1', port: ports[at], path, method, rejectUnauthorized: false },
				headers: { host: 'crm.example.ru', ...headers },
			},
			(answer) => {
				let text = '';
				const done = () =>
					resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
				answer.on('data', (chunk: Buffer) => {
					text += chunk.toString();
					if (!first) return;
					done();
					asked.destroy();
				});
				answer.on('end', done);
			},
		);
		asked.on('error', reject);
		asked.end(body);
	});
}

beforeAll(async () => {
	if (!here) return;
	await makeCast(database.db);
	execFileSync(
		'openssl',
		[
			...[
				'req',
				'-x509',
				'-newkey',
				'rsa:2048',
				'-nodes',
				'-days',
				'2',
				'-subj',
				'/CN=crm.example.ru',
			],
			...['-keyout', join(folder, 'crm.key'), '-out', join(folder, 'crm.pem')],
		],
		{ stdio: 'ignore' },
	);
	const demo = await testApp(database, {
		now: () => new Date(),
		env: { PUBLIC_URL, TRUSTED_PROXIES: '127.0.0.1', DEMO_SIGN_IN: 'on' },
	});
	const portal = await testApp(database, {
		now: () => new Date(),
		env: {
			...{ PUBLIC_URL, TRUSTED_PROXIES: '127.0.0.1', PROXY_SECRET: SECRET },
			...{ LOGIN_HEADER: 'X-Remote-User', NAME_HEADER: 'X-Remote-Name' },
			...{ EMAIL_HEADER: 'X-Remote-Email', GROUPS_HEADER: 'X-Remote-Groups', LINK_BY_LOGIN: 'on' },
		},
	});
	const oauth = createServer((asked, answer) => {
		asked.resume();
		if (asked.url?.startsWith('/oauth2/auth'))
			return answer
				.writeHead(portalUser ? 202 : 401, {
					...(portalUser && { 'X-Auth-Request-Preferred-Username': portalUser }),
				})
				.end();
		answer.writeHead(403, { 'content-type': 'text/html' }).end('<h1>Портал: войдите</h1>');
	});
	await new Promise<void>((resolve) => oauth.listen(0, '127.0.0.1', resolve));
	servers.push(oauth);
	const of = async ({ app }: typeof demo) => await app.listen({ host: '127.0.0.1', port: 0 });
	await startNginx('portal', 0, {
		'http://127.0.0.1:4180': `http://127.0.0.1:${(oauth.address() as AddressInfo).port}`,
		'http://127.0.0.1:3000': await of(portal),
		'the secret between the proxy and us': SECRET,
	});
	await startNginx('plain', 1, { 'http://127.0.0.1:3000': await of(demo) });
});

afterAll(async () => {
	for (const server of servers) server.close();
	for (const one of running) {
		const ended = new Promise((resolve) => one.once('exit', resolve));
		one.kill('SIGTERM');
		await ended;
	}
	rmSync(folder, { recursive: true, force: true });
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded', origin: PUBLIC_URL };

async function signedIn(): Promise<string> {
	const answer = await ask('plain', '/sign-in', {
		method: 'POST',
		headers: FORM,
		body: 'login=anna',
	});
	expect(answer.status).toBe(303);
	const [cookie = ''] = (answer.headers['set-cookie'] as string[]).filter((one) =>
		/session/.test(one),
	);
	expect(cookie).toMatch(/^__Host-session=.*Secure/);
	return cookie.split(';')[0] as string;
}

test.skipIf(!here)(
	'TLS alone: sign-in, the board, the code of the request, a stream that nobody holds back',
	async () => {
		const cookie = await signedIn();
		const board = await ask('plain', '/board', { headers: { cookie } });
		expect([board.status, board.body.includes('Анна Соколова')]).toEqual([200, true]);
		expect(board.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
		const stream = await ask('plain', '/live', { headers: { cookie }, first: true });
		expect([stream.status, String(stream.headers['content-type']).split(';')[0]]).toEqual([
			200,
			'text/event-stream',
		]);
		expect((await ask('plain', '/metrics')).status).toBe(403);
	},
);

test.skipIf(!here)('a file of more than a megabyte comes through to the import', async () => {
	const cookie = await signedIn();
	const line = 'ООО «Ромашка и партнёры по строительству»;7707083893\n';
	const file = Buffer.from(`Наименование;ИНН\n${line.repeat(20_000)}`);
	expect(file.length).toBeGreaterThan(1_500_000);
	const edge = '----edge';
	const feeds = `--${edge}\r\ncontent-disposition: form-data; name="feeds"\r\n\r\nclients\r\n`;
	const head = `${feeds}--${edge}\r\ncontent-disposition: form-data; name="file"; filename="clients.csv"\r\ncontent-type: text/csv\r\n\r\n`;
	const answer = await ask('plain', '/import', {
		method: 'POST',
		headers: {
			cookie,
			origin: PUBLIC_URL,
			'content-type': `multipart/form-data; boundary=${edge}`,
		},
		body: Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${edge}--\r\n`)]),
	});
	expect([answer.status, answer.body.slice(0, 200)]).toEqual([303, expect.anything()]);
});

test.skipIf(!here)(
	'behind oauth2-proxy: whom the portal knows is in, who is unknown sees the portal, probes pass',
	async () => {
		portalUser = '';
		const stranger = await ask('portal', '/board');
		expect([stranger.status, stranger.body]).toEqual([403, '<h1>Портал: войдите</h1>']);
		expect((await ask('portal', '/readyz')).status).toBe(200);
		portalUser = 'anna';
		// Whatever a browser makes up, nginx writes over.
		const forged = { 'x-remote-user': 'ada', 'x-remote-groups': 'admins' };
		let path = '/board';
		let cookie = '';
		let page = await ask('portal', path, { headers: forged });
		for (let step = 0; page.status === 303 && step < 5; step++) {
			path = String(page.headers.location);
			const [set = ''] = (page.headers['set-cookie'] as string[] | undefined) ?? [];
			if (set) cookie = set.split(';')[0] ?? '';
			page = await ask('portal', path, { headers: { ...forged, cookie } });
		}
		expect([page.status, path, page.body.includes('Анна Соколова')]).toEqual([200, '/board', true]);
	},
);
