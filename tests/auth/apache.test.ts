import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { freePort } from '../ports.ts';
import { readmeBlock } from '../readme.ts';
import { CLIENT_SECRET, openCompany } from './directory.ts';
import { type Page, type Web, web } from './web.ts';

/*
 * Sign-in at a proxy that nobody here wrote: Apache with mod_auth_openidc in front of us, as docs/sign-in.md
 * says to set it up. `.ci/run` installs it; where it is not, this says so and skips.
 */
const APACHE = '/usr/sbin/apache2';
const MODULES = '/usr/lib/apache2/modules';
const here = existsSync(APACHE) && existsSync(join(MODULES, 'mod_auth_openidc.so'));
if (!here)
	console.warn(
		'SKIPPED: Apache with mod_auth_openidc is not installed (tests/auth/apache.test.ts)',
	);

const database = await testDatabase();
const SECRET = 'the secret between Apache and us';
const folder = mkdtempSync(join(tmpdir(), 'moi-prodazhi-apache-'));
let apache: ChildProcess | undefined;
let front = '';
let bare = '';

const LOADED = [
	'mpm_event',
	'authn_core',
	'authz_core',
	'authz_user',
	'headers',
	'proxy',
	'proxy_http',
	'auth_openidc',
];

const config = (port: string, behind: string, issuer: string) => `
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/errors
${LOADED.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
# Fetch says that it is a script, for which Apache would answer 401 without this.
OIDCUnAuthAction auth true
${readmeBlock('apache', {
	'https://sso.example.ru/realms/company': issuer,
	'crm-proxy': 'apache',
	'the secret of the client': CLIENT_SECRET,
	'https://crm.example.ru': `http://127.0.0.1:${port}`,
	'the secret between the proxy and us': SECRET,
	'http://127.0.0.1:3000': behind,
})}
`;

beforeAll(async () => {
	if (!here) return;
	await makeCast(database.db);
	const company = await openCompany(database, { NEW_PEOPLE: 'active' });
	const served = await testApp(database, {
		now: () => new Date(),
		env: {
			...{ LOGIN_HEADER: 'X-Remote-User', NAME_HEADER: 'X-Remote-Name' },
			...{ GROUPS_HEADER: 'X-Remote-Groups', PROXY_SECRET: SECRET },
			...{ TRUSTED_PROXIES: '127.0.0.1', NEW_PEOPLE: 'mapped' },
		},
	});
	bare = await served.app.listen({ host: '127.0.0.1', port: 0 });
	const port = String(await freePort());
	front = `http://127.0.0.1:${port}`;
	company.accounts.nina = {
		...{ preferred_username: 'nina', name: 'Нина Орлова', groups: ['/all', '/heads'] },
	};
	company.clients.push({
		...{ client_id: 'apache', client_secret: CLIENT_SECRET },
		redirect_uris: [`${front}/at-the-proxy`],
	});
	company.restart(company.keys);
	await database.pool.query(`insert into group_mappings (pattern, role, team_id)
		select '/heads', 'head', id from teams where name = 'Отдел продаж'`);
	writeFileSync(join(folder, 'apache.conf'), config(port, bare, company.issuer));
	apache = spawn(APACHE, ['-DFOREGROUND', '-f', join(folder, 'apache.conf')], { stdio: 'inherit' });
	await vi.waitFor(async () => await fetch(front, { redirect: 'manual' }), { timeout: 120_000 });
});

afterAll(async () => {
	if (apache) {
		const ended = new Promise((resolve) => apache?.once('exit', resolve));
		apache.kill('SIGTERM');
		await ended;
	}
	rmSync(folder, { recursive: true, force: true });
});

async function signIn(browser: Web, path: string): Promise<Page> {
	const form = await browser.follow(`${front}${path}`);
	const action = /action="([^"]+)"/.exec(form.body)?.[1];
	if (action === undefined) throw new Error(`no form at ${form.url}: ${form.status} ${form.body}`);
	const fields = { prompt: 'login', login: 'nina', password: 'x' };
	const sent = await browser.post(new URL(action, form.url).href, fields);
	return await browser.follow(sent.location as string);
}

test.skipIf(!here)(
	'whoever Apache has signed in is in, with name, role and the page they asked for',
	async () => {
		const browser = web();
		const page = await signIn(browser, '/deals?q=печь');
		expect([page.status, new URL(page.url).pathname]).toEqual([200, '/deals']);
		expect(page.body).toContain('Нина Орлова');
		expect(page.body).toContain('Руководитель');
		expect((await browser.get(`${front}/board`)).status).toBe(200);
	},
);

test.skipIf(!here)(
	'headers that a browser makes up are Apache’s to overwrite, and ours to refuse',
	async () => {
		const forged = web({
			'x-remote-user': 'ada',
			'x-remote-groups': '/heads',
			'x-proxy-secret': 'x',
		});
		expect((await signIn(forged, '/board')).body).toContain('Нина Орлова');
		expect((await web({ 'x-remote-user': 'ada' }).get(`${bare}/board`)).status).toBe(400);
		const alike = web({ x_remote_user: 'ada' });
		expect((await alike.get(`${bare}/board`)).status).toBe(400);
		expect((await web().get(`${bare}/board`)).status).toBe(303);
	},
);
