import type { Actor } from '#src/features/access/rights.ts';
import { factWords } from '#src/features/deals/list/filter-words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { type BoardScreen, readBoard } from './screen.ts';

const MOST_PRINTED_A_COLUMN = 500;

/** The board for paper: every column with as many deals as paper bears, and who printed what when. */
export type BoardPrint = BoardScreen & {
	author: string;
	ownerName: string | null;
	/** The facts that отбор asks for, in words. */
	told: string[];
};

/** Reads the board for printing; what did not fit is told by count. */
export async function readPrint(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<BoardPrint> {
	// Paper begins at the top of every column, wherever the screen was unfolded to.
	const { after: _, ...whole } = query as Record<string, unknown>;
	const board = await readBoard(db, actor, whole, viewer, { limit: MOST_PRINTED_A_COLUMN });
	const owner = Number(board.filter.owner === 'me' ? actor.id : board.filter.owner);
	const ownerName = board.colleagues.find((person) => person.id === owner)?.name ?? null;
	const told = factWords(board.filter, board.tags, viewer);
	return { ...board, author: actor.name, ownerName, told };
}
