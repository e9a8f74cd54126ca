/*
 * The order of a directory by dragging. The buttons beside a record do the same without; the answer redraws
 * the page, and a refused place is the page as it was.
 */
import { outcomeOf } from './answer.js';

const lists = new WeakSet();
let dragged = null;
let sent = null;

function setUp() {
	for (const list of document.querySelectorAll('[data-order]')) {
		if (lists.has(list)) continue;
		lists.add(list);
		window.Sortable.create(list, {
			draggable: '[data-place]',
			handle: '[data-grip]',
			// As on the board: the browser's own drag swallows Esc and cannot be styled.
			forceFallback: true,
			fallbackTolerance: 3,
			animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 120,
			ghostClass: 'ghost',
			onStart: ({ item }) => {
				dragged = { item, next: item.nextSibling, cancelled: false };
				document.body.classList.add('dragging');
			},
			onEnd: end,
		});
	}
}

// What was not done goes back: only an answer draws the page anew.
document.addEventListener('htmx:finally:request', (event) => {
	const { target: item } = event;
	if (item !== sent?.item) return;
	const { next } = sent;
	sent = null;
	if (!['done', 'refused'].includes(outcomeOf(event)) && item.isConnected)
		item.parentNode.insertBefore(item, next?.parentNode === item.parentNode ? next : null);
});

function end({ item, oldDraggableIndex, newDraggableIndex }) {
	const { next, cancelled } = dragged;
	dragged = null;
	document.body.classList.remove('dragging');
	if (cancelled) return item.parentNode.insertBefore(item, next);
	if (oldDraggableIndex === newDraggableIndex) return;
	const { place, version } = item.dataset;
	sent = { item, next };
	void window.htmx.ajax('POST', `${place}/position`, {
		source: item,
		swap: 'none',
		values: { version, place: newDraggableIndex + 1 },
	});
}

document.addEventListener('keydown', (event) => {
	if (event.key !== 'Escape' || !dragged) return;
	dragged.cancelled = true;
	// Sortable ends a drag on mouseup, pointerup or drop: tell it that the button was let go.
	document.dispatchEvent(new PointerEvent('pointerup', { bubbles: true }));
	document.dispatchEvent(new MouseEvent('mouseup', { bubbles: true }));
});

document.addEventListener('htmx:after:swap', setUp);
setUp();
