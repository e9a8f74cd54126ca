import { type Actor, can } from '#src/features/access/rights.ts';
import type { Requisite, Warning } from '#src/features/company/requisites.ts';
import { listPipelines } from '#src/features/deals/queries.ts';
import { suggestedChoice } from '#src/features/imports/columns/choice.ts';
import { FEED_COLUMNS, feedsFor } from '#src/features/imports/columns/columns.ts';
import {
	KEPT,
	listSubstitutes,
	listUnknownNames,
	NOTHING,
} from '#src/features/imports/columns/instead.ts';
import { reasonSentence, sentence } from '#src/features/imports/console/messages.ts';
import { LIMITS } from '#src/features/imports/files/spool.ts';
import type { Database } from '#src/platform/db/client.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { formatNumber, moneyForInput } from '#src/platform/i18n/money.ts';
import { type Language, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { extraNames } from './extra-fields.ts';
import {
	findImport,
	IMPORTS_SHOWN,
	type ImportRecord,
	type ImportRow,
	listImports,
	listKept,
	listRows,
	namesOf,
} from './queries.ts';
import { type Choice, type Counts, type Feeds, ROW_CHOICES, type RowChoice } from './tables.ts';

/** The page of all imports: what can be sent, and what was. */
export async function readImports(
	db: Database,
	actor: Actor,
	before: number | null,
	viewer: Viewer,
) {
	const found = await listImports(db, actor, before);
	const shown = found.slice(0, IMPORTS_SHOWN);
	const { language } = viewer;
	return {
		feeds: feedsFor(actor),
		limits: limitsIn(language),
		imports: shown.map((one) => ({ ...one, status: one.status, counts: one.counts })),
		everybodys: can(actor, 'imports.all'),
		next: found.length > IMPORTS_SHOWN ? shown.at(-1)?.id : null,
		before,
	};
}

function limitsIn(language: Language) {
	return {
		megabytes: LIMITS.megabytes,
		rows: formatNumber(language, LIMITS.rows),
		columns: LIMITS.columns,
	};
}

export type RowsAsked = {
	verdict?: RowChoice | undefined;
	after?: number | undefined;
	show?: 'columns' | undefined;
};

const ROWS_SHOWN = 50;
const UNDER_WAY = ['checking', 'running', 'cancelling', 'undoing'];
const OVER = ['done', 'cancelled', 'undone'];

/** The page of one import, whatever state it is in. Throws NotFound. */
export async function readImportPage(
	db: Database,
	actor: Actor,
	id: number,
	asked: RowsAsked,
	viewer: Viewer,
) {
	const found = await findImport(db, actor, id);
	const { status } = found;
	const choosing =
		status === 'mapping' ||
		status === 'failed' ||
		(status === 'checked' && asked.show === 'columns');
	const view = UNDER_WAY.includes(status) ? 'progress' : choosing ? 'columns' : 'rows';
	return {
		found: { ...found, fault: found.fault && faultIn(found, viewer) },
		view,
		over: OVER.includes(status),
		mine: found.ownerId === actor.id,
		columns: view === 'columns' ? await readColumns(db, actor, found) : null,
		rows: view === 'rows' ? await readRows(db, found, asked, viewer) : null,
		names: view === 'rows' && status === 'checked' ? await readNames(db, actor, found) : null,
		kept: status === 'undone' ? await readKept(db, found) : [],
	};
}

/** An import while something happens to it. Throws NotFound. */
export async function readProgress(db: Database, actor: Actor, id: number) {
	return { found: await findImport(db, actor, id) };
}

function faultIn({ fault }: ImportRecord, { language }: Viewer): string {
	return fault === null ? '' : sentence(fault.key, fault.args, language);
}

async function readColumns(db: Database, actor: Actor, found: ImportRecord) {
	const sample = await listRows(db, found.id, { verdict: null, after: 0, limit: 3 });
	const { choice, remembered } = found.choice
		? { choice: found.choice, remembered: false }
		: await suggestedChoice(db, { actor }, found);
	const { fields, ways, known } = FEED_COLUMNS[found.feeds];
	return {
		...{ choice, remembered, ways, known, fields },
		fresh: found.choice === null,
		extra: await extraNames(db, found.feeds),
		pipelines: found.feeds === 'deals' ? await listPipelines(db) : [],
		columns: found.headers.map((header, at) => ({
			...{ header, at, field: choice.fields[at] ?? '' },
			samples: sample.map(({ cells }) => cells[at] ?? '').filter((cell) => cell !== ''),
		})),
	};
}

async function readRows(
	db: Database,
	found: ImportRecord,
	{ verdict = undefined, after = 0 }: RowsAsked,
	viewer: Viewer,
) {
	const query = { verdict: verdict ?? null, after, limit: ROWS_SHOWN + 1 };
	const rows = await listRows(db, found.id, query);
	const shown = rows.slice(0, ROWS_SHOWN);
	const words = await wordsFor(db, found.feeds, shown, viewer);
	const reached = (line: number) => found.status === 'checked' || line <= found.doneLine;
	return {
		...{ verdict: verdict ?? '', after },
		all: found.rows ?? 0,
		counts: countsOf(found.counts),
		works: (found.counts.created ?? 0) + (found.counts.updated ?? 0),
		lines: shown.map((row) => lineOf(row, found, words, reached(row.line))),
		next: rows.length > ROWS_SHOWN ? shown.at(-1)?.line : null,
	};
}

// Whose rights count is the owner's: nobody else says whom to put instead.
async function readNames(db: Database, actor: Actor, found: ImportRecord) {
	const names = found.ownerId === actor.id ? await listUnknownNames(db, found) : [];
	const lists = await listSubstitutes(db, actor, names, found.choice?.pipeline);
	return names.map((name) => ({
		...name,
		value: name.instead === null ? KEPT : name.instead || NOTHING,
		options: lists[name.field] ?? [],
	}));
}

const KEPT_SHOWN = 100;

async function readKept(db: Database, { id, undone }: ImportRecord) {
	if (!undone?.kept) return [];
	const kept = await listKept(db, id, KEPT_SHOWN);
	return kept.map((one) => ({ ...one, href: hrefOf(one.noun, one.recordId) }));
}

function countsOf(counts: Counts): { verdict: RowChoice; count: number }[] {
	// What wants a look stands in front.
	const [wanted, others] = [['rejected', 'doubtful'] as const, ROW_CHOICES];
	return [...new Set<RowChoice>([...wanted, ...others])]
		.map((verdict) => ({ verdict, count: counts[verdict] ?? 0 }))
		.filter(({ count }) => count > 0);
}

type Words = {
	language: Language;
	label: (noun: string, field: string) => string;
	value: (field: string, value: string | number | boolean | null) => string;
	doubt: (field: Requisite, warning: Warning | undefined) => string;
};

function lineOf(row: ImportRow, found: ImportRecord, words: Words, reached: boolean) {
	const { line, cells, results } = row;
	const main = results.find(({ noun }) => noun === found.feeds);
	const first = cells.find((cell) => cell !== '') ?? '';
	return {
		line,
		verdict: reached ? row.verdict : null,
		name: main?.name || first,
		href: main && main.id > 0 ? hrefOf(main.noun, main.id) : null,
		reasons: row.reasons.map((reason) => reasonSentence(reason, words.language)),
		doubts: results.flatMap(({ doubts = {}, notices = [] }) => [
			...notices.map((notice) => reasonSentence(notice, words.language)),
			...Object.entries(doubts).map(([field, warning]) => words.doubt(field as Requisite, warning)),
		]),
		changes: (main?.changes ? Object.entries(main.changes) : []).map(([field, [from, to]]) => ({
			label: words.label(main?.noun ?? '', field),
			from: words.value(field, from),
			to: words.value(field, to),
		})),
		others: results
			.filter(({ verdict }) => verdict === 'created' || verdict === 'updated')
			.filter((result) => result !== main && result.name !== '')
			.map(({ noun, name, verdict }) => ({ noun, name, verdict })),
		cells: found.headers
			.map((header, at) => ({ header, text: cells[at] ?? '' }))
			.filter(({ text }) => text !== ''),
	};
}

function hrefOf(noun: string, id: number): string | null {
	return noun === 'clients' || noun === 'deals' ? `/${noun}/${id}` : null;
}

const POINTS = {
	owner: 'people',
	client: 'clients',
	stage: 'stages',
	lossReason: 'lossReasons',
	product: 'products',
} as const;
const DAYS = ['createdOn', 'expectedCloseOn', 'closedOn', 'bornOn'];

async function wordsFor(
	db: Database,
	feeds: Feeds,
	rows: ImportRow[],
	viewer: Viewer,
): Promise<Words> {
	const { language } = viewer;
	const ids = { people: [], clients: [], stages: [], lossReasons: [], products: [] } as Record<
		(typeof POINTS)[keyof typeof POINTS],
		number[]
	>;
	for (const { results } of rows)
		for (const { changes = {} } of results)
			for (const [field, values] of Object.entries(changes))
				if (field in POINTS)
					ids[POINTS[field as keyof typeof POINTS]].push(
						...values.filter((value) => typeof value === 'number'),
					);
	const names = await namesOf(db, ids);
	const extra = new Map((await extraNames(db, feeds)).map(({ field, name }) => [field, name]));
	return {
		language,
		label: (noun, field) => extra.get(field) ?? labelOf(feeds, noun, field, language),
		doubt: (field, warning) =>
			`${translate(language, `label.${field}`)}: ${warning ? translate(language, warning.key, warning.args) : ''}`,
		value: (field, value) => {
			if (value === null || value === '') return translate(language, 'import.empty');
			const target = POINTS[field as keyof typeof POINTS];
			if (target) return names.get(`${target} ${value}`) ?? String(value);
			const text = String(value);
			if (DAYS.includes(field)) return formatDay(text, viewer);
			if (field === 'amount' || field === 'price') return moneyForInput(language, text);
			if (field === 'legalKind') return translate(language, 'client.kind', { kind: text });
			if (field === 'status') return translate(language, 'client.status', { status: text });
			return text.replaceAll('\n', ', ');
		},
	};
}

function labelOf(feeds: Feeds, noun: string, field: string, language: Language): string {
	const name = noun === feeds ? field : `${noun === 'contacts' ? 'contact' : 'line'}.${field}`;
	const label: MessageKey | undefined = FEED_COLUMNS[feeds].fields.find(
		(one) => one.field === name || one.field === field,
	)?.label;
	return label ? translate(language, label) : field;
}

/** The choice as it was typed, where the form came back. */
export function typedChoice(typed: Record<string, string>, choice: Choice): Choice {
	return {
		fields: choice.fields.map((field, at) => typed[`c${at}`] ?? field),
		way: (typed.way as Choice['way'] | undefined) ?? choice.way,
		known: (typed.known as Choice['known'] | undefined) ?? choice.known,
		pipeline: typed.pipeline ?? choice.pipeline,
	};
}
