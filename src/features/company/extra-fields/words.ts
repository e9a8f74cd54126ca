import { type Language, translate } from '#src/platform/i18n/translate.ts';
import { EXTRA_KINDS, EXTRA_NOUNS } from './tables.ts';

type Named = { id: string; name: string }[];

/** The kinds and the nouns of extra fields, to choose from. */
export function extraNames(language: Language): { kinds: Named; nouns: Named } {
	return {
		kinds: EXTRA_KINDS.map((id) => ({ id, name: translate(language, 'extra.kind', { kind: id }) })),
		nouns: EXTRA_NOUNS.map((id) => ({ id, name: translate(language, 'extra.noun', { noun: id }) })),
	};
}
