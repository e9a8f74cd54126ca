/**
 * A login without the company's own realm: `anna@EXAMPLE.RU` and `EXAMPLE\anna` become `anna` where the
 * realm is one of these. Any other realm stays, or its anna would be ours. Lower case, as directories compare.
 */
export function bareLogin(told: string, realms: readonly string[]): string {
	const login = told.trim().toLowerCase();
	const known = (realm: string) => realms.some((one) => one.toLowerCase() === realm);
	const at = login.lastIndexOf('@');
	if (at > 0 && known(login.slice(at + 1))) return login.slice(0, at);
	const slash = login.indexOf('\\');
	if (slash > 0 && known(login.slice(0, slash))) return login.slice(slash + 1);
	return login;
}

/** Whether a login is one: letters, digits and what directories put between them. */
export function isLogin(login: string): boolean {
	return /^[\p{L}\p{N}][\p{L}\p{N}._@\\$+'-]{0,99}$/u.test(login);
}
