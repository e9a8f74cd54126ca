import { resolve } from 'node:path';
import { ConfigError } from '#src/config.ts';
import { type Say, StartFault } from '#src/platform/start-fault.ts';

/** A line on the console for the person who started the program. */
export const say: Say = (line) => {
	process.stdout.write(`${line}\n`);
};

/** A file as the person named it: npm runs us in the folder of package.json, they stand somewhere else. */
export function fromHere(path: string): string {
	return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/**
 * Runs a command to its end and ends the process: code 0 unless it set another, or 1 after one plain sentence on standard error.
 * Only a fault that nobody foresaw shows its stack.
 */
export async function command(main: () => Promise<void>): Promise<never> {
	try {
		await main();
		process.exit(process.exitCode ?? 0);
	} catch (error) {
		process.stderr.write(`${complaint(error)}\n`);
		process.exit(1);
	}
}

function complaint(error: unknown): string {
	if (error instanceof StartFault) return error.message;
	if (error instanceof ConfigError) return `Настройки: ${error.message.replaceAll('\n', '; ')}.`;
	return `Непредвиденная ошибка: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
