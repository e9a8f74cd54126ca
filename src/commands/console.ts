import { existsSync, statfsSync } from 'node:fs';
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

/** What the file system says, in words; anything else is a fault that nobody foresaw. */
const FILE_FAULTS: Record<string, string> = {
	EACCES: 'прав не хватает',
	EDQUOT: 'квота исчерпана',
	EMFILE: 'слишком много открытых файлов',
	ENOSPC: 'места на диске нет',
	ENOTDIR: 'это не папка',
	EPERM: 'прав не хватает',
	EROFS: 'она открыта только для чтения',
};
/** With less than this, whatever ended without a word ended for want of room. */
const NO_ROOM_MB = 64;

/** The sentence with which a command ends; a stack only where nobody foresaw the fault. */
export function complaint(
	error: unknown,
	freeMb = freeIn(process.env.DATA_DIR || '.data'),
): string {
	if (error instanceof StartFault) return error.message;
	if (error instanceof ConfigError) return `Настройки: ${error.message.replaceAll('\n', '; ')}.`;
	for (let at = error; at instanceof Error; at = at.cause) {
		const { code = '', path = '', message } = at as NodeJS.ErrnoException;
		const words = FILE_FAULTS[code];
		if (words)
			return `Файловая система: ${words} (${code})${path && `, ${path}`}. Проверьте DATA_DIR.`;
		if (code === '53100') return 'На диске сервера базы данных кончилось место (53100).';
		if (freeMb < NO_ROOM_MB && /terminated unexpectedly|ECONNREFUSED/.test(`${code} ${message}`))
			return `Кончилось место там, где данные базы (DATA_DIR): свободно ${freeMb} МБ, нужно хотя бы 500. Подробности в ${LOG} рядом с ними.`;
	}
	return `Непредвиденная ошибка: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

const LOG = 'postgres/server.log';

function freeIn(folder: string): number {
	try {
		const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : '.');
		return Math.floor((bavail * bsize) / 1_000_000);
	} catch {
		return Number.POSITIVE_INFINITY;
	}
}
