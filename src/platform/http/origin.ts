import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadRequest, Forbidden } from '#src/platform/errors.ts';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses changes that another site sends with this person's cookie. Every browser of the last
 * years says where a request comes from (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/);
 * older ones send Origin. A client that sends neither is not a browser and carries nobody's cookie.
 */
export function refuseCrossSite(app: FastifyInstance, publicUrl: string): void {
	app.addHook('onRequest', async (request) => {
		if (!READING.has(request.method) && !isOurs(request, publicUrl))
			throw new Forbidden('error.crossSite');
	});
}

function isOurs(request: FastifyRequest, publicUrl: string): boolean {
	const site = request.headers['sec-fetch-site'];
	if (site !== undefined) return site === 'same-origin' || site === 'none';
	const { origin } = request.headers;
	if (origin === undefined) return true;
	const own = publicUrl
		? new URL(publicUrl).origin
		: `${request.protocol}://${request.headers.host}`;
	return origin === own;
}

/**
 * Refuses requests for another host's name. Without this a page on any site could, by giving its name
 * this machine's address (DNS rebinding), talk to a local instance as if it were its own. Names of this
 * machine and bare addresses cannot be given away like that; any other name is PUBLIC_URL's, and where that is set a bare
 * address is good for this machine itself and for figures alone. Probes tell nothing that could be taken: a balancer asks
 * by whatever name it has for an instance, or by none. Two names are none: who stands in front may have read the other.
 */
export function refuseForeignHosts(
	app: FastifyInstance,
	config: { HOST: string; PUBLIC_URL: string },
): void {
	const known = new Set(['localhost', config.HOST.toLowerCase()]);
	if (config.PUBLIC_URL) known.add(new URL(config.PUBLIC_URL).hostname.toLowerCase());
	app.addHook('onRequest', async (request) => {
		const { config: route, url } = request.routeOptions;
		if (route.probe) return;
		const name = request.hostname.toLowerCase();
		const bare = name.replace(/^\[|\]$/g, '');
		const open = !config.PUBLIC_URL || url === '/metrics' || /^(127\.|::1$)/.test(bare);
		const good = known.has(name) || (isIP(bare) !== 0 && open);
		if (!good || hostsIn(request.raw.rawHeaders) > 1)
			throw new BadRequest('error.foreignHost', { host: name.slice(0, 100) });
	});
}

// Node joins headers that come twice, or leaves the second out: only here both are seen.
function hostsIn(raw: string[]): number {
	return raw.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length;
}

/** A path of this application to go back to, or the fallback: never another host. */
export function localPath(path: string | undefined, fallback: string): string {
	if (path === undefined || !/^\/(?![/\\])[^\\\s]*$/.test(path)) return fallback;
	const { host, pathname, search } = new URL(path, 'http://here');
	// Dots may resolve to two slashes, which a browser takes for a host: /..//evil.example.
	return host === 'here' && !pathname.startsWith('//') ? pathname + search : fallback;
}
