/* Отбор answers as it is changed: the board is fetched again and the address follows. */
const SEARCH_DELAY = 250;
let timer = 0;

const formOf = () => document.getElementById('filter');

function apply() {
	clearTimeout(timer);
	const query = new URLSearchParams();
	for (const [name, value] of new FormData(formOf())) if (value !== '') query.set(name, value);
	const path = query.size ? `/board?${query}` : '/board';
	if (path === location.pathname + location.search) return;
	window.htmx.ajax('GET', path, { source: '#board-page', swap: 'none', push: path });
}

document.addEventListener('change', (event) => {
	if (event.target.form?.id === 'filter' && event.target.type !== 'search') apply();
});
document.addEventListener('input', (event) => {
	if (event.target.form?.id !== 'filter' || event.target.type !== 'search') return;
	clearTimeout(timer);
	// One letter finds half the company: it waits for the second one, or for Enter.
	if ([...event.target.value.trim()].length !== 1) timer = setTimeout(apply, SEARCH_DELAY);
});
document.addEventListener('submit', (event) => {
	if (event.target.id !== 'filter' && event.target.id !== 'search') return;
	if (!formOf()) return;
	event.preventDefault();
	apply();
});
