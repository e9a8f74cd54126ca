import type { FastifyReply } from 'fastify';
import type { Config } from '#src/config.ts';

/** Whether browsers reach us over TLS. */
export const behindTls = (config: Config) => config.PUBLIC_URL.startsWith('https:');

/** `__Host-` binds the cookie to this host, but browsers take it only over TLS. */
export function cookieName(config: Config): string {
	return behindTls(config) ? '__Host-session' : 'session';
}

/** Gives the browser the session's secret, out of the reach of scripts and of other sites. */
export function setSessionCookie(
	reply: FastifyReply,
	config: Config,
	secret: string,
	expires: Date,
): void {
	reply.setCookie(cookieName(config), secret, {
		path: '/',
		httpOnly: true,
		sameSite: 'lax',
		secure: behindTls(config),
		expires,
	});
}

/** Takes the session's cookie away. A browser keeps one with `__Host-` unless it is told as it was set. */
export function clearSessionCookie(reply: FastifyReply, config: Config): void {
	reply.clearCookie(cookieName(config), {
		path: '/',
		httpOnly: true,
		sameSite: 'lax',
		secure: behindTls(config),
	});
}
