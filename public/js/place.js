/*
 * Back brings the board as it was left: its columns unfolded as far, and scrolled to the same cards. A list
 * has that in its address; a board's columns are too many for one, so the tab keeps how it left them.
 */
const KEY = 'board-left';
const columns = () => [...document.querySelectorAll('.stage > .cards')];
const countIn = (list) => list.querySelectorAll('li:not(.below) > .card').length;

addEventListener('pagehide', () => {
	const left = columns().map((list) => [list.dataset.column, list.scrollTop, countIn(list)]);
	const across = document.querySelector('.board')?.scrollLeft ?? 0;
	sessionStorage.setItem(KEY, JSON.stringify({ address: location.href, left, across }));
});

async function restore({ left, across }) {
	const unfolded = left.filter(([, , n]) => n > 25).map(([id, , n]) => `${id}=${n}`);
	if (unfolded.length) {
		const headers = { 'X-Cards-Shown': unfolded.join(',') };
		await window.htmx.ajax('GET', '/live/page', { source: document.body, swap: 'none', headers });
	}
	for (const list of columns()) {
		const [, top] = left.find(([id]) => id === list.dataset.column) ?? [];
		if (top) list.scrollTop = top;
	}
	document.querySelector('.board').scrollLeft = across;
}

// A reload asks for the board as it is; only Back and Forward ask for the one that was left.
const [entry] = performance.getEntriesByType('navigation');
const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
if (entry?.type === 'back_forward' && kept?.address === location.href) void restore(kept);
