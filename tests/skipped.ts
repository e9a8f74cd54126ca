import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** How a test file says what it could not do here. */
const SAID = /^\W*((?:SKIPPED|NOT TESTED): .+)$/gm;

/** Says at the end of a run what was skipped and why; into the file that SKIPPED_TO names, if it names one. */
export class Skipped implements Reporter {
	#reasons = new Set<string>();

	onUserConsoleLog({ content }: { content: string }): void {
		for (const [, said = ''] of content.matchAll(SAID)) this.#reasons.add(said.trim());
	}

	onTestRunEnd(files: readonly TestModule[]): void {
		const skipped = files.flatMap(({ children }) => [...children.allTests('skipped')]);
		const counts = new Map<string, number>();
		for (const test of skipped) {
			const result = test.result();
			const why = 'note' in result && result.note ? ` (${result.note})` : '';
			const line = `${test.module.relativeModuleId}${why}`;
			counts.set(line, (counts.get(line) ?? 0) + 1);
		}
		const lines = [
			`Skipped tests: ${skipped.length}`,
			...[...this.#reasons].sort(),
			...[...counts].sort().map(([file, n]) => `${n} in ${file}`),
		];
		const text = `${lines.join('\n')}\n`;
		if (process.env.SKIPPED_TO) appendFileSync(process.env.SKIPPED_TO, text);
		else process.stdout.write(text);
	}
}
