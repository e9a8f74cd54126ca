import { isUtf8 } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { isAmong, networksOf } from '#src/platform/http/networks.ts';
import type { Claims } from './identities.ts';
import { bareLogin, isLogin } from './realms.ts';

const SECRET_HEADER = 'x-proxy-secret';
/** What the accounts of a proxy are kept under. */
export const HEADER_ISSUER = 'header';
const MOST_BYTES = 4_096;
const MOST_SHOWN = 100;

/** 400: an identity that no proxy of ours told, or told twice. */
export class ForgedIdentity extends BadRequest {
	readonly detail: string;
	constructor(detail: string) {
		super('error.forgedIdentity');
		this.detail = detail;
	}
}

/**
 * 400: whom the proxy vouches for is no login as ours are, such as the `sub@issuer` of an Apache that was not told
 * which claim to take. A fault of the setting, so it says what stands there and what to set.
 */
export class UnfitLogin extends BadRequest {
	readonly header: string;
	readonly told: string;
	constructor(header: string, login: string) {
		const told = login.slice(0, MOST_SHOWN);
		super('signIn.unfitLogin', { login: told });
		this.header = header;
		this.told = told;
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
 * an address that is none of the proxies', or without their secret; UnfitLogin where the proxy names no login. The address is the socket's: what a
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
		const told = toldHeaders(raw.rawHeaders, [...names, SECRET_HEADER], config.LOGIN_HEADER);
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
		if (!isLogin(bare)) throw new UnfitLogin(config.LOGIN_HEADER, login);
		return {
			issuer: HEADER_ISSUER,
			subject: bare,
			login: bare,
			name: value(config.NAME_HEADER) || null,
			email: value(config.EMAIL_HEADER) || null,
			groups: groupsOf(value(config.GROUPS_HEADER)),
		};
	};
}

// Not request.headers: there the second of two is joined to the first, or lost.
function toldHeaders(
	raw: readonly string[],
	names: readonly string[],
	login: string,
): Map<string, string> {
	const told = new Map<string, string>();
	for (let at = 0; at < raw.length; at += 2) {
		const name = (raw[at] ?? '').toLowerCase();
		const plain = name.replaceAll('_', '-');
		if (!names.includes(plain)) continue;
		if (name !== plain) throw new ForgedIdentity('alike');
		if (told.has(name)) throw new ForgedIdentity('doubled');
		const value = raw[at + 1] ?? '';
		if (value.length > MOST_BYTES) throw new ForgedIdentity('long');
		// Node reads bytes as Latin letters; most proxies write UTF-8, and some mean what Node reads. Of a login
		// nothing is guessed.
		const bytes = Buffer.from(value, 'latin1');
		told.set(name, name === login || isUtf8(bytes) ? bytes.toString('utf8') : value);
	}
	return told;
}

/** The beginning of a distinguished name (RFC 4514), as LDAP calls a group: its commas part no groups. */
const DN = /^(cn|ou|dc|o|uid|l|st|c)\s*=/i;
/** Where another distinguished name begins: behind a semicolon, or a comma and a name of somebody or something. */
const NEXT_DN = /;|(?<!\\),(?=\s*(?:cn|uid)\s*=)/i;

/**
 * The groups of a header, with commas or semicolons between them. Of one by a distinguished name there is
 * the name too: `CN=Sales,OU=Groups,DC=example` is also «Sales», as the table of groups would call it.
 */
function groupsOf(text: string): string[] {
	if (!DN.test(text)) return parted(text, /[,;]/);
	return parted(text, NEXT_DN).flatMap((dn) => {
		const name = /^cn\s*=\s*((?:\\.|[^\\,])+)/i.exec(dn)?.[1]?.replace(/\\(.)/g, '$1').trim();
		return name ? [dn, name] : [dn];
	});
}

const parted = (text: string, by: RegExp): string[] =>
	text.split(by).flatMap((group) => group.trim() || []);

function equal(told: string, secret: string): boolean {
	const [a, b] = [Buffer.from(told), Buffer.from(secret)];
	return secret !== '' && a.length === b.length && timingSafeEqual(a, b);
}
