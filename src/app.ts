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
import { mappingRoutes } from '#src/features/access/groups/routes.ts';
import { setUpGuard, setUpViewer } from '#src/features/access/guard.ts';
import { peopleRoutes } from '#src/features/access/people/routes.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { roleRoutes } from '#src/features/access/roles/routes.ts';
import { behindTls, cookieName } from '#src/features/access/sessions/cookies.ts';
import { everybodyRoutes } from '#src/features/access/sessions/everybody-routes.ts';
import { setUpFresh } from '#src/features/access/sessions/fresh-sign-in.ts';
import { sessionRoutes } from '#src/features/access/sessions/routes.ts';
import { oidcRoutes } from '#src/features/access/sign-in/oidc/routes.ts';
import { passwordRoutes } from '#src/features/access/sign-in/password/routes.ts';
import { authRoutes } from '#src/features/access/sign-in/routes.ts';
import { demoAsked } from '#src/features/access/sign-in/ways.ts';
import { teamRoutes } from '#src/features/access/teams/routes.ts';
import { feedRoutes } from '#src/features/calendar/feed/routes.ts';
import { intakeRoutes } from '#src/features/calendar/intake/routes.ts';
import { calendarRoutes } from '#src/features/calendar/page/routes.ts';
import { accountRoutes } from '#src/features/calendar/sync/routes.ts';
import { clientBulkRoutes } from '#src/features/clients/bulk/routes.ts';
import { clientRoutes } from '#src/features/clients/client/routes.ts';
import { contactRoutes } from '#src/features/clients/contacts/routes.ts';
import { clientListRoutes } from '#src/features/clients/list/routes.ts';
import { mergeRoutes } from '#src/features/clients/merge/routes.ts';
import { removalRoutes } from '#src/features/clients/removal/routes.ts';
import { cardRoutes } from '#src/features/clients/vcard/routes.ts';
import { adminRoutes } from '#src/features/company/extra-fields/routes.ts';
import { organizationRoutes } from '#src/features/company/organizations/routes.ts';
import { sourceRoutes } from '#src/features/company/sources/routes.ts';
import { tagRoutes } from '#src/features/company/tags/routes.ts';
import { workdayRoutes } from '#src/features/company/work-calendar/routes.ts';
import { boardRoutes, interestRoutes } from '#src/features/deals/board/routes.ts';
import { bulkRoutes } from '#src/features/deals/bulk/routes.ts';
import { collaboratorRoutes } from '#src/features/deals/collaborators/routes.ts';
import { dateRoutes } from '#src/features/deals/dates/routes.ts';
import { dealRoutes } from '#src/features/deals/deal/routes.ts';
import { dealListRoutes } from '#src/features/deals/list/routes.ts';
import { dealMergeRoutes } from '#src/features/deals/merge/routes.ts';
import { dealMoveRoutes } from '#src/features/deals/moves/routes.ts';
import { dealEntryRoutes } from '#src/features/deals/notes/routes.ts';
import { pipelineRoutes } from '#src/features/deals/pipelines/pipeline-routes.ts';
import { stageRoutes } from '#src/features/deals/pipelines/stage-routes.ts';
import { dealProductRoutes } from '#src/features/deals/products/routes.ts';
import { reasonRoutes } from '#src/features/deals/reasons/routes.ts';
import { dealRemovalRoutes } from '#src/features/deals/removal/routes.ts';
import { agendaRoutes } from '#src/features/interactions/agenda/routes.ts';
import { stepBulkRoutes } from '#src/features/interactions/bulk/routes.ts';
import { editingRoutes } from '#src/features/interactions/interaction/editing-routes.ts';
import { interactionRoutes, planRoutes } from '#src/features/interactions/interaction/routes.ts';
import { kindRoutes } from '#src/features/interactions/kinds/routes.ts';
import { reminderRoutes } from '#src/features/interactions/reminders/routes.ts';
import { filterRoutes } from '#src/features/saved-filters/routes.ts';
import { homeOf } from '#src/features/saved-filters/rules.ts';
import { readAssets, serveAssets } from '#src/platform/http/assets.ts';
import { setUpDraining } from '#src/platform/http/draining.ts';
import { earlyAnswers } from '#src/platform/http/early.ts';
import { setUpErrors } from '#src/platform/http/errors.ts';
import { requestNumbers, setUpHeaders } from '#src/platform/http/headers.ts';
import { requestLimits } from '#src/platform/http/limits.ts';
import { logRequests, logSettings } from '#src/platform/http/log.ts';
import { markAnswers } from '#src/platform/http/mark.ts';
import { rememberMethods } from '#src/platform/http/methods.ts';
import { setUpMetrics } from '#src/platform/http/metrics.ts';
import { refuseCrossSite, refuseForeignHosts } from '#src/platform/http/origin.ts';
import { probeRoutes } from '#src/platform/http/probes.ts';
import { setUpOnce } from '#src/platform/idempotency/keys.ts';
import { setUpFlash, takeToast } from '#src/platform/pages/flash.ts';
import { setUpViews } from '#src/platform/pages/render.ts';
import { type Config, FOLDERS } from './config.ts';
import { administers } from './features/admin/sections.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { doctorRoutes } from './features/doctor/routes.ts';
import { erasureRoutes } from './features/erasure/routes.ts';
import { importRoutes } from './features/imports/routes.ts';
import { jobRoutes } from './features/jobs/routes.ts';
import { liveRoutes } from './features/live/routes.ts';
import { mailRoutes } from './features/mail/routes.ts';
import { settingsRoutes } from './features/settings/routes.ts';
import type { Connection } from './platform/db/client.ts';
import { addDays, startOfDay } from './platform/i18n/dates.ts';
import { stampAt } from './platform/live/hub.ts';
import { setUpLive } from './platform/live/live.ts';

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
	// Files are for these doors alone; each says how large, see platform/forms/upload.ts.
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
