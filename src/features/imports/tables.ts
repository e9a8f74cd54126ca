import { sql } from 'drizzle-orm';
import {
	boolean,
	check,
	customType,
	index,
	integer,
	jsonb,
	pgTable,
	primaryKey,
	smallint,
	text,
} from 'drizzle-orm/pg-core';
import type { FieldChange } from '#src/events.ts';
import { people } from '#src/features/access/tables.ts';
import type { Warning } from '#src/features/company/requisites.ts';
import type { Fault, Reason } from '#src/features/imports/console/messages.ts';
import type { Encoding } from '#src/features/imports/files/encoding.ts';
import { createdAt, exactMoment, id, ref, version } from '#src/platform/db/columns.ts';

/** What a person can bring in by the browser: what a row of the file is about. */
export const FEEDS = [
	'clients',
	'contacts',
	'deals',
	'interactions',
	'products',
	'people',
] as const;
export type Feeds = (typeof FEEDS)[number];

/** How far an import has come. */
export const IMPORT_STATUSES = [
	'mapping',
	'checking',
	'checked',
	'running',
	'cancelling',
	'done',
	'cancelled',
	'undoing',
	'undone',
	'failed',
] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

/** What becomes of a row. */
export const ROW_VERDICTS = ['created', 'updated', 'unchanged', 'skipped', 'rejected'] as const;
export type RowVerdict = (typeof ROW_VERDICTS)[number];

/** How a file is read. */
export type Reading = { encoding: Encoding | null; delimiter: string | null; headerLine: number };
/** How a person says that it is to be read; null: as it looks. */
export type AskedReading = { [Part in keyof Reading]: Reading[Part] | null };

/** What a record is known by, and what happens to one that is known. */
export const WAYS = ['ref', 'inn', 'phone', 'email', 'name'] as const;
export type Way = (typeof WAYS)[number];
export const KNOWN = ['update', 'skip', 'create'] as const;
export type Known = (typeof KNOWN)[number];

/** What a person has chosen: the field of each column in the order of the headings ('' for none). */
export type Choice = {
	fields: string[];
	way: Way;
	known: Known;
	/** By its name, for deals where the company has several; otherwise the first one. */
	pipeline?: string | undefined;
	/** By field, what stands for a name that nobody has: a login, another name, '' for nothing at all. */
	instead?: Instead | undefined;
};

/** Fields whose unknown names a person can put right without mending the file. */
export const INSTEAD_FIELDS = ['owner', 'stage', 'lossReason', 'kind'] as const;
export type Instead = Partial<Record<(typeof INSTEAD_FIELDS)[number], Record<string, string>>>;

/** Rows by their verdict, and those among the accepted ones that are doubtful. */
export type Counts = Partial<Record<RowVerdict | typeof DOUBTFUL, number>>;
export const DOUBTFUL = 'doubtful';
/** Which rows of an import are looked at. */
export const ROW_CHOICES = [...ROW_VERDICTS, DOUBTFUL] as const;
export type RowChoice = (typeof ROW_CHOICES)[number];

/** What was taken and looks wrong nevertheless, by its field; keys of the locale files. */
export type Doubts = Partial<Record<string, Warning>>;

/** What a row has done to one record of a noun. */
export type RowResult = {
	step: number;
	noun: string;
	verdict: Exclude<RowVerdict, 'rejected'>;
	/** Below zero for one that is only going to be made. */
	id: number;
	name: string;
	changes?: Record<string, FieldChange>;
	doubts?: Doubts;
	/** What was left out of the row: cells that could not be read, names that nobody has. */
	notices?: Reason[];
};

