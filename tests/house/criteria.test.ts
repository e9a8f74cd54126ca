import type { TObject } from 'typebox';
import { beforeAll, describe, expect, test } from 'vitest';
import { AuditQuery } from '#src/features/audit/forms.ts';
import { CalendarQuery } from '#src/features/calendar/page/period.ts';
import { clientColumns } from '#src/features/clients/list/columns.ts';
import { ClientsQuery } from '#src/features/clients/list/filter.ts';
import { BoardQuery } from '#src/features/deals/board/forms.ts';
import { cursorOf } from '#src/features/deals/board/order.ts';
import { addCollaborator } from '#src/features/deals/collaborators/collaborators.ts';
import { dealColumns } from '#src/features/deals/list/columns.ts';
import { ListQuery } from '#src/features/deals/list/filter.ts';
import { AgendaQuery, todoCursor } from '#src/features/interactions/agenda/forms.ts';
import { keptQuery } from '#src/features/saved-filters/rules.ts';
import { FILTER_SCREENS } from '#src/features/saved-filters/tables.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Cast, makeCast, makeDeal, NOW, TODAY } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';

/*
 * Every screen answers every pair of its criteria, to a seller, to their head and to who sees all: the criteria
 * are those of the screen's own form, so that a new one is asked with all the others from its first day. Where two
 * criteria only narrow, what both find is what each of them finds.
 */
const database = await testDatabase();
const served = await testApp(database);
const { db, pool } = database;
const viewer = viewerAt(NOW, 'ru', 'Europe/Moscow');
const PEOPLE = ['anna', 'vera', 'ada'] as const;
type Person = (typeof PEOPLE)[number];
/** Hundreds of pages, on a machine that may be busy. */
const LONG = { timeout: 600_000 };
const people = {} as Record<Person, Browser>;
let cast: Cast;

type Screen = {
	form: TObject;
	path: string;
	/** What is written beside the page: paper, a file, a choice of all; with what its address needs besides. */
	doors: Record<string, string>;
	/** Values of the criteria that are no fixed words. */
	values: () => Record<string, string[]>;
	/** Criteria that do more than narrow: they order, or take the place of a default. */
	more: string[];
	/** Ids of rows begin with it. */
	row: string;
	/** Who may look at it. */
	who: readonly Person[];
};

const facts = () => ({
	source: ['Выставка'],
	tag: ['1'],
	amountFrom: ['100'],
	amountTo: ['90000'],
});
const SCREENS: Record<string, Screen> = {
	board: {
		...{ form: BoardQuery, path: '/board', row: 'deal-', more: [], who: PEOPLE },
		doors: { '/board/print': '' },
		values: () => ({
			...{ ...facts(), owner: ['me'], pipeline: ['1'], q: ['печь', '1'], idle: ['1'] },
			after: [],
		}),
	},
	deals: {
		...{ form: ListQuery, path: '/deals', row: 'deal-', who: PEOPLE },
		more: ['kind', 'stage', 'month', 'pipeline', 'sort', 'helping', 'archived'],
		doors: { '/deals/print': '', '/deals/export': 'format=csv', '/deals/selection': '' },
		values: () => ({
			...{ ...facts(), owner: ['me'], pipeline: ['1'], q: ['печь'], idle: ['1'], helping: ['1'] },
			...{ stage: [`${cast.won.id},${cast.open[1].id}`], month: ['all'] },
			campaign: ['Осень'],
			...{ expectedFrom: ['2026-01-01'], expectedTo: ['2026-12-31'] },
			...{ createdFrom: ['2026-01-01'], createdTo: [TODAY] },
			sort: ['-amount'],
			...{ after: [], shown: [] },
		}),
	},
	clients: {
		...{ form: ClientsQuery, path: '/clients', row: 'client-', who: PEOPLE },
		more: ['sort', 'archived'],
		doors: { '/clients/print': '', '/clients/export': 'format=csv', '/clients/selection': '' },
		values: () => ({
			...{
				owner: ['me', 'none'],
				q: ['ромашка', '495'],
				segment: ['Опт'],
				region: ['Урал'],
				tag: ['1'],
			},
			sort: ['-amount'],
			...{ after: [], shown: [] },
		}),
	},
	agenda: {
		...{ form: AgendaQuery, path: '/agenda', row: 'step-', who: PEOPLE, more: ['owner', 'period'] },
		doors: { '/agenda/export': 'format=csv', '/agenda/selection': '' },
		values: () => ({
			owner: ['me', 'team'],
			kind: ['1', '2'],
			q: ['позвонить', 'печь'],
			finished: ['1'],
			after: [],
		}),
	},
	calendar: {
		...{ form: CalendarQuery, path: '/calendar', row: '', who: PEOPLE, more: [] },
		doors: { '/calendar/print': '' },
		values: () => ({ on: ['2026-11-30', '2028-02-29'], owner: ['me', 'team'] }),
	},
	audit: {
		...{ form: AuditQuery, path: '/admin/audit', row: '', who: ['ada'] as const, more: [] },
		doors: { '/admin/audit/export': 'format=csv' },
		values: () => ({
			person: [String(cast.people.anna.id)],
			kind: ['deal', 'tag'],
			record: [`deal:${cast.deals.late}`, 'чепуха'],
			...{ from: ['2026-01-01'], until: [TODAY], after: [] },
		}),
	},
};

