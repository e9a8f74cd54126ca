import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import * as client from 'openid-client';
import type { Config } from '#src/config.ts';
import type { Claims } from '#src/features/access/sign-in/identities.ts';
import { fenced } from '#src/platform/outgoing/fence.ts';
import { OutgoingRefused } from '#src/platform/outgoing/refused.ts';
import { claimsOf } from './claims.ts';

const TIMEOUT_SECONDS = 10;
const MOST_AHEAD_SECONDS = 60;
const METADATA_MS = 300_000;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Nothing that a shared secret signs, and nothing unsigned. */
const ALGORITHMS = [
	'RS256',
	'RS384',
	'RS512',
	'PS256',
	'PS384',
	'PS512',
	'ES256',
	'ES384',
	'ES512',
];

/** What a browser keeps between leaving for the directory and coming back. */
export type Pending = { state: string; nonce: string; verifier: string };

/** What the directory said at the end: who it is, and its own session. */
export type Told = {
	claims: Claims;
	sid: string | undefined;
	idToken: string;
	/** When the person proved there who they are, where it says so. */
	provenAt: Date | undefined;
};

/** The directory said no, or something that cannot be believed. `detail` is for the history, not for the page. */
export class NotBelieved extends Error {}

/** The directory does not answer. */
export class DirectoryAway extends Error {}

/** The claim that says the login is missing: the directory is not set up for us. */
export class NoLogin extends Error {}

/** Whose sessions the directory wants ended. */
export type Logout = {
	issuer: string;
	jti: string;
	subject: string | undefined;
	sid: string | undefined;
	expiresAt: Date;
};

export type Directory = {
	/** Where to send a browser, and what it has to keep; `again`: the person has to prove anew who they are. */
	begin: (again?: boolean) => Promise<{ url: string; pending: Pending }>;
	/** Reads what a browser came back with. Throws NotBelieved, NoLogin, DirectoryAway. */
	finish: (search: string, pending: Pending) => Promise<Told>;
	/** Where to sign out there too; null where the directory knows no such place or is away. */
	leave: (idToken: string | null) => Promise<string | null>;
	/** Reads a logout token. Throws NotBelieved, DirectoryAway. */
	readLogout: (token: string, now: Date) => Promise<Logout>;
};

/** The company's directory by OpenID Connect: code flow with PKCE, state and nonce. */
export function openDirectory(config: Config): Directory {
	const known = metadataOf(config);
	const redirectUri = `${config.PUBLIC_URL}/sign-in/callback`;
	return {
		begin: async (again = false) => {
			const verifier = client.randomPKCECodeVerifier();
			const pending = { state: client.randomState(), nonce: client.randomNonce(), verifier };
			const url = client.buildAuthorizationUrl(await known.get(), {
				redirect_uri: redirectUri,
				scope: config.OIDC_SCOPE,
				response_type: 'code',
				state: pending.state,
				nonce: pending.nonce,
				code_challenge: await client.calculatePKCECodeChallenge(verifier),
				code_challenge_method: 'S256',
				...(again && { prompt: 'login', max_age: '0' }),
			});
			return { url: url.href, pending };
		},
		finish: async (search, pending) => {
			// A configuration of its own for each sign-in: the keys are asked for anew, so that they may
			// change at any moment.
			const own = settled(config, (await known.get()).serverMetadata());
			const url = new URL(`${redirectUri}${search}`);
			return await judged(async () => await exchange(config, own, url, pending));
		},
		leave: async (idToken) => {
			const configuration = await known.get().catch(() => null);
			if (!configuration?.serverMetadata().end_session_endpoint) return null;
			return client.buildEndSessionUrl(configuration, {
				post_logout_redirect_uri: `${config.PUBLIC_URL}/sign-in`,
				...(idToken ? { id_token_hint: idToken } : {}),
			}).href;
		},
		readLogout: async (token, now) => {
			const { issuer, jwks_uri } = (await known.get()).serverMetadata();
			if (jwks_uri === undefined) throw new NotBelieved('no keys');
			return await judged(
				async () => await readLogout(config, token, known.keys(jwks_uri), issuer, now),
			);
		},
	};
}

