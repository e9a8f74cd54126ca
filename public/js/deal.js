/*
 * The deal's page: a click on a kind leads into the field, Ctrl+Enter sends it, and it is emptied only when
 * it was saved; whatever else changes the page leaves it as it is.
 */
import { outcomeOf } from './answer.js';

const form = () => document.getElementById('compose');

document.addEventListener('change', (event) => {
	if (event.target.matches?.('#compose [name=kindId]')) form().elements.text.focus();
});

// Enter beside the date means the plan, and not what a form does by itself: its first button.
document.addEventListener('keydown', (event) => {
	if (event.key !== 'Enter' || event.isComposing || !event.target.closest?.('#compose')) return;
	const planned = event.target.closest('.planning') && event.target.matches('input');
	if (!planned && !event.ctrlKey && !event.metaKey) return;
	event.preventDefault();
	form().requestSubmit(form().querySelector(planned ? '[name=plan]' : '[data-main]'));
});

let sending = null;
document.addEventListener('htmx:before:request', (event) => {
	if (event.target === form()) sending = form().elements.text.value;
});
document.addEventListener('htmx:finally:request', (event) => {
	if (event.target !== form() || outcomeOf(event) !== 'done') return;
	// Who goes on typing while it is sent keeps that.
	if (form().elements.text.value === sending) form().reset();
});
document.addEventListener('htmx:after:swap', () => {
	const problem = document.getElementById('entry-problem');
	if (!problem || problem.dataset.focused) return;
	problem.dataset.focused = '1';
	problem.focus();
});

// How much of the history is unfolded, so that a changed page shows as much.
document.addEventListener('htmx:config:request', (event) => {
	const { request } = event.detail.ctx;
	if (request.method === 'POST') request.keepalive = true;
	const shown = document.querySelectorAll('#timeline > .line').length;
	if (shown) request.headers['X-Lines-Shown'] = String(shown);
});

// On a phone the states are a row that moves: it begins with the one that the deal is in.
const here = document.querySelector('.stages [aria-current]');
if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 12;
