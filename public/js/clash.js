/* What else the person has at the time that a form is about to take: told before it is saved, never forbidden. */
const DELAY_MS = 250;
const WATCHED = ['plannedDay', 'plannedTime', 'lengthMinutes', 'ownerId', 'kindId'];
let asking = 0;

/** Asks for the form that a field stands in. */
export function ask(field) {
	const box = field.form?.querySelector('#clash');
	if (!box) return;
	clearTimeout(asking);
	asking = setTimeout(() => {
		if (!box.isConnected) return;
		const query = new URLSearchParams();
		for (const name of ['plannedDay', 'plannedTime', 'lengthMinutes', 'ownerId', 'except']) {
			const value = name === 'except' ? box.dataset.except : field.form.elements[name]?.value;
			if (value) query.set(name, value);
		}
		if (isHalfTyped(query)) return;
		const url = `/interactions/clashes?${query}`;
		void window.htmx.ajax('GET', url, { source: box, swap: 'none' });
	}, DELAY_MS);
}

// A year passes 0002, 0020 and 0202 on its way to 2026.
function isHalfTyped(query) {
	const minutes = Number(query.get('lengthMinutes') ?? 1);
	return !(minutes >= 1 && minutes <= 1440) || (query.get('plannedDay') ?? '2000') < '2000';
}

document.addEventListener('input', ({ target }) => {
	if (WATCHED.includes(target.name) && target.closest('.step-fields')) ask(target);
});
