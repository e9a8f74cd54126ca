/*
 * Отбор answers as it is changed: the page of #filter (its [data-page] has an id) is fetched again and the
 * address follows. Board and lists alike: the form's action says where.
 */
const SEARCH_DELAY = 200;
let timer = 0;
let asked = null;
/** The entry of history that typing has made, and goes on to change: a search is one, however often it pauses. */
let typed = null;
let typing = null;

const formOf = () => document.getElementById('filter');
const address = () => location.pathname + location.search;

/** How an address goes into history: as a new entry, or in place of what the same search has left there. */
export function visit(path, byTyping) {
	typing = byTyping ? path : null;
	return byTyping && typed === address() ? { replace: path } : { push: path };
}
for (const how of ['push', 'replace'])
	document.addEventListener(`htmx:after:history:${how}`, ({ detail }) => {
		typed = detail.path === typing ? typing : null;
	});
const searched = () => {
	typed = null;
	typing = null;
};
addEventListener('popstate', searched);
document.addEventListener('focusout', ({ target }) => {
	if (target.type === 'search') searched();
});

/** Shows a form's choices as the page was drawn by them, where others were not answered; what was typed stays. */
export function putBack(form) {
	for (const field of form?.elements ?? []) {
		if (field.type === 'checkbox' || field.type === 'radio') field.checked = field.defaultChecked;
		if (!field.options) continue;
		const drawn = [...field.options].findIndex((option) => option.defaultSelected);
		field.selectedIndex = Math.max(0, drawn);
	}
}

function apply(byTyping = false) {
	clearTimeout(timer);
	const form = formOf();
	const query = new URLSearchParams();
	for (const [name, value] of new FormData(form))
		if (value !== '') query.set(name, query.has(name) ? `${query.get(name)},${value}` : value);
	const action = form.getAttribute('action');
	const path = query.size ? `${action}?${query}` : action;
	if (!byTyping) searched();
	if (path === (asked ?? address())) return;
	asked = path;
	const source = `#${form.closest('[data-page]').id}`;
	const way = { source, swap: 'none', ...visit(path, byTyping) };
	void window.htmx.ajax('GET', path, way).finally(() => {
		if (asked === path) asked = null;
		// What was chosen under another отбор may not be found any more.
		if (address() === path) document.dispatchEvent(new CustomEvent('filter:applied'));
		else if (asked === null) putBack(formOf());
	});
}

document.addEventListener('change', (event) => {
	if (event.target.form?.id === 'filter' && event.target.type !== 'search') apply();
});
document.addEventListener('input', (event) => {
	if (event.target.form?.id !== 'filter' || event.target.type !== 'search') return;
	clearTimeout(timer);
	// One letter finds half the company: it waits for the second one, or for Enter.
	if ([...event.target.value.trim()].length !== 1) timer = setTimeout(apply, SEARCH_DELAY, true);
});
document.addEventListener('submit', (event) => {
	if (event.target.id !== 'filter' && event.target.id !== 'search') return;
	if (!formOf()) return;
	event.preventDefault();
	apply();
});

// A sheet of the bar closes by Esc and by a click beside it, and stays open while it is being used.
const sheets = () => document.querySelectorAll('details.pop[open]');
document.addEventListener('keydown', (event) => {
	if (event.key !== 'Escape' || document.querySelector('dialog[open]')) return;
	for (const sheet of sheets()) {
		sheet.open = false;
		sheet.querySelector('summary').focus();
	}
});
document.addEventListener('click', (event) => {
	for (const sheet of sheets())
		if (!sheet.contains(event.target) || event.target.closest('a[data-dialog]')) sheet.open = false;
});
let open = [];
document.addEventListener('htmx:before:swap', () => {
	open = [...document.querySelectorAll('details:is(.pop, .fold)[open]')].map(({ id }) => id);
});
document.addEventListener('htmx:after:swap', () => {
	for (const id of open) {
		const sheet = document.getElementById(id);
		if (sheet?.matches('form#filter .pop, .fold')) sheet.open = true;
	}
});
