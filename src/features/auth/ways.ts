import type { Config } from '#src/config.ts';
import type { Way } from './tables.ts';

/** The single sign-on that is set up, if any. */
export function singleSignOn(config: Config): 'oidc' | 'header' | null {
	if (config.OIDC_ISSUER) return 'oidc';
	return config.LOGIN_HEADER ? 'header' : null;
}

/** The ways to come in that the settings allow; the demo ends where any other begins. */
export function waysOf(config: Config): ReadonlySet<Way> {
	const single = singleSignOn(config);
	const ways: Way[] = single ? [single] : [];
	if (config.BREAK_GLASS === 'on') ways.push('password');
	return new Set(ways.length > 0 ? ways : ['demo']);
}

/** How long sessions last. */
export type Limits = { idleHours: number; hours: number };

/** How long sessions last, as the settings say. */
export function limitsOf(config: Config): Limits {
	return { idleHours: config.SESSION_IDLE_HOURS, hours: config.SESSION_HOURS };
}
