import { describe, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { waysOf } from '#src/features/access/sign-in/ways.ts';
import { strangeSettings } from '#src/strange-settings.ts';
import { signIn, testApp } from '../app.ts';
import { makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { startProgram } from '../platform/program.ts';

const database = await testDatabase();
const SENTENCE =
	/^Не сказано, как люди входят.*OIDC_ISSUER.*LOGIN_HEADER.*BREAK_GLASS.*DEMO_SIGN_IN/;

describe('the sign-in without a password', () => {
	test.each([
		['nothing at all', {}],
		['another loopback address', { HOST: '127.0.0.2' }],
		['localhost', { HOST: 'localhost' }],
		['a wish for it, anywhere', { HOST: '0.0.0.0', DEMO_SIGN_IN: 'on' }],
		['a wish for it, on an own database', { DATABASE_URL: 'postgres://x/y', DEMO_SIGN_IN: 'on' }],
		['a wish for it, behind a proxy', { PUBLIC_URL: 'https://crm.example', DEMO_SIGN_IN: 'on' }],
	])('opens with %s', (_title, env) => {
		expect([...waysOf(readConfig(env))]).toEqual(['demo']);
	});

	test.each([
		['an own database', { DATABASE_URL: 'postgres://x/y' }],
		['all addresses', { HOST: '0.0.0.0' }],
		['an address of the network', { HOST: '192.0.2.2' }],
		['a name that only begins like this machine’s', { HOST: '127.0.0.1.example.ru' }],
		['a public address', { PUBLIC_URL: 'https://crm.example' }],
		['a refusal', { DEMO_SIGN_IN: 'off' }],
	])('stays closed with %s, and no way in ends the start', (_title, env) => {
		expect(() => waysOf(readConfig(env))).toThrow(SENTENCE);
	});

	test.each([
		{ BREAK_GLASS: 'on' },
		{
			...{ OIDC_ISSUER: 'https://sso.example', OIDC_CLIENT_ID: 'crm' },
			PUBLIC_URL: 'https://crm.example',
		},
		{ LOGIN_HEADER: 'X-User', TRUSTED_PROXIES: '10.0.0.1', PROXY_SECRET: 'x'.repeat(16) },
	])('and another way in exclude each other', (env) => {
		expect(() => readConfig({ ...env, DEMO_SIGN_IN: 'on' })).toThrow(
			/DEMO_SIGN_IN=on и .* исключают/,
		);
	});

	test('a real start without a way in ends with one sentence before anything is touched', async () => {
		const env = { DATABASE_URL: database.url, DEMO_SIGN_IN: '', OIDC_ISUER: 'https://sso.example' };
		const program = startProgram('start', { env });
		expect((await program.ended).code).toBe(1);
		expect(program.complaints().trim()).toMatch(SENTENCE);
		expect(program.complaints()).not.toContain('    at ');
		expect(program.text()).toContain(
			'настройки OIDC_ISUER нет, она ничего не значит; есть OIDC_ISSUER',
		);
		expect(program.text()).not.toContain('База данных');
	});

	test('one that was asked for is told on the console and on every page, and only then', async () => {
		await makeCast(database.db);
		const program = startProgram('start', { env: { DATABASE_URL: database.url, WORKER: 'off' } });
		const address = await program.ready;
		expect(program.text()).toContain('Внимание: DEMO_SIGN_IN=on');
		expect(await (await fetch(`${address}/sign-in`)).text()).toContain('class="demo-open"');
		await program.kill('SIGTERM');
		const asked = await testApp(database, { env: { HOST: '0.0.0.0', DEMO_SIGN_IN: 'on' } });
		const quiet = await testApp(database);
		for (const url of ['/board', '/clients', '/settings', '/nowhere']) {
			expect((await (await signIn(asked, 'anna')).get(url)).body).toContain('class="demo-open"');
			expect((await (await signIn(quiet, 'anna')).get(url)).body).not.toContain('demo-open');
		}
	});
});

test('names that look like settings and are none are told with the nearest one', () => {
	const told = strangeSettings({
		...{ PROT: '1', HOTS: 'x', OIDC_ISUER: 'x', GROUP_HEADER: 'x', SMTP_PASSWORD: 'x', REALM: 'x' },
		...{ SECRET_KEY_FIEL: 'x', oidc_issuer: 'x', DATABSE_URL: 'x', SESSION_HUORS: '1' },
		...{ HOST: 'x', PORT: '1', OIDC_CLIENT_SECRET_FILE: '/x', SECRET_KEY_FILE: '/x' },
		...{
			HOME: '/',
			PATH: '/',
			LANG: 'ru',
			TZ: 'UTC',
			PWD: '/',
			USER: 'x',
			HOSTNAME: 'x',
			NODE_ENV: 'x',
		},
		...{ DATABASE_PORT: 'tcp://x', DATABASE_PORT_5432_TCP_ADDR: 'x', DATABASE_SERVICE_HOST: 'x' },
	});
	expect(told.map((line) => /настройки (\S+) нет.*; есть (\S+)$/.exec(line)?.slice(1))).toEqual([
		['DATABSE_URL', 'DATABASE_URL'],
		['GROUP_HEADER', 'GROUPS_HEADER'],
		['HOTS', 'HOST'],
		['OIDC_ISUER', 'OIDC_ISSUER'],
		['PROT', 'PORT'],
		['REALM', 'REALMS'],
		['SECRET_KEY_FIEL', 'SECRET_KEY'],
		['SESSION_HUORS', 'SESSION_HOURS'],
		['SMTP_PASSWORD', expect.stringMatching(/^(SMTP|DATABASE)_/)],
		['oidc_issuer', 'OIDC_ISSUER'],
	]);
});
