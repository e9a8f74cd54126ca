import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { type AccountView, findAccount } from '#src/features/calendar/account-view.ts';
import { connectCalendar, syncPerson, undoPersonsRound } from '#src/features/calendar/accounts.ts';
import { answerQuestion } from '#src/features/calendar/answers.ts';
import { readContent } from '#src/features/calendar/content.ts';
import { askUndo } from '#src/features/calendar/undo.ts';
import {
	cancelInteraction,
	completeInteraction,
	planInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import { editInteraction } from '#src/features/interactions/editing.ts';
import { by, type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Hostile, startHostile, UNBELIEVABLE } from './hostile-server.ts';

const database = await testDatabase();
const { db, pool } = database;
const LOGIN = 'anna@example.ru';

let server: Hostile;
let cast: Cast;
const config = () =>
	readConfig({ CALDAV_URL: server.url, SECRET_KEY: KEY, PUBLIC_URL: 'https://sales.example' });
const KEY = randomBytes(24).toString('hex');
let clock = new Date();
const act = () => by(cast.people.anna, clock);
const me = () => cast.people.anna.id;
const setting = () => ({
	...{ connection: database, config: config(), now: () => clock },
	signal: new AbortController().signal,
});
const round = async () => await syncPerson(setting(), me());
const view = async () => (await findAccount(db, me(), clock)) as AccountView;
const row = async (id: number) =>
	(await pool.query('select * from interactions where id = $1', [id])).rows[0];
const statuses = async () =>
	(
		await pool.query(
			"select status, count(*)::int as n from interactions where summary like 'Шаг%' group by 1",
		)
	).rows;
const plan = async (summary: string, at = '2027-03-10T09:00:00Z') =>
	await planInteraction(db, act(), cast.deals.late, {
		...{ kindId: cast.kinds[1]?.id as number, summary, lengthMinutes: 60 },
		plan: { plannedAt: new Date(at) },
	});
const planMany = async (many: number) => {
	const ids: number[] = [];
	for (let n = 0; n < many; n += 1)
		ids.push(await plan(`Шаг ${n}`, `2027-04-${String((n % 28) + 1).padStart(2, '0')}T09:00:00Z`));
	return ids;
};
const only = (words: string) => {
	const found = [...server.events].filter(([, text]) =>
		text.replace(/\r\n[ \t]/g, '').includes(words),
	);
	expect(found).toHaveLength(1);
	return found[0] as [string, string];
};
const event = (uid: string, ...lines: string[]) =>
	[
		...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//phone//RU', 'BEGIN:VEVENT', `UID:${uid}`],
		...['DTSTAMP:20261124T090000Z', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''],
	].join('\r\n');
const there = (name: string, text: string) => server.events.set(`${server.OURS}${name}.ics`, text);

beforeAll(async () => {
	server = await startHostile();
	cast = await makeCast(db);
});
afterAll(async () => await server?.stop());
beforeEach(async () => {
	clock = new Date('2026-12-01T06:00:00Z');
	server.answerAs('fine');
	server.events.clear();
	server.hidden.clear();
	server.refusing.clear();
	await pool.query('delete from calendar_accounts');
	await pool.query(
		"update interactions set status = 'cancelled', version = version + 1 where status = 'planned'",
	);
	await pool.query("update interactions set summary = 'Прежнее', calendar_uid = null");
	await connectCalendar(db, act(), config(), { login: LOGIN, password: 'пароль' });
	server.asked.length = 0;
});

test.each(UNBELIEVABLE)(
	'what is no listing (%s) cancels nothing, deletes nothing, and is told',
	async (mode) => {
		await planMany(7);
		await round();
		const before = new Map(server.events);
		server.answerAs(mode);
		expect(await round()).toBeNull();
		expect(await statuses()).toEqual([{ status: 'planned', n: 7 }]);
		expect((await view()).state).toBe('failing');
		server.answerAs('fine');
		await round();
		expect(server.events).toEqual(before);
		expect((await view()).state).toBe('ok');
		expect(server.asked.filter((one) => one.startsWith('DELETE'))).toEqual([]);
	},
);

test.each(['page', 'redirect', 'foreignJson', 'nothing204'] as const)(
	'a sign-in page (%s) in front of the server connects nobody and makes no calendar',
	async (mode) => {
		await pool.query('delete from calendar_accounts');
		server.answerAs(mode);
		const trial = connectCalendar(db, act(), config(), { login: LOGIN, password: 'пароль' });
		await expect(trial).rejects.toMatchObject({ key: 'calendar.unreachable' });
	},
);

test('addresses are compared decoded: a login that is a mail loses nothing', async () => {
	await planMany(4);
	expect(await round()).toMatchObject({ sent: 4 });
	expect(await round()).toMatchObject({ sent: 0, cancelled: 0, taken: 0 });
});

test('what a listing leaves out is asked for one by one, and stays where it is there', async () => {
	await planMany(3);
	await round();
	for (const href of server.events.keys()) server.hidden.add(href);
	expect(await round()).toMatchObject({ cancelled: 0 });
	expect(await statuses()).toEqual([{ status: 'planned', n: 3 }]);
});

test('a round that would take away a great deal stops and asks; said to be right, it goes on', async () => {
	await planMany(30);
	await round();
	for (const href of [...server.events.keys()].slice(0, 6)) server.events.delete(href);
	expect(await round()).toBeNull();
	const asked = await view();
	expect([asked.state, asked.question?.cancel.length, asked.question?.of]).toEqual([
		'asking',
		6,
		30,
	]);
	expect(await round()).toBeNull();
	expect(await statuses()).toEqual([{ status: 'planned', n: 30 }]);
	await answerQuestion(db, act(), 'allow');
	expect(await round()).toMatchObject({ cancelled: 6 });
	expect((await view()).state).toBe('ok');
	// What was allowed once is not allowed for ever.
	for (const href of [...server.events.keys()].slice(0, 6)) server.events.delete(href);
	expect(await round()).toBeNull();
});

test('more than a fifth is a great deal as well; one alone is none', async () => {
	await planMany(6);
	await round();
	const [first, second] = [...server.events.keys()] as [string, string];
	server.events.delete(first);
	server.events.delete(second);
	expect(await round()).toBeNull();
	server.events.set(second, event('x', 'DTSTART:20270401T090000Z', 'SUMMARY:x'));
	expect(await round()).toMatchObject({ cancelled: 1 });
});

test('said to be a fault, all is put there again with everything that it had', async () => {
	await planMany(7);
	await round();
	const [href, text] = [...server.events][0] as [string, string];
	server.events.set(href, text.replace('END:VEVENT', 'X-COLOUR:red\r\nEND:VEVENT'));
	await round();
	server.events.clear();
	expect(await round()).toBeNull();
	await answerQuestion(db, act(), 'keep');
	expect(await round()).toMatchObject({ cancelled: 0, sent: 7 });
	expect(server.events.size).toBe(7);
	expect(server.events.get(href)).toContain('X-COLOUR:red');
	expect(await statuses()).toEqual([{ status: 'planned', n: 7 }]);
	expect(await round()).toMatchObject({ sent: 0, taken: 0 });
});

test('many cancelled here are not deleted there unasked; kept, they stand there alone', async () => {
	const ids = await planMany(8);
	await round();
	for (const id of ids) await cancelInteraction(db, act(), id, 1, null);
	expect(await round()).toBeNull();
	expect((await view()).question?.remove).toHaveLength(8);
	await answerQuestion(db, act(), 'keep');
	await round();
	expect(server.events.size).toBe(8);
	expect((await view()).strangers).toHaveLength(8);
});

test('a whole round is undone: what was cancelled is planned again, and stands there again as it stood', async () => {
	const ids = await planMany(7);
	await round();
	const before = [...server.events.values()].map((text) => text.replace(/\r\n/g, '\n')).sort();
	server.events.clear();
	await round();
	await answerQuestion(db, act(), 'allow');
	expect(await round()).toMatchObject({ cancelled: 7 });
	const [last] = (await view()).rounds;
	expect(last?.cancelled).toBe(7);
	await askUndo(db, act(), last?.id as number);
	await undoPersonsRound(setting(), me(), last?.id as number);
	expect((await row(ids[0] as number)).status).toBe('planned');
	await round();
	const words = (text: string) => text.replace(/^(DTSTAMP|LAST-MODIFIED|SEQUENCE):.*\n/gm, '');
	const after = [...server.events.values()].map((text) => text.replace(/\r\n/g, '\n')).sort();
	expect(after.map(words)).toEqual(before.map(words));
	expect((await view()).rounds.find(({ id }) => id === last?.id)).toMatchObject({ left: 0 });
	await expect(askUndo(db, act(), last?.id as number)).rejects.toMatchObject({
		key: 'error.notFound',
	});
});

test('undoing brings back what was removed and written over there, and what was taken here', async () => {
	const [moved, gone, taken] = [await plan('Перенос'), await plan('Отмена'), await plan('Правка')];
	for (let n = 0; n < 9; n += 1) await plan(`Шаг ${n}`);
	await round();
	const [href, text] = only('Перенос');
	const [goneHref, goneText] = only('Отмена');
	const [takenHref, takenText] = only('Правка');
	await postponeInteraction(db, act(), moved, 1, { plannedOn: '2027-03-20' });
	await cancelInteraction(db, act(), gone, 1, null);
	server.events.set(takenHref, takenText.replace('Правка', 'Не то'));
	clock = new Date(clock.getTime() + 60_000);
	expect(await round()).toMatchObject({ sent: 1, removed: 1, taken: 1 });
	const [last] = (await view()).rounds;
	await askUndo(db, act(), last?.id as number);
	await undoPersonsRound(setting(), me(), last?.id as number);
	expect(server.events.get(href)).toBe(text);
	expect(server.events.get(goneHref)).toBe(goneText);
	expect((await row(taken)).summary).toBe('Правка');
	await round();
	expect(server.events.get(goneHref)).toBe(goneText);
	expect(server.events.get(takenHref)).toContain('Правка');
});

test('a server that knows weak states only gets every change', async () => {
	server.answerAs('weak');
	const id = await plan('Слабая метка');
	await round();
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	expect(await round()).toMatchObject({ sent: 1 });
	expect(only('Слабая метка')[1]).toContain('20270320');
	await cancelInteraction(db, act(), id, 2, null);
	expect(await round()).toMatchObject({ removed: 1 });
	expect(server.events.size).toBe(0);
});

test('a change that the server refuses for ever is told, with how often', async () => {
	const id = await plan('Отказ');
	await round();
	server.answerAs('neverMatches');
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	for (let n = 0; n < 3; n += 1) await round();
	expect((await view()).faults).toMatchObject([{ fault: 'refused', times: 3, interactionId: id }]);
	server.answerAs('fine');
	expect(await round()).toMatchObject({ sent: 1 });
	expect((await view()).faults).toEqual([]);
});

const RICH = [...['BEGIN:VALARM', 'ACTION:AUDIO', 'TRIGGER:-PT15M', 'END:VALARM']] as const;
const FOREIGN = [
	'ATTENDEE;CN="Иванов, Пётр";PARTSTAT=ACCEPTED:mailto:klient@example.net',
	'ORGANIZER;CN=Анна:mailto:anna@example.ru',
	'ATTACH;FMTTYPE=application/pdf:https://files.example/договор.pdf',
	'COLOR:tomato',
	'CLASS:CONFIDENTIAL',
	'X-APPLE-TRAVEL-ADVISORY-BEHAVIOR;X-A="b;c":AUTOMATIC',
	'GEO:55.75;37.61',
];
/** Every property but ours, as it is written, component by component. */
const foreignIn = (text: string) => {
	const OURS =
		/^(SUMMARY|DTSTART|DTEND|DURATION|LOCATION|STATUS|DESCRIPTION|DTSTAMP|LAST-MODIFIED|SEQUENCE)$/;
	const walk = (component: ReturnType<typeof readContent>['calendars'][number]): string[] =>
		component.parts.flatMap((part) =>
			'parts' in part
				? [`BEGIN:${part.name}`, ...walk(part), `END:${part.name}`]
				: OURS.test(part.name) || /^TRIGGER;VALUE=DATE-TIME/.test(part.raw)
					? []
					: [part.raw],
		);
	return readContent(text).calendars.flatMap(walk);
};

test('what the phone added stays letter for letter when the meeting is put off here; its notes come here', async () => {
	const id = await plan('Показ линии');
	await round();
	const [href, text] = only('Показ линии');
	const rich = text
		.replace(
			'END:VEVENT',
			[...FOREIGN.filter((one) => !one.startsWith('CLASS')), ...RICH, 'END:VEVENT'].join('\r\n'),
		)
		.replace('DESCRIPTION:', 'DESCRIPTION:Взять образцы\\nи договор\\n');
	server.events.set(href, rich);
	expect(await round()).toMatchObject({ taken: 1, sent: 0 });
	expect((await row(id)).description).toBe('Взять образцы\nи договор');
	await postponeInteraction(db, act(), id, 2, { plannedAt: new Date('2027-03-11T09:00:00Z') });
	expect(await round()).toMatchObject({ sent: 1 });
	const sent = server.events.get(href) as string;
	expect(foreignIn(sent)).toEqual(foreignIn(rich));
	expect(sent).toContain('DTSTART:20270311T090000Z');
	expect(sent).toContain('DTEND:20270311T100000Z');
	expect(sent.replace(/\r\n[ \t]/g, '')).toContain(
		'DESCRIPTION:Взять образцы\\nи договор\\n▸ Интерес',
	);
	await editInteraction(db, act(), id, 3, { description: 'Взять только договор' });
	await round();
	const told = (server.events.get(href) as string).replace(/\r\n[ \t]/g, '');
	expect(told).toContain('DESCRIPTION:Взять только договор\\n▸ Интерес');
	expect(told).not.toContain('образцы');
});

test('different fields changed on both sides are merged; nothing is copied', async () => {
	const id = await plan('Две руки');
	await round();
	const [href, text] = only('Две руки');
	server.events.set(href, text.replace('END:VEVENT', 'LOCATION:Переговорная\r\nEND:VEVENT'));
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	expect(await round()).toMatchObject({ copied: 0, taken: 1, sent: 1 });
	expect(await row(id)).toMatchObject({ place: 'Переговорная' });
	const sent = server.events.get(href) as string;
	expect(sent).toContain('LOCATION:Переговорная');
	expect(sent).toContain('DTSTART;VALUE=DATE:20270320');
});

test('a trip of three days stays three days long, in its own way of writing', async () => {
	there(
		'trip',
		event(
			'trip@phone',
			'DTSTART;VALUE=DATE:20270310',
			'DTEND;VALUE=DATE:20270313',
			'SUMMARY:Тула',
			'ATTENDEE:mailto:olga@romashka.ru',
		),
	);
	await round();
	const { rows } = await pool.query(
		"select id from interactions where calendar_uid = 'trip@phone'",
	);
	await postponeInteraction(db, act(), rows[0].id, 1, { plannedOn: '2027-03-11' });
	await round();
	const [, text] = only('trip@phone');
	expect(text).toContain('DTEND;VALUE=DATE:20270314');
	expect(text).toContain('SUMMARY:Тула\r\n');
});

const SERIES = [
	...['DTSTART;TZID=Europe/Moscow:20250113T100000', 'DTEND;TZID=Europe/Moscow:20250113T110000'],
	...['RRULE:FREQ=WEEKLY', 'EXDATE;TZID=Europe/Moscow:20261207T100000', 'SUMMARY:Планёрка'],
	...[
		'ATTENDEE:mailto:olga@romashka.ru',
		'BEGIN:VALARM',
		'ACTION:DISPLAY',
		'TRIGGER:-PT5M',
		'END:VALARM',
	],
];
const seriesSteps = async () =>
	(
		await pool.query(
			"select id, status, version, planned_at from interactions where calendar_uid = 'series@phone' order by id",
		)
	).rows;

test('a series shows its next time, changes one by one, and goes on when that is done', async () => {
	const text = event('series@phone', ...SERIES);
	there('series', text);
	await round();
	const [first] = await seriesSteps();
	// The 7th has been called off.
	expect(first.planned_at.toISOString()).toBe('2026-12-14T07:00:00.000Z');
	await completeInteraction(db, act(), first.id, { version: 1, outcome: 'Да', next: null });
	expect(await round()).toMatchObject({ sent: 1, taken: 1 });
	const [, after] = only('series@phone');
	expect(after.startsWith(text.slice(0, text.indexOf('END:VCALENDAR')))).toBe(true);
	expect(after).toContain('RECURRENCE-ID;TZID=Europe/Moscow:20261214T100000');
	expect(after).toContain('SUMMARY:✓ Планёрка');
	expect(after.match(/RRULE/g)).toHaveLength(1);
	const [, second] = await seriesSteps();
	expect(second.planned_at.toISOString()).toBe('2026-12-21T07:00:00.000Z');
	await postponeInteraction(db, act(), second.id, 1, {
		plannedAt: new Date('2026-12-22T08:00:00Z'),
	});
	await round();
	expect(only('series@phone')[1]).toContain('DTSTART;TZID=Europe/Moscow:20261222T110000');
	await cancelInteraction(db, act(), second.id, 2, null);
	await round();
	const [, left] = only('series@phone');
	expect(left).toContain('EXDATE;TZID=Europe/Moscow:20261221T100000');
	expect((await seriesSteps())[2].planned_at.toISOString()).toBe('2026-12-28T07:00:00.000Z');
	expect(await round()).toMatchObject({ sent: 0, taken: 0, cancelled: 0 });
});

test('a repetition that the phone adds to our meeting stays; the moved head before its series is no series', async () => {
	const id = await plan('Раз в неделю', '2026-12-14T07:00:00Z');
	await round();
	const [href, text] = only('Раз в неделю');
	server.events.set(href, text.replace('END:VEVENT', 'RRULE:FREQ=WEEKLY\r\nEND:VEVENT'));
	await round();
	await postponeInteraction(db, act(), id, 1, { plannedAt: new Date('2026-12-14T08:00:00Z') });
	await round();
	const sent = server.events.get(href) as string;
	expect(sent).toContain('RRULE:FREQ=WEEKLY');
	expect(sent).toContain('RECURRENCE-ID:20261214T070000Z');
	const override = [
		...[
			'BEGIN:VEVENT',
			'UID:series@phone',
			'RECURRENCE-ID:20270118T070000Z',
			'DTSTART:20270119T120000Z',
		],
		...['SUMMARY:Перенос', 'END:VEVENT', 'BEGIN:VEVENT'],
	].join('\r\n');
	there('series', event('series@phone', ...SERIES).replace('BEGIN:VEVENT', override));
	await round();
	const steps = await seriesSteps();
	expect(steps.at(-1).planned_at.toISOString()).toBe('2026-12-14T07:00:00.000Z');
});

test('an occurrence that the phone calls off is cancelled here, and the next one takes its place', async () => {
	there('series', event('series@phone', ...SERIES));
	await round();
	const before = (await seriesSteps()).at(-1);
	const off = [...SERIES, 'EXDATE;TZID=Europe/Moscow:20261214T100000'];
	there('series', event('series@phone', ...off));
	await round();
	expect((await row(before.id)).status).toBe('cancelled');
	const after = (await seriesSteps()).at(-1);
	expect([after.status, after.planned_at.toISOString()]).toEqual([
		'planned',
		'2026-12-21T07:00:00.000Z',
	]);
});

test('a private event with a client’s person stays with its person; one made private keeps its new words', async () => {
	there(
		'private',
		event(
			'private@phone',
			'CLASS:PRIVATE',
			'DTSTART:20270310T090000Z',
			'SUMMARY:Тайна',
			'ATTENDEE:mailto:olga@romashka.ru',
		),
	);
	const id = await plan('Открытая');
	await round();
	expect(
		(await pool.query("select from interactions where calendar_uid = 'private@phone'")).rowCount,
	).toBe(0);
	expect((await view()).strangers).toHaveLength(1);
	const [href, text] = only('Открытая');
	server.events.set(
		href,
		text
			.replace('Открытая', 'У врача')
			.replace('DTSTART:20270310T09', 'CLASS:PRIVATE\r\nDTSTART:20270310T08'),
	);
	await round();
	expect(await row(id)).toMatchObject({ summary: 'Открытая' });
	expect((await row(id)).planned_at.toISOString()).toBe('2027-03-10T08:00:00.000Z');
	expect(server.events.get(href)).toContain('У врача');
});

test('an event that nobody can read is one told line; all others go on, both ways', async () => {
	const id = await plan('Читаемая');
	await round();
	const [href, text] = only('Читаемая');
	server.events.set(href, text.replace(/DTSTART:[^\r]*/, 'DTSTART:INVALID-DATE'));
	there('broken', event('broken@phone', 'DTSTART:20160816T::', 'SUMMARY:Сломана'));
	there(
		'day',
		event('day@phone', 'DTSTART:20261214', 'SUMMARY:Праздник', 'ATTENDEE:mailto:olga@romashka.ru'),
	);
	await plan('Новая');
	expect(await round()).toMatchObject({ taken: 1, sent: 1, cancelled: 0 });
	const { rows } = await pool.query(
		"select planned_on::text from interactions where calendar_uid = 'day@phone'",
	);
	expect(rows).toEqual([{ planned_on: '2026-12-14' }]);
	const told = (await view()).faults.map(({ fault, interactionId }) => [fault, interactionId]);
	expect(told.sort()).toEqual(
		[
			['unreadable', id],
			['unreadable', null],
		].sort(),
	);
	expect((await view()).state).toBe('ok');
});

test('an older copy put back on the server does not win over what both sides had', async () => {
	const id = await plan('Из копии');
	await round();
	const [href, old] = only('Из копии');
	clock = new Date(clock.getTime() + 60_000);
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	await round();
	server.events.set(href, old);
	clock = new Date(clock.getTime() + 60_000);
	expect(await round()).toMatchObject({ taken: 0, sent: 1 });
	expect(server.events.get(href)).toContain('20270320');
	expect((await row(id)).planned_on).not.toBeNull();
});

test('a fault within this program is told on the page, and counted', async () => {
	await plan('Сбой');
	await pool.query('alter table calendar_links rename column fault to fault_away');
	await expect(round()).rejects.toThrow();
	await pool.query('alter table calendar_links rename column fault_away to fault');
	expect((await view()).state).toBe('broken');
	await round();
	expect((await view()).state).toBe('ok');
});
