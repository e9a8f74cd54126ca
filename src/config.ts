import { join, resolve } from 'node:path';
import { keyFaults, mailFaults, openLineFaults, signInFaults } from './setting-faults.ts';
import { KEEPING } from './setting-keeping.ts';
import {
	headerName,
	httpUrl,
	networks,
	oneOf,
	origins,
	postgresUrl,
	secret,
	sender,
	smtpUrl,
	text,
	timeZone,
	tlsUrl,
	whole,
	wholeUrl,
	words,
} from './setting-readers.ts';
import { rawSetting } from './setting-sources.ts';

/** The folder that holds package.json, whatever folder the program is started from. */
export const ROOT = resolve(import.meta.dirname, '..');

type Setting<T> = { fallback: string; read: (text: string) => T; sentence: string };

/** Every setting there is: default, reader, and a sentence for docs/operate.md. */
export const SETTINGS = {
	HOST: { fallback: '127.0.0.1', read: text, sentence: 'Address to listen on.' },
	PORT: {
		fallback: '3000',
		read: whole(0, 65_535),
		sentence: 'Port to listen on; 0 takes a free one.',
	},
	DATABASE_URL: {
		fallback: '',
		read: postgresUrl,
		sentence: 'PostgreSQL ≥ 15 of your own; empty: the embedded server is started.',
	},
	DATABASE_DIRECT_URL: {
		fallback: '',
		read: postgresUrl,
		sentence:
			'The same database past a transaction pooler, for the connections that LISTEN; empty: DATABASE_URL.',
	},
	DATABASE_POOL: {
		fallback: '10',
		read: whole(1, 200),
		sentence: 'Connections to the database at most.',
	},
	STATEMENT_SECONDS: {
		fallback: '15',
		read: whole(0, 3_600),
		sentence: 'How long a page may wait for one answer of the database; 0: for ever.',
	},
	MIGRATE: {
		fallback: 'on',
		read: oneOf('on', 'off'),
		sentence:
			'Whether a start brings the schema up to date; off: it only looks, and `npm run migrate` does it under a role that may.',
	},
	DATA_DIR: {
		fallback: '.data',
		read: (value: string) => resolve(ROOT, value),
		sentence: 'Where the embedded server keeps its data; relative to the folder of package.json.',
	},
	PUBLIC_URL: {
		fallback: '',
		read: httpUrl,
		sentence: 'Address in the browser, if a proxy stands in front; https makes cookies Secure.',
	},
	TIME_ZONE: { fallback: 'Europe/Moscow', read: timeZone, sentence: 'Time zone of new people.' },
	LANGUAGE: { fallback: 'ru', read: oneOf('ru', 'en'), sentence: 'Language of the sign-in page.' },
	SMTP_URL: {
		fallback: '',
		read: smtpUrl,
		sentence:
			'Mail server, as smtp://user:password@host:587 or smtps://…; empty: letters are kept and shown to administrators.',
	},
	SMTP_TLS: {
		fallback: 'checked',
		read: oneOf('checked', 'unchecked', 'off'),
		sentence:
			'checked: STARTTLS with a valid certificate, always where there is a password; unchecked: any certificate; off: none.',
	},
	SMTP_INSECURE: {
		fallback: 'off',
		read: oneOf('on', 'off'),
		sentence:
			'Whether the password in SMTP_URL may go to another machine without TLS, where SMTP_TLS is off.',
	},
	MAIL_FROM: {
		fallback: '',
		read: sender,
		sentence: 'Sender of all letters, as «Мои продажи <crm@example.ru>»; needed with SMTP_URL.',
	},
	WORKER: {
		fallback: 'on',
		read: oneOf('on', 'off'),
		sentence:
			'Whether `npm start` does the jobs of the queue too; off where `npm run worker` does.',
	},
	CALDAV_URL: {
		fallback: '',
		read: wholeUrl,
		sentence:
			'Calendar server of the company (CalDAV), such as https://cal.example.ru/; empty: no synchronization.',
	},
	CALDAV_INSECURE: {
		fallback: 'off',
		read: oneOf('on', 'off'),
		sentence:
			'Whether people’s passwords may go to a CALDAV_URL of another machine over http, where anybody on the way reads them.',
	},
	SECRET_KEY: {
		fallback: '',
		read: secret,
		sentence:
			'What people’s passwords for other servers are encrypted with, 16 characters or more; empty: a file beside the embedded server’s data is made. Several instances need the same one.',
	},
	OLD_SECRET_KEY: {
		fallback: '',
		read: secret,
		sentence: 'The key until now, for `npm run rotate-key` alone, which changes it for SECRET_KEY.',
	},
	OIDC_ISSUER: {
		fallback: '',
		read: tlsUrl,
		sentence:
			'Single sign-on by OpenID Connect: the issuer, as https://sso.example.ru/realms/company; needs PUBLIC_URL.',
	},
	OIDC_ORIGINS: {
		fallback: '',
		read: origins,
		sentence:
			'Where else the issuer’s endpoints stand, as https://oauth2.example.com, https://www.example.com; no other origin is asked.',
	},
	OIDC_CLIENT_ID: { fallback: '', read: text, sentence: 'What the issuer calls this program.' },
	OIDC_CLIENT_SECRET: {
		fallback: '',
		read: text,
		sentence: 'The secret that the issuer gave; empty for a public client.',
	},
	OIDC_SCOPE: {
		fallback: 'openid profile email',
		read: text,
		sentence: 'What is asked of the issuer.',
	},
	OIDC_LOGIN_CLAIM: {
		fallback: 'preferred_username',
		read: text,
		sentence: 'Claim that holds the login; dots go into objects.',
	},
	OIDC_NAME_CLAIM: { fallback: 'name', read: text, sentence: 'Claim that holds the name.' },
	OIDC_EMAIL_CLAIM: { fallback: 'email', read: text, sentence: 'Claim that holds the address.' },
	OIDC_GROUPS_CLAIM: {
		fallback: 'groups',
		read: text,
		sentence: 'Claim that holds the groups, such as groups, roles or realm_access.roles.',
	},
	TRUSTED_PROXIES: {
		fallback: '',
		read: networks,
		sentence:
			'Addresses of the proxies in front, as 10.0.0.5, 10.1.0.0/24: only their X-Forwarded-… headers count.',
	},
	LOGIN_HEADER: {
		fallback: '',
		read: headerName,
		sentence:
			'Single sign-on at a proxy: the header with the login, as X-Remote-User; needs TRUSTED_PROXIES and PROXY_SECRET.',
	},
	NAME_HEADER: { fallback: '', read: headerName, sentence: 'Header with the name, if any.' },
	EMAIL_HEADER: { fallback: '', read: headerName, sentence: 'Header with the address, if any.' },
	GROUPS_HEADER: {
		fallback: '',
		read: headerName,
		sentence: 'Header with the groups, with commas between them, if any.',
	},
	PROXY_SECRET: {
		fallback: '',
		read: secret,
		sentence: 'What the proxy sends as X-Proxy-Secret to be believed, 16 characters or more.',
	},
	REALMS: {
		fallback: '',
		read: words,
		sentence:
			'Realms that logins lose: EXAMPLE.RU makes anna of anna@EXAMPLE.RU and EXAMPLE.RU\\anna; others stay.',
	},
	NEW_PEOPLE: {
		fallback: 'mapped',
		read: oneOf('active', 'mapped', 'waiting'),
		sentence:
			'Who signs in for the first time: mapped comes in where a group gives a role, and waits otherwise; active, waiting: always.',
	},
	LINK_BY_LOGIN: {
		fallback: 'off',
		read: oneOf('on', 'off'),
		sentence:
			'Whether the first sign-in of an unknown account takes over the person of the same login who has none yet; off: an administrator confirms it.',
	},
	BREAK_GLASS: {
		fallback: 'off',
		read: oneOf('on', 'off'),
		sentence:
			'Sign-in with a local password (npm run break-glass), for the day when the single sign-on is down.',
	},
	DEMO_SIGN_IN: {
		fallback: 'auto',
		read: oneOf('auto', 'on', 'off'),
		sentence:
			'Sign-in without a password, to look around; auto: only with the embedded server, a HOST of this machine alone and no PUBLIC_URL.',
	},
	DEMO_DEALS: {
		fallback: '500',
		read: whole(20, 5_000),
		sentence: 'How many deals the demo company has that is made in an empty embedded database.',
	},
	SESSION_IDLE_HOURS: {
		fallback: '72',
		read: whole(1, 8_760),
		sentence: 'After how many hours without a request a session ends.',
	},
	SESSION_HOURS: {
		fallback: '336',
		read: whole(1, 8_760),
		sentence: 'After how many hours a session ends in any case.',
	},
	DRAIN_SECONDS: {
		fallback: '0',
		read: whole(0, 600),
		sentence:
			'How long it still serves after SIGTERM while /readyz says 503, so that a balancer takes it out first.',
	},
	REQUESTS_PER_MINUTE: {
		fallback: '1200',
		read: whole(0, 1_000_000),
		sentence:
			'How many requests a minute one person, or one address that nobody is signed in from, may make of an instance; 0: any.',
	},
	REQUESTS_AT_ONCE: {
		fallback: '8',
		read: whole(0, 1_000),
		sentence:
			'How many requests of one person an instance works on at once while their others wait; 0: all.',
	},
	BODY_SECONDS: {
		fallback: '30',
		read: whole(1, 600),
		sentence: 'How long a form may take to arrive; files have ten minutes.',
	},
	...KEEPING,
	METRICS_FROM: {
		fallback: '127.0.0.1, ::1',
		read: networks,
		sentence: 'Addresses and networks that may read /metrics, by the address of the socket.',
	},
	LOG_LEVEL: {
		fallback: 'warn',
		read: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'silent'),
		sentence: 'What goes to the log, as JSON lines on standard output.',
	},
} as const satisfies Record<string, Setting<unknown>>;

type Settings = typeof SETTINGS;
export type Config = { [K in keyof Settings]: ReturnType<Settings[K]['read']> };

/** All faults of the settings at once, one sentence each. */
export class ConfigError extends Error {}

/**
 * Reads every setting out of `env`; `NAME_FILE` names a file that holds the value, for secrets.
 * Throws ConfigError with all faults together.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
	const faults: string[] = [];
	const entries = Object.entries(SETTINGS).map(([name, setting]) => {
		try {
			return [name, setting.read(rawSetting(env, name) ?? setting.fallback)];
		} catch (error) {
			faults.push(`${name} ${error instanceof Error ? error.message : String(error)}`);
			return [name, undefined];
		}
	});
	const config = Object.fromEntries(entries) as Config;
	for (const rule of [mailFaults, signInFaults, openLineFaults, keyFaults])
		faults.push(...rule(config));
	if (faults.length > 0) throw new ConfigError(faults.join('\n'));
	return config;
}

/** Where the migrations, templates and public files stand. */
export const FOLDERS = {
	views: join(ROOT, 'views'),
	public: join(ROOT, 'public'),
	drizzle: join(ROOT, 'drizzle'),
} as const;
