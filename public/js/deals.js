/* The list by keyboard: arrows walk its rows, Enter opens, x chooses (see bulk.js). */
const linkIn = (row) => row?.querySelector('th[scope=row] a');

document.addEventListener('keydown', (event) => {
	const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
	if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
	if (document.querySelector('dialog[open]')) return;
	const row = document.activeElement.closest('table[data-keys] tbody tr');
	const to = linkIn(row?.[step]) ?? (row ? row[step]?.querySelector('a') : null);
	if (!to) return;
	event.preventDefault();
	to.focus();
	to.closest('tr').scrollIntoView({ block: 'nearest' });
});

// «Показать ещё» gives way to rows: the focus goes on to the first of them.
let unfolding = null;
document.addEventListener('htmx:before:swap', (event) => {
	const more = event.target.closest?.('tr.more');
	unfolding = more?.previousElementSibling ?? null;
});
document.addEventListener('htmx:after:swap', () => {
	const first = linkIn(unfolding?.nextElementSibling);
	unfolding = null;
	if (first && document.activeElement === document.body) first.focus({ preventScroll: true });
});
