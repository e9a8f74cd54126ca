import { listColleagues } from '#src/features/access/queries.ts';
import type { Actor } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { batchesOf, SHEET_BATCH, type SheetColumn } from '#src/platform/tables/sheets.ts';
import { countByPerson, listTodos, type PersonTodos, type Todo } from './agenda.ts';
import {
	readTodoFilter,
	readTodoPlace,
	TODO_GROUPS,
	type TodoFilter,
	type TodoPeriod,
	todoCursor,
} from './forms.ts';

/** A list as a file: what it is called, its columns, its rows. */
type ListFile<Row> = {
	name: string;
	columns: SheetColumn<Row>[];
	batches: AsyncIterable<Row[]>;
};

/** «Мои дела» as a file: one person's, or the team's person by person. */
export type AgendaFile =
	| ({ of: 'person' } & ListFile<Todo>)
	| ({ of: 'team' } & ListFile<PersonTodos>);

/** What «Мои дела» shows under an address, all of it. Throws BadRequest, NotFound for a foreign owner. */
export async function readAgendaFile(
	db: Sql,
	actor: Actor,
	query: unknown,
	viewer: Viewer,
): Promise<AgendaFile> {
	const { filter } = readTodoFilter(actor, query);
	const agenda = translate(viewer.language, 'nav.agenda');
	if (filter.ownerId === null)
		return {
			...{ of: 'team', name: `${agenda} – ${translate(viewer.language, 'agenda.byPerson')}` },
			columns: personColumns(viewer),
			batches: people(db, actor, viewer),
		};
	const colleagues = filter.ownerId === actor.id ? [] : await listColleagues(db, actor);
	const owner = colleagues.find(({ id }) => id === filter.ownerId);
	return {
		...{ of: 'person', name: owner ? `${agenda} – ${owner.name}` : agenda },
		columns: todoColumns(viewer),
		batches: todos(db, actor, filter, viewer),
	};
}

async function* people(db: Sql, actor: Actor, viewer: Viewer): AsyncGenerator<PersonTodos[]> {
	yield await countByPerson(db, actor, viewer);
}

async function* todos(
	db: Sql,
	actor: Actor,
	filter: TodoFilter,
	viewer: Viewer,
): AsyncGenerator<Todo[]> {
	const groups: readonly TodoPeriod[] = filter.period ? [filter.period] : TODO_GROUPS;
	for (const group of groups)
		yield* batchesOf(async (behind) => {
			const after = behind === null ? null : readTodoPlace(behind);
			const wanted = [{ group, limit: SHEET_BATCH, after }];
			const rows = await listTodos(db, actor, filter, wanted, viewer);
			const last = rows.length < SHEET_BATCH ? undefined : rows.at(-1);
			return { rows, next: last ? todoCursor({ ...last, asOf: viewer.now }) : null };
		});
}

function todoColumns(viewer: Viewer): SheetColumn<Todo>[] {
	const { language } = viewer;
	return [
		{
			...{ label: 'agenda.term', kind: 'text' },
			value: ({ group }) => translate(language, 'agenda.group', { group }),
		},
		{
			...{ label: 'column.when', kind: 'moment' },
			value: ({ completedAt, plannedAt, plannedOn }) => completedAt ?? plannedAt ?? plannedOn,
		},
		{ label: 'label.kindId', kind: 'text', value: ({ kindName }) => kindName },
		{ label: 'label.summary', kind: 'text', value: ({ summary }) => summary },
		{ label: 'label.clientId', kind: 'text', value: ({ clientName }) => clientName },
		{ label: 'label.dealId', kind: 'text', value: ({ dealTitle }) => dealTitle },
		{ label: 'label.contactId', kind: 'text', value: ({ contactName }) => contactName },
		{ label: 'label.contactPhone', kind: 'text', value: ({ phone }) => phone },
		{ label: 'label.place', kind: 'text', value: ({ place }) => place },
		{
			...{ label: 'label.lengthMinutes', kind: 'number' },
			value: ({ lengthMinutes }) => lengthMinutes,
		},
		{ label: 'label.outcome', kind: 'text', value: ({ outcome }) => outcome },
	];
}

const FIGURES = ['late', 'today', 'planned', 'done', 'doneweek'] as const;

function personColumns({ language }: Viewer): SheetColumn<PersonTodos>[] {
	return [
		{ label: 'label.ownerId', kind: 'text', value: ({ name }) => name },
		...FIGURES.map((figure) => ({
			...{ heading: translate(language, 'agenda.figure', { figure }), kind: 'number' as const },
			value: (person: PersonTodos) => person[figure],
		})),
	];
}
