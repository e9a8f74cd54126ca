import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { TooOften, TooSlow } from '#src/platform/errors.ts';
import { buckets, countedAddress, recent, turns } from './rate.ts';

declare module 'fastify' {
	interface FastifyRequest {
		/** Ends this request's turn once it is answered; null where it has none. */
		turn: { answered: () => void } | null;
	}
}

/** Files and probes are free: they cost nothing, and whoever looks after the program must be answered. */
const FREE = new Set(['/assets/:fingerprint/*', '/healthz', '/readyz', '/metrics']);
/** It lasts for hours and costs nothing meanwhile. */
const STREAM = '/live';
const WAITING_EACH = 8;
/** A reader who has gone leaves work behind: it holds the turn until it is done, or for so long. */
const ABANDONED_MS = 60_000;

type Parts = {
	config: Pick<Config, 'REQUESTS_PER_MINUTE' | 'REQUESTS_AT_ONCE' | 'BODY_SECONDS'>;
	/** The session that the browser claims to be in. */
	claimOf: (request: FastifyRequest) => string | undefined;
	now?: () => number;
};

/**
 * Holds back whoever asks too much, before anything is asked of the database: so many requests a minute for each person
 * and for each address that nobody has signed in from, and so many at once for each person, while the others of theirs
 * wait for their turn. Kept by each instance for itself. `watch` goes before the guard, `settle` behind it.
 */
export function requestLimits({ config, claimOf, now = () => performance.now() }: Parts) {
	const { REQUESTS_PER_MINUTE: aMinute, REQUESTS_AT_ONCE: atOnce } = config;
	const rate = aMinute > 0 ? buckets(aMinute, now) : null;
	const lines = atOnce > 0 ? turns(atOnce, WAITING_EACH) : null;
	/** Whom a session was found to belong to: only these are counted as persons. */
	const people = recent<string>();
	const addressOf = ({ ip }: FastifyRequest) => `address ${countedAddress(ip)}`;

	function watch(app: FastifyInstance): void {
		app.decorateRequest('turn', null);
		app.addHook('onRequest', (request, reply, done) => {
			const { url = '' } = request.routeOptions;
			if (FREE.has(url)) return done();
			cutSlowBody(request, reply, config.BODY_SECONDS * 1_000);
			const claim = claimOf(request);
			const person = claim === undefined ? undefined : people.get(claim);
			const seconds = rate?.take(person ?? addressOf(request)) ?? 0;
			if (seconds > 0) return done(new TooOften(seconds));
			if (claim === undefined || lines === null || url === STREAM) return done();
			const key = person ?? claim;
			const begun = () => {
				if (!reply.raw.destroyed) {
					request.turn = turnOf(reply, () => lines.leave(key));
					return done();
				}
				// Who went while they waited wants no answer any more.
				lines.leave(key);
				done(new TooOften(1));
			};
			if (!lines.take(key, begun)) done(new TooOften(1));
		});
		app.addHook('onSend', (request, _reply, payload, done) => {
			request.turn?.answered();
			done(null, payload);
		});
	}

	function settle(app: FastifyInstance): void {
		app.addHook('onRequest', (request, _reply, done) => {
			const claim = claimOf(request);
			if (claim === undefined || FREE.has(request.routeOptions.url ?? '')) return done();
			const known = people.get(claim);
			const actor = request.actorOrNull;
			if (actor === null) people.forget(claim);
			else {
				const person = `person ${actor.id}`;
				people.set(claim, person);
				if (known === undefined) {
					rate?.giveBack(addressOf(request));
					rate?.take(person);
				}
			}
			done();
		});
	}

	return { watch, settle };
}

// A turn ends when the answer is on its way and its reader has it, or is gone.
function turnOf({ raw }: FastifyReply, leave: () => void): { answered: () => void } {
	let answered = false;
	let closed = false;
	let left = false;
	const leaveOnce = () => {
		if (!left) leave();
		left = true;
	};
	raw.once('close', () => {
		closed = true;
		if (answered) leaveOnce();
		else setTimeout(leaveOnce, ABANDONED_MS).unref();
	});
	return {
		answered: () => {
			answered = true;
			if (closed) leaveOnce();
		},
	};
}

// Files take the time that they take: the server's own limit holds for them, see app.ts.
function cutSlowBody(request: FastifyRequest, reply: FastifyReply, ms: number): void {
	if (request.method === 'GET' || request.method === 'HEAD') return;
	const timer = setTimeout(() => {
		if (request.raw.complete) return;
		if (reply.sent) request.raw.destroy();
		else if (!request.headers['content-type']?.startsWith('multipart/'))
			reply.header('connection', 'close').send(new TooSlow());
	}, ms).unref();
	request.raw.once('end', () => clearTimeout(timer));
	request.raw.once('close', () => clearTimeout(timer));
}
