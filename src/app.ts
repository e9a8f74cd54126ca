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
import { adminRoutes } from './features/admin/routes.ts';
import { administers } from './features/admin/sections.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { behindTls, cookieName } from './features/auth/cookies.ts';
import { everybodyRoutes } from './features/auth/everybody-routes.ts';
import { setUpFresh } from './features/auth/fresh.ts';
import { setUpGuard, setUpViewer } from './features/auth/guard.ts';
import { oidcRoutes } from './features/auth/oidc-routes.ts';
import { passwordRoutes } from './features/auth/password-routes.ts';
import { authRoutes } from './features/auth/routes.ts';
import type { Actor } from './features/auth/rules.ts';
import { sessionRoutes } from './features/auth/session-routes.ts';
import { demoAsked } from './features/auth/ways.ts';
import { dateRoutes } from './features/board/date-routes.ts';
import { boardRoutes, interestRoutes } from './features/board/routes.ts';
import { accountRoutes } from './features/calendar/account-routes.ts';
import { feedRoutes } from './features/calendar/feed-routes.ts';
import { intakeRoutes } from './features/calendar/intake-routes.ts';
import { calendarRoutes } from './features/calendar/routes.ts';
import { clientBulkRoutes } from './features/clients/bulk-routes.ts';
import { cardRoutes } from './features/clients/card-routes.ts';
import { contactRoutes } from './features/clients/contact-routes.ts';
import { clientListRoutes } from './features/clients/list-routes.ts';
import { mergeRoutes } from './features/clients/merge-routes.ts';
import { removalRoutes } from './features/clients/removal-routes.ts';
import { clientRoutes } from './features/clients/routes.ts';
import { sourceRoutes } from './features/clients/source-routes.ts';
import { tagRoutes } from './features/clients/tag-routes.ts';
import { bulkRoutes } from './features/deals/bulk-routes.ts';
import { collaboratorRoutes } from './features/deals/collaborator-routes.ts';
import { dealEntryRoutes } from './features/deals/entry-routes.ts';
import { dealListRoutes } from './features/deals/list-routes.ts';
import { dealMergeRoutes } from './features/deals/merge-routes.ts';
import { dealMoveRoutes } from './features/deals/move-routes.ts';
import { pipelineRoutes } from './features/deals/pipeline-routes.ts';
import { dealProductRoutes } from './features/deals/product-routes.ts';
import { reasonRoutes } from './features/deals/reason-routes.ts';
import { dealRemovalRoutes } from './features/deals/removal-routes.ts';
import { dealRoutes } from './features/deals/routes.ts';
import { stageRoutes } from './features/deals/stage-routes.ts';
import { doctorRoutes } from './features/doctor/routes.ts';
import { erasureRoutes } from './features/erasure/routes.ts';
import { filterRoutes } from './features/filters/routes.ts';
import { homeOf } from './features/filters/rules.ts';
import { importRoutes } from './features/imports/routes.ts';
import { agendaRoutes } from './features/interactions/agenda-routes.ts';
import { stepBulkRoutes } from './features/interactions/bulk-routes.ts';
import { editingRoutes } from './features/interactions/editing-routes.ts';
import { kindRoutes } from './features/interactions/kind-routes.ts';
import { interactionRoutes, planRoutes } from './features/interactions/routes.ts';
import { jobRoutes } from './features/jobs/routes.ts';
import { liveRoutes } from './features/live/routes.ts';
import { mailRoutes } from './features/mail/routes.ts';
import { organizationRoutes } from './features/organizations/routes.ts';
import { mappingRoutes } from './features/people/mapping-routes.ts';
import { roleRoutes } from './features/people/role-routes.ts';
import { peopleRoutes } from './features/people/routes.ts';
import { teamRoutes } from './features/people/team-routes.ts';
import { reminderRoutes } from './features/reminders/routes.ts';
import { settingsRoutes } from './features/settings/routes.ts';
import { workdayRoutes } from './features/workdays/routes.ts';
import type { Connection } from './platform/db/client.ts';
import { addDays, startOfDay } from './platform/i18n/dates.ts';
import { stampAt } from './platform/live/hub.ts';
import { setUpLive } from './platform/live/live.ts';
import { setUpOnce } from './platform/once/once.ts';
import { readAssets, serveAssets } from './platform/web/assets.ts';
import { setUpDraining } from './platform/web/draining.ts';
import { earlyAnswers } from './platform/web/early.ts';
import { setUpErrors } from './platform/web/errors.ts';
import { setUpFlash, takeToast } from './platform/web/flash.ts';
import { requestNumbers, setUpHeaders } from './platform/web/headers.ts';
import { requestLimits } from './platform/web/limits.ts';
import { logRequests, logSettings } from './platform/web/log.ts';
import { markAnswers } from './platform/web/mark.ts';
import { rememberMethods } from './platform/web/methods.ts';
import { setUpMetrics } from './platform/web/metrics.ts';
import { refuseCrossSite, refuseForeignHosts } from './platform/web/origin.ts';
import { probeRoutes } from './platform/web/probes.ts';
import { setUpViews } from './platform/web/render.ts';

