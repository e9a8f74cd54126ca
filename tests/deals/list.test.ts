import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Actor } from '#src/features/access/rights.ts';
import type { DealLine } from '#src/features/deals/list/columns.ts';
import { readDealList } from '#src/features/deals/list/list.ts';
import { viewerAt } from '#src/platform/i18n/dates.ts';
import { type Company, type Login, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Line, lines, modelOf, SORTS, write } from './lines.ts';

const database = await testDatabase();
const { db, pool } = database;
const NOW = new Date('2026-11-24T09:17:31.402Z');

let company: Company;
beforeAll(async () => {
	company = await makeCompany(db);
});

const viewer = (timeZone: string) => viewerAt(NOW, 'ru', timeZone);

type Got = { ids: number[]; count: number; sums: Record<string, string>; lines: DealLine[] };

/** All pages of the list, put together, as somebody unfolds them. */
async function unfolded(
	actor: Actor,
	query: Record<string, string>,
	timeZone: string,
): Promise<Got> {
	const all: DealLine[] = [];
	let list = await readDealList(db, actor, query, viewer(timeZone));
	const { count, sums } = list;
	all.push(...list.lines);
	for (let page = 0; list.more !== null && page < 20; page += 1) {
		const asked = Object.fromEntries(new URL(list.more, 'http://x').searchParams);
		list = await readDealList(db, actor, asked, viewer(timeZone));
		all.push(...list.lines);
	}
	const inKopecks = sums.map(({ currency, amount }) => [
		currency,
		String(BigInt(amount.replace('.', ''))),
	]);
	return {
		ids: all.map(({ id }) => id),
		count,
		sums: Object.fromEntries(inKopecks),
		lines: all,
	};
}

const zones = fc.constantFrom('Europe/Moscow', 'Asia/Kathmandu', 'Pacific/Pago_Pago');
const people = fc.constantFrom<Login>('anna', 'vera', 'ada');

async function companyWith(some: Line[]): Promise<void> {
	await pool.query('truncate deals, clients cascade; truncate deal_tallies');
	await write(database, company, some);
}

test('pages of every column, both ways, put together are the whole sorted list; counts and sums are exact', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(lines, { minLength: 55, maxLength: 80 }),
			zones,
			async (some, zone) => {
				await companyWith(some);
				const model = await modelOf(database);
				for (const login of ['anna', 'ada'] as const)
					for (const key of SORTS)
						for (const sort of [key, `-${key}`]) {
							const got = await unfolded(company.people[login], { kind: 'all', sort }, zone);
							const expected = model.list(company.people[login], {}, sort, zone);
							expect(got.ids, `${login} ${sort}`).toEqual(expected.ids);
							expect([got.count, got.sums], `${login} ${sort}`).toEqual([
								expected.count,
								expected.sums,
							]);
						}
			},
		),
		{ numRuns: 1 },
	);
});

const filters = fc.record(
	{
		kind: fc.constantFrom('open', 'won', 'lost', 'all'),
		stage: fc.constantFrom('1', '2,3', '6', '5,6', ''),
		month: fc.constantFrom('2026-11', '2026-10', 'all', ''),
		owner: fc.constantFrom('me', ''),
		period: fc.constantFrom('overdue', 'today', 'week', 'none', ''),
		source: fc.constantFrom('Сайт', 'Ёлка', ''),
		campaign: fc.constantFrom('Осень', ''),
		amountFrom: fc.constantFrom('100', '0', ''),
		amountTo: fc.constantFrom('5000,50', ''),
		expectedFrom: fc.constantFrom('2026-11-20', ''),
		expectedTo: fc.constantFrom('2026-12-05', ''),
		createdFrom: fc.constantFrom('2026-11-20', ''),
		createdTo: fc.constantFrom('2026-11-22', ''),
		tag: fc.constantFrom('1', ''),
		helping: fc.constantFrom('1', ''),
	},
	{ requiredKeys: ['kind'] },
);

test('whatever отбор asks, list, count and sums are those of the plain model', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(lines, { minLength: 20, maxLength: 60 }),
			zones,
			async (some, zone) => {
				await companyWith(some);
				const model = await modelOf(database);
				await fc.assert(
					fc.asyncProperty(
						filters,
						people,
						fc.constantFrom(...SORTS),
						async (asked, login, sort) => {
							const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
							const actor = company.people[login];
							const got = await unfolded(actor, { ...query, sort }, zone);
							const expected = model.list(actor, query, sort, zone);
							const told = `${login} ${JSON.stringify(query)} ${sort}`;
							expect(got.ids, told).toEqual(expected.ids);
							expect([got.count, got.sums], told).toEqual([expected.count, expected.sums]);
						},
					),
					{ numRuns: 30 },
				);
			},
		),
		{ numRuns: 2 },
	);
});

test('a seller’s list begins with the nearest step, a head’s with the newest, what is finished with the last', async () => {
	const sorted = async (login: Login, query: Record<string, string> = {}) =>
		(await readDealList(db, company.people[login], query, viewer('Europe/Moscow'))).sort;
	expect(await sorted('anna')).toBe('next');
	expect(await sorted('vera')).toBe('-number');
	expect(await sorted('ada')).toBe('-number');
	expect(await sorted('anna', { kind: 'won' })).toBe('-closed');
	expect(await sorted('anna', { sort: '-number' })).toBe('-number');
});
