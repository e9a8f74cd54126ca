import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { filesIn } from './building.ts';

const MOST_LINES = 300;
const EXPORTED =
	/^export (?:async function|function) (\w+)|^export const (\w+) =\s*(?:async )?(?:<[^\n]*)?\(/;

const sources = filesIn('src', '.ts');
const everything = [
	...sources,
	...filesIn('tests', '.ts'),
	...filesIn('views', '.eta'),
	// Places in the calendar's grid, one line each, are a table and not a text.
	...filesIn('public', '.js', '.css').filter(({ path }) => !path.endsWith('calendar-slots.css')),
];

test('every exported function says in a comment what it does', () => {
	const silent = sources.flatMap(({ path, text }) => {
		const lines = text.split('\n');
		return lines.flatMap((line, at) => {
			const [, declared, constant] = EXPORTED.exec(line) ?? [];
			const name = declared ?? constant;
			return name && !lines[at - 1]?.trim().endsWith('*/') ? [`${path} ${name}`] : [];
		});
	});
	expect(silent).toEqual([]);
});

test('no file is called after nothing', () => {
	const nothing = /\/(utils?|helpers?|common|misc|lib|shared|tools?)\.(ts|js)$/;
	expect(everything.map(({ path }) => path).filter((path) => nothing.test(path))).toEqual([]);
});

test('no script has a template literal over several lines, in which a comment is none', () => {
	const over = filesIn('public', '.js').filter(({ text }) =>
		text.split('\n').some((line) => (line.split('`').length - 1) % 2 === 1),
	);
	expect(over.map(({ path }) => path)).toEqual([]);
});

test('whether an answer is ours, and what came of it, is decided in one script', () => {
	const judging = /(?<![.\w])fetch\(|\.ok\b|response\??\.status|answer\??\.status|<hx-partial/;
	const elsewhere = filesIn('public', '.js').filter(
		({ path, text }) => !path.endsWith('js/answer.js') && judging.test(text),
	);
	expect(elsewhere.map(({ path }) => path)).toEqual([]);
});

test('no file is longer than three hundred lines', () => {
	const long = everything
		.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
		.filter(({ lines }) => lines > MOST_LINES);
	expect(long).toEqual([]);
});

test('nothing is typed as any, and nothing is excused from types or lint', () => {
	const typed = /(?:[:<(,|&=]|\bas)\s*any\b(?!['\w(])/;
	const excused = /@ts-(?:ignore|nocheck|expect-error)|biome-ignore(?! )/;
	const found = [...sources, ...filesIn('tests', '.ts')]
		.filter(({ path }) => path !== 'tests/house/code.test.ts')
		.flatMap(({ path, text }) =>
			text
				.split('\n')
				.map((line, at) => ({ line, place: `${path}:${at + 1}` }))
				.filter(({ line }) => !/^\s*(\*|\/\/)/.test(line))
				.filter(
					({ line }) => typed.test(line.replaceAll(/'[^']*'|`[^`]*`/g, "''")) || excused.test(line),
				)
				.map(({ place }) => place),
		);
	expect(found).toEqual([]);
});

const FLOATING = `async function save(): Promise<void> {
	await Promise.resolve();
}

export function forget(): void {
	save();
}

export function misuse(): number {
	if (save()) return 1;
	return 2;
}
`;

test('a promise that nobody waits for is a lint error', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'moi-prodazhi-lint-'));
	mkdirSync(join(folder, 'src'));
	for (const name of ['biome.json', 'package.json', 'tsconfig.json'])
		copyFileSync(join(ROOT, name), join(folder, name));
	writeFileSync(join(folder, 'src/floating.ts'), FLOATING);
	const biome = join(ROOT, 'node_modules/.bin/biome');
	const { code, said } = await new Promise<{ code: number; said: string }>((resolve) => {
		execFile(biome, ['lint', 'src/floating.ts'], { cwd: folder }, (error, stdout, stderr) => {
			resolve({ code: Number(error?.code ?? 0), said: stdout + stderr });
		});
	});
	rmSync(folder, { recursive: true });
	expect(code).toBe(1);
	expect(said).toContain('noFloatingPromises');
	expect(said).toContain('noMisusedPromises');
});

test('nothing goes out by HTTP but through the fence', () => {
	const open =
		/(?<![\w.])fetch\(|globalThis\.fetch|\bhttps?\.(?:request|get)\(|^import (?!type)[^;]*'(?:node:)?(?:https?|http2|undici)'/m;
	const found = sources.filter(({ path, text }) => open.test(text) && !path.endsWith('/fence.ts'));
	expect(found.map(({ path }) => path)).toEqual([]);
});
