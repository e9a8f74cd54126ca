import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';
import { afterAll } from 'vitest';
import { testApp } from '../app.ts';
import type { TestDatabase } from '../database.ts';
import { freePort } from '../ports.ts';
import { type Page, type Web, web } from './web.ts';

export const CLIENT_ID = 'moi-prodazhi';
export const CLIENT_SECRET = 'a-secret-of-the-directory-000000';

type Account = Record<string, unknown>;
type Claims = Account & { sub: string };
type Tokens = { id_token?: string; access_token?: string };

/** The company's directory, a real one (oidc-provider), and the application signed up with it. */
export type Company = {
	issuer: string;
	url: string;
	/** What the directory says of people, by `sub`. */
	accounts: Record<string, Account>;
	/** The keys that the directory signs with; the first is used. */
	keys: JWK[];
	/** Who else is signed up with the directory; known after a restart. */
	clients: Record<string, unknown>[];
	/** What happens to the tokens on their way. */
	tamper: { tokens: ((tokens: Tokens) => Promise<Tokens> | Tokens) | null };
	/** Other claims than the real ones in what userinfo says. */
	userinfo: { change: ((claims: Claims) => Claims) | null };
	/** Starts the directory anew with other keys, at the same address. */
	restart: (keys: JWK[]) => void;
	/** Takes the directory away and brings it back. */
	away: (away: boolean) => void;
	/** Goes through the sign-in with a browser, up to the page it ends at. */
	signIn: (sub: string, browser?: Web, path?: string) => Promise<Page & { browser: Web }>;
	/** The same, but stops before the directory's answer is delivered. */
	answerFor: (sub: string, browser: Web, path?: string) => Promise<string>;
};

/** A key pair of the directory, private part included. */
export async function makeKey(alg = 'RS256'): Promise<JWK> {
	const { privateKey } = await generateKeyPair(alg, { extractable: true });
	const jwk = await exportJWK(privateKey);
	return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg, use: 'sig' };
}

/** Starts the directory and the application in front of a database; both end with the test file. */
export async function openCompany(
	database: TestDatabase,
	env: Record<string, string> = {},
): Promise<Company> {
	const keys = [await makeKey()];
	let handler: (...args: Parameters<ReturnType<Provider['callback']>>) => unknown = () => {};
	let isAway = false;
	const server = createServer((request, response) => {
		if (isAway) request.socket.destroy();
		else handler(request, response);
	});
	const issuer = `http://127.0.0.1:${await listen(server)}`;
	const url = `http://127.0.0.1:${await freePort()}`;
	const company: Company = {
		...{ issuer, url, keys },
		accounts: {},
		clients: [],
		tamper: { tokens: null },
		userinfo: { change: null },
		restart: (others) => {
			keys.splice(0, keys.length, ...others);
			handler = provider(company).callback();
		},
		away: (away) => {
			isAway = away;
			if (away) server.closeAllConnections();
		},
		answerFor: async (sub, browser, path = '/sign-in/oidc') => {
			const form = await browser.follow(`${url}${path}`);
			const action = /action="([^"]+)"/.exec(form.body)?.[1];
			if (action === undefined) {
				if (form.location?.startsWith(`${url}/sign-in/callback`)) return form.location;
				throw new Error(`no form of the directory at ${form.url}: ${form.body.slice(0, 300)}`);
			}
			const sent = await browser.post(new URL(action, form.url).href, {
				...{ prompt: 'login', login: sub, password: 'x' },
			});
			const back = await browser.follow(sent.location as string, (to) =>
				to.startsWith(`${url}/sign-in/callback`),
			);
			if (back.location === null) throw new Error(`no answer: ${back.body.slice(0, 300)}`);
			return back.location;
		},
		signIn: async (sub, browser = web(), path) => {
			const answer = await company.answerFor(sub, browser, path);
			return { ...(await browser.get(answer)), browser };
		},
	};
	handler = provider(company).callback();
	const { app } = await testApp(database, {
		now: () => new Date(),
		env: {
			...{ PUBLIC_URL: url, OIDC_ISSUER: issuer, OIDC_CLIENT_ID: CLIENT_ID },
			...{ OIDC_CLIENT_SECRET: CLIENT_SECRET, OIDC_SCOPE: 'openid profile email groups' },
			// The people of the tests are there before they first sign in; how an administrator links them: linking.test.ts.
			...{ SECRET_KEY: 'a key of the tests, long enough', LINK_BY_LOGIN: 'on', ...env },
		},
	});
	await app.listen({ host: '127.0.0.1', port: Number(new URL(url).port) });
	afterAll(() => {
		server.closeAllConnections();
		server.close();
	});
	return company;
}

function provider(company: Company): Provider {
	const { issuer, url, keys, accounts, clients, tamper, userinfo } = company;
	const made = new Provider(issuer, {
		clients: [
			{
				...{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET },
				redirect_uris: [`${url}/sign-in/callback`],
				post_logout_redirect_uris: [`${url}/sign-in`],
				...{ response_types: ['code'], grant_types: ['authorization_code'] },
				backchannel_logout_uri: `${url}/sign-out/directory`,
				backchannel_logout_session_required: true,
			},
			...(clients as never[]),
		],
		jwks: { keys: keys as never },
		claims: {
			...{ openid: ['sub'], profile: ['preferred_username', 'name'] },
			...{ email: ['email', 'email_verified'], groups: ['groups'] },
		},
		conformIdTokenClaims: false,
		pkce: { required: () => true },
		features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
		cookies: { keys: ['a key of the directory'] },
		// Its guard against requests into its own network would keep it from us.
		fetch: (to, options) => {
			const { dispatcher: _, ...open } = { dispatcher: null, ...options };
			return fetch(to, open);
		},
		findAccount: (_, sub) =>
			accounts[sub] && {
				accountId: sub,
				claims: () => ({ sub, ...accounts[sub] }),
			},
		loadExistingGrant: async (ctx) => {
			const grant = new ctx.oidc.provider.Grant({
				clientId: ctx.oidc.client?.clientId as string,
				accountId: ctx.oidc.session?.accountId as string,
			});
			grant.addOIDCScope('openid profile email groups');
			await grant.save();
			return grant;
		},
	});
	made.use(async (ctx, next) => {
		await next();
		if (ctx.path === '/token' && tamper.tokens !== null && ctx.status === 200)
			ctx.body = await tamper.tokens(ctx.body as Tokens);
		if (ctx.path === '/me' && userinfo.change !== null)
			ctx.body = userinfo.change(ctx.body as Claims);
	});
	return made;
}

async function listen(server: Server): Promise<number> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return (server.address() as AddressInfo).port;
}