beforeAll(async () => {
	cast = await makeCast(db);
	for (const login of PEOPLE) people[login] = await signIn(served, login);
	await pool.query(`insert into tags (name) values ('сети')`);
	await pool.query(`insert into client_tags select id, 1 from clients`);
	await pool.query(`update clients set segment = 'Опт', region = 'Урал' where id % 2 = 1`);
	for (const login of ['anna', 'vera', 'ada'] as const)
		for (const [n, amount] of ['50.00', '70000.00', '150000.00', null].entries())
			await makeDeal(db, cast, login, {
				...{ title: n % 2 ? 'Печь' : 'Стол', amount, source: n % 3 ? 'Выставка' : null },
				...{ campaign: n % 2 ? 'Осень' : null, expectedCloseOn: n > 1 ? '2026-06-01' : null },
				plan: { plannedOn: n % 2 ? '2026-11-30' : '2026-11-20' },
				...(n > 1 ? { now: new Date(NOW.getTime() - 60 * 86_400_000) } : {}),
			});
	await pool.query('insert into deal_tags select id, 1 from deals where id % 2 = 0');
	const helper = { version: 1, personId: cast.people.anna.id };
	await addCollaborator(db, by(cast.people.vera), cast.deals.boris, helper);
	await pool.query('analyze');
});

type Asked = { field: string; query: string };

/** Each criterion of a screen with each of its values; a criterion that nobody gave values to is a fault. */
function criteriaOf({ form, values }: Screen): Asked[] {
	const given = values();
	return Object.entries(form.properties).flatMap(([field, schema]) => {
		const { choices } = schema as { choices?: readonly string[] };
		const words = given[field] ?? choices;
		if (words === undefined) throw new Error(`no value to ask «${field}» with`);
		return words.map((word) => ({
			field,
			query: new URLSearchParams({ [field]: word }).toString(),
		}));
	});
}

/** All pairs of criteria, and each alone. */
function pairsOf(criteria: Asked[]): [Asked, Asked][] {
	return criteria.flatMap((one, n) =>
		criteria
			.slice(n + 1)
			.filter(({ field }) => field !== one.field)
			.map((other): [Asked, Asked] => [one, other]),
	);
}

/** The rows of a page, by id. */
const rowsOf = (body: string, row: string): string[] => {
	const page = read(body);
	return [...page.byTag('article'), ...page.byTag('tr'), ...page.byTag('li')]
		.map((element) => attribute(element, 'id') ?? '')
		.filter((id) => id.startsWith(row) && /\d$/.test(id))
		.sort();
};

