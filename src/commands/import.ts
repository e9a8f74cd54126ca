import { parseArgs } from 'node:util';
import { readConfig } from '#src/config.ts';
import { type FileReport, runImport } from '#src/features/imports/actions.ts';
import { planImport } from '#src/features/imports/choosing.ts';
import { number } from '#src/features/imports/messages.ts';
import { checkFolder } from '#src/features/imports/rejected.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, fromHere, say } from './console.ts';
import { openDatabase } from './database.ts';

const USAGE = 'Как вызвать: npm run import -- ПАПКА_ИЛИ_ФАЙЛЫ [--mapping ФАЙЛ] [--rejected ПАПКА]';

const NOUNS = {
	teams: 'команды',
	people: 'сотрудники',
	clients: 'клиенты',
	contacts: 'контакты',
	products: 'товары',
	deals: 'интересы',
	dealLines: 'товары интересов',
	interactions: 'взаимодействия',
} as const;
const HEADINGS = ['файл', 'что', 'создано', 'изменено', 'без изменений', 'отклонено'];

await command(async () => {
	const { paths, mapping, rejectedFolder } = readArguments(process.argv.slice(2));
	const config = readConfig(process.env);
	const plan = await planImport(paths, mapping);
	await checkFolder(rejectedFolder);
	say(`Сопоставление: «${plan.mapping.name}»`);
	for (const path of plan.passedOver) say(`${path}: пропущен, не подходит к сопоставлению`);
	const database = await openDatabase(config, say);
	try {
		const settings = { now: new Date(), timeZone: config.TIME_ZONE, rejectedFolder, say };
		for (const line of summary(await runImport(database.connection.db, plan, settings))) say(line);
	} catch (error) {
		throw explained(error);
	} finally {
		await database.stop();
	}
});

function readArguments(args: string[]) {
	const options = { mapping: { type: 'string' }, rejected: { type: 'string' } } as const;
	try {
		const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
		if (positionals.length === 0) throw new Error('не названо ни одного файла');
		return {
			paths: positionals.map(fromHere),
			mapping: values.mapping === undefined ? null : fromHere(values.mapping),
			rejectedFolder: fromHere(values.rejected ?? '.'),
		};
	} catch (error) {
		throw new StartFault(`${(error as Error).message}. ${USAGE}`);
	}
}

function explained(error: unknown): unknown {
	const cause = (error as { cause?: unknown }).cause ?? error;
	const { code = '', message = '' } = cause as { code?: string; message?: string };
	const lost = code !== '' || /terminated|timeout/i.test(message);
	if (error instanceof StartFault || !lost) return error;
	return new StartFault(
		`База данных отказала, начатый файл отменён целиком: ${message}${code && ` (${code})`}. Запустите загрузку ещё раз: уже загруженное не удвоится.`,
	);
}

function summary(reports: FileReport[]): string[] {
	const rows = reports.flatMap(({ name, tallies }) =>
		tallies.map(({ feeds, tally }) => [
			name,
			NOUNS[feeds],
			...[tally.created, tally.updated, tally.unchanged, tally.rejected].map((count) =>
				number(count),
			),
		]),
	);
	const widths = HEADINGS.map((heading, i) =>
		Math.max(...[heading, ...rows.map((row) => row[i] ?? '')].map((text) => text.length)),
	);
	const lines = [HEADINGS, ...rows].map((row) =>
		row
			.map((text, i) => (i < 2 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)))
			.join('  '),
	);
	return ['', ...lines, '', ...remarks(reports)];
}

function remarks(reports: FileReport[]): string[] {
	return reports.flatMap(({ name, tallies, lacking, rejectedPath }) => [
		...[...lacking].map(
			([column, count]) => `${name}: принято с пустым «${column}»: ${number(count)}`,
		),
		...tallies
			.filter(({ tally }) => tally.doubtful > 0)
			.map(
				({ tally }) =>
					`${name}: принято с сомнительными реквизитами (контрольное число, вид лица): ${number(tally.doubtful)}`,
			),
		...(rejectedPath ? [`${name}: отклонённые строки с причинами – ${rejectedPath}`] : []),
	]);
}