const BODY_BYTES = 256 * 1024;
const COMPRESS_FROM_BYTES = 1024;
const WHOLE_REQUEST_MS = 600_000;
const HEADERS_MS = 20_000;
/** More than any company has open pages: a flood of sockets must not take the memory of all. */
const MOST_CONNECTIONS = 10_000;

export type Parts = { connection: Connection; config: Config; now?: () => Date };

/** Builds the application on an open database: the platform, then each feature; the table of contents. */
export async function buildApp({
	connection,
	config,
	now = () => new Date(),
}: Parts): Promise<FastifyInstance> {
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
		// Of a whole request, the largest file over a poor line; a form has less, see platform/web/limits.ts.
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
		administers: administers(reply.request.actorOrNull),
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
	authRoutes(app, { connection, config });
	oidcRoutes(app, { connection, config });
	passwordRoutes(app, { connection, config });
	sessionRoutes(app, { connection, config });
	everybodyRoutes(app, { connection, config });
	boardRoutes(app, { connection });
	interestRoutes(app, { connection });
	dateRoutes(app, { connection });
	clientListRoutes(app, { connection });
	clientRoutes(app, { connection });
	mergeRoutes(app, { connection });
	removalRoutes(app, { connection });
	contactRoutes(app, { connection });
	adminRoutes(app, { connection });
	auditRoutes(app, { connection });
	jobRoutes(app, { connection });
	doctorRoutes(app, { connection, config });
	erasureRoutes(app, { connection, config });
	tagRoutes(app, { connection });
	sourceRoutes(app, { connection });
	dealListRoutes(app, { connection });
	bulkRoutes(app, { connection });
	clientBulkRoutes(app, { connection });
	stepBulkRoutes(app, { connection });
	dealRoutes(app, { connection });
	dealMoveRoutes(app, { connection });
	dealMergeRoutes(app, { connection });
	dealRemovalRoutes(app, { connection });
	dealEntryRoutes(app, { connection });
	collaboratorRoutes(app, { connection });
	dealProductRoutes(app, { connection });
	pipelineRoutes(app, { connection });
	stageRoutes(app, { connection });
	organizationRoutes(app, { connection });
	workdayRoutes(app, { connection });
	reasonRoutes(app, { connection });
	filterRoutes(app, { connection });
	calendarRoutes(app, { connection });
	feedRoutes(app, { connection, config });
	accountRoutes(app, { connection, config });
	planRoutes(app, { connection });
	interactionRoutes(app, { connection });
	editingRoutes(app, { connection });
	agendaRoutes(app, { connection });
	kindRoutes(app, { connection });
	peopleRoutes(app, { connection, config });
	teamRoutes(app, { connection });
	roleRoutes(app, { connection });
	mappingRoutes(app, { connection });
	reminderRoutes(app, { connection });
	mailRoutes(app, { connection, config });
	settingsRoutes(app, { connection, config });
	// Files are for these doors alone; each says how large, see platform/web/upload.ts.
	const filesToo: FastifyPluginAsync = async (taking) => {
		await taking.register(multipart, { throwFileSizeLimit: true });
		cardRoutes(taking, { connection });
		intakeRoutes(taking, { connection });
		importRoutes(taking, { connection });
	};
	await app.register(filesToo);
	setUpLive(app, connection, config);
	liveRoutes(app, { connection, config, now });
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
