import type { HouseFile } from './building.ts';

/** A pattern in the sources, as it stands there. */
export type Pattern = { path: string; text: string };

const SKIPPED = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/y;
const LITERAL = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const MADE = /new RegExp\(\s*(?:String\.raw)?(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;
/** A slash behind these begins a pattern; behind anything else it divides. */
const BEFORE = /(?:[=(,:[!&|?{};\n]|=>|\breturn|\bof|\bin)$/;

/** The regular expressions of a file: literals, and what is given to RegExp as one text. */
export function patternsIn({ path, text }: HouseFile): Pattern[] {
	const found: Pattern[] = [];
	let code = '';
	for (let at = 0; at < text.length; ) {
		SKIPPED.lastIndex = at;
		LITERAL.lastIndex = at;
		const literal = BEFORE.test(code.trimEnd().slice(-8)) || code.trim() === '';
		const pattern = text[at] === '/' && literal ? LITERAL.exec(text)?.[0] : undefined;
		const skipped = pattern ?? SKIPPED.exec(text)?.[0];
		if (pattern) found.push({ path, text: pattern });
		code = `${code}${skipped ? 'x' : text[at]}`.slice(-40);
		at += skipped?.length ?? 1;
	}
	for (const [, , made = ''] of text.matchAll(MADE)) found.push({ path, text: `/${made}/` });
	return found;
}

/** `must`: what is matched has it. */
type Part = { open: boolean; must: boolean; wide: boolean; inside: Part[][] | null };

/**
 * Whether a pattern has an open end: «anything» without a bound and something that must follow it, which is tried
 * again from each place where it can begin; the same of any signs that it begins with; or a repetition without a
 * bound inside another one.
 */
export function isOpen({ text }: Pattern): boolean {
	const body = text.slice(1, text.lastIndexOf('/'));
	const flags = text.slice(text.lastIndexOf('/') + 1);
	const ways = new Reader(body).ways();
	return ways.some((parts) => {
		// From the start alone there is one place to begin at.
		const anchored = body.startsWith('^') && !flags.includes('m');
		const open = wideOnes(parts);
		const [first, ...others] = parts;
		return (
			hasNested(parts) ||
			open > (anchored ? 1 : 0) ||
			(first?.open && others.some(({ must }) => must))
		);
	});
}

// Unbounded repetitions of a negated class or a dot that something follows.
function wideOnes(parts: Part[], followed = false): number {
	return parts.reduce((sum, { open, wide, inside }, at) => {
		const more = followed || parts.slice(at + 1).some(({ must }) => must);
		const own = open && wide && more ? 1 : 0;
		const within = Math.max(0, ...(inside ?? []).map((way) => wideOnes(way, more)));
		return sum + own + within;
	}, 0);
}

function hasNested(parts: Part[], repeated = false): boolean {
	return parts.some(
		({ open, inside }) =>
			(repeated && open && inside === null) ||
			(inside ?? []).some((way) => hasNested(way, repeated || open)),
	);
}

/** Reads a pattern into its alternatives, each a row of parts. */
class Reader {
	#at = 0;
	readonly #body: string;

	constructor(body: string) {
		this.#body = body;
	}

	ways(): Part[][] {
		const ways: Part[][] = [[]];
		while (this.#at < this.#body.length && this.#body[this.#at] !== ')') {
			if (this.#body[this.#at] === '|') {
				this.#at += 1;
				ways.push([]);
				continue;
			}
			const part = this.#part();
			// What stands at the start of the text is tried there alone.
			if (part) ways.at(-1)?.push(part);
			else ways.at(-1)?.push({ open: false, must: false, wide: false, inside: null });
		}
		return ways;
	}

	#part(): Part | null {
		const sign = this.#body[this.#at] ?? '';
		let inside: Part[][] | null = null;
		let wide = sign === '.';
		let told = true;
		if (sign === '(') {
			const head = /^\((?:\?(?:[:=!]|<[=!]|<\w+>))?/.exec(this.#body.slice(this.#at))?.[0] ?? '(';
			this.#at += head.length;
			inside = this.ways();
			told = !/[=!]$/.test(head);
		} else if (sign === '[') {
			wide = this.#body[this.#at + 1] === '^';
			while (this.#body[this.#at] !== ']') this.#at += this.#body[this.#at] === '\\' ? 2 : 1;
		} else if (sign === '\\') {
			const next = this.#body[this.#at + 1] ?? '';
			wide = 'SWD'.includes(next);
			this.#at += 1;
			if ('pP'.includes(next)) this.#at = this.#body.indexOf('}', this.#at);
		} else told = sign !== '^';
		this.#at += 1;
		return told || inside ? { ...this.#repetition(), wide, inside } : null;
	}

	#repetition(): Pick<Part, 'open' | 'must'> {
		const [all, sign = '', least, most] = /^(?:([*+?])|\{(\d+)(,?\d*)\})\??/.exec(
			this.#body.slice(this.#at),
		) ?? ['', '', '', ''];
		this.#at += all.length;
		const must = sign !== '*' && sign !== '?' && least !== '0';
		return { open: sign === '*' || sign === '+' || most === ',', must };
	}
}
