/*
 * What a redraw that nobody asked for must leave as it is: a form that is being filled in, an open menu, the
 * place of the focus. What it did change is marked for a moment.
 */
import { isChanged } from './fields.js';

const MARKED_MS = 2_000;

const fieldsOf = (form) => [...form.querySelectorAll('input, select, textarea')];

function touched(field) {
	if (field.type === 'hidden' || field.closest('.pick')) return false;
	if (field === document.activeElement && field.matches('input:not([type=checkbox]), textarea'))
		return true;
	return isChanged(field);
}

/** A form that changes something is left alone as a whole: it goes on from the version that it was drawn from. */
function isHeld(element) {
	if (element.matches('.fact.editing, details.snooze[open]')) return true;
	if (element.matches('form[method=post]')) return fieldsOf(element).some(touched);
	return element.matches('input, select, textarea') && touched(element);
}

let keeping = false;
let registered = false;
function register() {
	registered = true;
	window.htmx.registerExtension('untouched', {
		htmx_before_morph_node: (element) => !(keeping && element.matches?.('*') && isHeld(element)),
		// Open menus stay open; what a script has shown stays shown.
		htmx_before_morph_attr: (element, { attrName }) =>
			!keeping ||
			!(
				(attrName === 'open' && element.matches('details')) ||
				(attrName === 'hidden' && element.matches('[data-pick-none]'))
			),
	});
}

/** From now on the hand's work is kept, until the function that is returned is called. */
export function keepWork() {
	if (!registered) register();
	keeping = true;
	return () => {
		keeping = false;
	};
}

/** Where the focus stands: the element, and its surroundings should it go. */
export function takeFocus() {
	const element = document.activeElement;
	if (!element || element === document.body) return null;
	const holder = element.closest('[id]:not(#dialog *)');
	const around = holder?.closest('section[tabindex], .todo-group, table, main');
	return { element, holder: holder?.id, around: around?.id };
}

/** Puts the focus back: on what has the same place now, or else on what stands around it. */
export function restoreFocus(focus) {
	if (!focus || document.activeElement !== document.body || focus.element.isConnected) return;
	const holder = focus.holder && document.getElementById(focus.holder);
	const to =
		holder?.querySelector('h3 a, th a, a, button') ??
		(focus.around && document.getElementById(focus.around));
	to?.focus({ preventScroll: true });
}

const MARKABLE = '.card, .todo, table.list tbody tr[id], .entry[id], .fact[id]';
const isOf = (element, ids) => element.matches('.todo, .entry, .fact') || ids.has(element.id);
// Lateness passes by itself: of steps the version tells.
const textOf = (element) =>
	element.dataset.version && element.matches('.todo, .entry')
		? element.dataset.version
		: `${element.closest('[data-column]')?.dataset.column ?? ''} ${element.textContent.replace(/\s+/g, ' ')}`;

/** Remembers how things look; the function that is returned marks those of `ids` that look different now. */
export function markFresh(ids) {
	const before = new Map();
	for (const element of document.querySelectorAll(MARKABLE))
		before.set(element.id, textOf(element));
	return () => {
		for (const element of document.querySelectorAll(MARKABLE)) {
			if (!isOf(element, ids) || before.get(element.id) === textOf(element)) continue;
			element.classList.add('fresh');
			setTimeout(() => element.classList.remove('fresh'), MARKED_MS);
		}
	};
}
