import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import Fastify, {
	type FastifyInstance,
	type FastifyPluginAsync,
	type FastifyRequest,
	LogController,
} from 'fastify';
import { type Config, FOLDERS } from './config.ts';
import type { Feature } from './feature.ts';
import { setUpGuard, setUpViewer } from './features/access/guard.ts';
import type { Actor } from './features/access/rights.ts';
import { behindTls, cookieName } from './features/access/sessions/cookies.ts';
import { setUpFresh } from './features/access/sessions/fresh-sign-in.ts';
import { demoAsked } from './features/access/sign-in/ways.ts';
import { administers } from './features/admin/sections.ts';
import { homeOf } from './features/saved-filters/rules.ts';
import { everywhereNouns, features as house } from './features.ts';
import type { Connection } from './platform/db/client.ts';
import { faultOf } from './platform/db/faults.ts';
import { showEverywhere } from './platform/history/nouns.ts';
import { readAssets, serveAssets } from './platform/http/assets.ts';
import { setUpDraining } from './platform/http/draining.ts';
import { earlyAnswers } from './platform/http/early.ts';
import { setUpErrors } from './platform/http/errors.ts';
import { requestNumbers, setUpHeaders } from './platform/http/headers.ts';
import { requestLimits } from './platform/http/limits.ts';
import { logRequests, logSettings } from './platform/http/log.ts';
import { markAnswers } from './platform/http/mark.ts';
import { rememberMethods } from './platform/http/methods.ts';
import { setUpMetrics } from './platform/http/metrics.ts';
import { refuseCrossSite, refuseForeignHosts } from './platform/http/origin.ts';
import { probeRoutes } from './platform/http/probes.ts';
import { addDays, startOfDay } from './platform/i18n/dates.ts';
import { setUpOnce } from './platform/idempotency/keys.ts';
import { stampAt } from './platform/live/hub.ts';
import { setUpLive } from './platform/live/live.ts';
import { setUpFlash, takeToast } from './platform/pages/flash.ts';
import { setUpViews } from './platform/pages/render.ts';

const BODY_BYTES = 256 * 1024;
const COMPRESS_FROM_BYTES = 1024;
const WHOLE_REQUEST_MS = 600_000;
const HEADERS_MS = 20_000;
/** More than any company has open pages: a flood of sockets must not take the memory of all. */
const MOST_CONNECTIONS = 10_000;

/** `features`: those of the house, unless told otherwise. */
export type Given = {
	connection: Connection;
	config: Config;
	now?: () => Date;
	features?: readonly Feature[];
};

/** Builds the application on an open database: the platform, then each feature; the table of contents. */
export async function buildApp({
	connection,
	config,
	now = () => new Date(),
	features = house,
}: Given): Promise<FastifyInstance> {
	const app = Fastify({
		logger: logSettings(config.LOG_LEVEL),
		// Our own line says who and which route, and no address with its secrets.
		logController: new LogController({ disableRequestLogging: true }),
		...earlyAnswers(config.LANGUAGE),
		genReqId: requestNumbers(config.TRUSTED_PROXIES),
		bodyLimit: BODY_BYTES,
		routerOptions: { maxParamLength: 200 },
		forceCloseConnections: 'idle',
		// While it closes it takes no new connections; what comes by those that are open is answered as ever.
		return503OnClosing: false,
		// Of a whole request, the largest file over a poor line; a form has less, see platform/http/limits.ts.
		requestTimeout: WHOLE_REQUEST_MS,
		http: { headersTimeout: HEADERS_MS },
		// Addresses, never how many hops: who stands in front is known by where it stands.
		trustProxy: config.TRUSTED_PROXIES.length > 0 ? [...config.TRUSTED_PROXIES] : false,
	});
	app.server.maxConnections = MOST_CONNECTIONS;
	const assets = readAssets(FOLDERS.public);

	await app.register(cookie);
	await app.register(formbody, { bodyLimit: BODY_BYTES });
	await app.register(compress, {
		threshold: COMPRESS_FROM_BYTES,
		encodings: ['gzip', 'identity'],
		zlibOptions: { level: 1 },
		// In one go: a stream and its way through the thread pool cost more than level 1 does.
		syncThreshold: 1024 * 1024,
	});
	await app.register(helmet, securityHeaders(config));
	logRequests(app);
	markAnswers(app, assets.fingerprint);
	setUpHeaders(app);
	rememberMethods(app);
	setUpDraining(app);
	setUpMetrics(app, { connection, config });
	const claimOf = (request: FastifyRequest) => request.cookies[cookieName(config)];
	setUpViewer(app, { config, now });
	const limits = requestLimits({ config, claimOf });
	limits.watch(app);
	setUpGuard(app, { connection, config });
	limits.settle(app);
	setUpFresh(app, { connection, config });
	refuseForeignHosts(app, config);
	refuseCrossSite(app, config.PUBLIC_URL);
	setUpErrors(app);
	setUpOnce(app);
	setUpFlash(app, { secure: behindTls(config), secretOf: claimOf });
	await setUpViews(app, assets, (reply) => ({
		me: reply.request.actorOrNull,
		administers: administers(features, reply.request.actorOrNull),
		homes: homesOf(reply.request.actorOrNull),
		demo: demoAsked(config),
		toast: takeToast(reply.request, reply),
		url: reply.request.url,
		// When the viewer's day ends: what is open then looks otherwise.
		midnight: startOfDay(addDays(reply.request.viewer.today, 1), reply.request.viewer.timeZone),
		// From before anything was read: what changes after this the page has to be told.
		drawn: stampAt(Date.now() - reply.elapsedTime),
	}));

	serveAssets(app, assets);
	probeRoutes(app, { connection, config });
	app.decorate(
		'pages',
		features.flatMap(({ pages = [] }) => pages),
	);
	setUpLive(app, connection, config);
	const parts = { connection, config, now, features };
	for (const { routes = [] } of features) for (const open of routes) open(app, parts);
	// Files are for these doors alone; each says how large, see platform/forms/upload.ts.
	const filesToo: FastifyPluginAsync = async (taking) => {
		await taking.register(multipart, { throwFileSizeLimit: true });
		for (const { uploads = [] } of features) for (const open of uploads) open(taking, parts);
	};
	await app.register(filesToo);
	try {
		await showEverywhere(connection.db, everywhereNouns(features));
	} catch (error) {
		// A database that is away keeps nobody from starting: the migrations know those nouns but the newest.
		if (faultOf(error) === null) throw error;
		app.log.warn({ err: error }, 'the nouns that every screen shows were not compared');
	}
	return app;
}

// Where the ways to board and deals lead: one begins where one has set to.
function homesOf(actor: Actor | null): Record<'board' | 'deals', string> {
	if (actor === null) return { board: '/board', deals: '/deals' };
	return { board: homeOf(actor, 'board'), deals: homeOf(actor, 'deals') };
}

function securityHeaders(config: Config) {
	const self = ["'self'"];
	return {
		contentSecurityPolicy: {
			useDefaults: false,
			directives: {
				defaultSrc: self,
				imgSrc: ["'self'", 'data:'],
				objectSrc: ["'none'"],
				baseUri: ["'none'"],
				formAction: self,
				frameAncestors: ["'none'"],
			},
		},
		// Plain forms go back to where they were opened, which the referrer tells; to no other site.
		referrerPolicy: { policy: 'same-origin' as const },
		xFrameOptions: { action: 'deny' as const },
		strictTransportSecurity: config.PUBLIC_URL.startsWith('https:') ? {} : false,
	};
}
