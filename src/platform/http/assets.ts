import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NotFound } from '#src/platform/errors.ts';

const require = createRequire(import.meta.url);
/** Served straight out of the packages, so that there is no copy to forget in an update. */
const VENDOR = {
	'vendor/htmx.js': 'htmx.org/dist/htmx.min.js',
	'vendor/sortable.js': 'sortablejs/Sortable.min.js',
} as const;

const TYPES: Record<string, string> = {
	'.css': 'text/css; charset=utf-8',
	'.js': 'text/javascript; charset=utf-8',
	'.svg': 'image/svg+xml',
	'.png': 'image/png',
	'.webmanifest': 'application/manifest+json',
};

type Asset = { type: string; body: Buffer; br?: Promise<Buffer>; gzip?: Promise<Buffer> };

/** The public files by their path, under one fingerprint of all of them. */
export type Assets = {
	fingerprint: string;
	files: Map<string, Asset>;
	url: (path: string) => string;
};

/**
 * Reads the public folder. All files share one fingerprint in their address, so that modules can
 * import each other by relative path and everything can be cached for ever.
 */
export function readAssets(folder: string): Assets {
	const files = new Map<string, Asset>();
	for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
		const type = TYPES[extname(entry.name)];
		if (!entry.isFile() || type === undefined) continue;
		const path = join(entry.parentPath, entry.name);
		files.set(relative(folder, path), { type, body: withoutComments(path, readFileSync(path)) });
	}
	for (const [path, source] of Object.entries(VENDOR))
		files.set(path, { type: TYPES['.js'] as string, body: readFileSync(require.resolve(source)) });
	for (const path of WHOLE_SHEETS) {
		const sheet = files.get(path);
		if (sheet) sheet.body = withImports(sheet.body, files);
	}
	const hash = createHash('sha256');
	for (const path of [...files.keys()].sort())
		hash.update(path).update(files.get(path)?.body ?? '');
	const fingerprint = hash.digest('hex').slice(0, 12);
	const url = (path: string) => {
		if (!files.has(path)) throw new Error(`no public file ${path}`);
		return `/assets/${fingerprint}/${path}`;
	};
	return { fingerprint, files, url };
}

/** Sheets that import others: of every page, and of the calendar's. */
const WHOLE_SHEETS = ['css/app.css', 'css/calendar-page.css'];

/**
 * Comments and indents stay at home: a fifth of what a browser would load. Their lines stay, so that a place in a script is
 * the same here and there. A template literal over several lines could look like one: tests/house forbids them.
 */
function withoutComments(path: string, body: Buffer): Buffer {
	if (!/\.(?:js|css)$/.test(path)) return body;
	const bare = body
		.toString()
		.replace(/^[ \t]*\/\*[\s\S]*?\*\/[ \t]*$/gm, (comment) => comment.replace(/[^\n]/g, ''))
		.replace(path.endsWith('.js') ? /^[ \t]*\/\/.*$/gm : /(?!)/, '')
		.replace(/^[ \t]+/gm, '');
	return Buffer.from(bare);
}

// One request for the style instead of a chain of them; the sheets stay apart for the reader.
function withImports(sheet: Buffer, files: Map<string, Asset>): Buffer {
	const text = sheet.toString().replace(/@import "([\w-]+\.css)";/g, (_, name: string) => {
		const imported = files.get(`css/${name}`);
		if (imported === undefined) throw new Error(`a sheet imports ${name}, which is not there`);
		return imported.body.toString();
	});
	// What is written for the reader does not travel: comments, and all space but one, none beside signs that part.
	const bare = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\s+/g, ' ');
	return Buffer.from(
		bare
			.replace(/ ?([{};,]) ?/g, '$1')
			.replace(/;\}/g, '}')
			.replace(/([\w-]): /g, '$1:'),
	);
}

/** GET /assets/<fingerprint>/<path>: immutable, compressed once and remembered. */
export function serveAssets(app: FastifyInstance, assets: Assets): void {
	app.get('/assets/:fingerprint/*', { config: { access: 'public' } }, async (request, reply) => {
		const { fingerprint, '*': path } = request.params as { fingerprint: string; '*': string };
		const asset = fingerprint === assets.fingerprint ? assets.files.get(path) : undefined;
		if (asset === undefined) throw new NotFound('error.notFound');
		reply.header('cache-control', 'public, max-age=31536000, immutable').type(asset.type);
		return await send(request, reply, asset);
	});
}

async function send(request: FastifyRequest, reply: FastifyReply, asset: Asset): Promise<Buffer> {
	reply.header('vary', 'accept-encoding');
	const accepted = String(request.headers['accept-encoding'] ?? '');
	if (/\bbr\b/.test(accepted)) {
		asset.br ??= promisify(brotliCompress)(asset.body, {
			params: { [constants.BROTLI_PARAM_QUALITY]: 9 },
		});
		reply.header('content-encoding', 'br');
		return await asset.br;
	}
	if (/\bgzip\b/.test(accepted)) {
		asset.gzip ??= promisify(gzip)(asset.body, { level: 9 });
		reply.header('content-encoding', 'gzip');
		return await asset.gzip;
	}
	return asset.body;
}
