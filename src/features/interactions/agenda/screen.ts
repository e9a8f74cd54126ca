import { type Colleague, listColleagues } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import { type PointLine, phoneLine } from '#src/features/clients/client/facts.ts';
import { stepBar } from '#src/features/interactions/bulk/forms.ts';
import { type InteractionKind, listKinds } from '#src/features/interactions/queries.ts';
import { latenessWords, plannedWords } from '#src/features/next-step/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type BulkBar, MOST_CHOSEN, type Selection } from '#src/platform/forms/chosen.ts';
import { dayOf, formatTime, type Viewer, viewerAt } from '#src/platform/i18n/dates.ts';
import {
	countByPerson,
	countTodos,
	listTodos,
	type PersonTodos,
	type Todo,
	type TodoCounts,
} from './agenda.ts';
import {
	agendaUrl,
	readTodoFilter,
	TODO_GROUPS,
	type TodoFilter,
	type TodoGroup,
	type TodoPeriod,
	type TodoPlace,
	todoCursor,
} from './forms.ts';

/** Lines of each group that are shown at once; of what is overdue fewer, for today has to be in sight. */
const SHOWN: Record<TodoPeriod, number> = {
	late: 10,
	today: 100,
	tomorrow: 50,
	week: 50,
	later: 30,
	done: 50,
	doneweek: 50,
};
const MOST_SHOWN = 500;

/** Lines of one day; in groups that are one day long or not by days at all, the only ones. */
export type TodoDay = { day: string | null; todos: Todo[] };
/** A group as it is drawn; `more`: the cursor of the rest, if there is one. */
export type TodoSection = {
	group: TodoPeriod;
	count: number;
	days: TodoDay[];
	more: string | null;
	/** The day that the lines go on with, whose line is there already. */
	after: string | null;
};

/** What templates of «Мои дела» say and link with. */
type Words = {
	agendaUrl: typeof agendaUrl;
	/** When a line is due, as its group needs to say it. */
	when: (todo: Todo) => string;
	lateness: (todo: Todo) => string;
	reach: (todo: Todo) => PointLine | null;
};

/** «Мои дела» of one person. */
export type AgendaScreen = Words & {
	filter: TodoFilter;
	sections: TodoSection[];
	counts: TodoCounts;
	/** Whether anything narrows the list. */
	narrowed: boolean;
	colleagues: Colleague[];
	owner: Colleague | null;
	kinds: InteractionKind[];
	me: number;
	bulk: BulkBar;
	/** How many may be chosen: what is planned, of what is shown. */
	planned: number;
};

const wordsFor = (viewer: Viewer): Words => ({
	agendaUrl,
	when: (todo) => whenWords(todo, viewer),
	lateness: (todo) => latenessWords(todo, viewer),
	reach: (todo) => phoneLine(todo, viewer),
});

function whenWords(todo: Todo, viewer: Viewer): string {
	if (todo.completedAt)
		return plannedWords({ plannedOn: null, plannedAt: todo.completedAt }, viewer);
	if (todo.group === 'late') return plannedWords(todo, viewer);
	return todo.plannedAt ? formatTime(todo.plannedAt, viewer) : '';
}

/**
 * Reads «Мои дела» of the person that the address asks for, in five statements with the session's; `shown`
 * says how many lines of a group are on the page already. Throws BadRequest and NotFound for an address
 * that makes no sense.
 */
export async function readAgenda(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
	shown: Map<string, number> = new Map(),
): Promise<AgendaScreen> {
	const { filter, after } = readTodoFilter(actor, query);
	const groups: readonly TodoPeriod[] = filter.period ? [filter.period] : TODO_GROUPS;
	const limitOf = (group: TodoPeriod) =>
		Math.min(MOST_SHOWN, Math.max(SHOWN[group], shown.get(group) ?? 0));
	const wanted = groups.map((group) => ({
		group,
		limit: limitOf(group) + 1,
		after: after?.group === group ? after : null,
	}));
	const [colleagues, kinds, counts, todos] = await Promise.all([
		listColleagues(db, actor),
		listKinds(db),
		countTodos(db, filter, viewer),
		listTodos(db, actor, filter, wanted, asOf(viewer, after)),
	]);
	const sections = groups
		.map((group) => {
			const own = todos.filter((todo) => todo.group === group);
			return sectionOf(group, own, limitOf(group), counts[group], viewer);
		})
		.filter(({ count, days }) => count > 0 || days.length > 0);
	return {
		...wordsFor(viewer),
		...{ filter, sections, counts, colleagues, kinds, me: actor.id },
		...{ bulk: stepBar(filter.finished), planned: plannedIn(filter, counts) },
		narrowed:
			filter.text !== null || filter.kindId !== null || filter.period !== null || filter.finished,
		owner: colleagues.find(({ id }) => id === filter.ownerId && id !== actor.id) ?? null,
	};
}

const plannedGroups = ({ period }: TodoFilter): readonly TodoGroup[] =>
	period === null ? TODO_GROUPS : TODO_GROUPS.filter((group) => group === period);

