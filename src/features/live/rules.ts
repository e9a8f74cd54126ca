import type { Actor } from '#src/features/access/rights.ts';
import type { Audience } from '#src/platform/live/news.ts';

/** Whose news an actor hears: what is told follows the same scope as every list. */
export function audienceOf({ id, scope }: Actor): Audience {
	return { id, sees: scope === 'all' ? 'all' : new Set(scope) };
}
