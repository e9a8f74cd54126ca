/*
 * Dragging. The place of a card is the server's: a drop shows the card in its new column at once, the
 * answer redraws both columns and puts it where the order does. What is refused brings it home.
 */
import { outcomeOf } from './answer.js';
import { comeBackTo, openForm } from './dialog.js';
import './place.js';
import { explain, hush, tell, word } from './toast.js';

const TOUCH_DELAY = 250;
const lists = new WeakSet();
let drag = null;

const idOf = (card) => card.id.replace('deal-', '');
const linkOf = (card) => card.querySelector('h3 a');
const titleOf = (card) => linkOf(card).textContent.trim();

const placeOf = (list) => list.closest('section[data-stage], section[data-stretch]');
/** A column of states takes any card; of the stretches of days those that a day stands for. */
const takes = (list) => {
	const { stretch, day } = placeOf(list).dataset;
	return stretch === undefined || day !== undefined;
};

function setUp() {
	for (const list of document.querySelectorAll('.board .cards')) {
		if (lists.has(list)) continue;
		lists.add(list);
		window.Sortable.create(list, {
			group: { name: 'deals', put: () => takes(list) },
			sort: false,
			draggable: 'li:has(> .card:not([data-fixed]))',
			filter: '.hand, .hand *, .pick, .pick *',
			preventOnFilter: false,
			// The browser's own drag swallows Esc and cannot be styled; by mouse and touch it is the same everywhere.
			forceFallback: true,
			fallbackOnBody: true,
			fallbackTolerance: 5,
			fallbackClass: 'drag',
			delay: TOUCH_DELAY,
			delayOnTouchOnly: true,
			touchStartThreshold: 6,
			animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120,
			ghostClass: 'ghost',
			scroll: true,
			onStart: start,
			onEnd: end,
		});
	}
}

function start({ item, from }) {
	const { id } = item.querySelector('.card');
	drag = { id, item, from, next: item.nextSibling, cancelled: false };
	document.body.classList.add('dragging');
}

function home({ item, from, next }) {
	// The column may have been redrawn meanwhile; then the card stands there already.
	if (!from.isConnected) return item.remove();
	from.insertBefore(item, next?.parentNode === from ? next : null);
}

// An earlier answer may have redrawn the columns under the hand.
function inHand(dragged, to) {
	const card = document.getElementById(dragged.id);
	if (dragged.item.contains(card)) return dragged;
	home(dragged);
	const item = card?.closest('li');
	if (!item) return null;
	const found = { ...dragged, item, from: item.parentNode, next: item.nextSibling };
	to.append(item);
	return found;
}

function end({ to }) {
	const dragged = drag && inHand(drag, to);
	drag = null;
	document.body.classList.remove('dragging');
	// Sortable swallows the click that ends a drag. Where the browser makes none, it would swallow the
	// next one, which is meant: this one is for it.
	setTimeout(() => document.dispatchEvent(new MouseEvent('click')));
	if (!dragged) return;
	if (dragged.cancelled) return home(dragged);
	if (dragged.refused) return refuse(dragged);
	if (to === dragged.from) return;
	if (to.closest('[data-stretch]') && !dragged.item.querySelector('[data-step]'))
		return plan(dragged, to);
	const final = to.closest('[data-final]');
	if (final) return ask(dragged, to);
	move(dragged, to);
}

// A final state asks first: the card waits at home, and is moved only by what is saved.
function ask(dragged, to) {
	const card = dragged.item.querySelector('.card');
	home(dragged);
	void openForm(
		`/deals/${idOf(card)}/closure/new?stageId=${placeOf(to).dataset.stage}`,
		card.querySelector('h3 a'),
	);
}

// Where nothing can be put, the drop says why not.
function refuse(dragged) {
	const why = dragged.refused.querySelector('.dropping').textContent.trim();
	home(dragged);
	tell(word('refused', { title: titleOf(dragged.item), why }));
}

