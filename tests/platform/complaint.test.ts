import { expect, test } from 'vitest';
import { complaint } from '#src/commands/console.ts';

/* With what words a command ends: a fault of the set-up has a sentence, never a stack. */

const failed = (code: string, path?: string) =>
	Object.assign(new Error(`${code}: it failed`), { code, ...(path && { path }) });

test('the file system’s refusals are told in words, with the place', () => {
	expect(complaint(failed('EACCES', '/app/.data'))).toBe(
		'Файловая система: прав не хватает (EACCES), /app/.data. Проверьте DATA_DIR.',
	);
	for (const code of ['ENOSPC', 'EROFS', 'EDQUOT', 'EMFILE', 'ENOTDIR', 'EPERM'])
		expect(complaint(new Error('failed query', { cause: failed(code) }))).toMatch(
			/^Файловая система: [а-я ]+ \([A-Z]+\)\. Проверьте DATA_DIR\.$/,
		);
});

test('a server that ended for want of room says so; with room it is a fault of its own', () => {
	const ended = new Error('Connection terminated unexpectedly');
	expect(complaint(ended, 3)).toMatch(/^Кончилось место там, где данные базы .*свободно 3 МБ/);
	expect(complaint(ended, 10_000)).toMatch(/^Непредвиденная ошибка: Error: Connection/);
	expect(complaint(failed('53100'))).toBe('На диске сервера базы данных кончилось место (53100).');
});
