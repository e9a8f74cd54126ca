/* «Мои дела»: отбор answers as it is changed, arrows walk the lines, the focus stays where the work is. */
import { putBack, visit } from './filter.js';
import { shortcutsOff } from './keys.js';

const SEARCH_DELAY = 250;
const UP = { ArrowUp: -1, ArrowDown: 1 };
// By the place of the key, so that a Russian keyboard walks as well.
const LETTERS = { KeyK: -1, KeyJ: 1 };

const bar = () => document.getElementById('agenda-bar');
const lines = () => [...document.querySelectorAll('.todo')];
const linkOf = (line) => line?.querySelector('h3 a');
const lineOf = (element) => element?.closest?.('.todo') ?? null;

let timer = 0;

function show(path, byTyping = false) {
	clearTimeout(timer);
	if (path === location.pathname + location.search) return;
	const way = { source: '#agenda-page', swap: 'none', ...visit(path, byTyping) };
	void window.htmx.ajax('GET', path, way).finally(() => {
		// What was chosen under another отбор may not be found any more.
		if (path === location.pathname + location.search)
			document.dispatchEvent(new CustomEvent('filter:applied'));
		else putBack(bar());
	});
}

function apply(byTyping = false) {
	const query = new URLSearchParams();
	for (const [name, value] of new FormData(bar())) if (value !== '') query.set(name, value);
	show(query.size ? `/agenda?${query}` : '/agenda', byTyping);
}

document.addEventListener('change', ({ target }) => {
	if (target.form?.id === 'agenda-bar' && target.type !== 'search') apply();
});
document.addEventListener('input', ({ target }) => {
	if (target.form?.id !== 'agenda-bar' || target.type !== 'search') return;
	clearTimeout(timer);
	if ([...target.value.trim()].length !== 1) timer = setTimeout(apply, SEARCH_DELAY, true);
});
document.addEventListener('submit', (event) => {
	if (event.target.id !== 'agenda-bar') return;
	event.preventDefault();
	apply();
});
document.addEventListener('click', (event) => {
	const link = event.target.closest?.('#agenda-page a[data-filter]');
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	event.preventDefault();
	show(link.getAttribute('href'));
});

function walk(event) {
	const step = UP[event.key] ?? (shortcutsOff() ? undefined : LETTERS[event.code]);
	if (!step) return false;
	const all = lines();
	const at = all.indexOf(lineOf(document.activeElement));
	const to = at < 0 ? all[0] : all[at + step];
	linkOf(to)?.focus();
	to?.scrollIntoView({ block: 'nearest' });
	return Boolean(to);
}

document.addEventListener('keydown', (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
		return;
	if (event.target.closest('input, select, textarea, [contenteditable]')) return;
	if (walk(event)) event.preventDefault();
});

// How many lines each group has unfolded, so that a redrawn list shows as many.
document.addEventListener('htmx:config:request', (event) => {
	const shown = [...document.querySelectorAll('.todo-group')]
		.map((group) => [group.classList[1], group.querySelectorAll('.todo').length])
		.filter(([, n]) => n > 10)
		.map(([name, n]) => `${name}=${n}`);
	if (shown.length) event.detail.ctx.request.headers['X-Cards-Shown'] = shown.join(',');
});

// What is done leaves the list: the focus goes on to the line that came after it.
let stood = null;
document.addEventListener('htmx:before:swap', () => {
	const dialog = document.querySelector('dialog[open]');
	const line = lineOf(document.activeElement) ?? (dialog ? lineOf(opened) : null);
	if (!line) return;
	const all = lines();
	const at = all.indexOf(line);
	stood = [line, ...all.slice(at + 1, at + 3), all[at - 1]].filter(Boolean).map(({ id }) => id);
});

let opened = null;
document.addEventListener('focusin', ({ target }) => {
	if (lineOf(target)) opened = target;
});

document.addEventListener('htmx:after:swap', () => {
	if (!stood || document.querySelector('dialog[open]')) return;
	// The dialog gives the focus back to what opened it, if that is there still.
	if (document.activeElement !== document.body) return;
	const line = stood.map((id) => document.getElementById(id)).find(Boolean);
	linkOf(line)?.focus({ preventScroll: true });
	stood = null;
});
