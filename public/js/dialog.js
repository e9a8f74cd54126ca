/*
 * Forms in one dialog. A link with data-dialog is a page of its own without scripts; with them its form
 * is fetched into the dialog. The server says when it is done: an empty body closes it.
 */
import { explain } from './toast.js';

const dialog = document.getElementById('dialog');
// Not before the page can be worked with: nothing is typed yet.
let drafts = null;
void import('./drafts.js').then((module) => {
	drafts = module;
});
const body = () => document.getElementById('dialog-body');
let opener = null;

/** Fetches a form into the dialog; the focus returns to `source` when it closes. */
export async function openForm(href, source) {
	opener = source ?? document.activeElement;
	opener?.setAttribute?.('aria-busy', 'true');
	await window.htmx
		.ajax('GET', href, { source: document.body, swap: 'none', opened: href })
		.finally(() => opener?.removeAttribute?.('aria-busy'));
}

// What opened the form is its address: by it its draft is known, see drafts.js.
document.addEventListener('htmx:before:swap', ({ detail }) => {
	if (detail.ctx?.opened) dialog.dataset.address = detail.ctx.opened;
});

/** Where the focus goes when the dialog closes: to this, unless what opened it is part of it. */
export function comeBackTo(element) {
	if (!opener?.isConnected || !element.contains(opener)) opener = element.querySelector('a');
}

const isEmpty = () => !body()?.childElementCount;

document.addEventListener('click', (event) => {
	const link = event.target.closest?.('a[data-dialog]');
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	event.preventDefault();
	// The toolbar of the cards moves on; the card stays.
	const source = link.closest('.hand') ? link.closest('.card').querySelector('h3 a') : link;
	void openForm(link.getAttribute('href'), dialog.contains(link) ? opener : source);
});

dialog.addEventListener('click', (event) => {
	if (event.target !== dialog && !event.target.closest('[data-close]')) return;
	event.preventDefault();
	leave();
});
dialog.addEventListener('cancel', (event) => {
	if (event.target !== dialog) return;
	event.preventDefault();
	leave();
});

// What differs is asked about first; its draft stays unless one says to forget it.
const leaving = document.getElementById('leaving');
function leave() {
	if (!drafts?.isDirty(dialog)) return dialog.close();
	leaving.returnValue = '';
	leaving.showModal();
}
leaving?.addEventListener('close', () => {
	if (leaving.returnValue === 'forget') drafts.forgetAll(dialog);
	if (leaving.returnValue !== '') dialog.close();
});

// Ctrl+Enter sends a form from whatever field of it.
document.addEventListener('keydown', (event) => {
	if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
	const form = event.target.form?.closest('#dialog form, main.narrow form');
	if (!form?.matches('[method=post]')) return;
	event.preventDefault();
	form.requestSubmit(form.querySelector('button.primary:not([type=button])'));
});

// The body was replaced: show it, or close when there is nothing more to ask.
document.addEventListener('htmx:after:swap', () => {
	if (isEmpty()) {
		if (dialog.open) dialog.close('done');
		return;
	}
	if (!dialog.open) dialog.showModal();
	const first =
		dialog.querySelector('#form-problem[role=alert]') ?? dialog.querySelector('[autofocus]');
	if (first && !first.dataset.focused) {
		first.dataset.focused = '1';
		first.focus();
	}
});

dialog.addEventListener('close', () => {
	const done = dialog.returnValue === 'done';
	dialog.returnValue = '';
	delete dialog.dataset.address;
	if (!done) body()?.replaceChildren();
	if (opener?.isConnected) opener.focus();
});

// No answer of ours: the form stays as it is and says so. A toast would lie behind the dialog.
document.addEventListener('htmx:error', ({ detail: { ctx, error } }) => {
	// What a page asks for by itself alarms nobody.
	if (ctx?.sourceEvent?.type === 'every') return;
	explain(error, { box: (dialog.open ? dialog : document).querySelector('#form-problem') });
});

// Clients are suggested while their name is typed.
let asking = 0;
document.addEventListener('input', (event) => {
	if (event.target.getAttribute?.('list') !== 'client-names') return;
	clearTimeout(asking);
	const name = event.target.value.trim();
	if (name.length < 2) return;
	asking = setTimeout(() => {
		const query = new URLSearchParams({ clientName: name });
		window.htmx.ajax('GET', `/clients/suggestions?${query}`, {
			source: event.target,
			swap: 'none',
		});
	}, 180);
});
