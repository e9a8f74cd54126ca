/** A kind and the words of it, «Звонок, Договориться о встрече»; words that say the kind again are said once. */
export function saidOnce(kind: string | null | undefined, words: string, between = ', '): string {
	const same = kind?.toLocaleLowerCase('ru') === words.toLocaleLowerCase('ru');
	return kind && !same ? `${kind}${between}${words}` : words;
}