// What has no step yet gets one by being dropped on a day: what it is to be is asked first.
function plan(dragged, to) {
	const card = dragged.item.querySelector('.card');
	home(dragged);
	const { day } = placeOf(to).dataset;
	void openForm(`/deals/${idOf(card)}/interactions/new?plannedDay=${day}`, linkOf(card));
}

function count(list, change) {
	const totals = list.closest('.stage')?.querySelector('.totals');
	const match = totals?.textContent.match(/^[\d\s]+/);
	if (!match) return;
	const n = Number(match[0].replace(/\s/g, '')) + change;
	totals.firstChild.textContent = totals.textContent.replace(/^[\d\s]+/, `${n} `);
}

// One move at a time: the next goes on from the version that the answer brings.
let queue = Promise.resolve();
function move(dragged, to) {
	hush();
	count(dragged.from, -1);
	count(to, 1);
	linkOf(dragged.item).focus({ preventScroll: true });
	// htmx tells a failure by its events, which are heard below.
	queue = queue.then(() => send(dragged, to.dataset.column)).catch(() => {});
}

async function send(dragged, column) {
	const { id } = dragged;
	const card = document.getElementById(id);
	const to = document.querySelector(`.cards[data-column="${column}"]`);
	if (!card || !to) return;
	pending.set(id, shownIn(to, card, dragged));
	focusAfter = id;
	const [address, values] = changeOf(card, to);
	await window.htmx.ajax('POST', address, { source: card, swap: 'none', values });
}

function changeOf(card, to) {
	const { stage, stretch } = placeOf(to).dataset;
	if (stage !== undefined)
		return [`/deals/${idOf(card)}/moves`, { stageId: stage, version: card.dataset.version }];
	const [step, version] = card.dataset.step.split('.');
	return [`/interactions/${step}/date`, { to: stretch, version }];
}

// An earlier answer may have put the card elsewhere: show it where it is going.
function shownIn(to, card, dragged) {
	const item = card.closest('li');
	const from = item.parentNode;
	if (from === to) return { ...dragged, item };
	const again = { item, from, next: item.nextSibling };
	count(from, -1);
	count(to, 1);
	to.append(item);
	return again;
}

/** What stands in a column in its order: a card that comes later may stand at its end, see below. */
const cardsIn = (list) => list.querySelectorAll('li:not(.below) > .card');

const pending = new Map();
let focusAfter = null;

function takePending(event) {
	const card = event.target.closest?.('.card');
	const dragged = card && pending.get(card.id);
	if (dragged) pending.delete(card.id);
	return dragged;
}

function takeHome(dragged) {
	count(dragged.from, 1);
	count(dragged.item.closest('.cards'), -1);
	home(dragged);
	linkOf(dragged.item).focus();
}

// No answer of ours: no network, or another's page. An answer, even a refusal, redraws the columns.
document.addEventListener('htmx:error', (event) => {
	const dragged = takePending(event);
	if (!dragged) return;
	takeHome(dragged);
	explain(event.detail.error, { title: titleOf(dragged.item) });
});

// A fault is told by the server itself, and no column is drawn anew.
document.addEventListener('htmx:finally:request', (event) => {
	const dragged = takePending(event);
	if (dragged && !['done', 'refused'].includes(outcomeOf(event))) takeHome(dragged);
});

document.addEventListener('keydown', (event) => {
	if (event.key !== 'Escape' || !drag) return;
	drag.cancelled = true;
	// Sortable ends a drag on mouseup, pointerup or drop: tell it that the button was let go.
	document.dispatchEvent(new PointerEvent('pointerup', { bubbles: true }));
	document.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
});

