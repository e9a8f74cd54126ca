import { sql } from 'drizzle-orm';
import type { Config } from '#src/config.ts';
import type { Way } from '#src/features/access/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { StartFault } from '#src/platform/start-fault.ts';

/** The single sign-on that is set up, if any. */
export function singleSignOn(config: Config): 'oidc' | 'header' | null {
	if (config.OIDC_ISSUER) return 'oidc';
	return config.LOGIN_HEADER ? 'header' : null;
}

/**
 * The ways to come in that the settings allow; the demo ends where any other begins. Throws StartFault where
 * there is none: a setting that was not read must not open the company.
 */
export function waysOf(config: Config): ReadonlySet<Way> {
	const single = singleSignOn(config);
	const ways: Way[] = single ? [single] : [];
	if (config.BREAK_GLASS === 'on') ways.push('password');
	if (ways.length === 0 && (demoAsked(config) || demoByItself(config))) ways.push('demo');
	if (ways.length === 0) throw new StartFault(NO_WAY_IN);
	return new Set(ways);
}

const NO_WAY_IN =
	'Не сказано, как люди входят: задайте OIDC_ISSUER или LOGIN_HEADER (единый вход компании) или BREAK_GLASS=on ' +
	'(пароль администратора из npm run break-glass). Вход без пароля открывается сам только со встроенной базой, ' +
	'на этой машине и без PUBLIC_URL; здесь его, для пробы, открывает DEMO_SIGN_IN=on.';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Whether the sign-in without a password was asked for; everybody is told so then, on the console and on each page. */
export function demoAsked({ DEMO_SIGN_IN }: Config): boolean {
	return DEMO_SIGN_IN === 'on';
}

function demoByItself({ DEMO_SIGN_IN, DATABASE_URL, HOST, PUBLIC_URL }: Config): boolean {
	return DEMO_SIGN_IN === 'auto' && DATABASE_URL === '' && PUBLIC_URL === '' && LOOPBACK.test(HOST);
}

/**
 * Holds that the demo does not open by itself where people came in by the company's directory or by a password: the
 * settings were lost then, not left out. Throws StartFault.
 */
export async function refuseLostWay(db: Sql, config: Config): Promise<void> {
	if (demoAsked(config) || !waysOf(config).has('demo')) return;
	const { rows } = await db.execute(sql`
		select where exists (select from identities) or exists (select from local_passwords)`);
	if (rows.length > 0) throw new StartFault(NO_WAY_IN);
}

/** How long sessions last. */
export type Limits = { idleHours: number; hours: number };

/** How long sessions last, as the settings say. */
export function limitsOf(config: Config): Limits {
	return { idleHours: config.SESSION_IDLE_HOURS, hours: config.SESSION_HOURS };
}
