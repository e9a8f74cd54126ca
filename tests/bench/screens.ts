import type pg from 'pg';
import { DIRECTOR } from './company.ts';
import { type Instance, type Reply, send } from './instance.ts';
import type { Visit } from './load.ts';

/** Something that people do all day. A move has no address of its own: it takes another deal each time. */
export type Screen =
	| { key: string; name: string; visits: Visit[] }
	| { key: string; name: string; headers: Record<string, string> };

const MANAGERS = 5;
/** The headers by which htmx says that it wants fragments of the board. */
const FRAGMENTS = { 'hx-request': 'true', 'hx-current-url': 'http://127.0.0.1/board' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
/** A word in every twenty-fifth title: some 80 deals of a manager, 20 of them open. */
const COMMON_WORD = 'насосов';

/** The cookie of a login's fresh session. */
export async function signIn(origin: string, login: string): Promise<Record<string, string>> {
	const body = new URLSearchParams({ login }).toString();
	const answer = await send(new URL('/sign-in', origin), { method: 'POST', headers: FORM, body });
	const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
	if (answer.status !== 303 || cookie === undefined)
		throw new Error(`${login} cannot sign in: ${answer.status} ${answer.text.slice(0, 500)}`);
	return { cookie };
}

/** Pages that everybody opens: each is measured for a seller, the head of a team and the director. */
const PAGES: { key: string; name: string; path: string; ofTeam?: string }[] = [
	{ key: 'board', name: 'Доска', path: '/board' },
	{ key: 'search', name: 'Поиск на доске', path: `/board?q=${encodeURIComponent(COMMON_WORD)}` },
	{ key: 'idle', name: 'Доска, без движения', path: '/board?idle=on' },
	{ key: 'dates', name: 'По срокам', path: '/board?view=dates' },
	{ key: 'clients', name: 'Клиенты', path: '/clients' },
	{ key: 'clientsBySum', name: 'Клиенты по сумме', path: '/clients?sort=-amount' },
	{ key: 'list', name: 'Интересы', path: '/deals' },
	{ key: 'listAll', name: 'Интересы, все', path: '/deals?kind=all' },
	{ key: 'listBySum', name: 'Интересы по сумме', path: '/deals?sort=-amount' },
	{
		key: 'listSearch',
		name: 'Поиск интересов',
		path: `/deals?q=${encodeURIComponent(COMMON_WORD)}`,
	},
	{ key: 'agenda', name: 'Дела', path: '/agenda', ofTeam: '/agenda?owner=team' },
	{ key: 'week', name: 'Календарь', path: '/calendar', ofTeam: '/calendar?owner=team' },
];

/** What is measured: five managers by turns, the head of their team, the director. */
export async function screensOf(instance: Instance, pool: pg.Pool): Promise<Screen[]> {
	const cookies = (logins: string[]) =>
		Promise.all(logins.map((one) => signIn(instance.origin, one)));
	const managers = await cookies(Array.from({ length: MANAGERS }, (_, n) => `seller${n + 1}`));
	const heads = await cookies(['head1']);
	const directors = await cookies([DIRECTOR]);
	const everybody = [
		{ suffix: '', name: 'менеджер', people: managers, leads: false },
		{ suffix: 'Head', name: 'глава группы', people: heads, leads: true },
		{ suffix: 'Director', name: 'директор', people: directors, leads: true },
	];
	const gzip = { 'accept-encoding': 'gzip' };
	const visits = (people: Record<string, string>[], path: string) =>
		people.map((cookie) => ({ path, headers: { ...cookie, ...gzip } }));
	const more = async (people: Record<string, string>[]) =>
		await Promise.all(
			visits(people, '/board').map(async (visit) => ({
				path: moreLink(await instance.get(visit)),
				headers: { ...visit.headers, ...FRAGMENTS },
			})),
		);
	const client = await clientName(pool);
	const { clients, deals } = await recordsOf(pool);
	const records = (noun: string, ids: number[]) =>
		managers.map((cookie, at) => ({
			path: `/${noun}/${ids[at]}`,
			headers: { ...cookie, ...gzip },
		}));
	/** Letter by letter, as htmx asks while somebody types. */
	const typed = (people: Record<string, string>[]) =>
		[2, 3, 5, 8].flatMap((letters) =>
			visits(people, `/clients?q=${encodeURIComponent(client.slice(0, letters))}`).map((visit) => ({
				path: visit.path,
				headers: { ...visit.headers, ...FRAGMENTS, 'hx-current-url': 'http://127.0.0.1/clients' },
			})),
		);
	return [
		...PAGES.flatMap(({ key, name, path, ofTeam = path }) =>
			everybody.map((who) => ({
				key: `${key}${who.suffix}`,
				name: `${name}, ${who.name}`,
				visits: visits(who.people, who.leads ? ofTeam : path),
			})),
		),
		...everybody.map((who) => ({
			key: `typing${who.suffix}`,
			name: `Поиск клиента, ${who.name}`,
			visits: typed(who.people),
		})),
		{ key: 'more', name: 'Показать ещё, менеджер', visits: await more(managers) },
		{ key: 'moreDirector', name: 'Показать ещё, директор', visits: await more(directors) },
		{
			key: 'searchClientDirector',
			name: 'Поиск клиента на доске, директор',
			visits: visits(directors, `/board?q=${encodeURIComponent(client)}`),
		},
		{ key: 'client', name: 'Карточка клиента', visits: records('clients', clients) },
		{ key: 'deal', name: 'Карточка интереса', visits: records('deals', deals) },
		{
			key: 'move',
			name: 'Ход, два столбца',
			headers: { ...managers[0], ...gzip, ...FORM, ...FRAGMENTS },
		},
		{
			key: 'bareMove',
			name: 'Ход, ответ JSON',
			headers: { ...managers[0], ...gzip, ...FORM, accept: 'application/json' },
		},
	];
}

// A client with deals and a deal with a step, of each of the managers.
async function recordsOf(pool: pg.Pool): Promise<{ clients: number[]; deals: number[] }> {
	const { rows } = await pool.query<{ client: number; deal: number }>(
		`select min(d.client_id) as client, min(d.id) as deal from deals d join people p on p.id = d.owner_id
		where p.id <= ${MANAGERS} and d.next_interaction_id is not null group by p.id order by p.id`,
	);
	return { clients: rows.map(({ client }) => client), deals: rows.map(({ deal }) => deal) };
}

function moreLink({ text }: Reply): string {
	const link = /hx-get="(\/board\/more[^"]+)"/.exec(text)?.[1];
	if (link === undefined) throw new Error('no column of the board goes on');
	return link.replaceAll('&amp;', '&');
}

// A client of the first manager with some 25 deals, a quarter of them open: his fortieth, for the
// first and the last get half as many.
async function clientName(pool: pg.Pool): Promise<string> {
	const { rows } = await pool.query<{ word: string }>(
		`select lower(translate(split_part(name, '«', 2), '»', '')) as word from clients
		where owner_id = 1 order by id offset 40 limit 1`,
	);
	return rows[0]?.word ?? '';
}