function settled(config: Config, server: client.ServerMetadata): client.Configuration {
	const secret = config.OIDC_CLIENT_SECRET;
	const posts = server.token_endpoint_auth_methods_supported?.includes('client_secret_post');
	const basic = server.token_endpoint_auth_methods_supported?.includes('client_secret_basic');
	const proof =
		basic || !posts ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
	const configuration = new client.Configuration(
		server,
		config.OIDC_CLIENT_ID,
		undefined,
		secret ? proof : client.None(),
	);
	configuration.timeout = TIMEOUT_SECONDS;
	configuration[client.customFetch] = sendOf(config);
	// Without this the library trusts the connection and leaves the token's signature alone.
	client.enableNonRepudiationChecks(configuration);
	if (config.OIDC_ISSUER.startsWith('http:')) client.allowInsecureRequests(configuration);
	return configuration;
}

// Addresses out of the directory's description are believed only where the settings name their origins.
const fenceOf = ({ OIDC_ISSUER, OIDC_ORIGINS }: Config) =>
	fenced({ allowed: [OIDC_ISSUER, ...OIDC_ORIGINS], inner: true });

function sendOf(config: Config): client.CustomFetch {
	const send = fenceOf(config);
	return async (url, { body, signal, ...init }) =>
		await send(url, { ...init, body: body ?? null, ...(signal && { signal }) });
}

/** The directory's own description, asked for every few minutes; its keys for logout tokens. */
function metadataOf(config: Config) {
	let kept: { until: number; found: Promise<client.Configuration> } | null = null;
	let keys: { from: string; set: ReturnType<typeof createRemoteJWKSet> } | null = null;
	const insecure = config.OIDC_ISSUER.startsWith('http:');
	const discover = async () => {
		const found = await client
			.discovery(new URL(config.OIDC_ISSUER), config.OIDC_CLIENT_ID, undefined, undefined, {
				timeout: TIMEOUT_SECONDS,
				[client.customFetch]: sendOf(config),
				execute: insecure ? [client.allowInsecureRequests] : [],
			})
			.catch((error: unknown) => {
				throw new DirectoryAway(`no description: ${answerIn(error)}check OIDC_ISSUER`, {
					cause: error,
				});
			});
		return settled(config, found.serverMetadata());
	};
	return {
		get: async () => {
			if (kept === null || kept.until < Date.now())
				kept = { until: Date.now() + METADATA_MS, found: discover() };
			const { found } = kept;
			return await found.catch((error: unknown) => {
				if (kept?.found === found) kept = null;
				throw error;
			});
		},
		keys: (from: string) => {
			// A key that it does not know makes it look again, once a second at most.
			const options = { cooldownDuration: 1_000, [customFetch]: fenceOf(config) };
			if (keys?.from !== from) keys = { from, set: createRemoteJWKSet(new URL(from), options) };
			return keys.set;
		},
	};
}

async function exchange(
	config: Config,
	configuration: client.Configuration,
	url: URL,
	{ state, nonce, verifier }: Pending,
): Promise<Told> {
	const tokens = await client.authorizationCodeGrant(configuration, url, {
		expectedState: state,
		expectedNonce: nonce,
		pkceCodeVerifier: verifier,
		idTokenExpected: true,
	});
	const token = tokens.claims();
	if (token === undefined || !tokens.id_token) throw new NotBelieved('no token');
	const { iss: issuer, sub: subject } = token;
	// The library looks at the end of a token alone.
	const ahead = Math.round(token.iat - Date.now() / 1_000);
	if (ahead > MOST_AHEAD_SECONDS)
		throw new NotBelieved(`from the future: by ${ahead} s, set the clocks by NTP`);
	if (!subject) throw new NotBelieved('no subject');
	if (isOdd(subject) || isOdd(issuer) || isOdd(token.sid)) throw new NotBelieved('odd subject');
	const inToken = claimsOf(config, token);
	const server = configuration.serverMetadata();
	const whole = inToken.login && inToken.name && inToken.email && inToken.groups;
	const more =
		!whole && server.userinfo_endpoint
			? claimsOf(config, await client.fetchUserInfo(configuration, tokens.access_token, subject))
			: null;
	const login = inToken.login ?? more?.login;
	if (!login) throw new NoLogin(config.OIDC_LOGIN_CLAIM);
	return {
		claims: {
			...{ issuer, subject, login },
			name: inToken.name ?? more?.name ?? null,
			email: inToken.email ?? more?.email ?? null,
			groups: inToken.groups ?? more?.groups ?? [],
		},
		sid: typeof token.sid === 'string' ? token.sid : undefined,
		idToken: tokens.id_token,
		provenAt: typeof token.auth_time === 'number' ? new Date(token.auth_time * 1_000) : undefined,
	};
}

