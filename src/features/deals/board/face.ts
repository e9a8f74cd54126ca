import { initialsOf } from '#src/features/access/names.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { bareClientName } from '#src/features/clients/search/words.ts';
import type { Stage } from '#src/features/deals/queries.ts';
import { latenessWords, plannedWords } from '#src/features/next-step/words.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { ShownCard } from './columns.ts';
import type { Filter } from './forms.ts';

/** What a card says besides what it holds. */
export type Face = {
	when: (card: ShownCard) => string;
	/** Whether it says whose it is: where that is somebody else, or the board shows several. */
	owned: (card: ShownCard) => boolean;
	/** Its state, where the column does not tell it. */
	state: (card: ShownCard) => string | null;
	initials: typeof initialsOf;
	bare: typeof bareClientName;
};

/** The face of the cards of a board. */
export function faceOf(actor: Actor, filter: Filter, stages: Stage[], viewer: Viewer): Face {
	const several = filter.scope === 'all' || filter.scope.length > 1;
	const names = new Map(stages.map(({ id, name }) => [id, name]));
	return {
		when: (card) =>
			card.group === 'late' ? latenessWords(card, viewer) : plannedWords(card, viewer),
		owned: ({ ownerId }) => several || ownerId !== actor.id,
		state: ({ stageId }) => (filter.view === 'dates' ? (names.get(stageId) ?? null) : null),
		initials: initialsOf,
		bare: bareClientName,
	};
}
