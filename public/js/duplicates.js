/*
 * Likely doubles of a client while it is typed. A form says in data-duplicates which of its fields are
 * looked at, and as what: `name inn phone:contactPhone`; fields of a row (phone_1, phone_2) by `phone:phone_*`.
 */
const DELAY_MS = 350;
let asking = 0;

document.addEventListener('input', (event) => {
	const form = event.target.closest?.('form[data-duplicates]');
	const box = form?.querySelector('.duplicates');
	if (!box || !watched(form).some(({ field }) => field === event.target)) return;
	clearTimeout(asking);
	asking = setTimeout(() => {
		if (!form.isConnected) return;
		const query = new URLSearchParams({ at: box.id });
		for (const { as, field } of watched(form)) {
			const value = field.value.trim();
			if (value) query.set(as, [query.get(as), value].filter(Boolean).join('\n'));
		}
		if (form.dataset.except) query.set('except', form.dataset.except);
		const url = `/clients/duplicates?${query}`;
		void window.htmx.ajax('GET', url, { source: box, swap: 'none' });
	}, DELAY_MS);
});

function watched(form) {
	const told = form.dataset.duplicates.split(' ').map((one) => one.split(':'));
	return told.flatMap(([as, name = as]) => {
		const fields = [...form.elements].filter((field) =>
			name.endsWith('*') ? field.name.startsWith(name.slice(0, -1)) : field.name === name,
		);
		return fields.map((field) => ({ as, field }));
	});
}
