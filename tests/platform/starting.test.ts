import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { startProgram } from './program.ts';
import { openWire } from './wire.ts';

const database = await testDatabase();

test('a server that says it is starting is waited for, and the start goes on when it is up', async () => {
	const wire = await openWire(database.url);
	wire.starting = true;
	const program = startProgram('migrate', { env: { DATABASE_URL: wire.url } });
	await expect.poll(program.text).toContain('ещё не принимает соединений');
	wire.starting = false;
	expect(await program.ended).toEqual({ code: 0, signal: null });
	expect(program.text()).toContain('Схема: без изменений');
	expect(program.complaints()).toBe('');
});
