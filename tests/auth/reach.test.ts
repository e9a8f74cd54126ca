import { beforeAll, describe, expect, test } from 'vitest';
import { findActor } from '#src/features/access/queries.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { readClientQuery } from '#src/features/clients/list/filter.ts';
import { countClients } from '#src/features/clients/list/queries.ts';
import { createDeal } from '#src/features/deals/actions.ts';
import { readBoard } from '#src/features/deals/board/screen.ts';
import { readListFilter } from '#src/features/deals/list/filter.ts';
import { countList } from '#src/features/deals/list/queries.ts';
import { holdsEveryDeal } from '#src/features/deals/visibility.ts';
import { planInteraction } from '#src/features/interactions/actions.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Company, makeCompany, NOW } from '../cast.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { cookieOf, openStream, serve } from '../live/reader.ts';

/*
 * Who sees and changes what does not hang on who happens to have something: a small company where everybody but
 * the administrator is in one team, and she has every combination of a deal, a client and a step, or nothing.
 * What each person may know follows from the tree of teams alone; every door is held against that.
 */
const VIEWERS = ['anna', 'vera', 'gleb', 'ada'] as const;
type Viewer = (typeof VIEWERS)[number];
const NOUNS = ['deal', 'client', 'step'] as const;
type Noun = (typeof NOUNS)[number];
/** A word that stands in one thing alone, for each noun and owner. */
const wordOf = (noun: Noun, owner: string) =>
	`Метка${{ deal: 'сделки', client: 'клиента', step: 'шага' }[noun]}${owner}`;

const COMBINATIONS = Array.from({ length: 8 }, (_, bits) =>
	NOUNS.filter((_noun, at) => bits & (1 << at)),
);

/** Whose things a person sees: anna sells, vera heads the team of all but ada, gleb may only look at his team. */
const reachOf: Record<Viewer, { sees: string[]; changes: string[] }> = {
	anna: { sees: ['anna'], changes: ['anna'] },
	vera: { sees: ['anna', 'vera'], changes: ['anna', 'vera'] },
	gleb: { sees: ['anna', 'vera'], changes: [] },
	ada: { sees: ['anna', 'vera', 'ada'], changes: ['anna', 'vera', 'ada'] },
};

type Made = Record<Noun, number | null> & { owner: string };

async function makeThings(
	database: TestDatabase,
	company: Company,
	owner: 'anna' | 'vera' | 'ada',
	nouns: readonly Noun[],
): Promise<Made> {
	const acting = by(company.people[owner]);
	const made: Made = { owner, deal: null, client: null, step: null };
	if (nouns.includes('deal'))
		made.deal = await createDeal(database.db, acting, {
			...{ stageId: company.open[0].id, title: wordOf('deal', owner), amount: '100.00' },
			clientId: null,
		});
	if (nouns.includes('client'))
		made.client = await createClient(database.db, acting, {
			...{ name: wordOf('client', owner), inn: null },
		});
	if (nouns.includes('step')) {
		// A step of one's own on a client whom nobody owns, so that nothing else opens it.
		const clientId = await createClient(database.db, acting, { name: `Ничей ${owner}`, inn: null });
		made.step = await planInteraction(
			database.db,
			acting,
			{ clientId },
			{
				...{ kindId: company.kinds[0]?.id as number, summary: wordOf('step', owner) },
				plan: { plannedAt: new Date('2026-11-24T12:00:00Z') },
			},
		);
		await database.pool.query('update clients set owner_id = null where id = $1', [clientId]);
	}
	return made;
}

/** Where the word of a thing stands for whoever sees it; what is searched for is the beginning that all of a noun have. */
const DOORS: Record<Noun, (word: string, id: number, ownerId: number) => string[]> = {
	deal: (word, id) => [
		...[
			'/board',
			`/board?q=${word}`,
			'/board/print',
			`/board/print?q=${word}`,
			'/board?view=dates',
		],
		...['/deals?kind=all', `/deals?q=${word}`, '/deals/print?kind=all', `/deals/${id}`],
		...['/deals/export?format=csv&kind=all'],
	],
	client: (word, id) => [
		...['/clients', `/clients?q=${word}`, '/clients/print', `/clients/${id}`],
		...[`/clients/suggestions?clientName=${word}`, '/clients/export?format=csv'],
	],
	step: (_word, id, ownerId) => [
		...[`/agenda?owner=${ownerId}`, `/agenda/print?owner=${ownerId}`, `/interactions/${id}`],
		...[`/calendar?owner=${ownerId}`, `/calendar/print?owner=${ownerId}`],
		...[`/agenda/export?format=csv&owner=${ownerId}`],
	],
};

