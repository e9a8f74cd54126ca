import { createInterface } from 'node:readline/promises';
import { readConfig } from '#src/config.ts';
import { erase, tallyErasure } from '#src/features/erasure/actions.ts';
import {
	findSubject,
	personOf,
	SUBJECTS,
	type SubjectNoun,
} from '#src/features/erasure/subjects.ts';
import { Told } from '#src/platform/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, say } from './console.ts';
import { openDatabase } from './database.ts';

const USAGE =
	'Так: npm run erase -- --client НОМЕР, --contact НОМЕР или --person ЛОГИН; без вопроса: --yes НОМЕР';

await command(async () => {
	const { noun, named, sure } = asked(process.argv.slice(2));
	const database = await openDatabase(readConfig(process.env), () => {});
	const { db } = database.connection;
	try {
		const id = noun === 'person' ? await personOf(db, named) : Number(named);
		const subject = await findSubject(db, noun, id);
		say(translate('ru', 'erasure.subject', { noun, id, name: subject.name ?? '—' }));
		for (const { called, rows } of await tallyErasure(db, subject))
			say(`  ${translate('ru', called)}: ${rows}`);
		say(translate('ru', 'erasure.backups'));
		const typed = Number(sure ?? (await answer(translate('ru', 'erasure.typeNumber', { id }))));
		const by = { actorId: null, door: 'form' as const, now: new Date() };
		const rows = await erase(db, by, { noun, id, typed, version: subject.version });
		say(translate('ru', 'toast.erased', { rows }));
	} catch (error) {
		if (!(error instanceof Told)) throw error;
		const [field] = 'fields' in error ? Object.values(error.fields as Told['args']) : [];
		const { key, args } = (field as unknown as Told | undefined) ?? error;
		throw new StartFault(translate('ru', key, args));
	} finally {
		await database.stop();
	}
});

function asked(words: string[]): { noun: SubjectNoun; named: string; sure: string | null } {
	const [option = '', named = '', yes, sure = null, ...more] = words;
	const noun = SUBJECTS.find((one) => option === `--${one}`);
	const plain = noun === 'person' ? named !== '' : /^[1-9]\d{0,14}$/.test(named);
	const rest = yes === undefined || (yes === '--yes' && sure !== null);
	if (noun === undefined || !plain || !rest || more.length > 0) throw new StartFault(USAGE);
	return { noun, named, sure };
}

async function answer(question: string): Promise<string> {
	const console = createInterface({ input: process.stdin, output: process.stdout });
	try {
		return await console.question(`${question} `);
	} finally {
		console.close();
	}
}
