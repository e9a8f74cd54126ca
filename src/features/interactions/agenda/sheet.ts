import { listColleagues } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { type PointLine, phoneLine } from '#src/features/clients/client/facts.ts';
import { plannedWords } from '#src/features/next-step/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { addDays, formatTime, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { listTodos, type Todo, type Wanted } from './agenda.ts';
import { readSheetQuery } from './forms.ts';

const MOST_PRINTED = 200;
const MOST_LATE = 40;

/** A day on paper: what there is to do, hour by hour, with room for what comes out of it. */
export type DaySheet = {
	day: string;
	/** Addresses of the sheets of the day before and of the day after. */
	before: string;
	after: string;
	back: string;
	owner: string;
	todos: Todo[];
	/** What is overdue already; only on the sheet of today. */
	late: Todo[];
	author: string;
	clock: (todo: Todo) => string;
	/** Of what is overdue: when it was planned for. */
	planned: (todo: Todo) => string;
	reach: (todo: Todo) => PointLine | null;
};

/** Reads the sheet of a day. Throws BadRequest, NotFound for a foreign owner. */
export async function readDaySheet(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<DaySheet> {
	const { ownerId, day } = readSheetQuery(actor, query, viewer);
	const start = startOfDay(day, viewer.timeZone);
	const before = startOfDay(addDays(day, 1), viewer.timeZone);
	const of = { owner: '', ownerId, kindId: null, text: null, period: null, finished: false };
	const wanted: Wanted[] = [
		{
			...{ group: 'today', limit: MOST_PRINTED, after: null },
			span: { from: start, before, firstDay: day, lastDay: day },
		},
	];
	if (day === viewer.today)
		wanted.push({
			...{ group: 'late', limit: MOST_LATE, after: null },
			span: { before: start, lastDay: addDays(day, -1) },
		});
	const [todos, colleagues] = await Promise.all([
		listTodos(db, actor, of, wanted, viewer),
		listColleagues(db, actor),
	]);
	const mine = ownerId === actor.id;
	const address = (on: string) =>
		`/agenda/print?${new URLSearchParams({ day: on, ...(mine ? {} : { owner: String(ownerId) }) })}`;
	return {
		...{ day, before: address(addDays(day, -1)), after: address(addDays(day, 1)) },
		back: mine ? '/agenda' : `/agenda?owner=${ownerId}`,
		owner: colleagues.find(({ id }) => id === ownerId)?.name ?? actor.name,
		todos: todos.filter(({ group }) => group === 'today'),
		late: todos.filter(({ group }) => group === 'late'),
		author: actor.name,
		clock: ({ plannedAt }) => (plannedAt ? formatTime(plannedAt, viewer) : ''),
		planned: (todo) => plannedWords(todo, viewer),
		reach: (todo) => phoneLine(todo, viewer),
	};
}
