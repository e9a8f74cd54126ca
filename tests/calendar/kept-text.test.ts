import { afterAll, beforeEach, expect, test } from 'vitest';
import { readContent } from '#src/features/calendar/ical/content.ts';
import {
	cancelInteraction,
	completeInteraction,
	postponeInteraction,
} from '#src/features/interactions/actions.ts';
import { editInteraction } from '#src/features/interactions/interaction/editing.ts';
import { testDatabase } from '../database.ts';
import { event, openHostileSides } from './hostile-sides.ts';

const database = await testDatabase();
const { db, pool } = database;
const sides = await openHostileSides(database);
const { server, act, round, view, row, plan, only, there, later } = sides;

afterAll(async () => await sides.stop());
beforeEach(async () => await sides.begin());

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
	later();
	await postponeInteraction(db, act(), id, 1, { plannedOn: '2027-03-20' });
	await round();
	server.events.set(href, old);
	later();
	expect(await round()).toMatchObject({ taken: 0, sent: 1 });
	expect(server.events.get(href)).toContain('20270320');
	expect((await row(id)).planned_on).not.toBeNull();
});