/** What came of undoing: records taken away, changed back, and left as they are. */
export type Undone = { removed: number; restored: number; kept: number };

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** A file that a person has sent, what it is to be read as, and how far that has come. */
export const imports = pgTable(
	'imports',
	{
		id: id(),
		ownerId: ref()
			.notNull()
			.references(() => people.id),
		feeds: text({ enum: FEEDS }).notNull(),
		fileName: text().notNull(),
		kind: text({ enum: ['csv', 'xlsx'] }).notNull(),
		bytes: integer().notNull(),
		status: text({ enum: IMPORT_STATUSES }).notNull().default('mapping'),
		reading: jsonb().$type<Reading>().notNull(),
		headers: jsonb().$type<string[]>().notNull(),
		/** Of the headings: files of one shape are read the same way next time. */
		fingerprint: text().notNull(),
		/** What the person has chosen for the columns. */
		choice: jsonb().$type<Choice>(),
		/** Why the file as a whole cannot be read. */
		fault: jsonb().$type<Fault>(),
		rows: integer(),
		/** Of the phase that it is in: how many rows, up to which line of the file. */
		doneRows: integer().notNull().default(0),
		doneLine: integer().notNull().default(0),
		counts: jsonb().$type<Counts>().notNull().default({}),
		undone: jsonb().$type<Undone>(),
		/** Who works on it: a job that has been taken over stops when it sees another name here. */
		worker: text(),
		/** Counts what people change, not how far it has come. */
		version: version(),
		createdAt: createdAt(),
		startedAt: exactMoment(),
		finishedAt: exactMoment(),
	},
	(t) => [
		index('imports_owner').on(t.ownerId, t.id),
		index('imports_fingerprint')
			.on(t.fingerprint, t.feeds, t.id)
			.where(sql`${t.choice} is not null`),
		check(
			'imports_feeds',
			sql`${t.feeds} in ('clients', 'contacts', 'deals', 'interactions', 'products', 'people')`,
		),
		check('imports_kind', sql`${t.kind} in ('csv', 'xlsx')`),
		check(
			'imports_status',
			sql`${t.status} in ('mapping', 'checking', 'checked', 'running', 'cancelling', 'done', 'cancelled', 'undoing', 'undone', 'failed')`,
		),
	],
);

const importId = () =>
	ref()
		.notNull()
		.references(() => imports.id, { onDelete: 'cascade' });

/** The file itself, in pieces: several instances share it, and none keeps it on its disk. */
export const importChunks = pgTable(
	'import_chunks',
	{ importId: importId(), position: integer().notNull(), bytes: bytea().notNull() },
	(t) => [primaryKey({ columns: [t.importId, t.position] })],
);

/** Its rows, and what becomes of each. */
export const importRows = pgTable(
	'import_rows',
	{
		importId: importId(),
		/** As a spreadsheet counts. */
		line: integer().notNull(),
		/** In the order of the headings. */
		cells: jsonb().$type<string[]>().notNull(),
		verdict: text({ enum: ROW_VERDICTS }),
		reasons: jsonb().$type<Reason[]>().notNull().default([]),
		results: jsonb().$type<RowResult[]>().notNull().default([]),
	},
	(t) => [
		primaryKey({ columns: [t.importId, t.line] }),
		index('import_rows_verdict').on(t.importId, t.verdict, t.line),
		check(
			'import_rows_verdict',
			sql`${t.verdict} in ('created', 'updated', 'unchanged', 'skipped', 'rejected')`,
		),
	],
);

/** What an import has made and changed, for undoing. */
export const importRecords = pgTable(
	'import_records',
	{
		importId: importId(),
		line: integer().notNull(),
		/** Which step of the mapping: one row can feed several nouns. */
		step: smallint().notNull(),
		noun: text().notNull(),
		recordId: ref().notNull(),
		created: boolean().notNull(),
		changes: jsonb().$type<RowResult['changes']>().notNull().default({}),
		/** `undone`, or why not: a key of the locale files. */
		undone: text(),
	},
	(t) => [
		primaryKey({ columns: [t.importId, t.line, t.step] }),
		index('import_records_record').on(t.noun, t.recordId),
	],
);
