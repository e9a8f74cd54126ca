import type { Config } from './config.ts';
import { isHere } from './setting-readers.ts';

/** What is wrong with settings that are each right by themselves; a sentence for each fault. */

/** A mail server without a sender. */
export function mailFaults({ SMTP_URL, MAIL_FROM }: Config): string[] {
	return SMTP_URL && MAIL_FROM === ''
		? ['MAIL_FROM нужен вместе с SMTP_URL: от чьего имени уходят письма']
		: [];
}

/** Ways to sign in that are set up by halves, or shut each other out. */
export function signInFaults(config: Config): string[] {
	const faults: string[] = [];
	const needs = (name: keyof Config, ...others: (keyof Config)[]) => {
		for (const other of others)
			if (String(config[name] ?? '') !== '' && String(config[other] ?? '') === '')
				faults.push(`${name} нужно вместе с ${other}`);
	};
	needs('OIDC_ISSUER', 'OIDC_CLIENT_ID', 'PUBLIC_URL');
	needs('OIDC_CLIENT_ID', 'OIDC_ISSUER');
	needs('LOGIN_HEADER', 'TRUSTED_PROXIES', 'PROXY_SECRET');
	needs('PROXY_SECRET', 'LOGIN_HEADER');
	for (const name of ['NAME_HEADER', 'EMAIL_HEADER', 'GROUPS_HEADER'] as const)
		needs(name, 'LOGIN_HEADER');
	if (config.OIDC_ISSUER && config.LOGIN_HEADER)
		faults.push('OIDC_ISSUER и LOGIN_HEADER исключают друг друга: единый вход один');
	for (const way of ['OIDC_ISSUER', 'LOGIN_HEADER', 'BREAK_GLASS'] as const)
		if (config.DEMO_SIGN_IN === 'on' && !['', 'off'].includes(config[way]))
			faults.push(
				`DEMO_SIGN_IN=on и ${way} исключают друг друга: вход без пароля только для пробы`,
			);
	if (config.SESSION_IDLE_HOURS > config.SESSION_HOURS)
		faults.push('SESSION_IDLE_HOURS не может быть больше, чем SESSION_HOURS');
	return faults;
}

/** Passwords that anybody on the way could read: never by a slip. */
export function openLineFaults(config: Config): string[] {
	const faults: string[] = [];
	const { CALDAV_URL = '', SMTP_URL = '' } = config;
	if (CALDAV_URL.startsWith('http:') && config.CALDAV_INSECURE === 'off' && !isHere(CALDAV_URL))
		faults.push(
			'CALDAV_URL по http отдаст пароли людей открытым текстом: нужен https (или CALDAV_INSECURE=on)',
		);
	const open = SMTP_URL.startsWith('smtp:') && config.SMTP_TLS === 'off' && !isHere(SMTP_URL);
	if (open && new URL(SMTP_URL).password !== '' && config.SMTP_INSECURE === 'off')
		faults.push(
			'SMTP_TLS=off отдаст пароль из SMTP_URL открытым текстом: включите TLS (или SMTP_INSECURE=on)',
		);
	return faults;
}

/** A key that each instance would make for itself, and each new container anew. */
export function keyFaults({ DATABASE_URL, SECRET_KEY, OIDC_ISSUER, CALDAV_URL }: Config): string[] {
	const sealing = OIDC_ISSUER ? 'OIDC_ISSUER' : CALDAV_URL ? 'CALDAV_URL' : '';
	return DATABASE_URL && sealing && SECRET_KEY === ''
		? [
				`SECRET_KEY нужен вместе с DATABASE_URL и ${sealing}: длинный случайный текст, один на все экземпляры (openssl rand -base64 32)`,
			]
		: [];
}
