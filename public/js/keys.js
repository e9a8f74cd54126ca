/* Arrows walk the cards; single keys act on the card in focus, unless the person has switched them off. */
import { openForm } from './dialog.js';

const ACTIONS = { m: 'move', d: 'done', p: 'postpone', s: 'plan', e: 'edit', c: 'cancel' };
// The same keys on a Russian keyboard.
const LATIN = { ь: 'm', в: 'd', з: 'p', ы: 's', у: 'e', с: 'c', т: 'n', '.': '/', ',': '?' };

/** Whether the person has switched single keys off in their settings. */
export const shortcutsOff = () => document.documentElement.dataset.shortcuts === 'off';

const keys = document.getElementById('keys');
const button = document.querySelector('[data-keys]');
if (button) {
	button.hidden = false;
	button.addEventListener('click', () => keys.showModal());
}

const cardOf = (element) => element?.closest?.('.card, .todo');
const linkOf = (card) => card?.querySelector('h3 a');
const columns = () => [...document.querySelectorAll('.stage > .cards')];

function neighbour(card, key) {
	const column = card.closest('.cards');
	const cards = [...column.querySelectorAll('.card')];
	const at = cards.indexOf(card);
	if (key === 'ArrowDown') return cards[at + 1];
	if (key === 'ArrowUp') return cards[at - 1];
	const all = columns().filter((one) => one.querySelector('.card'));
	const next = all[all.indexOf(column) + (key === 'ArrowRight' ? 1 : -1)];
	const others = next ? [...next.querySelectorAll('.card')] : [];
	return others[Math.min(at, others.length - 1)];
}

function walk(event) {
	if (!/^Arrow(Up|Down|Left|Right)$/.test(event.key)) return false;
	// The lines of «Мои дела» are walked by agenda.js.
	const held = document.activeElement?.closest('.card');
	const to = held ? neighbour(held, event.key) : document.querySelector('.stage .card');
	linkOf(to)?.focus();
	to?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
	return Boolean(to);
}

/** Where something is done with a card of the board; null: it cannot be done. */
export function addressOf(card, doing) {
	const deal = `/deals/${card.id.replace('deal-', '')}`;
	if (doing === 'menu') return `${deal}/menu`;
	const { fixed, step } = card.dataset;
	if (fixed !== undefined) return null;
	if (doing === 'move') return `${deal}/moves/new`;
	if (doing === 'plan') return step ? null : `${deal}/interactions/new`;
	const form = { done: 'completion', postpone: 'postponement' }[doing];
	return form && step ? `/interactions/${step.split('.')[0]}/${form}/new` : null;
}

function act(key) {
	const card = cardOf(document.activeElement);
	if (!card) return false;
	const address = card.matches('.card')
		? (addressOf(card, ACTIONS[key]) ?? (key === 's' ? addressOf(card, 'menu') : null))
		: card.querySelector(`[data-do=${ACTIONS[key]}]`)?.getAttribute('href');
	if (!address) return false;
	void openForm(address, linkOf(card));
	return true;
}

function command(key) {
	if (key in ACTIONS) return act(key);
	if (key === 'n') document.querySelector('a[href="/deals/new"]')?.click();
	else if (key === '/') document.querySelector('input[type=search]')?.focus();
	else if (key === '?') keys?.showModal();
	else return false;
	return true;
}

// In a menu the arrows walk its lines, and a digit takes the line that it stands at.
function choose(event) {
	const lines = [...document.querySelectorAll('dialog[open] .menu li')].map((line) =>
		line.querySelector('a, button'),
	);
	if (lines.length === 0 || event.target.closest('input, select, textarea')) return;
	const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
	if (step) {
		const open = lines.filter(Boolean);
		open.at((open.indexOf(document.activeElement) + step) % open.length).focus();
	} else if (!shortcutsOff() && /^[1-9]$/.test(event.key)) {
		const line = lines[event.key - 1];
		if (!line?.querySelector('kbd')) return;
		line.click();
	} else return;
	event.preventDefault();
}

document.addEventListener('keydown', (event) => {
	if (!event.ctrlKey && !event.metaKey && !event.altKey) choose(event);
	if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
		return;
	if (event.target.closest('input, select, textarea, [contenteditable]')) return;
	if (document.querySelector('.board') && walk(event)) return event.preventDefault();
	if (shortcutsOff()) return;
	const typed = event.key.toLowerCase();
	if (command(typed in ACTIONS || 'n/?'.includes(typed) ? typed : (LATIN[typed] ?? '')))
		event.preventDefault();
});
