import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/*
 * A CalDAV server of our own that answers as servers and what stands before them really do. It is no good one: each
 * switch is a way in which a public one went wrong.
 */

/** How the server answers; `fine` as RFC 4791 says. */
export const MODES = [
	...['fine', 'page', 'empty200', 'nothing204', 'redirect', 'notFoundPage', 'foreignJson'],
	...['noRows', 'noItself', 'noEtags', 'cutOff', 'tooMuch507', 'withDoctype', 'rowRefused'],
	...['missing', 'weak', 'neverMatches', 'failing'],
] as const;
export type Mode = (typeof MODES)[number];

/** What answers instead of a listing that is to be believed. */
export const UNBELIEVABLE = MODES.slice(1, 14);

export type Hostile = Awaited<ReturnType<typeof startHostile>>;

const PRINCIPAL = '/principals/anna@example.ru/';
const HOME = '/calendars/anna@example.ru/';
const OURS = `${HOME}moi-prodazhi/`;
const PAGE = '<!doctype html><html><body><form><input name="login"></form></body></html>';

/** Starts one on a free port. Paths are told apart decoded; rows are written with `@`. */
export async function startHostile() {
	const events = new Map<string, string>();
	let mode: Mode = 'fine';
	let made = false;
	/** Of these events the listing knows nothing, though they are there. */
	const hidden = new Set<string>();
	const asked: string[] = [];
	const refusing = new Set<string>();

	const state = (text: string) => {
		const bare = `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
		return mode === 'weak' ? `W/${bare}` : bare;
	};

	const multistatus = (rows: string[]) =>
		'<?xml version="1.0" encoding="utf-8"?>' +
		`<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">${rows.join('')}</d:multistatus>`;
	const row = (href: string, props: string, status = '200 OK') =>
		`<d:response><d:href>${href}</d:href><d:propstat><d:prop>${props}</d:prop>` +
		`<d:status>HTTP/1.1 ${status}</d:status></d:propstat></d:response>`;
	const gone = (href: string) =>
		`<d:response><d:href>${href}</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>`;
	const etag = (text: string) => `<d:getetag>${state(text).replaceAll('"', '&quot;')}</d:getetag>`;

	function listing(): string {
		const collection = '<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>';
		const own = mode === 'noItself' ? [] : [row(OURS, collection)];
		const shown = [...events].filter(([href]) => !hidden.has(href));
		const rows = shown.map(([href, text]) => row(href, mode === 'noEtags' ? '' : etag(text)));
		if (mode === 'noRows') return multistatus([]);
		if (mode === 'missing') return multistatus(own);
		if (mode === 'cutOff') return multistatus([...own, ...rows]).slice(0, -30);
		if (mode === 'tooMuch507')
			return multistatus([
				`<d:response><d:href>${OURS}</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>`,
			]);
		if (mode === 'rowRefused') return multistatus([...own, gone([...events.keys()][0] ?? OURS)]);
		const xml = multistatus([...own, ...rows]);
		return mode === 'withDoctype' ? xml.replace('?>', '?><!DOCTYPE x [<!ENTITY a "b">]>') : xml;
	}

	function instead(response: ServerResponse): boolean {
		const answers: Partial<Record<Mode, [number, string, string]>> = {
			page: [200, 'text/html', PAGE],
			empty200: [200, 'text/html', ''],
			nothing204: [204, 'text/plain', ''],
			redirect: [302, 'text/html', ''],
			notFoundPage: [400, 'text/html', PAGE],
			foreignJson: [200, 'application/json', '{"ok":true}'],
			failing: [502, 'text/html', PAGE],
		};
		const answer = answers[mode];
		if (!answer) return false;
		const [status, type, body] = answer;
		const to = status === 302 ? { location: '/sign-in' } : {};
		response.writeHead(status, { 'content-type': type, etag: '"page"', ...to }).end(body);
		return true;
	}

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
		const method = request.method ?? '';
		const chunks: Buffer[] = [];
		for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
		const body = Buffer.concat(chunks).toString('utf8');
		asked.push(`${method} ${path}`);
		const xml = (text: string) =>
			response.writeHead(207, { 'content-type': 'application/xml; charset=utf-8' }).end(text);
		const only = (status: number, headers: Record<string, string> = {}, text = '') =>
			response.writeHead(status, headers).end(text);
		if (instead(response)) return;
		if (method === 'MKCALENDAR') {
			made = true;
			return void only(201);
		}
		if (method === 'PROPFIND' && path.startsWith(OURS) && path !== OURS) {
			const text = events.get(path);
			return void (text === undefined ? only(404) : xml(multistatus([row(path, etag(text))])));
		}
		if (method === 'PROPFIND' && path === OURS) return void (made ? xml(listing()) : only(404));
		if (method === 'PROPFIND') return void xml(multistatus(discovered(path)));
		if (method === 'REPORT') {
			const hrefs = [...body.matchAll(/<d:href>([^<]*)<\/d:href>/g)].map(([, href = '']) =>
				decodeURIComponent(href),
			);
			return void xml(
				multistatus(
					hrefs.map((href) => {
						const text = events.get(href);
						if (text === undefined) return gone(href);
						const data = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
						return row(href, `${etag(text)}<c:calendar-data>${data}</c:calendar-data>`);
					}),
				),
			);
		}
		return void one(method, path, body, request, only);
	}

	function discovered(path: string): string[] {
		if (path === HOME) {
			const home = row(HOME, '<d:resourcetype><d:collection/></d:resourcetype>');
			const calendar =
				'<d:displayname>Мои продажи</d:displayname><d:resourcetype><d:collection/><c:calendar/></d:resourcetype>';
			return made ? [home, row(OURS, calendar)] : [home];
		}
		return [
			row(
				path,
				`<d:current-user-principal><d:href>${PRINCIPAL}</d:href></d:current-user-principal>` +
					`<c:calendar-home-set><d:href>${HOME.replace('@', '%40')}</d:href></c:calendar-home-set>`,
			),
		];
	}

	function one(
		method: string,
		path: string,
		body: string,
		{ headers }: IncomingMessage,
		only: (status: number, headers?: Record<string, string>, text?: string) => unknown,
	): unknown {
		const text = events.get(path);
		const match = headers['if-match'];
		// A strong comparison: a weak state matches nothing (RFC 9110, 13.1.1).
		const matches =
			match === undefined ||
			(text !== undefined && !match.startsWith('W/') && match === state(text) && mode !== 'weak');
		if (method === 'GET')
			return text === undefined
				? only(404)
				: only(200, { 'content-type': 'text/calendar; charset=utf-8', etag: state(text) }, text);
		if (refusing.has(path) || (mode === 'neverMatches' && text !== undefined)) return only(412);
		if (headers['if-none-match'] === '*' && text !== undefined) return only(412);
		if (!matches) return only(412);
		if (method === 'PUT') {
			events.set(path, body);
			return only(text === undefined ? 201 : 204, { etag: state(body) });
		}
		if (method === 'DELETE') {
			events.delete(path);
			return only(text === undefined ? 404 : 204);
		}
		return only(405);
	}

	const server = createServer((request, response) => {
		answer(request, response).catch((error: unknown) => {
			response.destroy(error instanceof Error ? error : undefined);
		});
	}).listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	const { port } = server.address() as AddressInfo;
	return {
		...{ url: `http://127.0.0.1:${port}/`, events, hidden, refusing, asked, OURS },
		answerAs: (next: Mode) => {
			mode = next;
		},
		stop: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
