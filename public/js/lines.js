/*
 * The table of products: sums while one types, rows come and go, the directory is asked while a name is
 * typed. Sums are counted in whole numbers; the server counts for itself when they are saved.
 */
const KOPECKS = 100n;
const MILLI = 1000n;

/** A number as people type it, in units of its last digits; null for what is none. */
function scaled(typed, digits) {
	const bare = typed.replace(/[\s\u00a0\u202f]/g, '').replace(',', '.');
	const match = /^(\d{1,13})(?:\.(\d*))?$/.exec(bare);
	if (!match || (match[2] ?? '').length > digits) return null;
	return BigInt(match[1] + (match[2] ?? '').padEnd(digits, '0'));
}

function sumOf(row) {
	const [quantity, price] = ['quantity', 'price'].map((name) =>
		row.querySelector(`[name^=${name}]`).value.trim(),
	);
	const count = scaled(quantity || '1', 3);
	const each = price === '' ? null : scaled(price, 2);
	return count === null || each === null ? null : (count * each + MILLI / 2n) / MILLI;
}

function money(kopecks, currency) {
	const digits = kopecks % KOPECKS === 0n ? 0 : 2;
	const format = new Intl.NumberFormat(document.documentElement.lang === 'en' ? 'en-GB' : 'ru-RU', {
		style: 'currency',
		currency,
		currencyDisplay: 'narrowSymbol',
		minimumFractionDigits: digits,
		maximumFractionDigits: digits,
	});
	return format.format(`${kopecks / KOPECKS}.${String(kopecks % KOPECKS).padStart(2, '0')}`);
}

function count(box) {
	const { currency } = box.dataset;
	const sums = [...box.querySelectorAll('tbody tr')].map((row) => {
		const sum = sumOf(row);
		row.querySelector('[data-sum]').textContent = sum === null ? '' : money(sum, currency);
		return sum;
	});
	const known = sums.filter((sum) => sum !== null);
	const total = known.reduce((all, sum) => all + sum, 0n);
	box.querySelector('[data-total]').textContent = known.length ? money(total, currency) : '';
}

const numberOf = (row) => Number(/\d+$/.exec(row.querySelector('[name^=product]').name)[0]);

/** Adds an empty row like the last one, and returns it. */
export function addRow(box) {
	const body = box.querySelector('tbody');
	const last = body.lastElementChild;
	const row = last.cloneNode(true);
	const [from, to] = [numberOf(last), numberOf(last) + 1];
	row.querySelector('.remove')?.remove();
	for (const input of row.querySelectorAll('input')) {
		input.name = input.name.replace(/\d+$/, to);
		input.setAttribute('aria-label', input.getAttribute('aria-label').replace(from, to));
		if (input.id) input.id = input.name.startsWith('product') ? `f-${input.name}` : '';
		input.value = '';
	}
	row.querySelector('[data-sum]').textContent = '';
	body.append(row);
	return row;
}

document.addEventListener('click', (event) => {
	const box = event.target.closest?.('.lines-form');
	if (!box) return;
	if (event.target.closest('[data-more-lines]')) {
		event.preventDefault();
		addRow(box).querySelector('input').focus();
	}
});

document.addEventListener('change', (event) => {
	if (!event.target.matches?.('.lines-form .remove input')) return;
	const box = event.target.closest('.lines-form');
	const row = event.target.closest('tr');
	const next = row.nextElementSibling?.querySelector('input');
	row.remove();
	count(box);
	next?.focus();
});

// A product that is chosen brings its price, where none stands there yet.
function priced(field) {
	const option = [...document.querySelectorAll('#product-names option')].find(
		(one) => one.value === field.value,
	);
	const price = field.closest('tr, fieldset')?.querySelector('[name^=price]');
	if (option?.dataset.price && price && price.value === '') price.value = option.dataset.price;
}

let asking = 0;
function suggest(field) {
	clearTimeout(asking);
	const product = field.value.trim();
	if (product.length < 2) return;
	asking = setTimeout(() => {
		const currency = field.closest('.lines-form')?.dataset.currency ?? 'RUB';
		window.htmx.ajax('GET', `/products/suggestions?${new URLSearchParams({ product, currency })}`, {
			// Not the field itself, whose own name would be sent along.
			source: document.body,
			swap: 'none',
		});
	}, 180);
}

document.addEventListener('input', (event) => {
	const field = event.target;
	if (field.getAttribute?.('list') === 'product-names') {
		priced(field);
		suggest(field);
	}
	const box = field.closest?.('.lines-form');
	if (box) count(box);
});

// What was typed while this was on its way.
for (const box of document.querySelectorAll('.lines-form')) count(box);
