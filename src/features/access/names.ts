/** «Анна Соколова» as «Анна С.»: enough on a card. */
export function shortName(name: string): string {
	const [first, ...rest] = name.split(' ');
	const last = rest.at(-1);
	return last ? `${first} ${last[0]}.` : name;
}

/** «Анна Соколова» as «АС»: whose it is, where many stand beside each other. */
export const initialsOf = (name: string): string =>
	name
		.split(' ')
		.map((word) => word[0] ?? '')
		.join('')
		.slice(0, 2);