const plannedIn = (filter: TodoFilter, counts: TodoCounts): number =>
	plannedGroups(filter).reduce((all, group) => all + counts[group], 0);

/** All that is planned of what an address finds, as far as it can be chosen at once; of a team, person by person, nothing. */
export async function readTodoSelection(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<Selection & { bulk: BulkBar }> {
	const { filter } = readTodoFilter(actor, query);
	const wanted = plannedGroups(filter).map((group) => ({ group, limit: MOST_CHOSEN, after: null }));
	const [counts, todos] = await Promise.all([
		countTodos(db, filter, viewer),
		listTodos(db, actor, filter, wanted, viewer),
	]);
	const lines = todos.filter(({ editable }) => editable).slice(0, MOST_CHOSEN);
	return {
		lines: lines.map(({ id, version, summary, ...todo }) => ({
			...{ token: `${id}.${version}`, title: summary },
			beside: [plannedWords(todo, viewer), todo.clientName].filter(Boolean).join(' · '),
		})),
		...{ count: plannedIn(filter, counts), bulk: stepBar(filter.finished) },
		all: agendaUrl(filter, {}, '/agenda/selection'),
	};
}

// Judged as of the first page: at midnight groups shift, and a shifted cursor would lose lines.
const asOf = (viewer: Viewer, after: TodoPlace | null) =>
	after === null ? viewer : viewerAt(after.asOf, viewer.language, viewer.timeZone, viewer.workdays);

/** What «Показать ещё» brings: the rest of one group. Null where the address names none. */
export async function readMoreTodos(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<(Words & { filter: TodoFilter; section: TodoSection }) | null> {
	const { filter, after } = readTodoFilter(actor, query);
	if (after === null) return null;
	const then = asOf(viewer, after);
	const limit = SHOWN[after.group];
	const wanted = [{ group: after.group, limit: limit + 1, after }];
	const [counts, todos] = await Promise.all([
		countTodos(db, filter, viewer),
		listTodos(db, actor, filter, wanted, then),
	]);
	const section = sectionOf(after.group, todos, limit, counts[after.group], then);
	// A plan for a day is due as the next one begins: its own day is a moment before.
	const day = byDays(after.group) ? dayOf(new Date(after.due * 1000 - 1), viewer.timeZone) : null;
	return { ...wordsFor(viewer), filter, section: { ...section, after: day } };
}

const byDays = (group: TodoPeriod) => group === 'week' || group === 'later' || group === 'doneweek';

function sectionOf(
	group: TodoPeriod,
	todos: Todo[],
	limit: number,
	count: number,
	viewer: Viewer,
): TodoSection {
	const shown = todos.slice(0, limit);
	const last = shown.at(-1);
	const more = todos.length > limit && last ? todoCursor({ ...last, asOf: viewer.now }) : null;
	const days = Map.groupBy(shown, (todo) => (byDays(group) ? dayOfTodo(todo, viewer) : null));
	return {
		...{ group, count, more, after: null },
		days: [...days].map(([day, own]) => ({ day, todos: own })),
	};
}

function dayOfTodo(todo: Todo, viewer: Viewer): string {
	const at = todo.completedAt ?? todo.plannedAt;
	return todo.completedAt === null && todo.plannedOn !== null
		? todo.plannedOn
		: dayOf(at ?? viewer.now, viewer.timeZone);
}

/** The team's work, person by person. */
export type TeamScreen = {
	filter: TodoFilter;
	people: PersonTodos[];
	total: Omit<PersonTodos, 'id' | 'name' | 'active'>;
	colleagues: Colleague[];
	kinds: InteractionKind[];
	counts: null;
	owner: null;
	narrowed: false;
	me: number;
	agendaUrl: typeof agendaUrl;
};

/** Reads what each person of the actor's scope has to do and has done, in four statements with the session's. */
export async function readTeam(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<TeamScreen> {
	const { filter } = readTodoFilter(actor, query);
	const [people, colleagues] = await Promise.all([
		countByPerson(db, actor, viewer),
		listColleagues(db, actor),
	]);
	const sum = (figure: 'late' | 'today' | 'planned' | 'done' | 'doneweek') =>
		people.reduce((all, person) => all + person[figure], 0);
	return {
		...{ filter, people, colleagues, kinds: [], counts: null, owner: null, narrowed: false },
		total: {
			late: sum('late'),
			today: sum('today'),
			planned: sum('planned'),
			done: sum('done'),
			doneweek: sum('doneweek'),
		},
		me: actor.id,
		agendaUrl,
	};
}

/** What a page of «Мои дела» draws: one person's, or the team's. */
export async function readAgendaPage(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
	shown?: Map<string, number>,
): Promise<Record<string, unknown>> {
	const { filter } = readTodoFilter(actor, query);
	if (filter.ownerId === null)
		return { body: 'interactions/agenda/_team', ...(await readTeam(db, actor, query, viewer)) };
	const agenda = await readAgenda(db, actor, query, viewer, shown);
	return { body: 'interactions/agenda/_todos', ...agenda };
}
