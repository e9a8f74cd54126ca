import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '#src/config.ts';
import { migrate, schemaState } from '#src/platform/db/migrate.ts';
import { type Migration, readMigrations } from '#src/platform/db/migrations.ts';
import { browser, signIn, testApp } from '../app.ts';
import { testDatabase } from '../database.ts';

/* What somebody has who followed this repository: a schema of some commit of its history, with a company in it. */

const EARLIER = [
	['b6ba540', 13, 'before pipelines, the audit log and keys of forms'],
	['16bb39c', 16, 'with 0013, 0015 and 0017, and without 0014'],
	['0b9bf24', 21, 'before the index of clients'],
	['17ba8b7', 22, 'with the first text of 0022'],
	['29c58b0', 24, 'of the last issue'],
] as const;

const scratch = mkdtempSync(join(tmpdir(), 'moi-prodazhi-upgrade-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const git = (...words: string[]) =>
	execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** The migrations as they stood at a commit; null where this copy of the repository does not reach back to it. */
function migrationsAt(commit: string): Migration[] | null {
	const folder = join(scratch, commit);
	mkdirSync(join(folder, 'meta'), { recursive: true });
	try {
		for (const path of git('ls-tree', '-r', '--name-only', commit, 'drizzle').trim().split('\n'))
			writeFileSync(join(folder, path.replace(/^drizzle\//, '')), git('show', `${commit}:${path}`));
	} catch {
		return null;
	}
	return readMigrations(folder);
}

// In the columns that the oldest of these schemas has.
const COMPANY = `
	insert into teams (name) values ('Север');
	insert into people (login, name, role, team_id, email) values
		('boris', 'Борис Ёлкин', 'head', 1, 'boris@example.ru'),
		('anna', 'Анна Ким', 'manager', 1, null), ('ada', 'Ада Миронова', 'administrator', null, null);
	insert into clients (name, owner_id, inn) values ('ООО «Ромашка»', 2, '7707083893'), ('Иван Петров', 2, null);
	insert into deals (pipeline_id, stage_id, client_id, title, amount, owner_id, stage_entered_at)
		select s.pipeline_id, s.id, 1 + n % 2, 'Насосы ' || n, n * 1000, 2, now()
		from generate_series(1, 40) n,
			(select pipeline_id, id from stages order by pipeline_id, position limit 1) s;
	insert into interactions (deal_id, client_id, kind_id, owner_id, planned_on, summary)
		select d.id, d.client_id, (select min(id) from interaction_kinds), 2, current_date + 1, 'Позвонить'
		from deals d;
	insert into events (type, at, actor_id, door, deal_id, data)
		select 'deal.created', now(), 2, 'form', id, '{}' from deals;`;

const COUNTS = `select (select count(*)::int from deals) as deals, (select count(*)::int from clients) as clients,
	(select count(*)::int from interactions) as steps, (select sum(amount)::text from deals) as amount,
	(select sum(deals)::int from deal_tallies) as tallied, (select count(*)::int from events) as events`;

for (const [commit, count, about] of EARLIER) {
	const files = migrationsAt(commit);
	if (files === null)
		console.warn(
			`SKIPPED: the history does not reach back to ${commit}, whose upgrade is not tested`,
		);
	test.skipIf(files === null)(
		`a database of ${commit}, ${about}, is brought up to date with all that is in it`,
		async () => {
			const database = await testDatabase('template0');
			const { pool } = database;
			expect(await migrate(pool, { known: files ?? [] })).toEqual({ applied: count });
			await pool.query(COMPANY);
			const before = (await pool.query(COUNTS)).rows;
			await migrate(pool);
			expect(await schemaState(pool)).toMatchObject({ missing: [], changed: [], unknown: 0 });
			expect((await pool.query(COUNTS)).rows).toEqual(before);
			expect(before).toMatchObject([{ deals: 40, clients: 2, steps: 40, events: 40 }]);

			// It is worked with, not only looked at.
			const served = await testApp(database);
			expect((await browser(served.app).get('/readyz')).statusCode).toBe(200);
			const anna = await signIn(served, 'anna');
			expect((await anna.get('/board')).body).toContain('Насосы 1');
			const moved = await anna.json('/clients', { name: 'ООО «Новая»', legalKind: 'company' });
			expect(moved.statusCode).toBeLessThan(300);
			await served.app.close();
		},
	);
}
