import { BUILT_IN_ROLES } from '#src/features/access/tables.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';

/** What a role is called: by its own name, or a built-in one in the reader's language. */
export function roleWords(
	{ code, name }: { code: string; name: string | null },
	language: Language,
): string {
	return name ?? translate(language, 'role.name', { role: code });
}

/** Whether every company has this role. */
export function isBuiltIn(code: string): boolean {
	return (BUILT_IN_ROLES as readonly string[]).includes(code);
}
