/*
 * One stream a browser: of the visible tabs one holds it (a Web Lock) and passes on what it hears; hidden tabs
 * rest. Each tab remembers how far the browser has heard, so whoever takes over goes on from there. Where
 * streams or locks are impossible the tab asks now and then.
 */
import { reach, whyOf } from './answer.js';

const BEAT_LOST_MS = 4_500;
const BEAT_DEAD_MS = 10_000;
const HELLO_MS = 6_000;
const ASK_MS = 5_000;
const REST_AFTER_MS = 4_000;
const AGAIN_MS = [1_000, 10_000];
const REMEMBERED = 200;
/** After so many streams through which nothing came, one asks. */
const UNSTREAMABLE = 2;

/** This tab's own name, which its changes carry. */
export const tab = [...crypto.getRandomValues(new Uint8Array(8))]
	.map((byte) => byte.toString(16).padStart(2, '0'))
	.join('');

const channel = new BroadcastChannel('live');
const pause = (ms, signal) =>
	new Promise((done) => {
		const timer = setTimeout(done, ms);
		signal?.addEventListener('abort', () => {
			clearTimeout(timer);
			done();
		});
	});
const jittered = (ms) => ms * (0.5 + Math.random() / 2);

/** How far the browser has heard; at first what this page was drawn from. */
let heardTo = document.body.dataset.drawn;
/** When, by the browser's clock: of what came later this tab has to be told. */
let heardAt = performance.timeOrigin;
/** What was heard since this page was asked for: a tab that opens later may have missed some of it. */
const remembered = [];
let listener = () => {};
let teller = () => {};
let leading = null;
let unstreamable = 0;

function hear(message) {
	heardTo = message.at;
	heardAt = Date.now();
	if (!message.changes?.length && !message.missed) return;
	remembered.push({ ...message, at: heardAt });
	if (remembered.length > REMEMBERED) remembered.shift();
	listener(message);
}

function pass(message) {
	hear(message);
	if (navigator.locks) channel.postMessage({ heard: message });
}

let state = 'ok';
function become(next) {
	if (state !== next) channel.postMessage({ state: next });
	state = next;
	teller(next);
}

// What this tab knows of the time since another one was asked for; where it does not reach back, all is missed.
function recall({ from, tab: whom }) {
	if (!leading) return;
	const later = remembered.filter(({ at }) => at >= from);
	const missed =
		from < performance.timeOrigin || later.length >= REMEMBERED || later.some((one) => one.missed);
	const changes = later.flatMap((one) => one.changes ?? []);
	channel.postMessage({ recalled: { at: heardTo, changes, missed }, tab: whom, state });
}

channel.addEventListener('message', ({ data }) => {
	if (data.heard) hear(data.heard);
	if (data.state && (!data.tab || data.tab === tab)) {
		state = data.state;
		teller(state);
	}
	if (data.recalled && data.tab === tab) hear(data.recalled);
	if (data.asks) recall(data.asks);
	if (data.leads) ask();
});
const ask = () => channel.postMessage({ asks: { from: heardAt, tab } });

async function* eventsOf(body, alive) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let text = '';
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		alive();
		const events = (text + value).split('\n\n');
		text = events.pop();
		for (const event of events) yield JSON.parse(event.slice('data: '.length));
	}
}