for (const combination of COMBINATIONS)
	describe(`where who is outside the team has ${combination.join(' and ') || 'nothing'}`, async () => {
		const database = await testDatabase();
		const served = await testApp(database);
		const things: Made[] = [];
		const browsers = {} as Record<Viewer, Browser>;
		let company: Company;
		let origin: string;

		beforeAll(async () => {
			company = await makeCompany(database.db);
			const { pool } = database;
			await pool.query(`
				insert into roles (code, name, view_scope, edit_scope, permissions)
				values ('looker', 'Наблюдатель', 'team', 'own', '{export}')`);
			await pool.query(`update roles set permissions = permissions || '{export}'::text[]
				where code in ('manager', 'head', 'administrator') and not 'export' = any(permissions)`);
			await pool.query(`update people set team_id = (select team_id from people where login = 'vera'),
				role = case login when 'gleb' then 'looker' else role end where login <> 'ada'`);
			for (const login of VIEWERS) {
				company.people[login] = (await findActor(database.db, login)) as never;
				browsers[login] = await signIn(served, login);
			}
			things.push(await makeThings(database, company, 'anna', NOUNS));
			things.push(await makeThings(database, company, 'vera', NOUNS));
			things.push(await makeThings(database, company, 'ada', combination));
			origin = await serve(served.app);
		});

		const all = () =>
			things.flatMap((made) =>
				NOUNS.flatMap((noun) => {
					const id = made[noun];
					return id === null ? [] : [{ noun, id, owner: made.owner }];
				}),
			);

		test.each(VIEWERS)(
			'every list, card, search, paper and file shows %s the same people’s things',
			async (me) => {
				for (const { noun, id, owner } of all()) {
					const word = wordOf(noun, owner);
					const ownerId = company.people[owner as Viewer].id;
					for (const url of DOORS[noun](encodeURIComponent(wordOf(noun, '')), id, ownerId)) {
						const { body, statusCode } = await browsers[me].get(url);
						expect(statusCode, `${url}: ${body.slice(0, 200)}`).toBeLessThan(500);
						const shown = body.includes(word) && statusCode === 200;
						expect(shown, `${me} at ${url}`).toBe(reachOf[me].sees.includes(owner));
					}
				}
			},
		);

		test.each(VIEWERS)('what %s may change follows the same line', async (me) => {
			const edits: Record<Noun, string> = {
				deal: 'deals',
				client: 'clients',
				step: 'interactions',
			};
			for (const { noun, id, owner } of all()) {
				const { rows } = await database.pool.query(
					`select version from ${edits[noun]} where id = ${id}`,
				);
				const body =
					noun === 'step'
						? { version: rows[0].version, place: `у ${me}` }
						: { version: rows[0].version, note: `от ${me}` };
				const address = `/${edits[noun]}/${id}${noun === 'step' ? '' : '/edit'}`;
				const { statusCode } = await browsers[me].json(address, body);
				const { sees, changes } = reachOf[me];
				const expected = changes.includes(owner) ? [200, 422] : [sees.includes(owner) ? 403 : 404];
				expect(expected, `${me}: ${noun} of ${owner}`).toContain(statusCode);
			}
		});

		test.each(VIEWERS)('totals of %s are those of what they see', async (me) => {
			const actor = (await findActor(database.db, me)) as NonNullable<
				Awaited<ReturnType<typeof findActor>>
			>;
			const viewer = viewerAt(NOW, 'ru', 'Europe/Moscow');
			const seen = (noun: Noun) =>
				all().filter((one) => one.noun === noun && reachOf[me].sees.includes(one.owner)).length;
			expect((await readBoard(database.db, actor, {}, viewer)).count).toBe(seen('deal'));
			expect((await readBoard(database.db, actor, { view: 'dates' }, viewer)).count).toBe(
				seen('deal'),
			);
			const { filter } = readListFilter(actor, {}, company.stages, viewer);
			const listed = { actor, filter, stages: company.stages, viewer };
			expect((await countList(database.db, listed)).count).toBe(seen('deal'));
			// The short cut of totals is taken where nobody outside has a deal, and is asked of nothing else.
			const whole = me === 'ada' || (me !== 'anna' && !combination.includes('deal'));
			expect(holdsEveryDeal(actor, actor.scope), me).toBe(whole);
			const clients = await countClients(database.db, actor, readClientQuery(actor, {}), viewer);
			const nobodys = me === 'ada' ? things.filter(({ step }) => step !== null).length : 0;
			expect(clients).toBe(seen('client') + nobodys);
		});

		test('streams tell nobody of what they do not see', async () => {
			const streams = await Promise.all(
				VIEWERS.map(async (me) => openStream(origin, await cookieOf(database, me))),
			);
			await expect.poll(() => streams.every((one) => one.messages.length > 0)).toBe(true);
			const touched = all()
				.filter(({ noun }) => noun !== 'step')
				.toReversed();
			for (const { noun, id, owner } of touched) {
				const { rows } = await database.pool.query(`select version from ${noun}s where id = ${id}`);
				const body = { version: rows[0].version, note: `слышно от ${owner}` };
				const { statusCode } = await browsers.ada.json(`/${noun}s/${id}/edit`, body);
				expect(statusCode).toBe(200);
			}
			for (const [at, me] of VIEWERS.entries()) {
				const stream = streams[at] as (typeof streams)[number];
				const heard = (kind: 'deals' | 'clients') =>
					[...new Set(stream.changes().flatMap((change) => change[kind] ?? []))].sort();
				const due = (noun: Noun) =>
					touched
						.filter((one) => one.noun === noun && reachOf[me].sees.includes(one.owner))
						.map(({ id }) => id)
						.sort();
				await expect.poll(() => heard('deals')).toEqual(due('deal'));
				await expect.poll(() => heard('clients')).toEqual(due('client'));
				stream.close();
			}
		});
	});
