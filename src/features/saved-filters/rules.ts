import { type Actor, can, inScope, mayEditOf } from '#src/features/access/rights.ts';
import { FILTER_SCREENS } from './tables.ts';

export type Screen = (typeof FILTER_SCREENS)[number];

/** Where each screen lives. */
export const SCREEN_PATHS: Record<Screen, string> = {
	board: '/board',
	deals: '/deals',
	clients: '/clients',
};

const FACTS = ['source', 'tag', 'amountFrom', 'amountTo'];
/**
 * What of a screen's address is отбор or order, and so is kept; where a page goes on is not. Twins of the
 * screens' own query forms: a key that they do not know would make the saved address a bad request.
 */
const KEYS: Record<Screen, readonly string[]> = {
	board: ['view', 'pipeline', 'owner', 'q', 'period', 'idle', ...FACTS],
	deals: [
		...['owner', 'q', 'kind', 'pipeline', 'stage', 'month', 'period', 'idle', 'helping'],
		'archived',
		...FACTS,
		'campaign',
		...['expectedFrom', 'expectedTo', 'createdFrom', 'createdTo', 'sort'],
	],
	clients: ['q', 'owner', 'segment', 'region', 'status', 'tag', 'contact', 'archived', 'sort'],
};
const LONGEST_VALUE = 300;

/** What of an address a screen's saved filter keeps: known keys with a value, each once, in one order. */
export function keptQuery(screen: Screen, typed: string): string {
	const asked = new URLSearchParams(typed);
	const kept = KEYS[screen].flatMap((key): [string, string][] => {
		const value = asked.getAll(key).filter(Boolean).join(',');
		const fits = value !== '' && value.length <= LONGEST_VALUE && !value.includes('\0');
		return fits ? [[key, value]] : [];
	});
	return new URLSearchParams(kept).toString();
}

/** The screen of a page's path, or null. */
export function screenAt(pathname: string): Screen | null {
	return FILTER_SCREENS.find((screen) => SCREEN_PATHS[screen] === pathname) ?? null;
}

/**
 * Where a person begins on a screen: with the filter and the view that they have set. A filter of somebody whose
 * records they see no more is left aside.
 */
export function homeOf(actor: Actor, screen: 'board' | 'deals'): string {
	const { boardView, filters } = actor.own;
	const query = new URLSearchParams(filters[screen] ?? '');
	const owner = query.get('owner') ?? '';
	const asked =
		/^\d+$/.test(owner) && !inScope(actor, Number(owner)) ? new URLSearchParams() : query;
	if (screen === 'board' && boardView === 'dates') asked.set('view', boardView);
	return asked.size === 0 ? SCREEN_PATHS[screen] : `${SCREEN_PATHS[screen]}?${asked}`;
}

/**
 * Where a bare address of a screen leads: home, but from the screen itself it means what it says, all of it. Null:
 * it is where the person wants to be.
 */
export function leadsTo(
	actor: Actor,
	screen: 'board' | 'deals',
	{ url, headers }: { url: string; headers: { referer?: string | undefined } },
): string | null {
	const { referer } = headers;
	const path = SCREEN_PATHS[screen];
	if (url !== path) return null;
	if (referer && URL.canParse(referer) && new URL(referer).pathname === path) return null;
	const home = homeOf(actor, screen);
	return home === path ? null : home;
}

/** A named filter, as its readers see it. */
export type SavedFilter = {
	id: number;
	screen: Screen;
	name: string;
	query: string;
	shared: boolean;
	ownerId: number;
	ownerName: string;
	version: number;
};

/** One's own; what is shared also the head of its owner. */
export function mayChange(actor: Actor, { ownerId, shared }: SavedFilter): boolean {
	if (ownerId === actor.id) return true;
	return shared && can(actor, 'filters.share') && mayEditOf(actor, ownerId);
}

/** The menu «Отборы» of a screen: what can be chosen, and which of it is in force. */
export type SavedMenu = {
	screen: Screen;
	path: string;
	/** The present отбор, as it would be saved. */
	query: string;
	filters: (SavedFilter & { url: string; mine: boolean; changeable: boolean })[];
	current: SavedFilter | null;
};

/** The menu of a screen whose address asks for `query` (what stands behind the question mark). */
export function savedMenu(
	actor: Actor,
	screen: Screen,
	filters: SavedFilter[],
	query: string,
): SavedMenu {
	const present = keptQuery(screen, query);
	const path = SCREEN_PATHS[screen];
	return {
		screen,
		path,
		query: present,
		filters: filters.map((filter) => ({
			...filter,
			url: filter.query === '' ? path : `${path}?${filter.query}`,
			mine: filter.ownerId === actor.id,
			changeable: mayChange(actor, filter),
		})),
		current: present === '' ? null : (filters.find((one) => one.query === present) ?? null),
	};
}
