/*
 * One toolbar for all cards. It moves to the card that the mouse rests on, that the keyboard has reached or that was
 * tapped, and hangs below it, so that it covers nothing of that card.
 */
import { addressOf } from './keys.js';

const REST_MS = 100;
const HEIGHT = 36;
const hand = document.getElementById('hands').content.firstElementChild.cloneNode(true);
const button = hand.querySelector('[data-pick]');
const boxOf = (card) => card?.querySelector('.pick input');
const cardAt = (target) => target.closest?.('.stage .card') ?? null;

let timer = 0;
/** The card under the mouse. */
let under = null;
let touching = false;

function hold(card) {
	clearTimeout(timer);
	// While several are chosen the boxes themselves are there; see bulk.js.
	if (!card || document.body.matches('.selecting')) return hand.remove();
	if (hand.parentNode === card) return;
	for (const link of hand.querySelectorAll('[data-do]')) {
		const address = addressOf(card, link.dataset.do);
		link.hidden = address === null;
		if (address !== null) link.setAttribute('href', address);
	}
	button.hidden = !boxOf(card);
	card.append(hand);
	// Where the column ends right below it hangs above.
	const end = Math.min(card.closest('.cards').getBoundingClientRect().bottom, innerHeight);
	hand.classList.toggle('up', card.getBoundingClientRect().bottom + HEIGHT > end);
}

// What the keyboard has reached keeps it while the mouse is elsewhere.
const reached = () => cardAt(document.querySelector(':focus-visible') ?? document);

// Scrolling under a mouse that lies still moves no pointer, and so takes it from nobody.
document.addEventListener('pointermove', ({ target, pointerType, buttons }) => {
	if (pointerType !== 'mouse') return;
	const card = buttons ? null : cardAt(target);
	if (card === under) return;
	under = card;
	clearTimeout(timer);
	timer = setTimeout(() => hold(under ?? reached()), REST_MS);
});

document.addEventListener('focusin', ({ target }) => {
	const card = cardAt(target);
	if (card && target.matches(':focus-visible')) hold(card);
	else if (!card && !under && !touching) hold(null);
});

document.addEventListener('pointerdown', ({ pointerType }) => {
	touching = pointerType !== 'mouse';
});
document.addEventListener('click', ({ target }) => {
	if (!touching || target === document || target.closest('a, button, label')) return;
	const card = cardAt(target);
	hold(hand.parentNode === card ? null : card);
});

hand.addEventListener('keydown', (event) => {
	const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
	if (!step) return;
	event.preventDefault();
	// Without that the arrows walk the cards.
	event.stopPropagation();
	const items = [...hand.children].filter((one) => !one.hidden);
	items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
});

button.addEventListener('click', ({ shiftKey }) => {
	const box = boxOf(hand.parentNode);
	box.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey }));
	box.focus({ preventScroll: true });
	hold(null);
});

// A redraw knows nothing of it, and would take it for a part of the card.
let kept = null;
document.addEventListener('htmx:before:swap', () => {
	const card = hand.parentNode;
	if (!card) return;
	kept = { id: card.id, focus: hand.contains(document.activeElement) && document.activeElement };
	hand.remove();
});
document.addEventListener('htmx:after:swap', () => {
	if (!kept) return;
	const { id, focus } = kept;
	kept = null;
	const card = document.getElementById(id);
	hold(card);
	if (!card || !focus) return;
	// What was about to be done may be done by now.
	const to = focus.hidden ? card.querySelector('h3 a') : focus;
	to.focus({ preventScroll: true });
});

// A column that is drawn anew loses the toolbar of the card that the mouse still rests on.
document.addEventListener('htmx:after:swap', () => {
	if (!under || hand.isConnected) return;
	under = cardAt(document.querySelector('.card:hover') ?? document);
	hold(under ?? reached());
});
