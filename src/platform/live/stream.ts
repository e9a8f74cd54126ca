import type { ServerResponse } from 'node:http';
import type { Audience, Change } from './news.ts';

/** One message to a browser: how far it has heard now, and what changed. */
export type Message = {
	/** To be shown to the next stream, which goes on from there. */
	at: string;
	changes?: Change[];
	/** Some changes may not have been told: look at everything again. */
	missed?: true;
	/** Where many are told the same: the ms over which they spread what they ask for. */
	within?: number;
	/** The stream ends: the server moves, the person has too many, or may not come in any more. */
	bye?: 'move' | 'many' | 'out';
};

/** An open stream of one browser. */
export type Stream = {
	audience: Audience;
	/** Writes a message; a reader that is too slow for it is closed. */
	send: (message: Message) => void;
	/** Says goodbye and ends. */
	end: (last: Message) => void;
	/** What the stream may not say yet; see hub.ts. */
	waiting: Change[];
	timer: NodeJS.Timeout | null;
	sentAt: number;
	openedAt: number;
	/** Who the person is by now, null where they may not come in any more. Throws where nobody can tell. */
	again: () => Promise<Audience | null>;
};

/** What a reader may leave unread before it is given up. */
const MOST_UNREAD_BYTES = 512 * 1024;

/** Text of a message as a server-sent event. */
export const eventText = (message: Message) => `data: ${JSON.stringify(message)}\n\n`;

/** A stream on an answer whose headers are written. */
export function streamOn(
	response: ServerResponse,
	audience: Audience,
	again: Stream['again'],
): Stream {
	const write = (message: Message) => {
		if (response.writableEnded || response.destroyed) return;
		if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
		else response.write(eventText(message));
	};
	return {
		audience,
		again,
		...{ waiting: [], timer: null, sentAt: 0, openedAt: Date.now() },
		send: write,
		end(last) {
			write(last);
			response.end();
		},
	};
}
