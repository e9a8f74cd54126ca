/*
 * Nothing typed is lost: what differs in a form from what the server drew is kept for this tab until the server says
 * that it is saved, and put back when the form is drawn again. Never files, passwords or what a form hides; each
 * person has drafts of their own, and none after signing out.
 */
import { outcomeOf } from './answer.js';
import { isChanged, saying, usual } from './fields.js';
import { word } from './toast.js';

const { me } = document.body.dataset;
const ANY = 'draft ';
const OWN = `${ANY}${me} `;
const SENT = 'draft-sent';
const MOST_LINES = 100;
const UNKEPT = new Set(['hidden', 'password', 'file', 'search', 'submit', 'button', 'reset']);

function put(field, value) {
	if (typeof value === 'boolean') field.checked = value;
	else if (!field.options || [...field.options].some((one) => one.value === value))
		field.value = value;
}

const formsIn = (root) => root.querySelectorAll('form[method=post]');

/** The fields of a form that are kept, by name and number: several may have one name. */
function fieldsOf(form) {
	const counts = {};
	return [...form.elements].flatMap((field) => {
		if (!field.name || !('value' in field) || UNKEPT.has(field.type)) return [];
		// What one takes of a colleague's is a choice of that moment.
		if (field.dataset.take) return [];
		counts[field.name] = (counts[field.name] ?? 0) + 1;
		return [[`${field.name} ${counts[field.name]}`, field]];
	});
}

// By what opened the form; a page that has a filter in its address is the same page under another one.
function keyOf(form) {
	const dialog = form.closest('#dialog');
	const search = form.closest('[data-page]') ? '' : location.search;
	const address = dialog ? (dialog.dataset.address ?? '') : location.pathname + search;
	return `${OWN}${address} ${form.id} ${form.getAttribute('action')}`;
}

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? '{}');

/** What differs, each with what stood there at first: a form that comes back for a mistake differs still. */
function draftOf(form) {
	const kept = read(keyOf(form));
	const draft = {};
	for (const [name, field] of fieldsOf(form)) {
		const was = kept[name]?.[1] ?? usual(field);
		if (saying(field) !== was) draft[name] = [saying(field), was];
	}
	return draft;
}

function keep(form) {
	const draft = draftOf(form);
	if (Object.keys(draft).length === 0) return forget(form);
	try {
		sessionStorage.setItem(keyOf(form), JSON.stringify(draft));
	} catch {
		// The tab's store is full: the form itself still holds all that was typed.
	}
}

/** Whether anything in a part of the page would be lost with it. */
export const isDirty = (root) =>
	[...formsIn(root)].some((form) => Object.keys(draftOf(form)).length > 0);

function forget(form, key = keyOf(form)) {
	sessionStorage.removeItem(key);
	form.querySelector('.draft')?.remove();
}

/** Forgets what was typed in a part of the page. */
export function forgetAll(root) {
	for (const form of formsIn(root)) forget(form);
}

function clear(unless) {
	for (const key of Object.keys(sessionStorage))
		if (key.startsWith(ANY) && !(unless && key.startsWith(unless))) sessionStorage.removeItem(key);
}

function startAnew(form) {
	form.reset();
	forget(form);
	form.querySelector('input:not([type=hidden], [type=radio]), select, textarea')?.focus();
}

function tell(form) {
	const line = document.createElement('p');
	line.className = 'draft';
	line.setAttribute('role', 'status');
	const button = document.createElement('button');
	Object.assign(button, { type: 'button', textContent: word('draftAnew') });
	button.addEventListener('click', () => startAnew(form));
	line.append(word('draft'), ' · ', button);
	form.prepend(line);
}

const drawn = new WeakSet();
async function restore(form) {
	if (drawn.has(form)) return;
	drawn.add(form);
	const kept = read(keyOf(form));
	if (Object.keys(kept).length === 0) return;
	const box = form.closest('.lines-form');
	const missing = () => {
		const names = new Set(fieldsOf(form).map(([name]) => name));
		return Object.keys(kept).some((name) => !names.has(name));
	};
	if (box && missing()) {
		const { addRow } = await import('./lines.js');
		for (let n = 0; n < MOST_LINES && missing(); n += 1) addRow(box);
	}
	let differs = false;
	for (const [name, field] of fieldsOf(form)) {
		if (!(name in kept)) continue;
		put(field, kept[name][0]);
		differs ||= isChanged(field);
	}
	if (differs) tell(form);
	if (box) form.elements[0].dispatchEvent(new Event('input', { bubbles: true }));
}

function restoreAll() {
	for (const form of formsIn(document)) void restore(form);
}

const sent = new WeakMap();
// Dropped before the answer is drawn, so that what is drawn anew is not filled with what is saved by now.
function saved(event) {
	const { ctx } = event.detail;
	const one = ctx && sent.get(ctx);
	if (one && outcomeOf(event) === 'done') forget(one.form, one.key);
	return one;
}

// A form that no script sends is saved when the next page of ours, come to from it, finds nothing wrong.
function settle() {
	const { key, page } = JSON.parse(sessionStorage.getItem(SENT) ?? '{}');
	sessionStorage.removeItem(SENT);
	if (!key || document.referrer !== page) return;
	if (!document.querySelector('main .problem[role=alert], main [aria-invalid=true]'))
		sessionStorage.removeItem(key);
}

if (me) {
	clear(OWN);
	settle();
	restoreAll();
	// What was typed while this was on its way.
	for (const form of formsIn(document))
		if (fieldsOf(form).some(([, field]) => isChanged(field))) keep(form);
	const others = new BroadcastChannel('drafts');
	others.addEventListener('message', () => clear());
	for (const type of ['input', 'change'])
		document.addEventListener(type, ({ target }) => {
			if (target.form?.matches('form[method=post]')) keep(target.form);
		});
	document.addEventListener('submit', (event) => {
		const { target: form, defaultPrevented } = event;
		if (form.getAttribute('action') === '/sign-out') {
			clear();
			others.postMessage('out');
		} else if (!defaultPrevented && form.matches('form[method=post]')) {
			const told = { key: keyOf(form), page: location.href };
			sessionStorage.setItem(SENT, JSON.stringify(told));
		}
	});
	document.addEventListener('htmx:before:request', ({ detail: { ctx } }) => {
		const form = ctx.request.method !== 'GET' && ctx.sourceElement.closest('form[method=post]');
		if (form) sent.set(ctx, { form, key: keyOf(form) });
	});
	document.addEventListener('htmx:before:swap', saved);
	document.addEventListener('htmx:finally:request', (event) => {
		const form = saved(event)?.form;
		// Who typed on while it was sent keeps that; a page that is left by what was saved keeps nothing.
		if (form && event.detail.ctx.status === 'swapped' && outcomeOf(event) === 'done')
			setTimeout(() => form.isConnected && !form.closest('#dialog') && keep(form));
	});
	document.addEventListener('htmx:after:swap', restoreAll);
}
