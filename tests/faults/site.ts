import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
// Numbers and days come as the program reads them.
import '#src/platform/db/client.ts';
import { readLock } from '#src/platform/embedded/postmaster.ts';
import { openPostOffice, type PostOffice } from '../mail/post-office.ts';
import {
	killServer,
	type Program,
	postmasterOf,
	removeFolder,
	scratchFolder,
	startProgram,
} from '../platform/program.ts';
import { freePort } from '../ports.ts';

const SMALL_DISK = '400m';
const QUESTION_MS = 3_000;
/** Short, so that a server that stands still is seen within a test. */
const STATEMENT_SECONDS = '3';

/** The program with its own server and a post office, at one address however often it is started again. */
export type Site = {
	dataDir: string;
	address: string;
	office: PostOffice;
	program: () => Program;
	/** Starts the program, and waits until it says that it is ready. */
	start: () => Promise<void>;
	/** Everything that all its processes have written to their log. */
	log: () => string;
	/** Asks the server itself, past the program, by a connection that is kept for its administrator. */
	ask: <T extends pg.QueryResultRow>(sql: string, args?: unknown[]) => Promise<T[]>;
	/** How to connect as the program does. */
	asProgram: () => Promise<pg.ClientConfig>;
	end: () => Promise<void>;
};

/** What the crew and the oracles need to know of where they are. */
export type Place = Pick<Site, 'address' | 'ask'>;

/** Whether the data can stand on a disk of its own that is small enough to be filled. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mounts();

function mounts(): boolean {
	try {
		// In a namespace of its own: it is gone with the command.
		execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/tmp'], { stdio: 'ignore' });
		return true;
	} catch {
		return false;
	}
}

/** Makes the site, on a small disk of its own where that is possible; it starts with a demo company. */
export async function openSite(): Promise<Site> {
	const dataDir = await scratchFolder();
	if (canMount) mount('-t', 'tmpfs', '-o', `size=${SMALL_DISK},mode=755`, 'tmpfs', dataDir);
	const office = await openPostOffice();
	const port = await freePort();
	const programs: Program[] = [];
	const env = {
		...{ DATA_DIR: dataDir, PORT: String(port), STATEMENT_SECONDS, REQUESTS_PER_MINUTE: '0' },
		// A crew of one person stands for many people.
		REQUESTS_AT_ONCE: '0',
		...{ SMTP_URL: `smtp://127.0.0.1:${office.port}`, MAIL_FROM: 'crm@shop.example' },
	};
	const login = async (user: string) => ({
		...{ host: '127.0.0.1', port: (await readLock(join(dataDir, 'postgres/data')))?.port ?? 0 },
		...{ user, database: 'moi_prodazhi', connectionTimeoutMillis: QUESTION_MS },
		password: await readFile(join(dataDir, 'postgres/password'), 'utf8'),
	});
	const program = () => programs.at(-1) as Program;
	const site: Site = {
		...{ dataDir, office, program, address: `http://127.0.0.1:${port}` },
		log: () => programs.map((one) => one.text()).join(''),
		async start() {
			programs.push(startProgram('start', { env, lasting: true }));
			await program().ready;
		},
		async ask<T extends pg.QueryResultRow>(sql: string, args: unknown[] = []) {
			const client = new pg.Client({ ...(await login('postgres')), query_timeout: QUESTION_MS });
			client.on('error', () => {});
			try {
				await client.connect();
				return (await client.query<T>(sql, args)).rows;
			} finally {
				// Of a server that stands still nobody takes leave.
				void client.end().catch(() => {});
			}
		},
		asProgram: () => login('moi_prodazhi'),
		async end() {
			for (const one of programs) await one.kill('SIGKILL');
			if ((await postmasterOf(dataDir)) !== null) await killServer(dataDir);
			if (canMount) execFileSync('umount', ['-l', dataDir]);
			await removeFolder(dataDir);
		},
	};
	return site;
}

const mount = (...words: string[]) => execFileSync('mount', words);
