/*
 * Every change carries a key, its form's or one made here, and keeps it until an answer says what became of it:
 * sent again, it is the same change. Why: docs/decisions.md, «repeatable».
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
