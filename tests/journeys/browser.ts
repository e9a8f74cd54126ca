import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import packaged from '@sparticuz/chromium';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ROOT } from '#src/config.ts';

const FLAGS = [
	'--headless',
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];
const SYSTEM = '/usr/bin/chromium';

/** Starts the browser: of CHROMIUM_PATH, the system's, or the one out of the npm package. */
export async function startBrowser(): Promise<Browser> {
	const executablePath =
		process.env.CHROMIUM_PATH || (existsSync(SYSTEM) ? SYSTEM : await unpacked());
	const fonts = join(dirname(executablePath), 'fonts');
	const env = { ...process.env } as Record<string, string>;
	// A bare machine has no fonts at all; the package brings some.
	if (!existsSync('/etc/fonts') && existsSync(fonts)) env.FONTCONFIG_PATH = fonts;
	return await chromium.launch({ executablePath, args: FLAGS, env });
}

// Two test files start at once: each unpacks aside, and the first to rename wins. The package's own
// place, /tmp/chromium, may hold half a browser that another program is still writing.
async function unpacked(): Promise<string> {
	const manifest = await readFile(
		join(ROOT, 'node_modules/@sparticuz/chromium/package.json'),
		'utf8',
	);
	const { version } = JSON.parse(manifest) as { version: string };
	const folder = join(tmpdir(), `moi-prodazhi-chromium-${version}-${userInfo().uid}`);
	if (!existsSync(folder)) await unpackTo(folder);
	return join(folder, 'chromium');
}

async function unpackTo(folder: string): Promise<void> {
	const before = process.env.TMPDIR;
	const aside = await mkdtemp(`${folder}.`);
	process.env.TMPDIR = aside;
	try {
		await packaged.executablePath();
	} finally {
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
	}
	await mkdir(dirname(folder), { recursive: true });
	try {
		await rename(aside, folder);
	} catch (error) {
		await rm(aside, { recursive: true, force: true });
		if (!existsSync(folder)) throw error;
	}
}

/** What went wrong in a page that nobody expected; `allow` names statuses that a test asks for. */
export type Watch = { faults: string[]; allow: (...expected: (number | 'offline')[]) => void };

/** Listens to a page for script errors, console errors (CSP reports are such) and answers from 400 up. */
export function watch(page: Page): Watch {
	const faults: string[] = [];
	const allowed = new Set<number | 'offline'>();
	page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
	page.on('console', (message) => {
		if (!['error', 'warning'].includes(message.type())) return;
		const text = message.text();
		// The browser's own note about an answer that is judged below by its status.
		if (text.startsWith('Failed to load resource')) return;
		if (allowed.has('offline') && /fetch|network|unanswered/i.test(text)) return;
		faults.push(`console ${message.type()}: ${text}`);
	});
	page.on('response', (response) => {
		const status = response.status();
		if (status >= 400 && !allowed.has(status))
			faults.push(`${status} ${response.request().method()} ${response.url()}`);
	});
	page.on('requestfailed', (request) => {
		const why = request.failure()?.errorText ?? '';
		// «csp»: scripts asked for ahead where JavaScript is off; a true CSP report stands in the console.
		if (why !== 'net::ERR_ABORTED' && why !== 'csp' && !allowed.has('offline'))
			faults.push(`${why} ${request.method()} ${request.url()}`);
	});
	return {
		faults,
		allow: (...expected) => {
			for (const one of expected) allowed.add(one);
		},
	};
}
