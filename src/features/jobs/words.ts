import type { Feature } from '#src/feature.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';

/** What the program does behind people's backs, by the names of its tasks. */
export type TaskWords = Readonly<Record<string, MessageKey>>;

/** What the tasks of these features are called. */
export function taskWordsOf(features: readonly Feature[]): TaskWords {
	return Object.assign(
		{ 'once.forget': 'job.onceForget' },
		...features.map(({ taskWords }) => taskWords),
	);
}
