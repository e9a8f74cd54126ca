import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#src/config.ts';

/**
 * A block of docs/sign-in.md as it stands there, the nth of its language, with names of the reader's own put in place of the
 * examples. Throws where an example is not in the block: then it has to be looked at.
 */
export function readmeBlock(language: string, own: Record<string, string>, nth = 0): string {
	const readme = readFileSync(join(ROOT, 'docs/sign-in.md'), 'utf8');
	const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
		.filter(([, told]) => told === language)
		.map(([, , text]) => text ?? '');
	let block = blocks[nth];
	if (block === undefined)
		throw new Error(`docs/sign-in.md has no ${language} block number ${nth + 1}`);
	for (const [example, real] of Object.entries(own)) {
		if (!block.includes(example))
			throw new Error(`docs/sign-in.md does not say «${example}» there`);
		block = block.replaceAll(example, real);
	}
	return block;
}
