/*
 * «Взять это» beside what a colleague wrote: the field shows it at once, and mine again when it is unticked.
 * Without scripts the server does the same when the form is sent.
 */
document.addEventListener('change', (event) => {
	const box = event.target.closest?.('input[data-take]');
	const field = box && document.getElementById(box.dataset.take);
	if (!field) return;
	if (box.checked) box.dataset.mine = field.value;
	field.value = box.checked ? box.dataset.theirs : (box.dataset.mine ?? field.value);
});

// Who types on has something third in mind.
document.addEventListener('input', (event) => {
	const { id } = event.target;
	const box = id && document.querySelector(`input[data-take="${CSS.escape(id)}"]:checked`);
	if (box) box.checked = false;
});
