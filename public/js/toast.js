/* Toasts go after ten seconds, unless the mouse or the focus rests on them; errors stay. */
import { whyOf } from './answer.js';

const TEN_SECONDS = 10_000;
const region = document.getElementById('toasts');
let timer = 0;

const resting = () => region.matches(':hover') || region.contains(document.activeElement);

function wait() {
	clearTimeout(timer);
	const toast = region.firstElementChild;
	if (!toast) return;
	const time = toast.classList.contains('error') ? 3 * TEN_SECONDS : TEN_SECONDS;
	timer = setTimeout(() => (resting() ? wait() : region.replaceChildren()), time);
}

/** Tells something that the server could not: text only. */
export function tell(message) {
	const toast = document.createElement('div');
	toast.className = 'toast error';
	toast.id = 'toast';
	toast.setAttribute('role', 'alert');
	toast.append(Object.assign(document.createElement('p'), { textContent: message }));
	region.replaceChildren(toast);
	wait();
}

/** A link back to this very place, asked for anew: so whoever stands in front can ask for a sign-in first. */
export function wayBack(target = '') {
	const href = location.pathname + location.search;
	return Object.assign(document.createElement('a'), { href, target, textContent: word('signIn') });
}

/** What a failed request is told as: the words of its kind, `failed` by default. */
const reasonOf = (error) => ({ left: 'left', broken: 'broken', fault: 'broken' })[whyOf(error)];

/** Tells why there was no answer: in `box`, where a form has one, else as a toast, with the words for `title`. */
export function explain(error, { box = null, title = null } = {}) {
	const why = reasonOf(error);
	const sentence = why ? word(why) : title ? word('offline', { title }) : word('failed');
	const message = why && title ? `${sentence} ${word('home', { title })}` : sentence;
	// What is typed in a form stays in sight: one signs in beside it.
	const link = why === 'left' ? [' ', wayBack(box ? '_blank' : '')] : [];
	if (!box) {
		tell(message);
		region.querySelector('p').append(...link);
		return;
	}
	box.hidden = false;
	box.className = 'problem';
	box.setAttribute('role', 'alert');
	box.replaceChildren(message, ...link);
}

/** Takes the toast away: its «Отменить» belongs to a change that is not the last one any more. */
export function hush() {
	region.replaceChildren();
}

/** A sentence of the page's language, kept in the page for scripts. */
export function word(name, values = {}) {
	const sentence = document.getElementById('words').dataset[name] ?? '';
	return sentence.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? '');
}

new MutationObserver(wait).observe(region, { childList: true });
document.addEventListener('keydown', (event) => {
	if (event.key === 'Escape' && !document.querySelector('dialog[open]')) region.replaceChildren();
});
wait();
