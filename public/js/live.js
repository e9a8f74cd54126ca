/*
 * What others change shows by itself: the page's own fragments are fetched again and morphed in, at most twice
 * a second, never under a hand that is at work. How the browser hears of changes stands in stream.js.
 */
import { reach, whyOf } from './answer.js';
import { begin, tab } from './stream.js';
import { wayBack } from './toast.js';
import { keepWork, markFresh, restoreFocus, takeFocus } from './untouched.js';

const PAUSE_MS = 500;
const DAY_MS = 86_400_000;
/** What is due at a moment is late behind it. */
const BEHIND_MS = 1_000;
const LATER_MS = 3_000;
const WORK_MS = 250;

const region = document.getElementById('live');
const page = () => document.querySelector('[data-page]');

/** Whether a change of others may have changed what this page shows. */
function concerns({ deals = [], clients = [], steps, all, many }) {
	const { page: kind, live, deal, client } = page()?.dataset ?? {};
	// A page that says `data-live` alone is drawn anew by what every screen shows.
	if (!CONCERNED[kind] && live === undefined) return false;
	return all || many || CONCERNED[kind]?.({ deals, clients, steps, deal, client });
}
const anything = ({ deals, clients, steps }) => deals.length + clients.length > 0 || steps;
const CONCERNED = {
	board: anything,
	deals: anything,
	clients: anything,
	agenda: anything,
	calendar: anything,
	deal: ({ deals, clients, deal, client }) =>
		deals.includes(Number(deal)) || clients.includes(Number(client)),
	client: ({ clients, client }) => clients.includes(Number(client)),
};

let timer = 0;
let timerAt = 0;
let fetchedAt = 0;
let fetching = false;
/** A change came while the page was hidden, or while it was being drawn. */
let stale = false;
/** Counts what else has drawn the page: an answer from before that is old. */
let epoch = 0;
let sending = 0;
let changedIds = new Set();

function want(wait = 0) {
	if (document.hidden || fetching) {
		stale = true;
		return;
	}
	const at = Math.max(Date.now() + wait, fetchedAt + PAUSE_MS);
	if (timer && timerAt <= at) return;
	clearTimeout(timer);
	timerAt = at;
	timer = setTimeout(refresh, at - Date.now());
}

const atWork = () =>
	sending > 0 || document.body.classList.contains('dragging') || document.querySelector('.lifted');

async function refresh() {
	timer = 0;
	if (document.hidden) stale = true;
	// What is being dragged or sent is let go first.
	else if (atWork()) want(WORK_MS);
	else await redraw();
}

async function redraw() {
	[fetching, stale, fetchedAt] = [true, false, Date.now()];
	const [began, address, ids] = [epoch, location.href, changedIds];
	changedIds = new Set();
	let [text, why] = [null, null];
	try {
		const answer = await reach('/live/page', { headers: headersOf(), cache: 'no-store' });
		text = await answer.text();
	} catch (error) {
		why = whyOf(error) ?? 'offline';
	}
	fetching = false;
	const old = began !== epoch || address !== location.href || atWork();
	if (text === null || old) {
		for (const id of ids) changedIds.add(id);
		// Who has left is asked for again when they come back to this tab.
		stale = why === 'left';
		if (['offline', 'broken', 'fault'].includes(why)) return want(LATER_MS);
		if (old) want();
		return;
	}
	// What was heard while the answer was on its way may be in it.
	if (text !== '') await show(text, new Set([...ids, ...changedIds]));
	if (stale) want();
}

// What is unfolded is told to the server by those who listen to htmx's own requests.
function headersOf() {
	const headers = {
		...{ 'HX-Request': 'true', 'HX-Current-URL': location.href, 'X-Background': '1' },
	};
	const detail = { ctx: { request: { method: 'GET', headers } } };
	document.dispatchEvent(new CustomEvent('htmx:config:request', { detail }));
	return headers;
}

