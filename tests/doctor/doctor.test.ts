import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { examine } from '#src/features/doctor/checkup.ts';
import type { Check, Finding } from '#src/features/doctor/finding.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { signIn, testApp } from '../app.ts';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { openPostOffice } from '../mail/post-office.ts';
import { startProgram } from '../platform/program.ts';

/* What the program stands on, looked at one by one: right, wrong with what to do, or not set up. */

const database = await testDatabase();
const served = await testApp(database);
const SECRET = 'the secret of this client';

/** A server that stands for several: its answers hang on the path. */
type Said = { status: number; body: string; headers?: Record<string, string> };
async function peer(answer: (request: IncomingMessage, origin: string) => Said): Promise<string> {
	const server = createServer((request, response) => {
		request.resume();
		request.on('end', () => {
			const { status, body, headers = {} } = answer(request, origin);
			response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	afterAll(() => server.close());
	return origin;
}

const PORTAL = {
	status: 200,
	body: '<h1>Портал: войдите</h1>',
	headers: { 'content-type': 'text/html' },
};

/** An issuer that knows one secret. */
const issuer = await peer(({ url, headers }, origin) => {
	if (url === '/.well-known/openid-configuration')
		return {
			status: 200,
			body: JSON.stringify({ issuer: origin, token_endpoint: `${origin}/token` }),
		};
	const proof = Buffer.from((headers.authorization ?? '').slice(6), 'base64').toString();
	const known = proof.endsWith(`:${encodeURIComponent(SECRET)}`);
	return {
		status: known ? 400 : 401,
		body: JSON.stringify({ error: known ? 'invalid_grant' : 'invalid_client' }),
	};
});
const portal = await peer(() => PORTAL);
const calendar = await peer(() => ({ status: 401, body: '' }));

beforeAll(async () => {
	await makeCompany(database.db);
});

async function found(
	check: Check,
	env: Record<string, string>,
	more: Record<string, string> = {},
): Promise<Finding> {
	const config = readConfig(env);
	const patient = {
		config,
		connection: database,
		url: database.url,
		directUrl: database.url,
		env: more,
	};
	const findings = await examine(patient);
	return findings.find((one) => one.check === check) as Finding;
}
const told = ({ said }: Finding) => translate('ru', said.key, said.args);

test('a fresh database is right: schema by its files, rights, clock, live changes', async () => {
	for (const check of [
		'database',
		'schema',
		'rights',
		'listening',
		'connections',
		'clock',
		'settings',
	] as const)
		expect([check, (await found(check, {})).state]).toEqual([check, 'good']);
	for (const check of [
		'mail',
		'calendar',
		'address',
		'directory',
		'clientSecret',
		'key',
		'pooler',
	] as const)
		expect([check, (await found(check, {})).state]).toEqual([check, 'off']);
});

test('a hole in the migrations is told by its name', async () => {
	const { pool } = database;
	const { rows } = await pool.query(
		`delete from drizzle.__drizzle_migrations where id = (select min(id) + 1 from drizzle.__drizzle_migrations) returning *`,
	);
	const schema = await found('schema', {});
	await pool.query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [
		...[rows[0].hash, rows[0].created_at],
	]);
	expect([schema.state, told(schema)]).toEqual(['bad', expect.stringContaining('0001_tables')]);
});

describe('the sign-in', () => {
	const oidc = (OIDC_ISSUER: string, OIDC_CLIENT_SECRET = SECRET) => ({
		...{ OIDC_ISSUER, OIDC_CLIENT_SECRET, OIDC_CLIENT_ID: 'crm', PUBLIC_URL: portal },
	});
	test('an issuer that describes itself, and takes the secret', async () => {
		expect((await found('directory', oidc(issuer))).state).toBe('good');
		expect((await found('clientSecret', oidc(issuer))).state).toBe('good');
	});
	test('another secret is told by the names of its settings', async () => {
		const secret = await found('clientSecret', oidc(issuer, 'another secret'));
		expect(told(secret)).toBe(
			'служба входа отвечает 401 invalid_client: проверьте OIDC_CLIENT_ID и OIDC_CLIENT_SECRET',
		);
	});
	test('a page of a portal is no issuer, and nobody there is told with its address', async () => {
		const page = await found('directory', oidc(portal));
		expect([page.state, told(page)]).toEqual(['bad', expect.stringContaining('отвечает 200')]);
		const nobody = await found('directory', oidc('http://127.0.0.1:9'));
		expect([nobody.state, told(nobody)]).toEqual(['bad', expect.stringContaining('127.0.0.1:9')]);
	});
	test('without any way but the demo it says what to set', async () => {
		expect((await found('signIn', {})).state).toBe('bad');
		expect((await found('signIn', oidc(issuer))).state).toBe('good');
	});
});

test('a mail server that lets nobody in says so, without the password', async () => {
	const office = await openPostOffice();
	onTestFinished(() => office.close());
	const MAIL_FROM = 'crm@example.ru';
	const open = { SMTP_URL: `smtp://127.0.0.1:${office.port}`, SMTP_TLS: 'off', MAIL_FROM };
	expect((await found('mail', open)).state).toBe('good');
	const guarded = await openPostOffice({
		...{ disabledCommands: ['STARTTLS'], authOptional: false, allowInsecureAuth: true },
		onAuth: (_auth, _session, done) => done(new Error('very-secret is wrong')),
	});
	onTestFinished(() => guarded.close());
	const closed = { ...open, SMTP_URL: `smtp://crm:very-secret@127.0.0.1:${guarded.port}` };
	const mail = await found('mail', closed);
	expect(mail.state).toBe('bad');
	expect(told(mail)).not.toContain('very-secret');
});

test('a calendar server answers 401; a page of a portal does not pass for one', async () => {
	expect((await found('calendar', { CALDAV_URL: `${calendar}/dav/` })).state).toBe('good');
	expect((await found('calendar', { CALDAV_URL: portal })).state).toBe('bad');
});

test('the address in the browser has to lead to this very program', async () => {
	const address = await served.app.listen({ host: '127.0.0.1', port: 0 });
	expect((await found('address', { PUBLIC_URL: address })).state).toBe('good');
	const foreign = await found('address', { PUBLIC_URL: portal });
	expect([foreign.state, told(foreign)]).toEqual(['bad', expect.stringContaining('(ответ 200)')]);
});

test('a name that is no setting is told with the nearest one', async () => {
	const settings = await found('settings', {}, { OIDC_ISUER: 'https://sso.example.ru' });
	expect([settings.state, told(settings)]).toEqual([
		'bad',
		expect.stringContaining('OIDC_ISSUER?'),
	]);
});

test('the page asks other servers when it is told to, and not at each look', async () => {
	let asked = 0;
	const counted = await peer(() => {
		asked += 1;
		return { status: 401, body: '' };
	});
	const env = { CALDAV_URL: `${counted}/dav/` };
	const ada = await signIn(await testApp(database, { env }), 'ada');
	const look = await ada.get('/admin/doctor');
	expect([look.statusCode, look.body.includes('id="check-schema"')]).toEqual([200, true]);
	expect(look.body).not.toContain('id="check-calendar"');
	expect(look.body).toContain('name="servers"');
	expect(asked).toBe(0);
	const told = await ada.get('/admin/doctor?servers=1');
	expect(told.body).toContain('id="check-calendar"');
	expect(asked).toBe(1);
});

test('administrators have it as a page, nobody else', async () => {
	const ada = await signIn(served, 'ada');
	const page = await ada.get('/admin/doctor');
	expect(page.statusCode).toBe(200);
	expect(page.body).toContain('Состояние установки');
	expect(page.body).toContain('id="check-schema"');
	const anna = await signIn(served, 'anna');
	expect((await anna.get('/admin/doctor')).statusCode).toBe(403);
});

test('the command tells a line each, and ends with 1 where something is wrong', async () => {
	const env = {
		DATABASE_URL: database.url,
		CALDAV_URL: portal,
		SECRET_KEY: 'a key of sixteen letters',
	};
	const doctor = startProgram('doctor', { env });
	expect((await doctor.ended).code).toBe(1);
	expect(doctor.text()).toMatch(/^✓ Схема: миграций \d+, все применены$/m);
	expect(doctor.text()).toMatch(/^✗ Календарь: .* отвечает 200/m);
	expect(doctor.text()).toMatch(/^· Почта: SMTP_URL не задан/m);
});
