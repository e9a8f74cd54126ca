/* What fields say, and whether that is what the server drew. */

/** What a field says now. */
export const saying = (field) =>
	['checkbox', 'radio'].includes(field.type) ? field.checked : field.value;

/** What a field says as the server drew it. */
export function usual(field) {
	if (field.options)
		return ([...field.options].find((one) => one.defaultSelected) ?? field.options[0])?.value ?? '';
	return ['checkbox', 'radio'].includes(field.type) ? field.defaultChecked : field.defaultValue;
}

/** Whether a field says something else than the server drew. */
export const isChanged = (field) => saying(field) !== usual(field);
