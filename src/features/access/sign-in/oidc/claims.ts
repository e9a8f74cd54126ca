import type { Config } from '#src/config.ts';
import { bareLogin, isLogin } from '#src/features/access/sign-in/realms.ts';

const MOST_GROUPS = 1_000;
const MOST_LETTERS = 300;

type Names = Pick<
	Config,
	'OIDC_LOGIN_CLAIM' | 'OIDC_NAME_CLAIM' | 'OIDC_EMAIL_CLAIM' | 'OIDC_GROUPS_CLAIM' | 'REALMS'
>;

/** What we need of claims, under the names that the settings say; null for what they do not hold. */
export type FoundClaims = {
	login: string | null;
	name: string | null;
	email: string | null;
	groups: string[] | null;
};

/** Reads claims under the names that the settings say. */
export function claimsOf(names: Names, claims: Record<string, unknown>): FoundClaims {
	const login = bareLogin(worded(at(claims, names.OIDC_LOGIN_CLAIM)) ?? '', names.REALMS);
	// An address that the directory itself has not checked is nobody's.
	const email = claims.email_verified === false ? null : worded(at(claims, names.OIDC_EMAIL_CLAIM));
	return {
		login: isLogin(login) ? login : null,
		name: worded(at(claims, names.OIDC_NAME_CLAIM)),
		email: email?.includes('@') ? email : null,
		groups: groupsIn(at(claims, names.OIDC_GROUPS_CLAIM)),
	};
}

// Claims may have dots in their names (`https://example.ru/groups`): the whole name first.
function at(claims: Record<string, unknown>, name: string): unknown {
	if (Object.hasOwn(claims, name)) return claims[name];
	let found: unknown = claims;
	for (const part of name.split('.')) {
		if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part))
			return undefined;
		found = (found as Record<string, unknown>)[part];
	}
	return found;
}

function worded(value: unknown): string | null {
	if (typeof value !== 'string') return null;
	const text = value.trim().slice(0, MOST_LETTERS);
	return text === '' || text.includes('\0') ? null : text;
}

// ADFS writes a list of one as the one. A string is one group, whatever stands between its letters.
function groupsIn(value: unknown): string[] | null {
	if (typeof value === 'string') return worded(value) === null ? [] : [value.trim()];
	if (!Array.isArray(value)) return null;
	return value
		.filter((group): group is string => typeof group === 'string' && group.length <= MOST_LETTERS)
		.slice(0, MOST_GROUPS);
}
