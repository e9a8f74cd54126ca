import type { Feature, NounManifest } from '#src/feature.ts';
import { type TaskWords, taskWordsOf } from '#src/features/jobs/words.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';

/** What the log says of every noun, as the manifests have it. */
export type AuditWords = {
	nouns: ReadonlyMap<string, NounManifest>;
	/** What happened, by type. */
	happened: Readonly<Record<string, MessageKey>>;
	/** What the queue does, by the names of its tasks. */
	tasks: TaskWords;
};

/** Gathers what the log says of the nouns of these features. */
export function wordsOf(features: readonly Feature[]): AuditWords {
	const nouns = new Map(
		features.flatMap(({ nouns = {} }) => Object.entries(nouns) as [string, NounManifest][]),
	);
	const happened = Object.assign({}, ...[...nouns.values()].map(({ happened }) => happened));
	return { nouns, happened, tasks: taskWordsOf(features) };
}
