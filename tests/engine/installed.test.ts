import { spawn } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { databaseUrl, statement } from '../global-setup.ts';

/*
 * What an administrator installs: the production packages alone, started by the Node of the machine, and the files of the
 * image under another owner in a folder that nobody may write. Where packages cannot be fetched, this says so and skips.
 */
const PATIENCE_MS = 600_000;
const NOBODY = 65_534;

let folder = '';
let installed = false;

type Run = { code: number | null; text: string };

/** A command of the system's own, without what npm puts in front of the path here. */
function run(
	command: string,
	args: string[],
	cwd: string,
	env: Record<string, string>,
	uid?: number,
) {
	const path = (process.env.PATH ?? '').split(':').filter((one) => !one.includes('node_modules'));
	const child = spawn(command, args, {
		cwd,
		env: { PATH: path.join(':'), HOME: folder, ...env },
		stdio: ['ignore', 'pipe', 'pipe'],
		...(uid !== undefined && { uid, gid: uid }),
	});
	let text = '';
	const ended = new Promise<Run>((resolve) =>
		child.once('close', (code) => resolve({ code, text })),
	);
	const ready = new Promise<string>((resolve) => {
		for (const stream of [child.stdout, child.stderr])
			stream.on('data', (chunk: Buffer) => {
				text += chunk.toString();
				const address = /Готово: (\S+)/.exec(text)?.[1];
				if (address) resolve(address);
			});
	});
	onTestFinished(() => void child.kill('SIGKILL'));
	return {
		ended,
		ready: Promise.race([ready, ended.then(({ text }) => text)]),
		end: () => child.kill('SIGTERM'),
	};
}

/** The files that the Dockerfile copies, as it names them. */
async function copied(): Promise<string[]> {
	const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
	return [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, names = '']) =>
		names.split(' '),
	);
}

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-installed-'));
	await chmod(folder, 0o755);
	for (const name of await copied())
		await cp(join(ROOT, name), join(folder, name), { recursive: true });
	const npm = spawn('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline'], {
		cwd: folder,
		stdio: 'ignore',
		env: { ...process.env, NODE_ENV: 'production' },
	});
	const code = await new Promise((resolve) => npm.once('close', resolve));
	installed = code === 0;
	if (!installed) console.warn('NOT TESTED: the production packages could not be fetched');
}, PATIENCE_MS);

afterAll(async () => {
	await rm(folder, { recursive: true, force: true });
});

async function ownDatabase(): Promise<string> {
	const { url } = inject('server');
	const name = `test_installed_${process.pid}_${Date.now()}`;
	await statement(url, `create database ${name} template template0`);
	onTestFinished(() => statement(url, `drop database ${name} with (force)`));
	return databaseUrl(url, name);
}

test('npm start of a production install brings Node 24 with it, and no compiler', {
	timeout: PATIENCE_MS,
}, async ({ skip }) => {
	if (!installed) return skip('no packages');
	const env = {
		DATABASE_URL: await ownDatabase(),
		DEMO_SIGN_IN: 'on',
		PORT: '0',
		HOST: '127.0.0.1',
	};
	const program = run('npm', ['start'], folder, { ...env, NODE_ENV: 'production' });
	const address = await program.ready;
	expect(address).toMatch(/^http:/);
	expect((await fetch(`${address}/healthz`)).status).toBe(200);
	program.end();
	await program.ended;
	const packages = await readdir(join(folder, 'node_modules'));
	expect(
		packages.filter((name) => ['vitest', 'playwright-core', '@biomejs'].includes(name)),
	).toEqual([]);
});

// The image has a Node of its own and another owner of the files; nothing in /app can be written.
test('the image’s files start under another owner in a folder that is read alone', {
	timeout: PATIENCE_MS,
}, async ({ skip }) => {
	if (!installed || process.getuid?.() !== 0) return skip('no packages, or not root');
	const env = {
		...{ NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0', DATABASE_URL: await ownDatabase() },
		...{
			OIDC_ISSUER: 'https://sso.example.ru',
			OIDC_CLIENT_ID: 'crm',
			PUBLIC_URL: 'https://crm.example.ru',
		},
	};
	// A copy of its own: where this Node stands, nobody may be able to enter.
	const node = join(folder, 'node');
	await cp(process.execPath, node);
	const without = run(node, ['src/commands/start.ts'], folder, env, NOBODY);
	const said = await without.ended;
	expect([said.code, said.text]).toEqual([1, expect.stringContaining('SECRET_KEY нужен')]);
	expect(said.text).not.toMatch(/^\s+at /m);

	const program = run(
		node,
		['src/commands/start.ts'],
		folder,
		{ ...env, SECRET_KEY: 'a key of sixteen letters' },
		NOBODY,
	);
	const address = await program.ready;
	expect(address).toMatch(/^http:/);
	program.end();
	await program.ended;
	const place = await mkdtemp(join(tmpdir(), 'moi-prodazhi-copies-'));
	onTestFinished(() => rm(place, { recursive: true, force: true }));
	await chmod(place, 0o777);
	const file = join(place, 'crm.backup');
	const backup = run(
		node,
		['src/commands/backup.ts', file],
		folder,
		env.DATABASE_URL ? { DATABASE_URL: env.DATABASE_URL } : {},
		NOBODY,
	);
	expect((await backup.ended).code).toBe(0);
	expect((await readdir(place)).length).toBe(1);
});