// The whole column takes a card, with its head, group lines and gaps; Sortable knows of cards alone, and
// looks only every 50 ms, so that a quick drop would count for where it was before.
function follow({ clientX, clientY }) {
	if (!drag || drag.cancelled) return;
	const { item, from } = drag;
	const under = document.elementFromPoint(clientX, clientY)?.closest('.stage, .drop');
	const list = under?.querySelector('.cards');
	if (!list) return;
	drag.refused = takes(list) || list === from ? null : under;
	if (drag.refused) return home(drag);
	if (list === item.parentNode) return;
	if (list === from) return home(drag);
	const below = [...list.children].find((one) => one.getBoundingClientRect().bottom > clientY);
	list.insertBefore(item, below ?? null);
}
window.addEventListener('pointermove', follow);
window.addEventListener('pointerup', follow, true);

// A change outlives its page: whoever drops a card and leaves at once has moved it.
document.addEventListener('htmx:config:request', (event) => {
	const { request } = event.detail.ctx;
	if (request.method === 'POST') request.keepalive = true;
});

// How many cards each column has unfolded, so that a redrawn column shows as many; and which states have
// columns here, so that a board whose states are others by now is drawn as a whole.
document.addEventListener('htmx:config:request', (event) => {
	const states = [...document.querySelectorAll('.board > [data-stage]')];
	const ids = states.map(({ dataset }) => dataset.stage).join(',');
	const { headers } = event.detail.ctx.request;
	headers['X-States-Shown'] = ids;
	const below = [...document.querySelectorAll('.below > .card')].map(idOf).join(',');
	if (below) headers['X-Cards-Below'] = below;
	const shown = [...document.querySelectorAll('.stage > .cards')]
		.map((list) => [list.dataset.column, cardsIn(list).length])
		.filter(([, n]) => n > 25)
		.map(([id, n]) => `${id}=${n}`);
	if (shown.length) headers['X-Cards-Shown'] = shown.join(',');
});

let focused = null;
// «Показать ещё» gives way to cards: the focus goes on to the first of them.
let unfolding = null;
document.addEventListener('htmx:before:swap', (event) => {
	const list = event.target.closest?.('.more')?.closest('.cards');
	unfolding = list ? { list, from: list.querySelectorAll('.card').length } : null;
	focused = document.activeElement?.closest?.('.card')?.id ?? focusAfter ?? focused;
});
document.addEventListener('htmx:after:swap', (event) => {
	setUp();
	// «Показать ещё» may bring a card that a change has moved up meanwhile, or that stood below: it shows once.
	const seen = new Set();
	for (const card of document.querySelectorAll('.below > .card'))
		if (document.querySelector(`li:not(.below) > #${card.id}`)) card.closest('li').remove();
	for (const line of document.querySelectorAll('.below-line:last-child')) line.remove();
	for (const card of [...document.querySelectorAll('.stage .card')].reverse()) {
		if (seen.has(card.id)) card.closest('li').remove();
		seen.add(card.id);
	}
	// What others changed moves nobody's focus; see untouched.js.
	if (event.detail.ctx?.live) return;
	showChanged();
	if (unfolding && document.activeElement === document.body) {
		const first = unfolding.list.querySelectorAll('.card')[unfolding.from];
		if (first) linkOf(first).focus({ preventScroll: true });
	} else if (
		focused &&
		!document.querySelector('dialog[open]') &&
		document.activeElement === document.body
	) {
		const card = document.getElementById(focused);
		card?.querySelector('h3 a')?.focus({ preventScroll: false });
	}
	focusAfter = null;
});

// A card that was made or changed is led to by its message: it comes into sight, and the focus stays with it.
function showChanged() {
	const link = document.querySelector('#toast:not(.error) a.open[href^="/deals/"]');
	const card = link && document.getElementById(`deal-${link.pathname.split('/').pop()}`);
	if (!card || link.dataset.shown) return;
	link.dataset.shown = '1';
	card.scrollIntoView({ block: 'nearest', inline: 'nearest' });
	comeBackTo(card);
	if (document.activeElement === document.body) linkOf(card).focus({ preventScroll: true });
}

setUp();