async function show(text, ids) {
	const release = keepWork();
	const focus = takeFocus();
	const marks = markFresh(ids);
	try {
		await window.htmx.swap({ text, sourceElement: document.body, swap: 'none', live: true });
	} finally {
		release();
	}
	restoreFocus(focus);
	marks();
	mind();
}

function heard({ changes = [], missed, within = LATER_MS }) {
	// Many are told the same: not all at once, and the server knows how many they are.
	const turn = Math.random() * within;
	if (missed && page()?.dataset.page in CONCERNED) want(turn);
	for (const change of changes) {
		if (change.tab === tab) continue;
		document.dispatchEvent(new CustomEvent('live:changed', { detail: change }));
		if (!concerns(change)) continue;
		for (const id of change.deals ?? []) changedIds.add(`deal-${id}`);
		for (const id of change.clients ?? []) changedIds.add(`client-${id}`);
		want(change.many || change.all ? turn : 0);
	}
	if (missed) document.dispatchEvent(new CustomEvent('live:changed', { detail: { all: true } }));
}

/*
 * What is open grows old by itself: a step becomes late at its moment, and everything at midnight. By the clock of whoever
 * drew the page, which says what is due; that of the browser may be wrong.
 */
const { now: drawnAt, midnight: endOfDay } = document.body.dataset;
const ahead = Number(drawnAt) - Date.now();
const now = () => Date.now() + ahead;
let midnight = Number(endOfDay);
let boundary = Infinity;
let minding = 0;

function mind() {
	clearTimeout(minding);
	if (!(page()?.dataset.page in CONCERNED)) return;
	while (midnight <= now()) midnight += DAY_MS;
	const moments = [...page().querySelectorAll('time[datetime*="T"], [data-due]')]
		.map((one) => Date.parse(one.dataset.due ?? one.dateTime))
		.filter((at) => at > now());
	boundary = Math.min(midnight, ...moments) + BEHIND_MS;
	minding = setTimeout(passed, boundary - now());
}

function passed() {
	want();
	mind();
}

let connection = 'ok';
let left = false;
function told(next) {
	connection = next;
	const state = left ? 'left' : next;
	region.dataset.state = state;
	const said = state === 'ok' ? '' : region.dataset[state];
	if (region.textContent === said) return;
	region.textContent = said;
	if (state === 'left') region.append(' ', wayBack());
	if (state !== 'out') return;
	const here = encodeURIComponent(location.pathname + location.search);
	const link = Object.assign(document.createElement('a'), { href: `/sign-in?returnTo=${here}` });
	link.textContent = region.dataset.signIn;
	region.append(' ', link);
}

// Whoever asked: one answer that is not ours tells that the portal wants a sign-in, one of ours that it has it.
document.addEventListener('answered', ({ detail: why }) => {
	if (left === (why === 'left') || (why !== null && why !== 'left')) return;
	left = why === 'left';
	told(connection);
});

document.addEventListener('visibilitychange', () => {
	if (document.hidden) return;
	// A machine that slept has slept through its timers.
	if (now() > boundary) passed();
	else if (stale) want();
});
document.addEventListener('htmx:config:request', ({ detail }) => {
	const { headers } = detail.ctx.request;
	headers['X-Tab'] = tab;
	const lines = document.querySelectorAll('#history-lines > ol > li').length;
	if (lines) headers['X-Lines-Shown'] = String(lines);
});
const isChange = (event) => event.detail.ctx?.request?.method !== 'GET';
document.addEventListener('htmx:before:request', (event) => {
	if (isChange(event)) sending += 1;
});
document.addEventListener('htmx:finally:request', (event) => {
	if (isChange(event)) sending = Math.max(0, sending - 1);
});
document.addEventListener('htmx:after:swap', ({ detail }) => {
	if (!detail.ctx?.live) epoch += 1;
	mind();
});
// A change whose answer was lost may have been made.
document.addEventListener('htmx:error', (event) => {
	if (isChange(event)) want(LATER_MS);
});

begin(heard, told);
mind();
if (document.querySelector('[data-page="deal"]')) void import('./viewers.js');
