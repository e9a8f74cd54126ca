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
	if (answer.status !== 303 || cookie === undefined) throw new Error(`${login} cannot sign in`);
	return { cookie };
}

/** What is measured: five managers by turns, the head of their team, the director. */
export async function screensOf(instance: Instance, pool: pg.Pool): Promise<Screen[]> {
	const cookies = (logins: string[]) =>
		Promise.all(logins.map((one) => signIn(instance.origin, one)));
	const managers = await cookies(Array.from({ length: MANAGERS }, (_, n) => `seller${n + 1}`));
	const heads = await cookies(['head1']);
	const directors = await cookies([DIRECTOR]);
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
	return [
		{ key: 'manager', name: 'Доска менеджера', visits: visits(managers, '/board') },
		{ key: 'head', name: 'Доска главы группы', visits: visits(heads, '/board') },
		{ key: 'director', name: 'Доска директора', visits: visits(directors, '/board') },
		{ key: 'more', name: 'Показать ещё, менеджер', visits: await more(managers) },
		{ key: 'moreDirector', name: 'Показать ещё, директор', visits: await more(directors) },
		{
			key: 'search',
			name: 'Поиск, менеджер',
			visits: visits(managers, `/board?q=${encodeURIComponent(COMMON_WORD)}`),
		},
		{
			key: 'searchDirector',
			name: 'Поиск, директор',
			visits: visits(directors, `/board?q=${encodeURIComponent(client)}`),
		},
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
