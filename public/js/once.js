/*
 * A form that makes something carries a key: sent twice, it makes one. A form that stays after it was sent
 * gets another key, for the next thing is another.
 */
import { outcomeOf } from './answer.js';

document.addEventListener('htmx:finally:request', (event) => {
	const key = event.target.querySelector?.('form > input[name=key]');
	if (!key || outcomeOf(event) !== 'done') return;
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	key.value = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
});
