import { randomBytes } from 'node:crypto';
import { type Audience, type Change, changeFor, merged, type News } from './news.ts';
import type { Message, Stream } from './stream.ts';

/** A stream is told at most twice a second, however much happens. */
const PAUSE_MS = 500;
const BEAT_MS = 2_000;
/** What one page takes of an instance: so far apart the pages of all are asked for, who miss the same. */
const PAGE_MS = 20;
const RIGHTS_EVERY_MS = 30_000;
const STREAMS_A_PERSON = 10;
const REMEMBER_MS = 180_000;
const REMEMBER_NEWS = 5_000;
const MOST_WAITING = 500;
/** Clocks of several machines may differ by so much. */
const SKEW_MS = 120_000;

const INSTANCE = randomBytes(4).toString('hex');

/** This moment, as pages and streams carry it: from here on one must be told what changes. */
export function stampAt(ms: number): string {
	return `${INSTANCE}.${Math.floor(ms)}`;
}

/** Who hears what: the streams of one instance, and the news of the last minutes for those who come late. */
export type Hub = {
	streams: ReadonlySet<Stream>;
	/** Tells all whom it concerns. */
	heard: (news: News) => void;
	/** Some news may not have come: everybody looks again. */
	missed: () => void;
	/** How many streams have been told that they missed something. */
	toldMissed: () => number;
	/** What a person has not heard since a stamp. */
	since: (stamp: string | null, audience: Audience) => Message;
	/** Takes a stream in; returns what lets it go. */
	open: (stream: Stream, since: string | null) => () => void;
	/** Looks again who the people of all streams are: by itself every half a minute. */
	lookAgain: () => Promise<void>;
	/** Tells all streams to move to another instance, and takes no more. */
	close: () => void;
	closed: boolean;
};

/** Makes the hub of an instance. It is deaf until somebody calls `missed` for the first time. */
export function makeHub(): Hub {
	const streams = new Set<Stream>();
	let remembered: { at: number; news: News }[] = [];
	let completeSince = Number.POSITIVE_INFINITY;
	let toldMissed = 0;
	const within = () => streams.size * PAGE_MS;

	function miss(): Message {
		toldMissed += 1;
		return { at: stampAt(Date.now()), missed: true, within: within() };
	}

	function since(stamp: string | null, audience: Audience): Message {
		const at = stampAt(Date.now());
		const [instance, ms] = stamp?.split('.') ?? [];
		const from = Number(ms) - (instance === INSTANCE ? 0 : SKEW_MS);
		if (!(from >= completeSince)) return miss();
		const changes = remembered
			.filter((one) => one.at >= from)
			.flatMap(({ news }) => changeFor(news, audience) ?? []);
		return changes.length > 0 ? { at, changes: merged(changes) } : { at };
	}

	function heard(news: News): void {
		// Rights may have changed, or somebody may be out: they hear nothing more for half a minute's sake.
		if (news.all || news.lost) void lookSoon();
		if (news.ended) {
			const theirs = [...streams].filter(({ audience }) => news.ended?.includes(audience.id));
			void lookAgain(theirs, miss);
		}
		remembered.push({ at: Date.now(), news });
		if (remembered.length > REMEMBER_NEWS) forget();
		for (const stream of streams) {
			const change = changeFor(news, stream.audience);
			if (change !== null) tell(stream, change, within);
		}
	}

	function forget(): void {
		const old = Date.now() - REMEMBER_MS;
		const kept = remembered.filter(({ at }) => at >= old).slice(-REMEMBER_NEWS / 2);
		if (kept.length === remembered.length) return;
		completeSince = Math.max(completeSince, (remembered.at(-kept.length - 1)?.at ?? 0) + 1);
		remembered = kept;
	}

	function missed(): void {
		remembered = [];
		completeSince = Date.now();
		for (const stream of streams) {
			stream.waiting = [];
			stream.send(miss());
		}
	}

	const beat = setInterval(() => {
		const message = { at: stampAt(Date.now()) };
		for (const stream of streams) if (stream.timer === null) stream.send(message);
		forget();
	}, BEAT_MS).unref();
	const rights = setInterval(() => void lookAgain(streams, miss), RIGHTS_EVERY_MS).unref();

	let looking: Promise<void> | null = null;
	let anew = false;
	// However many such news come together, streams are looked at once, and once more for what came meanwhile.
	async function lookSoon(): Promise<void> {
		anew = true;
		looking ??= (async () => {
			while (anew) {
				anew = false;
				await lookAgain(streams, miss);
			}
		})().finally(() => {
			looking = null;
		});
		await looking;
	}

	const hub: Hub = {
		...{ streams, heard, missed, since, closed: false },
		toldMissed: () => toldMissed,
		lookAgain: () => lookAgain(streams, miss),
		open(stream, stamp) {
			streams.add(stream);
			stream.send(since(stamp, stream.audience));
			const own = [...streams].filter(({ audience }) => audience.id === stream.audience.id);
			if (own.length > STREAMS_A_PERSON) own[0]?.end({ at: stampAt(Date.now()), bye: 'many' });
			return () => {
				if (stream.timer !== null) clearTimeout(stream.timer);
				streams.delete(stream);
			};
		},
		close() {
			hub.closed = true;
			clearInterval(beat);
			clearInterval(rights);
			for (const stream of streams) stream.end({ at: stampAt(Date.now()), bye: 'move' });
		},
	};
	return hub;
}

function tell(stream: Stream, change: Change, within: () => number): void {
	stream.waiting.push(change);
	if (stream.waiting.length > MOST_WAITING) stream.waiting = [{ many: true }];
	const wait = stream.sentAt + PAUSE_MS - Date.now();
	if (wait <= 0) flush(stream, within);
	else stream.timer ??= setTimeout(flush, wait, stream, within);
}

function flush(stream: Stream, within: () => number): void {
	stream.timer = null;
	stream.sentAt = Date.now();
	const changes = merged(stream.waiting.splice(0));
	if (changes.length === 0) return;
	const crowd = changes.some(({ all, many }) => all || many);
	stream.send({ at: stampAt(Date.now()), changes, ...(crowd && { within: within() }) });
}

// One after the other: hundreds of questions at once would keep pages waiting.
async function lookAgain(streams: Iterable<Stream>, miss: () => Message): Promise<void> {
	for (const stream of [...streams]) {
		try {
			const audience = await stream.again();
			const at = stampAt(Date.now());
			if (audience === null) stream.end({ at, bye: 'out' });
			else if (!sameSight(audience, stream.audience)) {
				stream.audience = audience;
				stream.send(miss());
			}
		} catch {
			// The database is away: the stream goes on as it is until somebody can tell.
		}
	}
}

function sameSight({ sees: one }: Audience, { sees: other }: Audience): boolean {
	if (one === 'all' || other === 'all') return one === other;
	return one.size === other.size && [...one].every((id) => other.has(id));
}