// No directory has control characters in what it calls somebody, and no database keeps all of them.
const isOdd = (claim: unknown) => typeof claim === 'string' && /\p{Cc}/u.test(claim);

async function readLogout(
	config: Config,
	token: string,
	keys: ReturnType<typeof createRemoteJWKSet>,
	issuer: string,
	now: Date,
): Promise<Logout> {
	const { payload, protectedHeader } = await jwtVerify(token, keys, {
		...{ issuer, audience: config.OIDC_CLIENT_ID, algorithms: ALGORITHMS, currentDate: now },
		...{ clockTolerance: 30, maxTokenAge: '5m', requiredClaims: ['iat', 'exp', 'jti'] },
	});
	const { jti, sub, sid, exp, nonce, events } = payload;
	const typ = protectedHeader.typ?.toLowerCase() ?? 'logout+jwt';
	if (!/^(application\/)?(logout\+)?jwt$/.test(typ)) throw new NotBelieved('type');
	if (nonce !== undefined) throw new NotBelieved('nonce');
	const happened = (events ?? {}) as Record<string, unknown>;
	if (typeof happened !== 'object' || typeof happened[LOGOUT_EVENT] !== 'object')
		throw new NotBelieved('no logout event');
	if (typeof jti !== 'string' || (sid !== undefined && typeof sid !== 'string'))
		throw new NotBelieved('claims');
	if (isOdd(jti) || isOdd(sub) || isOdd(sid)) throw new NotBelieved('odd claims');
	if (sub === undefined && sid === undefined) throw new NotBelieved('nobody');
	return { issuer, jti, subject: sub, sid, expiresAt: new Date((exp ?? 0) * 1_000 + 60_000) };
}

/** Tells a directory that is away from one that says something that cannot be believed. */
async function judged<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		if (error instanceof NotBelieved || error instanceof NoLogin) throw error;
		if (isAway(error)) throw new DirectoryAway(`no answer: ${answerIn(error)}`, { cause: error });
		const told = `${answerIn(error)}${causesOf(error).join(' · ')}`;
		throw new NotBelieved(told.slice(0, 300), { cause: error });
	}
}

// Which address answered what, and which setting that is about: for those who look after the sign-in.
function answerIn(error: unknown): string {
	for (let at = error; at instanceof Error; at = at.cause) {
		const { response, cause } = at as Error & { response?: unknown; cause?: unknown };
		const answer = [response, cause].find((one) => one instanceof Response);
		if (answer === undefined) continue;
		const { status, url } = answer;
		const unknown = status === 401 || /invalid_client/.test(at.message);
		const place = `${url.split('?')[0]} answered ${status}, `;
		return unknown ? `${place}check OIDC_CLIENT_ID and OIDC_CLIENT_SECRET · ` : place;
	}
	return '';
}

function isAway(error: unknown): boolean {
	for (let at = error; at instanceof Error; at = at.cause) {
		const { code = '', name } = at as Error & { code?: string };
		if (name === 'TimeoutError' || (at instanceof OutgoingRefused && at.why === 'slow'))
			return true;
		if (/TIMEOUT$|^ECONN|^ENOTFOUND|^EAI_AGAIN/.test(code)) return true;
		const { cause } = at as { cause?: unknown };
		if (cause instanceof Response && cause.status >= 500) return true;
	}
	return false;
}

function causesOf(error: unknown): string[] {
	const told: string[] = [];
	for (let at = error; at instanceof Error; at = at.cause) {
		const { code, message } = at as Error & { code?: string };
		told.push(code ? `${code}: ${message}` : message);
	}
	return told;
}
