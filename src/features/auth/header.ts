import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { isAmong, networksOf } from '#src/platform/web/networks.ts';
import type { Claims } from './identities.ts';
import { bareLogin, isLogin } from './realms.ts';

const SECRET_HEADER = 'x-proxy-secret';
/** What the accounts of a proxy are kept under. */
export const HEADER_ISSUER = 'header';
const MOST_BYTES = 4_096;

/** 400: an identity that no proxy of ours told, or told twice. */
export class ForgedIdentity extends BadRequest {
	readonly detail: string;
	constructor(detail: string) {
		super('error.forgedIdentity');
		this.detail = detail;
	}
}

type HeaderSettings = Pick<
	Config,
	| 'LOGIN_HEADER'
	| 'NAME_HEADER'
	| 'EMAIL_HEADER'
	| 'GROUPS_HEADER'
	| 'TRUSTED_PROXIES'
	| 'PROXY_SECRET'
	| 'REALMS'
>;

/**
 * What reads whom the proxy in front vouches for; null where it vouches for nobody. It throws
 * ForgedIdentity where any header of identity comes twice, by a look-alike name (`X_Remote_User`), from
 * an address that is none of the proxies', or without their secret. The address is the socket's: what a
 * header says of addresses is as good as the header.
 */
export function headerReader(config: HeaderSettings): (request: FastifyRequest) => Claims | null {
	const names = [
		config.LOGIN_HEADER,
		config.NAME_HEADER,
		config.EMAIL_HEADER,
		config.GROUPS_HEADER,
	].filter(Boolean);
	const proxies = networksOf(config.TRUSTED_PROXIES);
	return ({ raw }) => {
		const told = toldHeaders(raw.rawHeaders, [...names, SECRET_HEADER]);
		const identity = names.filter((name) => told.has(name));
		if (identity.length === 0) return null;
		if (!isAmong(proxies, raw.socket.remoteAddress)) throw new ForgedIdentity('address');
		if (!equal(told.get(SECRET_HEADER) ?? '', config.PROXY_SECRET))
			throw new ForgedIdentity('secret');
		// What Apache writes where there is nothing.
		const value = (name: string) => (told.get(name) ?? '').trim().replace(/^\(null\)$/, '');
		const login = value(config.LOGIN_HEADER);
		// Nobody is signed in at the proxy.
		if (login === '') return null;
		const bare = bareLogin(login, config.REALMS);
		if (!isLogin(bare)) throw new ForgedIdentity('login');
		return {
			issuer: HEADER_ISSUER,
			subject: bare,
			login: bare,
			name: value(config.NAME_HEADER) || null,
			email: value(config.EMAIL_HEADER) || null,
			groups: value(config.GROUPS_HEADER)
				.split(',')
				.map((group) => group.trim())
				.filter(Boolean),
		};
	};
}

// Not request.headers: there the second of two is joined to the first, or lost.
function toldHeaders(raw: readonly string[], names: readonly string[]): Map<string, string> {
	const told = new Map<string, string>();
	for (let at = 0; at < raw.length; at += 2) {
		const name = (raw[at] ?? '').toLowerCase();
		const plain = name.replaceAll('_', '-');
		if (!names.includes(plain)) continue;
		if (name !== plain) throw new ForgedIdentity('alike');
		if (told.has(name)) throw new ForgedIdentity('doubled');
		const value = raw[at + 1] ?? '';
		if (value.length > MOST_BYTES) throw new ForgedIdentity('long');
		// Node reads bytes as Latin letters; proxies write UTF-8.
		told.set(name, Buffer.from(value, 'latin1').toString('utf8'));
	}
	return told;
}

function equal(told: string, secret: string): boolean {
	const [a, b] = [Buffer.from(told), Buffer.from(secret)];
	return secret !== '' && a.length === b.length && timingSafeEqual(a, b);
}
