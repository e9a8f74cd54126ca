import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * A calendar server that nobody here wrote: Radicale (Debian: apt-get install radicale; .ci/run brings it).
 */
const RADICALE = process.env.RADICALE_PATH ?? '/usr/bin/radicale';

/** Whether there is no Radicale here; says so loudly. */
export const noRadicale = !existsSync(RADICALE);
if (noRadicale)
	console.warn(
		'SKIPPED: radicale is not installed, calendars are not synchronized with a real server',
	);

export type Radicale = { url: string; folder: string; stop: () => Promise<void> };

/** Starts a server on a free port with these logins and passwords. */
export async function startRadicale(users: Record<string, string>): Promise<Radicale> {
	const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-radicale-'));
	const port = await freePort();
	const passwords = Object.entries(users).map(([login, password]) => `${login}:${password}\n`);
	await writeFile(join(folder, 'users'), passwords.join(''));
	await writeFile(
		join(folder, 'config'),
		`[server]\nhosts = 127.0.0.1:${port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = ${folder}/users\n` +
			`htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = ${folder}/collections\n[rights]\ntype = owner_only\n`,
	);
	const server = spawn(RADICALE, ['--config', join(folder, 'config')], { stdio: 'ignore' });
	const url = `http://127.0.0.1:${port}/`;
	await answering(url, server);
	return {
		url,
		folder,
		stop: async () => {
			const ended = new Promise((resolve) => server.once('exit', resolve));
			server.kill();
			await ended;
			await rm(folder, { recursive: true, force: true });
		},
	};
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => probe.once('listening', resolve));
	const { port } = probe.address() as { port: number };
	await new Promise((resolve) => probe.close(resolve));
	return port;
}

async function answering(url: string, server: ChildProcess): Promise<void> {
	for (let tries = 0; tries < 200; tries += 1) {
		if (server.exitCode !== null) throw new Error(`radicale ended with ${server.exitCode}`);
		if (
			await fetch(url).then(
				(answer) => answer.status < 500,
				() => false,
			)
		)
			return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error('radicale does not answer');
}
