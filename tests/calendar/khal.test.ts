import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { browser, signIn, testApp } from '../app.ts';
import { by, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';

/*
 * A calendar that nobody here wrote reads the feed: khal (Debian: apt-get install khal; .ci/run brings it).
 */
const KHAL = '/usr/bin/khal';
const absent = !existsSync(KHAL);
if (absent) console.warn('SKIPPED: khal is not installed, no real program reads the feed');
const run = promisify(execFile);
const database = await testDatabase();

test.skipIf(absent)('khal shows moments in its own zone and days as whole days', async () => {
	const served = await testApp(database);
	const cast = await makeCast(database.db);
	const kindId = cast.kinds[1]?.id as number;
	await planInteraction(database.db, by(cast.people.anna), cast.deals.late, {
		...{ kindId, summary: 'Показ; «новой», линии', lengthMinutes: 90 },
		plan: { plannedAt: new Date('2026-11-24T06:30:00Z') },
	});
	const anna = await signIn(served, 'anna');
	const { body } = await anna.post('/calendar/feed', {});
	const address = new URL(/value="([^"]+\.ics)"/.exec(body)?.[1] ?? '').pathname;
	const feed = await browser(served.app).get(address);

	const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-khal-'));
	try {
		await writeFile(join(folder, 'feed.ics'), feed.body);
		await writeFile(
			join(folder, 'config'),
			`[calendars]\n[[sales]]\npath = ${join(folder, 'sales')}\ntype = calendar\n[sqlite]\npath = ${join(folder, 'khal.db')}\n` +
				'[locale]\nlocal_timezone = Europe/Moscow\ndefault_timezone = Europe/Moscow\ntimeformat = %H:%M\ndateformat = %d.%m.\n' +
				'longdateformat = %d.%m.%Y\ndatetimeformat = %d.%m. %H:%M\nlongdatetimeformat = %d.%m.%Y %H:%M\n',
		);
		const env = { ...process.env, LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8', HOME: folder };
		const khal = async (...args: string[]) =>
			(await run(KHAL, ['-c', join(folder, 'config'), ...args], { env })).stdout;
		await khal('import', '--batch', '-a', 'sales', join(folder, 'feed.ics'));
		const format = ['--format', '{start-end-time-style}|{title}', '--day-format', '{date-long}'];
		const listed = await khal('list', ...format, '24.11.2026', '8d');
		expect(listed).toContain('09:30-11:00|Встреча: Показ; «новой», линии — ООО «Ромашка»');
		expect(listed).toContain('15:00-15:30|Звонок: Позвонить');
		// A plan for the whole of 1 December has no hour.
		expect(listed).toMatch(/01\.12\.2026\n\s*\|Звонок: Позвонить/);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
});
