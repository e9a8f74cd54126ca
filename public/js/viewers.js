/* Who else looks at this deal: told and asked every few seconds while it is looked at, taken back at the end. */
import { reach } from './answer.js';

const EVERY_MS = 20_000;
const place = () => document.getElementById('viewers');
const { deal } = document.querySelector('[data-page="deal"]').dataset;
const address = `/deals/${deal}/viewers`;

// By hand, for nobody asked for it: whatever goes wrong must not alarm anybody.
async function tell() {
	if (document.hidden || !place()) return;
	const headers = {
		...{ 'HX-Request': 'true', 'HX-Current-URL': location.href, 'X-Background': '1' },
	};
	const text = await reach(address, { method: 'POST', headers })
		.then((answer) => answer.text())
		.catch(() => '');
	const fresh = new DOMParser().parseFromString(text, 'text/html').getElementById('viewers');
	// Read to the person only when it says something else.
	if (fresh && place() && place().textContent !== fresh.textContent)
		place().textContent = fresh.textContent;
}

const leave = () => navigator.sendBeacon(address, new URLSearchParams({ leaving: '1' }));

void tell();
setInterval(tell, EVERY_MS);
document.addEventListener('visibilitychange', () => void (document.hidden ? leave() : tell()));
window.addEventListener('pagehide', leave);
document.addEventListener('live:changed', ({ detail }) => {
	if (detail.watched?.includes(Number(deal))) void tell();
});
