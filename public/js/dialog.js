/*
 * Forms in one dialog. A link with data-dialog is a page of its own without scripts; with them its form
 * is fetched into the dialog. The server says when it is done: an empty body closes it.
 */
import { tell, word } from './toast.js';

const dialog = document.getElementById('dialog');
const body = () => document.getElementById('dialog-body');
let opener = null;

/** Fetches a form into the dialog; the focus returns to `source` when it closes. */
export async function openForm(href, source) {
	opener = source ?? document.activeElement;
	await window.htmx.ajax('GET', href, { source: document.body, swap: 'none' });
}

const isEmpty = () => !body()?.childElementCount;

document.addEventListener('click', (event) => {
	const link = event.target.closest?.('a[data-dialog]');
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	event.preventDefault();
	void openForm(link.getAttribute('href'), dialog.contains(link) ? opener : link);
});

dialog.addEventListener('click', (event) => {
	if (!event.target.closest('[data-close]')) return;
	event.preventDefault();
	dialog.close();
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
	if (!done) body()?.replaceChildren();
	if (opener?.isConnected) opener.focus();
});

// No answer at all: the form stays as it is and says so. A toast would lie behind the dialog.
function unanswered(event) {
	const box = dialog.open && dialog.querySelector('#form-problem');
	if (!box) {
		if (!event.target.closest?.('.card')) tell(word('failed'));
		return;
	}
	box.hidden = false;
	box.className = 'problem';
	box.setAttribute('role', 'alert');
	box.textContent = word('failed');
}
document.addEventListener('htmx:error', unanswered);
// Nor is the page of a proxy in between an answer; 401 leads on to the sign-in.
document.addEventListener('htmx:response:error', (event) => {
	const { response, text } = event.detail.ctx;
	if (response.status !== 401 && !text.includes('<hx-partial')) unanswered(event);
});

// A click beside the form leaves it, unless something was typed.
dialog.addEventListener('click', (event) => {
	if (event.target !== dialog) return;
	const typed = [...dialog.querySelectorAll('input:not([type=hidden]), textarea')];
	if (typed.every((field) => field.value === field.defaultValue)) dialog.close();
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
