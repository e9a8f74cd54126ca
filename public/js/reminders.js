/*
 * Reminders in the corner of every page: asked for once a minute while somebody looks, told once, and
 * never under a hand that is at work there.
 */
import { reach } from './answer.js';

const MINUTE = 60_000;
const FIRST = 400;
const SOON = 5_000;
const TOLD = 'reminders-told';
const FOLDED = 'reminders-folded';

const panel = () => document.getElementById('reminders');
const region = document.getElementById('reminders-told');
let asked = 0;
let soon = 0;
let mine = false;

const atWork = () =>
	panel().querySelector('details.snooze[open]') !== null ||
	document.querySelector('dialog[open]') !== null ||
	document.body.classList.contains('dragging');

// By hand, for nobody asked for it: a server that is away, or a session that has ended, must neither
// alarm the person nor take the page away under their hands.
async function ask() {
	if (document.hidden || !panel() || atWork()) return;
	asked = Date.now();
	const headers = {
		...{ 'HX-Request': 'true', 'HX-Current-URL': location.href, 'X-Background': '1' },
	};
	const text = await reach('/reminders', { headers })
		.then((answer) => answer.text())
		.catch(() => '');
	if (text !== '' && !atWork())
		await window.htmx.swap({ text, sourceElement: panel(), target: panel(), swap: 'none' });
}

// On a phone it would cover half of the page: there it opens by a touch.
const narrow = matchMedia('(max-width: 700px)').matches;
const isFolded = () => (sessionStorage.getItem(FOLDED) ?? (narrow ? '1' : '0')) === '1';
const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? '[]');

// A reminder that was snoozed comes with another time, and is told anew.
function tell() {
	const known = read(TOLD);
	const fresh = [...panel().querySelectorAll('li[data-told]')].filter(
		(item) => !known.includes(`${item.id}:${item.dataset.since}`),
	);
	if (fresh.length === 0) return;
	region.textContent = fresh.map((item) => item.dataset.told).join('. ');
	const keys = fresh.map((item) => `${item.id}:${item.dataset.since}`);
	sessionStorage.setItem(TOLD, JSON.stringify([...known, ...keys].slice(-100)));
	if (!narrow) sessionStorage.removeItem(FOLDED);
}

function drawn() {
	const box = document.getElementById('reminders-box');
	tell();
	if (box) box.open = !isFolded();
	// The button that was pressed went away with its reminder: the focus stays in the corner.
	if (mine && document.activeElement === document.body) box?.querySelector('summary').focus();
	mine = false;
}

if (panel()) {
	setTimeout(ask, FIRST);
	setInterval(ask, MINUTE);
	document.addEventListener('visibilitychange', () => {
		if (Date.now() - asked > MINUTE) void ask();
	});
	// Somebody planned or finished something: not for each of many changes at once.
	document.addEventListener('live:changed', ({ detail }) => {
		if (!(detail.steps || detail.all || detail.many)) return;
		clearTimeout(soon);
		soon = setTimeout(ask, Math.max(FIRST, asked + SOON - Date.now()));
	});
	document.addEventListener('submit', (event) => {
		if (panel().contains(event.target)) mine = true;
	});
	// Only the person's own click folds it: a redrawn box opens by itself.
	document.addEventListener('click', (event) => {
		const summary = event.target.closest?.('#reminders-box > summary');
		if (!summary) return;
		sessionStorage.setItem(FOLDED, summary.parentElement.open ? '1' : '0');
	});
	// «Сделано» and «Перенести» end in the dialog; what they change may have been in the corner.
	document.getElementById('dialog').addEventListener('close', () => {
		if (!panel().hidden) setTimeout(ask, FIRST);
	});
	new MutationObserver(drawn).observe(panel(), { childList: true, subtree: true });
}
document.addEventListener('keydown', (event) => {
	const open = event.key === 'Escape' && event.target.closest?.('details.snooze[open]');
	if (!open) return;
	open.open = false;
	open.querySelector('summary').focus();
});
