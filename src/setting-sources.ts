import { readFileSync } from 'node:fs';

/** The text of a setting: of the environment, or of the file that `NAME_FILE` names; none where it is empty. */
export function rawSetting(
	env: Record<string, string | undefined>,
	name: string,
): string | undefined {
	const file = env[`${name}_FILE`];
	const value = file ? readSecret(file) : env[name];
	return value === '' ? undefined : value;
}

function readSecret(file: string): string {
	try {
		return readFileSync(file, 'utf8').trim();
	} catch (error) {
		const { code = String(error) } = error as NodeJS.ErrnoException;
		throw new Error(
			`не читается: файла «${file}» из настройки с _FILE нет или он закрыт (${code})`,
		);
	}
}
