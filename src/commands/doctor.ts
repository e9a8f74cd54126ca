import { readConfig } from '#src/config.ts';
import { examine } from '#src/features/doctor/checkup.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { command, say } from './console.ts';
import { openAsItIs } from './database.ts';

const SIGNS = { good: '✓', bad: '✗', off: '·' };
const COLOURS = { good: 32, bad: 31, off: 90 };

await command(async () => {
	const config = readConfig(process.env);
	const database = await openAsItIs(config, say);
	try {
		const { connection, directUrl } = database;
		const url = String(connection.pool.options.connectionString ?? '');
		const findings = await examine({ config, connection, url, directUrl, env: process.env });
		for (const { name, state, said } of findings) {
			const line = `${SIGNS[state]} ${translate('ru', name)}: ${translate('ru', said.key, said.args)}`;
			say(process.stdout.isTTY ? `\u001b[${COLOURS[state]}m${line}\u001b[0m` : line);
		}
		const bad = findings.filter(({ state }) => state === 'bad').length;
		say(translate('ru', 'doctor.sum', { n: bad }));
		process.exitCode = bad > 0 ? 1 : 0;
	} finally {
		await database.stop();
	}
});
