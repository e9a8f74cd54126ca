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

if (document.querySelector('[data-page="board"]')) {
	await import('./board.js');
	await import('./hand.js');
}
if (document.querySelector('table[data-keys]') || document.querySelector('[data-page="deals"]'))
	await import('./deals.js');
if (document.querySelector('#bulk, [data-page="agenda"]')) await import('./bulk.js');
if (document.querySelector('[data-page="agenda"]')) await import('./agenda.js');
if (document.querySelector('.fact, [data-inline]')) await import('./inline.js');
if (document.querySelector('[data-page="deal"]')) await import('./deal.js');
if (document.querySelector('[data-page="calendar"]')) await import('./calendar.js');
if (document.querySelector('[data-order]')) await import('./order.js');
if (document.querySelector('[data-page="imports"]')) await import('./imports.js');
if (document.getElementById('live')) await import('./live.js');

// What works only with scripts is shown only with scripts: when all of them listen, not while some are on their way.
document.documentElement.classList.add('scripted');
