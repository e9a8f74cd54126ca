/* Toasts go after ten seconds, unless the mouse or the focus rests on them; errors stay. */
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
