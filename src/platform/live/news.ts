/** A thing that changed, and who may know: its id, the people whose it is, those who help with it. */
type Thing = [id: number, owners: number[], helpers: number[]];

/** What one notification tells all instances; twin of the function news_of in drizzle/0097_event_nouns.sql. */
export type News = {
	by?: number;
	/** The page that the change was made on. */
	tab?: string;
	deals?: Thing[];
	clients?: Thing[];
	steps?: Thing;
	/** Who looks at these deals. */
	watched?: Thing[];
	/** People who saw something until now, and see it no more. */
	lost?: number[];
	/** People of whom a session ended. */
	ended?: number[];
	/** Whose things changed, where they are too many to be named. */
	many?: number[];
	/** Everybody's screens. */
	all?: true;
	/** Events that this tells of: the first and the last of each row of ids. Absent where they are too many. */
	ids?: [number, number][];
	/** A listener's word to itself: it hears. */
	ping?: string;
};

/** Whose news a person hears: their own, and those of the people whose records they see. */
export type Audience = { id: number; sees: 'all' | ReadonlySet<number> };

/** What a browser is told: ids of things that its person may see, and nothing else. */
export type Change = {
	deals?: number[];
	clients?: number[];
	watched?: number[];
	/** Something planned or done. */
	steps?: true;
	/** Whatever is shown may look different now. */
	all?: true;
	/** The same, but there is no hurry: it concerns many at once. */
	many?: true;
	/** The page of this browser that made the change. */
	tab?: string;
};

/** Reads a notification; null for what another program may have sent by the same name. */
export function readNews(payload: string): News | null {
	try {
		const news: unknown = JSON.parse(payload);
		return typeof news === 'object' && news !== null ? (news as News) : null;
	} catch {
		// Whatever it was, nothing of ours is lost by leaving it.
		return null;
	}
}

/** What of the news concerns a person; null: nothing. Ids of things that they may not see are left out. */
export function changeFor(news: News, { id, sees }: Audience): Change | null {
	const inScope = (owner: number) => sees === 'all' || sees.has(owner);
	const knows = ([, owners, helpers]: Thing) =>
		sees === 'all' || owners.some(inScope) || helpers.includes(id);
	const seen = (things: Thing[] = []) => things.filter(knows).map(([thing]) => thing);
	const [deals, clients, watched] = [seen(news.deals), seen(news.clients), seen(news.watched)];
	const change: Change = {
		...(deals.length > 0 && { deals }),
		...(clients.length > 0 && { clients }),
		...(watched.length > 0 && { watched }),
		...(news.steps && knows(news.steps) && { steps: true as const }),
		...((news.all || news.lost?.some(inScope)) && { all: true as const }),
		...(news.many?.some(inScope) && { many: true as const }),
	};
	if (Object.keys(change).length === 0) return null;
	return news.tab !== undefined && news.by === id ? { ...change, tab: news.tab } : change;
}

/** Several changes as few: those of one page together, everybody else's together. */
export function merged(changes: Change[]): Change[] {
	const byTab = Map.groupBy(changes, ({ tab }) => tab);
	return [...byTab.values()].map((some) => some.reduce(together));
}

function together(one: Change, other: Change): Change {
	const ids = (name: 'deals' | 'clients' | 'watched') => {
		const all = [...new Set([...(one[name] ?? []), ...(other[name] ?? [])])];
		return all.length > 0 ? { [name]: all } : {};
	};
	return { ...one, ...other, ...ids('deals'), ...ids('clients'), ...ids('watched') };
}
