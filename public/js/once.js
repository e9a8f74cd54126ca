/*
 * Every change carries a key: sent twice, it is done once. A form that makes something has its own; one that stays
 * after it was sent gets another, for the next thing is another. Any other change gets one here, and keeps it until an
 * answer says what became of it: sent again, because none came or one that does not know, it is the same change.
 */
import { outcomeOf } from './answer.js';

const keys = new Map();

document.addEventListener('htmx:config:request', ({ detail: { ctx } }) => {
	const { method, action, body, headers } = ctx.request;
	if (method === 'GET' || body?.has('key')) return;
	ctx.change = `${action} ${new URLSearchParams(body)}`;
	if (!keys.has(ctx.change)) keys.set(ctx.change, newKey());
	headers['Idempotency-Key'] = keys.get(ctx.change);
});

document.addEventListener('htmx:finally:request', (event) => {
	const outcome = outcomeOf(event);
	if (outcome === 'done' || outcome === 'refused') keys.delete(event.detail.ctx.change);
	const field = event.target.querySelector?.('form > input[name=key]');
	if (field && outcome === 'done') field.value = newKey();
});

function newKey() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
