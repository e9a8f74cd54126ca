import { setTimeout as pause } from 'node:timers/promises';
import { attribute, read, textOf } from '../html.ts';
import { openStream } from '../live/reader.ts';

const AGAIN_MS = 200;

/** A column of a board as a person sees it: its figures, and the cards in their order, each with its version. */
export type Column = { stageId: number; totals: string; cards: { id: number; version: number }[] };

/** A board that somebody has open all day: it is drawn anew whenever its stream says so. */
export type Screen = {
	cookie: string;
	/** What it shows. */
	shown: () => Column[];
	/** How often its stream has ended. */
	cuts: () => number;
	close: () => Promise<void>;
};

/** The board as it is right now. Throws where it is not answered with 200. */
export async function readBoard(address: string, cookie: string) {
	const answer = await fetch(`${address}/board`, { headers: { cookie } });
	const html = await answer.text();
	if (answer.status !== 200) throw new Error(`the board was answered ${answer.status}`);
	const page = read(html);
	const number = (element: Parameters<typeof attribute>[0], name: string) =>
		Number(attribute(element, name)?.replace('deal-', ''));
	const columns = page.byClass('stage').map(
		(section): Column => ({
			stageId: number(section, 'data-stage'),
			totals: page.byClass('totals', section).map(textOf).join(' '),
			cards: page.byTag('article', section).map((card) => ({
				...{ id: number(card, 'id'), version: number(card, 'data-version') },
			})),
		}),
	);
	return { columns, drawn: /data-drawn="([^"]+)"/.exec(html)?.[1] ?? '' };
}

/** Opens a board and its stream; a stream that ends is opened again from where it was, as the page's script does. */
export async function openBoard(address: string, cookie: string): Promise<Screen> {
	const first = await readBoard(address, cookie);
	let [columns, heardTo, cuts] = [first.columns, first.drawn, 0];
	const leaving = new AbortController();
	const { signal } = leaving;
	const draw = async () => {
		while (!signal.aborted)
			try {
				({ columns } = await readBoard(address, cookie));
				return;
			} catch {
				await pause(AGAIN_MS);
			}
	};
	const follow = async () => {
		const stream = await openStream(address, cookie, heardTo);
		if (stream.status !== 200) throw new Error(`the stream was answered ${stream.status}`);
		let done = 0;
		while (!signal.aborted && (!stream.over() || done < stream.messages.length)) {
			const news = stream.messages.slice(done);
			done += news.length;
			heardTo = news.at(-1)?.at ?? heardTo;
			if (news.some(({ changes, missed }) => changes || missed)) await draw();
			else await pause(20);
		}
		stream.close();
	};
	const working = (async () => {
		while (!signal.aborted) {
			await follow().catch(() => {});
			if (signal.aborted) return;
			cuts += 1;
			await pause(AGAIN_MS);
		}
	})();
	return {
		...{ cookie, shown: () => columns, cuts: () => cuts },
		async close() {
			leaving.abort();
			await working;
		},
	};
}
