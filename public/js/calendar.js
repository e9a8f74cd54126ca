/*
 * The calendar: entries are dragged to another slot or stretched, the filter answers as it is changed,
 * the line of the present moment moves. All of it can be done by the forms of an entry, too.
 */
import { putBack } from './filter.js';

const SLOT_MINUTES = 15;
const FAR_ENOUGH = 5;

const calendar = () => document.getElementById('calendar');
const two = (n) => String(n).padStart(2, '0');
const clock = (minutes) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
const firstMinute = () => Number(calendar().dataset.first) * 60;

document.addEventListener('change', ({ target }) => {
	if (target.form?.id === 'calendar-filter') target.form.requestSubmit();
});

document.addEventListener('htmx:error', ({ target }) => {
	if (target.id === 'calendar-filter') putBack(target);
});

// The open deals of the client whose name was typed.
document.addEventListener('change', ({ target }) => {
	if (target.name !== 'clientName' || !target.closest('#calendar-new')) return;
	const query = new URLSearchParams({ clientName: target.value.trim() });
	void window.htmx.ajax('GET', `/calendar/new/deals?${query}`, { source: target, swap: 'none' });
});

let drag = null;

const ownerOf = (place) => place.closest('[data-owner]')?.dataset.owner;
const columnAt = (x, y) =>
	document.elementsFromPoint(x, y).find((one) => one.matches('.calendar-day, [data-whole]'));

function slotAt(column, y) {
	const box = column.getBoundingClientRect();
	const rows = Number(/hours-(\d+)/.exec(column.className)[1]) * 4;
	return Math.max(0, Math.min(rows - 1, Math.floor(((y - box.top) / box.height) * rows)));
}

document.addEventListener('pointerdown', (event) => {
	const entry = event.target.closest?.('.entry[data-version]');
	if (!entry || event.button !== 0 || event.pointerType === 'touch') return;
	const stretching = event.target.classList.contains('grip');
	const column = entry.closest('.calendar-day');
	drag = { entry, stretching, x: event.clientX, y: event.clientY, moving: false, ghost: null };
	// Where in the entry it was taken, in slots: its beginning is that much higher than the mouse.
	drag.offset = column ? slotAt(column, event.clientY) - slotOf(entry) : 0;
});

const slotOf = (entry) => Number(/(?:^|\s)at-(\d+)/.exec(entry.className)?.[1] ?? 0);
const slotsOf = (entry) => Number(/(?:^|\s)for-(\d+)/.exec(entry.className)?.[1] ?? 2);

document.addEventListener('pointermove', (event) => {
	if (!drag) return;
	const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y);
	if (!drag.moving && far < FAR_ENOUGH) return;
	// It was redrawn before it was lifted: what is held stands on the page no more.
	if (!drag.entry.isConnected) return drop();
	if (!drag.moving) lift();
	const home = drag.entry.closest('.calendar-day');
	const column = drag.stretching ? home : columnAt(event.clientX, event.clientY);
	// A drag moves in time; whose it is changes by its form alone.
	show(column && ownerOf(column) === ownerOf(drag.entry) ? column : null, event.clientY);
});

function lift() {
	drag.moving = true;
	drag.entry.classList.add('lifted');
	drag.ghost = drag.entry.cloneNode(true);
	drag.ghost.removeAttribute('id');
	drag.ghost.removeAttribute('href');
	drag.ghost.classList.add('ghost');
	drag.ghost.classList.remove('lifted');
}

function show(column, y) {
	for (const one of document.querySelectorAll('.target')) one.classList.remove('target');
	drag.ghost.remove();
	drag.place = null;
	if (column === null) return;
	if (column.matches('[data-whole]')) {
		column.classList.add('target');
		drag.place = { day: column.dataset.whole, column };
		return;
	}
	const slot = slotAt(column, y);
	const start = drag.stretching ? slotOf(drag.entry) : Math.max(0, slot - drag.offset);
	const slots = drag.stretching ? Math.max(1, slot - start + 1) : slotsOf(drag.entry);
	drag.ghost.className = `entry ghost at-${start} for-${slots}`;
	column.append(drag.ghost);
	drag.place = {
		...{ day: column.dataset.day, column },
		minutes: firstMinute() + start * SLOT_MINUTES,
		length: drag.stretching ? slots * SLOT_MINUTES : null,
	};
	const label = drag.ghost.querySelector('.clock');
	if (label) label.textContent = clock(drag.place.minutes);
}

document.addEventListener('pointerup', () => {
	const done = drag;
	drop();
	if (!done?.moving) return;
	// The click that follows would open the entry; one without a drag after it must.
	const swallow = (event) => {
		event.preventDefault();
		event.stopPropagation();
	};
	document.addEventListener('click', swallow, { capture: true, once: true });
	setTimeout(() => document.removeEventListener('click', swallow, { capture: true }), 50);
	if (done.place) void move(done);
});

async function move({ entry, place }) {
	const { id, version } = entry.dataset;
	const values = { version, plannedDay: place.day, plannedTime: '' };
	// In a month the clock time stays: a box has none.
	const kept = 'keepTime' in place.column.dataset && entry.querySelector('.clock');
	if (kept) values.plannedTime = kept.textContent.slice(0, 5);
	if (place.minutes !== undefined) values.plannedTime = clock(place.minutes);
	if (place.length) values.lengthMinutes = String(place.length);
	await window.htmx.ajax('POST', `/interactions/${id}`, { source: entry, values, swap: 'none' });
	document.getElementById(`entry-${id}`)?.focus();
}

function drop() {
	drag?.ghost?.remove();
	drag?.entry.classList.remove('lifted');
	for (const one of document.querySelectorAll('.target')) one.classList.remove('target');
	drag = null;
}
document.addEventListener('keydown', (event) => {
	if (event.key === 'Escape' && drag) drop();
});
document.addEventListener('pointercancel', drop);
document.addEventListener('dragstart', (event) => {
	if (event.target.closest?.('.entry')) event.preventDefault();
});

// The line of now moves down, one slot each quarter of an hour.
const started = Date.now();
const first = [...document.querySelectorAll('.calendar-day .now')].map((line) => slotOf(line));
setInterval(() => {
	const passed = Math.floor((Date.now() - started) / (SLOT_MINUTES * 60_000));
	document.querySelectorAll('.calendar-day .now').forEach((line, n) => {
		if (first[n] !== undefined) line.className = `now at-${first[n] + passed}`;
	});
}, 60_000);
