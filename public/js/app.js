import './answer.js';
import './dialog.js';
import './toast.js';
import './keys.js';
import './filter.js';
import './once.js';
import './reminders.js';
import './taking.js';

// Only where a form asks for it; one may have the focus already.
const watchForms = (field) => {
	if (field?.closest?.('form[data-duplicates]')) void import('./duplicates.js');
	if (field?.closest?.('.lines-form') || field?.getAttribute?.('list') === 'product-names')
		void import('./lines.js');
	if (field?.form?.querySelector('#clash')) void import('./clash.js').then(({ ask }) => ask(field));
};
watchForms(document.activeElement);
document.addEventListener('focusin', (event) => watchForms(event.target));

// A script that does not come (a net that is lost, an upgrade in between) takes no other with it.
const lost = [];
const bring = async (where, load) => {
	if (document.querySelector(where)) await load().catch((error) => lost.push(error));
};
await bring('[data-page="board"]', () => import('./board.js'));
await bring('[data-page="board"]', () => import('./hand.js'));
await bring('table[data-keys], [data-page="deals"]', () => import('./deals.js'));
await bring('#bulk, [data-page="agenda"]', () => import('./bulk.js'));
await bring('[data-page="agenda"]', () => import('./agenda.js'));
await bring('.fact, [data-inline]', () => import('./inline.js'));
await bring('[data-page="deal"]', () => import('./deal.js'));
await bring('[data-page="calendar"]', () => import('./calendar.js'));
await bring('[data-order]', () => import('./order.js'));
await bring('[data-page="imports"]', () => import('./imports.js'));
await bring('#live', () => import('./live.js'));

// What works only with scripts is shown only with scripts: when all of them listen, not while some are on their way.
document.documentElement.classList.add('scripted');
if (lost.length > 0) throw lost[0];
