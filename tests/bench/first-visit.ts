import { gzipSync } from 'node:zlib';

type Got = { headers: Record<string, unknown>; text: string; wire: number };

/** Bytes as they come compressed, and files that a browser may not keep for ever or that came bare. */
export type FirstVisit = {
	js: number;
	css: number;
	all: number;
	notKept: string[];
	notCompressed: string[];
};

/** Gets what a browser gets on its first visit to a page: the page itself, then its scripts and styles. */
export async function weighFirstVisit(
	page: { text: string; wire: number },
	get: (path: string) => Promise<Got>,
): Promise<FirstVisit> {
	const weight: FirstVisit = { js: 0, css: 0, all: page.wire, notKept: [], notCompressed: [] };
	const found = page.text.matchAll(/(?:href|src)="(\/assets\/[^"#]+)/g);
	for (const path of new Set(Array.from(found, (match) => match[1] as string))) {
		const { headers, text, wire } = await get(path);
		weight.all += wire;
		if (path.endsWith('.js')) weight.js += wire;
		if (path.endsWith('.css')) weight.css += wire;
		if (!String(headers['cache-control']).includes('immutable')) weight.notKept.push(path);
		const gained = Buffer.byteLength(text) - gzipSync(text).length;
		if (headers['content-encoding'] === undefined && gained > 200) weight.notCompressed.push(path);
	}
	return weight;
}
