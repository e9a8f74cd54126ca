// A file dropped anywhere on the form is the file of the form; one that is too large is told before it is sent.
const MEGABYTE = 1_048_576;

for (const form of document.querySelectorAll('form.upload')) {
	const input = form.querySelector('input[type="file"]');
	const hint = form.querySelector('.drop-hint');
	const show = (on) => {
		form.classList.toggle('dropping', on);
		hint.hidden = !on;
	};
	form.addEventListener('dragover', (event) => {
		if (![...event.dataTransfer.types].includes('Files')) return;
		event.preventDefault();
		show(true);
	});
	form.addEventListener('dragleave', (event) => {
		if (!form.contains(event.relatedTarget)) show(false);
	});
	form.addEventListener('drop', (event) => {
		event.preventDefault();
		show(false);
		if (event.dataTransfer.files.length === 0) return;
		input.files = event.dataTransfer.files;
		input.dispatchEvent(new Event('change', { bubbles: true }));
	});
	input.addEventListener('change', () => {
		const most = Number(form.dataset.megabytes);
		const large = (input.files[0]?.size ?? 0) > most * MEGABYTE;
		input.setCustomValidity(large ? input.dataset.large : '');
		input.reportValidity();
	});
}

// What is left out looks so at once.
document.addEventListener('change', ({ target }) => {
	if (target.closest?.('.list.columns')) target.classList.toggle('left-out', target.value === '');
});
