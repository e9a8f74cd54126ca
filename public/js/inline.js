/*
 * One fact of a record becomes a form in its place. The link beside it leads to the whole form without
 * scripts; with them the server puts the one field where the fact stood, and the fact back after Escape
 * or saving. The focus follows.
 */
import { isChanged } from './fields.js';

const editing = () => document.querySelector('.fact.editing');
const cancelOf = (fact) => fact.querySelector('[data-inline=cancel]').getAttribute('href');
const fetchFact = (href, link) => {
	link?.setAttribute('aria-busy', 'true');
	const fetched = window.htmx.ajax('GET', href, { source: document.body, swap: 'none' });
	return fetched.finally(() => link?.removeAttribute('aria-busy'));
};

/** The fact that the focus goes back to, and the one to open after the present one is saved. */
let home = null;
let next = null;

const fields = (form) => [...form.querySelectorAll('input:not([type=hidden]), select, textarea')];
const touched = (form) => fields(form).some(isChanged);

// Another fact is still open: what was typed there is saved first, and if it is wrong one stays there.
async function open(link) {
	const fact = editing();
	const href = link.getAttribute('href');
	if (fact && touched(fact.querySelector('form'))) {
		next = href;
		fact.querySelector('form').requestSubmit();
		return;
	}
	if (fact) await fetchFact(cancelOf(fact));
	home = link.closest('.fact').id;
	await fetchFact(href, link);
}

async function close(fact) {
	next = null;
	home = fact.id;
	await fetchFact(cancelOf(fact));
}

document.addEventListener('click', (event) => {
	if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	const link = event.target.closest?.('a[data-inline]');
	if (link) {
		event.preventDefault();
		void (link.dataset.inline === 'cancel' ? close(link.closest('.fact')) : open(link));
		return;
	}
	// A click on the words does the same, unless it marks them or they lead elsewhere.
	const said = event.target.closest?.('.fact:not(.editing) > dd');
	const pencil = said?.querySelector('a[data-inline]');
	if (pencil && !event.target.closest('a, button') && getSelection().isCollapsed) void open(pencil);
});

document.addEventListener('keydown', (event) => {
	const fact = event.target.closest?.('.fact.editing');
	if (!fact || event.isComposing) return;
	if (event.key === 'Escape') {
		event.preventDefault();
		event.stopPropagation();
		void close(fact);
	} else if (event.key === 'Enter' && event.ctrlKey && event.target.matches('textarea')) {
		fact.querySelector('form').requestSubmit();
	}
});

// Without an answer the fact stays as it is, and nothing opens or takes the focus later.
document.addEventListener('htmx:error', () => {
	next = null;
	home = null;
});

const isAnswer = (ctx) => Boolean(ctx?.request && ctx.request.method !== 'GET');

document.addEventListener('htmx:after:swap', ({ detail }) => {
	const fact = editing();
	if (fact) {
		const form = fact.querySelector('form');
		const [field] = fields(form);
		home = fact.id;
		// Only the answer to what was sent says that one stays: the page is redrawn for other reasons, too.
		if (isAnswer(detail.ctx)) next = null;
		if (!field || form.dataset.focused) return;
		form.dataset.focused = '1';
		field.focus();
		if (field.matches('input')) field.select();
	} else if (next) {
		const link = [...document.querySelectorAll('a[data-inline]')].find(
			(one) => one.getAttribute('href') === next,
		);
		next = null;
		if (link) void open(link);
	} else if (home) {
		document.querySelector(`#${CSS.escape(home)} a[data-inline]`)?.focus();
		home = null;
	}
});

// Several words in one field: what is suggested goes behind those that stand there already.
document.addEventListener('input', (event) => {
	const field = event.target.closest?.('input[data-many][list]');
	const list = field && document.getElementById(field.getAttribute('list'));
	if (!list) return;
	const before = field.value.slice(0, field.value.lastIndexOf(',') + 1);
	for (const option of list.options) {
		option.dataset.word ??= option.value;
		option.value = before ? `${before} ${option.dataset.word}` : option.dataset.word;
	}
});