/** One stream to its end. Returns how long to wait before the next, in ms; null: none. Throws where it broke. */
async function stream(signal) {
	const own = new AbortController();
	const stop = () => own.abort();
	signal.addEventListener('abort', stop);
	let aliveAt = Date.now();
	let greeted = false;
	const watch = setInterval(() => {
		const silence = Date.now() - aliveAt;
		if (silence > BEAT_LOST_MS) become('lost');
		if (silence > (greeted ? BEAT_DEAD_MS : HELLO_MS)) stop();
	}, 500);
	try {
		const address = `/live?since=${encodeURIComponent(heardTo)}`;
		// As a script's question: a page would be led to the sign-in.
		const headers = { accept: 'text/event-stream', 'HX-Request': 'true', 'X-Background': '1' };
		const answer = await reach(address, { headers, signal: own.signal, cache: 'no-store' });
		for await (const message of eventsOf(answer.body, () => (aliveAt = Date.now()))) {
			if (!greeted) unstreamable = 0;
			greeted = true;
			if (message.bye === 'out') {
				become('out');
				return null;
			}
			// Other browsers of the same person hold all the streams there may be: this one asks.
			if (message.bye === 'many') unstreamable = UNSTREAMABLE;
			if (message.bye) return jittered(1_500);
			become('ok');
			pass(message);
		}
		return jittered(1_000);
	} finally {
		// Opened, and nothing came through: something in between keeps the answer back until it ends.
		if (!greeted && !signal.aborted && Date.now() - aliveAt > BEAT_LOST_MS) unstreamable += 1;
		clearInterval(watch);
		stop();
		signal.removeEventListener('abort', stop);
	}
}

/** Asks once for what a stream would have told. */
async function poll(signal) {
	const address = `/live?since=${encodeURIComponent(heardTo)}`;
	const headers = { accept: 'application/json', 'X-Background': '1' };
	const timely = AbortSignal.any([signal, AbortSignal.timeout(BEAT_DEAD_MS)]);
	const answer = await reach(address, { headers, signal: timely, cache: 'no-store' });
	pass(await answer.json());
	become('ok');
	return jittered(ASK_MS);
}

/** Holds the stream, or asks, until `signal`; what breaks is begun again, later each time. */
async function lead(signal, canStream) {
	let failures = 0;
	while (!signal.aborted) {
		let wait;
		try {
			wait = await (canStream && unstreamable < UNSTREAMABLE ? stream(signal) : poll(signal));
			failures = 0;
		} catch (error) {
			if (signal.aborted) return;
			// Who is signed out, here or of the portal, is asked for again when they come back to this tab.
			if (['out', 'left'].includes(whyOf(error))) return become('out');
			failures += 1;
			// One failure may be a restart, which nobody has to be told of.
			if (failures > 1 || !navigator.onLine) become('lost');
			wait = jittered(Math.min(AGAIN_MS[1], AGAIN_MS[0] * 2 ** failures));
		}
		if (wait === null) return;
		const early = new AbortController();
		window.addEventListener('online', () => early.abort(), { signal: early.signal });
		await pause(wait, AbortSignal.any([signal, early.signal]));
		early.abort();
	}
}

let wanting = null;
function compete() {
	if (wanting) return;
	wanting = new AbortController();
	const { signal } = wanting;
	const run = async () => {
		leading = signal;
		channel.postMessage({ leads: true });
		await lead(signal, Boolean(navigator.locks));
		leading = null;
		// Signed out: whoever comes back to this tab may have signed in elsewhere.
		if (wanting?.signal === signal) wanting = null;
	};
	// Locks are for secure contexts alone; without them nobody can tell which tab it is to be.
	if (!navigator.locks) void run();
	else void navigator.locks.request('live', { signal }, run).catch(() => {});
}

let resting = 0;
function rest() {
	wanting?.abort();
	wanting = null;
}

/** Begins to hear: `heard` gets every message that tells changes, `told` how the connection is. */
export function begin(heard, told) {
	listener = heard;
	teller = told;
	ask();
	if (!document.hidden) compete();
	document.addEventListener('visibilitychange', () => {
		clearTimeout(resting);
		if (document.hidden) {
			resting = setTimeout(rest, REST_AFTER_MS);
			return;
		}
		ask();
		compete();
	});
	// A page that is kept for «Back» must hold nothing.
	window.addEventListener('pagehide', rest);
	window.addEventListener('pageshow', ({ persisted }) => {
		if (!persisted) return;
		ask();
		compete();
	});
	window.addEventListener('offline', () => {
		if (leading) become('lost');
	});
}
