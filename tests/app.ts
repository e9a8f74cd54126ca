import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyContextConfig, FastifyInstance, InjectOptions } from 'fastify';
import { afterAll } from 'vitest';
import { buildApp } from '#src/app.ts';
import { readConfig } from '#src/config.ts';
import type { Feature } from '#src/feature.ts';
import { type Login, NOW } from './cast.ts';
import type { TestDatabase } from './database.ts';

/** A line of the route table, as the application registered it. */
export type Route = { method: string; url: string; config: FastifyContextConfig };
export type TestApp = { app: FastifyInstance; routes: Route[]; database: TestDatabase };

/** `features`: others than those of the house. */
type Setting = {
	now?: () => Date;
	env?: Record<string, string>;
	features?: readonly Feature[];
};

/** The application on a test database, at a moment that stands still unless told otherwise. */
export async function testApp(
	database: TestDatabase,
	{ now = () => NOW, env = {}, features }: Setting = {},
): Promise<TestApp> {
	const routes: Route[] = [];
	// The application makes its own Fastify; Node's channel tells of it before the first route is there.
	const watch = (message: unknown) => {
		(message as { fastify: FastifyInstance }).fastify.addHook('onRoute', (route) => {
			for (const method of [route.method].flat())
				routes.push({ method, url: route.url, config: route.config ?? {} });
		});
	};
	subscribe('fastify.initialization', watch);
	const quiet = { LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent' };
	// A test asks more within a minute than a person does; how much that may be has tests of its own.
	const config = readConfig({ ...quiet, REQUESTS_PER_MINUTE: '0', ...env });
	const app = await buildApp({
		...{ connection: database, config, now },
		...(features && { features }),
	});
	unsubscribe('fastify.initialization', watch);
	await app.ready();
	afterAll(() => app.close());
	return { app, routes, database };
}

/** An answer of the application. */
export type Answer = Awaited<ReturnType<FastifyInstance['inject']>>;
export type Fields = Record<string, string | number | null | undefined>;
type Headers = Record<string, string>;

/** A person at their browser: everything they do carries their session. */
export type Browser = {
	cookie: string;
	get: (url: string, headers?: Headers) => Promise<Answer>;
	/** A plain form, as without JavaScript. */
	post: (url: string, fields: Fields, headers?: Headers) => Promise<Answer>;
	/** A program that speaks JSON. */
	json: (url: string, body: unknown) => Promise<Answer>;
	/** htmx on a page: a form with `fields`, a fetched fragment without. */
	htmx: (page: string, url: string, fields?: Fields, headers?: Headers) => Promise<Answer>;
};

/** Signs a person in by the form, as a browser does. */
export async function signIn({ app }: TestApp, login: Login): Promise<Browser> {
	const answer = await send(app, {
		method: 'POST',
		url: '/sign-in',
		payload: encoded({ login }),
		headers: FORM,
	});
	const cookie = answer.cookies.find(({ name }) => name.endsWith('session'));
	if (cookie === undefined) throw new Error(`${login} could not sign in: ${answer.statusCode}`);
	return browser(app, `${cookie.name}=${cookie.value}`);
}

/** A browser with this cookie, or with none. */
export function browser(app: FastifyInstance, cookie = ''): Browser {
	const own = cookie ? { cookie } : {};
	return {
		cookie,
		get: (url, headers) => send(app, { method: 'GET', url, headers: { ...own, ...headers } }),
		post: (url, fields, headers) =>
			send(app, {
				method: 'POST',
				url,
				payload: encoded(fields),
				headers: { ...FORM, ...own, ...headers },
			}),
		json: (url, body) =>
			send(app, {
				method: 'POST',
				url,
				payload: JSON.stringify(body),
				headers: { 'content-type': 'application/json', ...own },
			}),
		htmx: (page, url, fields, headers) =>
			send(app, {
				method: fields ? 'POST' : 'GET',
				url,
				...(fields ? { payload: encoded(fields) } : {}),
				headers: {
					...(fields ? FORM : {}),
					...own,
					'hx-request': 'true',
					'hx-current-url': `http://localhost${page}`,
					...headers,
				},
			}),
	};
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const send = (app: FastifyInstance, options: InjectOptions): Promise<Answer> => app.inject(options);

function encoded(fields: Fields): string {
	const body = new URLSearchParams();
	for (const [name, value] of Object.entries(fields))
		if (value !== undefined && value !== null) body.set(name, String(value));
	return body.toString();
}
