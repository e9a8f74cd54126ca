import { describe, expect, test } from 'vitest';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Program, startProgram } from '../platform/program.ts';
import { noRadicale, startRadicale } from './radicale.ts';

const database = await testDatabase();
const PASSWORD = 'пароль приложения %:@/';
const WRONG = 'неверный пароль %:@/';

/** A password in every form in which it travels. */
const formsOf = (password: string) => [
	password,
	encodeURIComponent(password),
	new URLSearchParams({ password }).toString().slice('password='.length),
	Buffer.from(`anna:${password}`).toString('base64'),
	JSON.stringify(password).slice(1, -1),
];

/** Anna at a real program, by its address. */
async function annaAt(program: Program) {
	const url = await program.ready;
	const post = async (path: string, fields: Record<string, string>, cookie = '') =>
		await fetch(url + path, {
			method: 'POST',
			body: new URLSearchParams(fields),
			headers: { cookie },
			redirect: 'manual',
		});
	const answer = await post('/sign-in', { login: 'anna' });
	const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
	return {
		get: async (path: string) => await fetch(url + path),
		post: async (path: string, fields: Record<string, string>) => await post(path, fields, cookie),
	};
}

describe.skipIf(noRadicale)('what the program writes down', () => {
	test('no password and no secret address, at the most talkative level, whatever fails', async () => {
		await makeCompany(database.db);
		const radicale = await startRadicale({ anna: PASSWORD });
		const program = startProgram('start', {
			env: {
				...{ DATABASE_URL: database.url, CALDAV_URL: radicale.url, SECRET_KEY: 'ключ'.repeat(9) },
				LOG_LEVEL: 'debug',
			},
		});
		const anna = await annaAt(program);
		const connect = async (password: string) =>
			(await anna.post('/calendar/account', { login: 'anna', password })).status;
		const state = async () =>
			(await database.pool.query('select state, synced_at from calendar_accounts')).rows[0];
		expect(await connect(WRONG)).toBe(422);
		expect(await connect(PASSWORD)).toBe(303);
		await expect.poll(async () => (await state()).synced_at).not.toBeNull();
		const page = await (await anna.post('/calendar/feed', {})).text();
		const secret = /feeds\/([\w-]{32})\.ics/.exec(page)?.[1] ?? '';
		expect((await anna.get(`/calendar/feeds/${secret}.ics`)).status).toBe(200);
		await radicale.stop();
		expect((await anna.post('/calendar/account/rounds', {})).status).toBe(303);
		await expect.poll(async () => (await state()).state).toBe('failing');
		expect(await connect(WRONG)).toBe(422);
		await program.kill('SIGTERM');
		const said = program.text() + program.complaints();
		expect(said).toContain('/calendar/account');
		for (const hidden of [...formsOf(PASSWORD), ...formsOf(WRONG), secret])
			expect(said).not.toContain(hidden);
	});
});
