/*
 * Several at once: what is chosen is kept here and not in the page, so that it survives «Показать ещё» and
 * any answer; each with the version that the person saw, as the value of its check box.
 */
import { outcomeOf, reach } from './answer.js';
import { openForm } from './dialog.js';
import { shortcutsOff } from './keys.js';
import { explain } from './toast.js';

const MOST = 500;
const chosen = new Map();
let anchor = null;

const boxes = () => [...document.querySelectorAll('.pick input')];
const idOf = (token) => token.split('.')[0];
const holderOf = (element) => element?.closest?.('.card, .todo, tr');
const bar = () => document.getElementById('bulk');
/** Where the choice is sent: beside the page that asks what to do with it. */
const target = () =>
	bar()
		?.getAttribute('action')
		.replace(/\/new$/, '');
const boxIn = (holder) => holder?.querySelector('.pick input');

/** Shows what is chosen: the boxes, the bar, the words for who does not see them. */
function show() {
	for (const box of boxes()) {
		const id = idOf(box.value);
		box.checked = chosen.has(id);
		// A change has drawn it anew, with the version that counts now.
		if (box.checked) chosen.set(id, box.value);
	}
	document.body.classList.toggle('selecting', chosen.size > 0);
	const count = document.querySelector('#bulk .count');
	if (!count) return;
	const said = count.dataset.picked.replace('{n}', chosen.size);
	count.textContent = said;
	const region = document.getElementById('picked');
	if (region.textContent !== said && (chosen.size > 0 || region.textContent !== ''))
		region.textContent = said;
	bar().querySelector('[data-pick-none]').hidden = false;
}

function choose(box, on) {
	const id = idOf(box.value);
	if (on && chosen.size < MOST) chosen.set(id, box.value);
	else chosen.delete(id);
}

/** From the last one chosen to this one, as they stand on the page. */
function chooseRange(box) {
	const all = boxes();
	const from = all.findIndex((one) => idOf(one.value) === anchor);
	const to = all.indexOf(box);
	for (const one of from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1))
		choose(one, true);
}

function toggle(box, range) {
	if (range) chooseRange(box);
	else choose(box, !chosen.has(idOf(box.value)));
	anchor = idOf(box.value);
	show();
}

function clear() {
	if (chosen.size === 0) return;
	chosen.clear();
	anchor = null;
	show();
}

// What was refused stays chosen: it is mended, or tried another way.
function keepRefused() {
	const kept = document.querySelector('#dialog [data-keep]')?.dataset.keep.split(' ') ?? [];
	for (const id of [...chosen.keys()]) if (!kept.includes(id)) chosen.delete(id);
	anchor = null;
	show();
}

document.addEventListener('click', (event) => {
	if (event.target.matches?.('.pick input')) toggle(event.target, event.shiftKey);
	if (event.target.closest?.('[data-pick-none]')) clear();
	const all = event.target.closest?.('[data-pick-all]');
	if (!all) return;
	event.preventDefault();
	void chooseAll(all.getAttribute('href'));
});

async function chooseAll(address) {
	try {
		const answer = await reach(address, { headers: { accept: 'application/json' } });
		const found = await answer.json();
		chosen.clear();
		for (const token of found.chosen) chosen.set(idOf(token), token);
		show();
	} catch (error) {
		explain(error);
	}
}

document.addEventListener('keydown', (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
		return;
	if (event.key === 'Escape' && !document.querySelector('.dragging, details.pop[open]')) clear();
	if (event.target.closest('input:not([type=checkbox]), select, textarea')) return;
	if (!['x', 'ч'].includes(event.key.toLowerCase()) || shortcutsOff()) return;
	const box = boxIn(holderOf(document.activeElement));
	if (!box) return;
	event.preventDefault();
	toggle(box, event.shiftKey);
});

// What to do is asked in the dialog; with which of them is told only when it is sent.
document.addEventListener('submit', (event) => {
	if (event.target.id !== 'bulk') return;
	event.preventDefault();
	if (chosen.size === 0) return;
	const query = new URLSearchParams({ verb: event.submitter.value, n: chosen.size });
	void openForm(`${event.target.getAttribute('action')}?${query}`, event.submitter);
});
document.addEventListener('htmx:after:swap', () => {
	const form = document.querySelector('#dialog form[data-bulk]');
	const named = form?.elements[form.dataset.bulk];
	if (named && named.value === '') named.value = [...chosen.values()].join(',');
	show();
});
document.addEventListener('htmx:finally:request', (event) => {
	if (event.detail.ctx?.request.action === target() && outcomeOf(event) === 'done') keepRefused();
});
document.addEventListener('filter:applied', clear);

show();
