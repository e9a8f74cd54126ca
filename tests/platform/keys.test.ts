import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { expect, inject, onTestFinished, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { writeBackup } from '#src/platform/backup/backup.ts';
import { restoreBackup } from '#src/platform/backup/restore.ts';
import { connect } from '#src/platform/db/client.ts';
import { holdKey, keptPrint, printOf } from '#src/platform/keyring/keyring.ts';
import { keyOf, seal, secretKey, unseal } from '#src/platform/secrets.ts';
import { StartFault } from '#src/platform/start-fault.ts';
import { makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { databaseUrl, statement } from '../global-setup.ts';
import { dataFolder, startProgram } from './program.ts';

/* The key that secrets are sealed with: asked for where each instance would make its own, compared, changed. */

const { db, pool, url } = await testDatabase();
const company = await makeCompany(db);
const [FIRST, SECOND] = ['the first key of this company', 'the second key of this company'];
const CALDAV = { CALDAV_URL: 'https://cal.example.ru/', WORKER: 'off' };

async function sealFor(login: 'anna' | 'boris', key: Buffer): Promise<void> {
	const { id } = company.people[login];
	await db.execute(sql`
		insert into calendar_accounts (person_id, login, sealed_password, created_at)
		values (${id}, ${login}, ${seal(key, `password of ${login}`, `calendar:${id}`)}, now())
		on conflict (person_id) do update set sealed_password = excluded.sealed_password`);
}

async function passwordOf(login: 'anna' | 'boris', key: Buffer): Promise<string> {
	const { id } = company.people[login];
	const { rows } = await pool.query<{ sealed: string }>(
		'select sealed_password as sealed from calendar_accounts where person_id = $1',
		[id],
	);
	return unseal(key, rows[0]?.sealed ?? '', `calendar:${id}`);
}

test('with a database of one’s own and something to seal a key has to be named', () => {
	const own = { DATABASE_URL: 'postgres://crm@db.example.ru/crm' };
	const oidc = { OIDC_ISSUER: 'https://sso.example.ru', OIDC_CLIENT_ID: 'crm' };
	const there = { PUBLIC_URL: 'https://crm.example.ru' };
	for (const sealing of [CALDAV, { ...oidc, ...there }]) {
		expect(() => readConfig({ ...own, ...sealing })).toThrow(
			/SECRET_KEY нужен вместе с DATABASE_URL/,
		);
		expect(readConfig({ ...own, ...sealing, SECRET_KEY: FIRST }).SECRET_KEY).toBe(FIRST);
		expect(readConfig(sealing).SECRET_KEY).toBe('');
	}
	expect(readConfig(own).SECRET_KEY).toBe('');
});

test('the first key is the database’s; another refuses to start, in words that name it', async () => {
	await holdKey(db, keyOf(FIRST));
	await holdKey(db, keyOf(FIRST));
	await expect(holdKey(db, keyOf(SECOND))).rejects.toThrow(StartFault);
	const env = { DATABASE_URL: url, ...CALDAV, SECRET_KEY: SECOND };
	for (const command of ['start', 'worker']) {
		const program = startProgram(command, { env });
		expect(await program.ended).toEqual({ code: 1, signal: null });
		expect(program.complaints()).toBe(
			'SECRET_KEY не тот, которым запечатаны пароли в этой базе: верните прежний (или secret.key в DATA_DIR), либо смените его командой npm run rotate-key.\n',
		);
	}
});

test('the key is changed: passwords are sealed anew, what the old key does not open is named', async () => {
	await sealFor('anna', keyOf(FIRST));
	await sealFor('boris', keyOf('some key of long ago'));
	const env = { DATABASE_URL: url, ...CALDAV, SECRET_KEY: SECOND };
	const wrong = startProgram('rotate-key', {
		env: { ...env, OLD_SECRET_KEY: 'no key of this base' },
	});
	expect(await wrong.ended).toEqual({ code: 1, signal: null });
	expect(wrong.complaints()).toContain('ничего не изменено');
	expect(await passwordOf('anna', keyOf(FIRST))).toBe('password of anna');

	const changed = startProgram('rotate-key', { env: { ...env, OLD_SECRET_KEY: FIRST } });
	expect(await changed.ended).toEqual({ code: 0, signal: null });
	expect(changed.text()).toContain('паролей календарей запечатано заново: 1');
	expect(changed.text()).toContain('введите пароль заново: boris');
	expect(await passwordOf('anna', keyOf(SECOND))).toBe('password of anna');
	expect(await keptPrint(db)).toBe(printOf(keyOf(SECOND)));
	const { rows } = await pool.query(
		`select count(*)::int as n from events where type = 'key.rotated'`,
	);
	expect(rows).toEqual([{ n: 1 }]);
	const again = startProgram('start', { env });
	await again.ready;
	await again.kill('SIGTERM');
});

test('a key in a file is changed for another in the same place', async () => {
	const DATA_DIR = await dataFolder();
	const before = secretKey({ SECRET_KEY: '', DATA_DIR });
	await pool.query('delete from sealing_keys');
	await holdKey(db, before);
	await sealFor('anna', before);
	const changed = startProgram('rotate-key', { env: { DATABASE_URL: url, DATA_DIR } });
	expect(await changed.ended).toEqual({ code: 0, signal: null });
	const after = secretKey({ SECRET_KEY: '', DATA_DIR });
	expect(after).not.toEqual(before);
	expect(await passwordOf('anna', after)).toBe('password of anna');
	expect(await keptPrint(db)).toBe(printOf(after));
	expect(existsSync(join(DATA_DIR, 'secret.key.new'))).toBe(false);
	expect(readFileSync(join(DATA_DIR, 'secret.key'), 'utf8')).toHaveLength(43);
});

test('where the file of the key cannot be made, a sentence says what to set', async () => {
	const folder = await dataFolder();
	mkdirSync(join(folder, 'secret.key'));
	const places = [folder, '/proc/nowhere', '/dev/null/x'];
	for (const DATA_DIR of places)
		expect(() => secretKey({ SECRET_KEY: '', DATA_DIR })).toThrow(
			/задайте SECRET_KEY, или DATA_DIR/,
		);
});

test('a restore lets nobody’s session live again: some were ended since', async () => {
	const path = join(await dataFolder(), 'sessions.backup');
	await pool.query(
		`insert into sessions (id, person_id, seen_at, expires_at, ends_at, way)
		select 'some', id, now(), now() + interval '1 day', now() + interval '1 day', 'demo' from people limit 1`,
	);
	await writeBackup(pool, path);
	const server = inject('server');
	const name = `test_restored_${process.pid}`;
	await statement(server.url, `create database ${name} template template0`);
	const other = connect(databaseUrl(server.url, name));
	onTestFinished(async () => {
		await other.close();
		await statement(server.url, `drop database ${name} with (force)`);
	});
	await restoreBackup(other.pool, path);
	const counted = await other.pool.query(
		'select (select count(*)::int from sessions) as sessions, (select count(*)::int from people) as people',
	);
	expect(counted.rows).toEqual([{ sessions: 0, people: 5 }]);
});