describe.each(Object.entries(SCREENS))('%s answers every pair of its criteria', (_, screen) => {
	test.each(PEOPLE.map((login, n) => [login, n] as const))('to %s', LONG, async (login, nth) => {
		if (!screen.who.includes(login)) return;
		const person = people[login];
		const criteria = criteriaOf(screen);
		const alone = new Map<string, string[]>();
		for (const { query } of criteria) {
			const answer = await person.get(`${screen.path}?${query}`);
			expect(answer.statusCode, query).toBe(200);
			alone.set(query, rowsOf(answer.body, screen.row));
		}
		const narrows = ({ field }: Asked) => screen.row !== '' && !screen.more.includes(field);
		for (const [n, [one, other]] of pairsOf(criteria).entries()) {
			// Who asks makes another query only where a text or an owner is asked for; the list has pairs by the hundred.
			const ours = n % screen.who.length === nth % screen.who.length;
			const whose = [one, other].some(({ field }) => ['q', 'owner', 'helping'].includes(field));
			if (screen.path === '/deals' && !ours && !whose) continue;
			const query = `${one.query}&${other.query}`;
			// The part of the page that a change of отбор fetches: the same rows, sooner.
			const answer = await person.htmx(screen.path, `${screen.path}?${query}`);
			expect(answer.statusCode, `${screen.path}?${query}`).toBe(200);
			if (narrows(one) && narrows(other))
				expect(rowsOf(answer.body, screen.row), query).toEqual(
					alone.get(one.query)?.filter((id) => alone.get(other.query)?.includes(id)),
				);
			// The other doors read the same отбор: one person each is enough for a pair.
			if (!ours) continue;
			for (const [door, besides] of Object.entries(screen.doors)) {
				const { statusCode } = await person.get(`${door}?${query}&${besides}`);
				const mayNot = besides !== '' && statusCode === 403;
				if (!mayNot) expect(statusCode, `${door}?${query}`).toBe(200);
			}
		}
	});
});

test('a filter kept under a name says all that its screen was asked', () => {
	for (const screen of FILTER_SCREENS)
		for (const [one, other] of pairsOf(criteriaOf(SCREENS[screen] as Screen))) {
			const kept = new URLSearchParams(keptQuery(screen, `${one.query}&${other.query}`));
			const asked = new URLSearchParams(`${one.query}&${other.query}`);
			expect([...kept].sort(), `${screen} ${asked}`).toEqual([...asked].sort());
		}
});

test('every column of the lists sorts beside every criterion', LONG, async () => {
	const keys = {
		deals: dealColumns(viewer).map(({ key }) => key),
		clients: clientColumns(viewer).map(({ key }) => key),
	};
	for (const name of ['deals', 'clients'] as const) {
		const screen = SCREENS[name] as Screen;
		const one = new Map(criteriaOf(screen).map((asked) => [asked.field, asked]));
		const others = [...one.values()].filter(({ field }) => field !== 'sort');
		for (const [n, key] of keys[name].entries())
			for (const { query } of others) {
				const sorted = `${screen.path}?${query}&sort=${n % 2 ? '-' : ''}${key}`;
				expect((await people.vera.htmx(screen.path, sorted)).statusCode, sorted).toBe(200);
			}
	}
});

test('what goes on behind a place answers every criterion too', async () => {
	const board = cursorOf({ rank: 1, due: 0, id: 1 }, viewer);
	const agenda = todoCursor({ group: 'late', due: 0, id: 1, asOf: NOW });
	const criteria = (name: string, but: string[]) =>
		pairsOf(criteriaOf(SCREENS[name] as Screen)).filter(
			([one, other]) => !but.includes(one.field) && !but.includes(other.field),
		);
	for (const [one, other] of criteria('board', ['view']))
		for (const [view, column] of [
			['stages', cast.open[0].id],
			['dates', 'late'],
		]) {
			const url = `/board/more?view=${view}&after=${column}:${board}&${one.query}&${other.query}`;
			expect((await people.vera.get(url)).statusCode, url).toBe(200);
		}
	for (const [one, other] of criteria('agenda', [])) {
		const url = `/agenda/more?after=${agenda}&${one.query}&${other.query}`;
		expect((await people.anna.get(url)).statusCode, url).toBeLessThan(500);
	}
});
