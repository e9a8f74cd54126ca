import { readConfig } from '#src/config.ts';
import { makePassword, removePassword } from '#src/features/access/sign-in/password/passwords.ts';
import { bareLogin, isLogin } from '#src/features/access/sign-in/realms.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Told } from '#src/platform/errors.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { command, say } from './console.ts';
import { openDatabase } from './database.ts';

const USAGE = 'Так: npm run break-glass -- ЛОГИН, или npm run break-glass -- ЛОГИН --off';

await command(async () => {
	const [told = '', option, ...more] = process.argv.slice(2);
	const login = bareLogin(told, []);
	if (!isLogin(login) || (option !== undefined && option !== '--off') || more.length > 0)
		throw new StartFault(USAGE);
	const config = readConfig(process.env);
	const database = await openDatabase(config, () => {});
	const by = { door: 'form', now: new Date() } as const;
	try {
		const { db } = database.connection;
		if (option === '--off') {
			const had = await transact(db, async (tx) => await removePassword(tx, login, by));
			say(had ? `Пароль ${login} удалён, его сеансы завершены` : `У ${login} нет пароля`);
			return;
		}
		const password = await transact(db, async (tx) => await makePassword(tx, login, by)).catch(
			(error: unknown) => {
				if (error instanceof Told) throw new StartFault(translate('ru', error.key, error.args));
				throw error;
			},
		);
		say(`Администратор ${login}, пароль (больше он нигде не записан): ${password}`);
		say(
			config.BREAK_GLASS === 'on'
				? 'Вход: /sign-in/local'
				: 'Вход по паролю выключен: его открывает настройка BREAK_GLASS=on',
		);
	} finally {
		await database.stop();
	}
});
