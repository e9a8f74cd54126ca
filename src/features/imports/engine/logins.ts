const LATIN: Record<string, string> = {
	...{ а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'e', ж: 'zh', з: 'z', и: 'i', й: 'y' },
	...{ к: 'k', л: 'l', м: 'm', н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f' },
	...{ х: 'kh', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'shch', ъ: '', ы: 'y', ь: '', э: 'e', ю: 'yu' },
	...{ я: 'ya', ß: 'ss', æ: 'ae', ø: 'o', ł: 'l', đ: 'd' },
};
const LIMIT = 60;

/** A login out of a name, such as `moses.frase` or `ivan.petrov`: Latin small letters, digits, `.` and `-`. */
export function loginFor(name: string): string {
	const latin = [...name.toLowerCase()].map((letter) => LATIN[letter] ?? letter).join('');
	const login = latin
		// An accent is no reason for another letter.
		.normalize('NFD')
		.replace(/\p{M}/gu, '')
		.replace(/['’.]/g, '')
		.replace(/\s+/g, '.')
		.replace(/[^a-z0-9.-]/g, '')
		.replace(/^[.-]+|[.-]+$/g, '');
	return login.slice(0, LIMIT) || 'person';
}

/** The login for `name` that nobody in `taken` has, with a number behind it if need be; it is then taken. */
export function freeLogin(name: string, taken: Set<string>): string {
	const base = loginFor(name);
	let login = base;
	for (let n = 2; taken.has(login); n++) login = `${base}${n}`;
	taken.add(login);
	return login;
}
