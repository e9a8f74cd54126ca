import './dialog.js';
import './toast.js';
import './keys.js';
import './filter.js';
import './inline.js';

// What works only with scripts is shown only with scripts.
document.documentElement.classList.add('scripted');
if (document.querySelector('[data-page="board"]')) await import('./board.js');
if (document.querySelector('[data-page="agenda"]')) await import('./agenda.js');
