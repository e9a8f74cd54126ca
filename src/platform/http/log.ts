import type { FastifyInstance, FastifyRequest } from 'fastify';

const MOST_PATH = 200;
const MOST_AGENT = 120;
/** Addresses whose last part is as good as a password. */
const SECRET_PATH = /^(\/calendar\/feeds\/)[^/?]+/;

/**
 * The path as it may be written down: without what was asked behind `?`, which holds names and words of people, and
 * without the secrets that stand in paths.
 */
export function loggedPath(url: string): string {
	const path = url.split('?', 1)[0] ?? '';
	return path.replace(SECRET_PATH, '$1…').slice(0, MOST_PATH);
}

type LoggedError = { type: string; message: string; stack: string; [key: string]: unknown };

/** A failure as it may be written down: what and where, not the values that a statement was given. */
function loggedError(error: unknown): LoggedError {
	// drizzle's own message holds the statement and its parameters; its cause says what was wrong.
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	if (!(cause instanceof Error))
		return { type: typeof cause, message: String(cause).slice(0, MOST_PATH), stack: '' };
	const { code, constraint, table, column } = cause as Error & Record<string, unknown>;
	const frames = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
	return {
		...{ type: cause.name, message: (cause.message.split('\n', 1)[0] ?? '').slice(0, 500) },
		...{ code, constraint, table, column },
		stack: frames.slice(0, 20).join('\n'),
	};
}

/** How the log is written: JSON lines on standard output, in which no object of the framework is put whole. */
export function logSettings(level: string) {
	return {
		level,
		serializers: {
			err: loggedError,
			req: ({ method, url }: FastifyRequest) => ({ method, path: loggedPath(url) }),
		},
	};
}

/**
 * One line for each request when it has been answered, under the id that a failure tells the person: who, by which
 * route, how it ended and how long it took. What fails is a warning; the rest is «info».
 */
export function logRequests(app: FastifyInstance): void {
	app.addHook('onResponse', async (request, reply) => {
		const { statusCode } = reply;
		const agent = request.headers['user-agent']?.slice(0, MOST_AGENT);
		const line = {
			...{ method: request.method, route: request.routeOptions.url ?? null },
			...{ path: loggedPath(request.url), status: statusCode },
			...{ ms: Math.round(reply.elapsedTime * 10) / 10, actor: request.actorOrNull?.id ?? null },
			...{ from: request.ip, agent },
		};
		request.log[statusCode >= 500 ? 'warn' : 'info'](line, 'request');
	});
}
