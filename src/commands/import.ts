import { parseArgs } from 'node:util';
import { readConfig } from '#src/config.ts';
import { planImport } from '#src/features/imports/console/choice.ts';
import { number, sentence } from '#src/features/imports/console/messages.ts';
import { type FileReport, type NoticeTally, runImport } from '#src/features/imports/console/run.ts';
import { ownFields } from '#src/features/imports/extra-fields.ts';
import { checkFolder } from '#src/features/imports/files/rejected.ts';
import { FEEDS, type Feeds } from '#src/features/imports/tables.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, fromHere, say } from './console.ts';
import { openDatabase } from './database.ts';

const USAGE =
	'Как вызвать: npm run import -- ПАПКА_ИЛИ_ФАЙЛЫ [--what clients|contacts|deals|interactions|products|people] [--owner "Имя в файле=логин"] [--mapping ФАЙЛ] [--rejected ПАПКА]';

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
/** Files that were recognised by their headings, by what is in them. */
const WHAT: Record<string, string> = {
	clients: 'клиенты и их контакты',
	contacts: 'контактные лица',
	deals: 'интересы',
	interactions: 'взаимодействия',
	products: 'товары',
	people: 'сотрудники',
};
const HEADINGS = ['файл', 'что', 'создано', 'изменено', 'без изменений', 'отклонено'];

await command(async () => {
	const { paths, said, rejectedFolder } = readArguments(process.argv.slice(2));
	const config = readConfig(process.env);
	// What is wrong with the files is told before a server of our own is started for them.
	await planImport(paths, said);
	await checkFolder(rejectedFolder);
	const database = await openDatabase(config, say);
	try {
		const { db } = database.connection;
		const plan = await planImport(paths, { ...said, own: await ownFields(db) });
		for (const { name, mapping } of plan.files)
			say(`${name}: ${WHAT[mapping.name] ?? mapping.name}`);
		for (const path of plan.passedOver)
			say(`${path}: пропущен: по заголовкам не узнать, что в нём, и сопоставления для него нет`);
		const settings = { now: new Date(), timeZone: config.TIME_ZONE, rejectedFolder, say };
		for (const line of summary(await runImport(db, plan, settings))) say(line);
	} catch (error) {
		throw explained(error);
	} finally {
		await database.stop();
	}
});

function readArguments(args: string[]) {
	const options = {
		mapping: { type: 'string' },
		rejected: { type: 'string' },
		what: { type: 'string' },
		owner: { type: 'string', multiple: true },
	} as const;
	try {
		const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
		if (positionals.length === 0) throw new Error('не названо ни одного файла');
		return {
			paths: positionals.map(fromHere),
			said: {
				mappingPath: values.mapping === undefined ? null : fromHere(values.mapping),
				feeds: feedsIn(values.what),
				owners: Object.fromEntries((values.owner ?? []).map(ownerIn)),
			},
			rejectedFolder: fromHere(values.rejected ?? '.'),
		};
	} catch (error) {
		throw new StartFault(`${(error as Error).message}. ${USAGE}`);
	}
}

function feedsIn(word: string | undefined): Feeds | null {
	if (word === undefined) return null;
	const feeds = FEEDS.find((one) => one === word);
	if (!feeds) throw new Error(`--what: одно из ${FEEDS.join(', ')}`);
	return feeds;
}

// The last sign of equality parts them: a name may hold one, a login does not.
function ownerIn(text: string): [name: string, login: string] {
	const at = text.lastIndexOf('=');
	if (at < 1) throw new Error('--owner: ожидается "Имя в файле=логин" или "Имя в файле="');
	return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
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
	return reports.flatMap(({ name, tallies, lacking, leftAside, notices, rejectedPath }) => [
		...(leftAside.length > 0 ? [`${name}: не взяты столбцы: ${leftAside.join(', ')}`] : []),
		...notices.map((notice) => `${name}: ${noticed(notice)}`),
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

const NAMES_TOLD = 10;

// Names are told whole, for each can be put right; of other cells one is enough to see what is meant.
function noticed({ column, first: { key, args }, rows, texts }: NoticeTally): string {
	const head = `«${column}» не взят в строках: ${number(rows)}`;
	if (key !== 'row.notFound' && key !== 'row.foundMany')
		return `${head} (например, ${sentence(key, args)})`;
	const names = texts.slice(0, NAMES_TOLD).map((text) => `«${text}»`);
	const more = texts.length > NAMES_TOLD ? ' и другие' : '';
	return `${head}: в программе нет ${names.join(', ')}${more}; для ответственных есть --owner "Имя=логин"`;
}
