import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder that holds package.json, whatever folder the program is started from. */
export const ROOT = resolve(import.meta.dirname, '..');

type Setting<T> = { fallback: string; read: (text: string) => T; sentence: string };

const text = (value: string) => value;
const whole = (min: number, max: number) => (value: string) => {
	const number = Number(value);
	if (!/^\d+$/.test(value) || number < min || number > max)
		throw new Error(`должно быть целым числом от ${min} до ${max}, а не «${value}»`);
	return number;
};
const oneOf =
	<const T extends readonly string[]>(...values: T) =>
	(value: string): T[number] => {
		if (!values.includes(value)) throw new Error(`должно быть одним из: ${values.join(', ')}`);
		return value;
	};
const timeZone = (value: string) => {
	try {
		new Intl.DateTimeFormat('ru', { timeZone: value });
		return value;
	} catch {
		throw new Error(`не знает часового пояса «${value}»: нужен такой, как Europe/Moscow`);
	}
};
const httpUrl = (value: string) => {
	if (value && !/^https?:\/\/[^/]+\/?$/.test(value))
		throw new Error('должен быть адресом вида https://crm.example.ru');
	return value.replace(/\/$/, '');
};
const wholeUrl = (value: string) => {
	if (value && !/^https?:\/\/[^\s@]+$/.test(value))
		throw new Error('должен быть адресом вида https://cal.example.ru/dav/, без имени и пароля');
	return value;
};
const secret = (value: string) => {
	if (value && value.length < 16) throw new Error('должен быть не короче 16 знаков');
	return value;
};
const postgresUrl = (value: string) => {
	if (value && !/^postgres(ql)?:\/\//.test(value))
		throw new Error('должен начинаться с postgres://');
	return value;
};
const smtpUrl = (value: string) => {
	const known = value === '' || (/^smtps?:\/\/[^/?#]+$/.test(value) && URL.canParse(value));
	// Never the value itself: it holds the password.
	if (!known || (value && !new URL(value).hostname))
		throw new Error('должен быть адресом вида smtp://имя:пароль@сервер:587');
	return value;
};
const sender = (value: string) => {
	if (value && !/^(?:[^<>"\r\n]*<)?[^\s<>@",;]+@[^\s<>@",;]+>?$/.test(value))
		throw new Error('должен быть адресом вида «Мои продажи <crm@example.ru>»');
	return value;
};

/** Every setting there is: default, reader, and a sentence for the README. */
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
	SECRET_KEY: {
		fallback: '',
		read: secret,
		sentence:
			'What people’s passwords for other servers are encrypted with, 16 characters or more; empty: a file beside the embedded server’s data is made. Several instances need the same one.',
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
	if (config.SMTP_URL && config.MAIL_FROM === '')
		faults.push('MAIL_FROM нужен вместе с SMTP_URL: от чьего имени уходят письма');
	if (faults.length > 0) throw new ConfigError(faults.join('\n'));
	return config;
}

function rawSetting(env: Record<string, string | undefined>, name: string): string | undefined {
	const file = env[`${name}_FILE`];
	const value = file ? readFileSync(file, 'utf8').trim() : env[name];
	return value === '' ? undefined : value;
}

/** Where the migrations, templates and public files stand. */
export const FOLDERS = {
	views: join(ROOT, 'views'),
	public: join(ROOT, 'public'),
	drizzle: join(ROOT, 'drizzle'),
} as const;
