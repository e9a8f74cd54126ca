import { sql } from 'drizzle-orm';
import { type Actor, can, inScope } from '#src/features/access/rights.ts';
import { FIELDS, type NounName, type Target } from '#src/features/imports/columns/fields.ts';
import type { Mapping, Step } from '#src/features/imports/columns/mapping.ts';
import type { PlannedFile } from '#src/features/imports/console/choice.ts';
import { extraFieldsOf } from '#src/features/imports/extra-fields.ts';
import type { Row } from '#src/features/imports/files/readers.ts';
import { CLIENTS } from '#src/features/imports/nouns/clients.ts';
import { CONTACTS } from '#src/features/imports/nouns/contacts.ts';
import { courseOf } from '#src/features/imports/nouns/course.ts';
import { DEAL_LINES } from '#src/features/imports/nouns/deal-lines.ts';
import { DEALS } from '#src/features/imports/nouns/deals.ts';
import { INTERACTIONS } from '#src/features/imports/nouns/interactions.ts';
import type {
	Context,
	Made,
	Noun,
	Outcome,
	Stored,
	Wanted,
} from '#src/features/imports/nouns/noun.ts';
import { PEOPLE } from '#src/features/imports/nouns/people.ts';
import { PRODUCTS } from '#src/features/imports/nouns/products.ts';
import { TEAMS } from '#src/features/imports/nouns/teams.ts';
import type { RowResult } from '#src/features/imports/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import type { By } from '#src/platform/history/record.ts';
import { type Draft, draftOf, type Reading } from './drafts.ts';
import { Finder } from './finder.ts';
import type { Rehearsal } from './rehearsal.ts';
import { Repeats } from './repeats.ts';
import {
	type Claims,
	noTally,
	outcomesOf,
	type Tally,
	type Verdicts,
	verdictsOn,
	waysOf,
} from './verdicts.ts';

/** What the import knows of each noun. */
export const WORK: Record<NounName, Noun> = {
	teams: TEAMS,
	people: PEOPLE,
	clients: CLIENTS,
	contacts: CONTACTS,
	products: PRODUCTS,
	deals: DEALS,
	dealLines: DEAL_LINES,
	interactions: INTERACTIONS,
};

/** What a batch of rows has come to in one step. */
export type Fed = { rejected: Draft[]; results: Map<number, RowResult> };

type StepSetting = { at: number; reading: Reading; context: Context; rehearsal: Rehearsal | null };

/** One step of a mapping on its way through one file. */
export class StepRun {
	readonly step: Step;
	readonly tally: Tally = noTally();
	/** How many accepted records lack a field that may be empty, by its column. */
	readonly lacking = new Map<string, number>();
	readonly #setting: StepSetting;
	readonly #noun: Noun;
	readonly #finder: Finder;
	readonly #repeats: Repeats;
	readonly #claims: Claims = new Map();
	/** Which record a row has become or is about: by what it is in the file, and by its line. */
	readonly #recordOf = new Map<string, number>();
	readonly #lines = new Map<number, number>();

	constructor(setting: StepSetting, earlier: readonly StepRun[]) {
		const { reading, context, rehearsal } = setting;
		this.step = reading.step;
		this.#setting = setting;
		this.#noun = WORK[this.step.feeds];
		const { mapping } = reading;
		const { course, actor } = context;
		const pipelineId = course?.pipelineId ?? null;
		const required = Object.entries(reading.fields).filter(([, field]) => field.required);
		this.#finder = new Finder(
			{ mapping, pipelineId, actor, rehearsal },
			(target, line) => madeOf(earlier, target, line),
			new Set(required.map(([name]) => name)),
		);
		this.#repeats = new Repeats(reading.step, reading.fields);
	}

	/** The record that a row of the last batch has become or is about. */
	recordOfLine(line: number): number | undefined {
		return this.#lines.get(line);
	}

	/** Feeds up to 500 rows into the noun of the step. */
	async feed(tx: Tx, rows: Row[]): Promise<Fed> {
		const { reading, context } = this.#setting;
		const drafts = rows.map((row) => draftOf(row, reading));
		const { fresh, rejected } = this.#repeats.sift(drafts);
		for (const draft of fresh) this.#giveOwner(draft);
		await this.#finder.resolve(tx, fresh);
		const outcomes = outcomesOf(fresh, await this.#load(tx, fresh), {
			...{ step: this.step, noun: this.#noun, fields: reading.fields, claims: this.#claims },
		});
		await this.#noun.examine?.(tx, context, outcomes);
		for (const outcome of outcomes) this.#checkOwner(outcome);
		await this.#holdOwners(tx, outcomes);
		const verdicts = verdictsOn(outcomes);
		const made = await this.#write(tx, verdicts);
		this.#repeats.forget(verdicts.rejected);
		this.#count(verdicts, rejected.length);
		return {
			rejected: [...rejected, ...verdicts.rejected],
			results: this.#resultsOf(verdicts, made, drafts),
		};
	}

	/** Goes over rows that were fed before the program was stopped, so that what follows sees them. */
	replay(rows: Row[], before: Map<number, RowResult>, rejectedLines: ReadonlySet<number>): void {
		const drafts = rows.map((row) => draftOf(row, this.#setting.reading));
		const { fresh } = this.#repeats.sift(drafts);
		this.#repeats.forget(fresh.filter(({ row }) => rejectedLines.has(row.line)));
		for (const { row, identity } of drafts) {
			const result = before.get(row.line);
			if (result === undefined) continue;
			if (identity !== undefined) this.#recordOf.set(identity, result.id);
			if (!this.#claims.has(result.id)) this.#claims.set(result.id, { line: row.line, identity });
		}
	}

	async #load(tx: Tx, drafts: Draft[]) {
		const { context, rehearsal } = this.#setting;
		const { adopts } = this.step;
		const ways = waysOf(drafts, this.step);
		const wanted: Wanted = {
			ids: [],
			refs: drafts.flatMap((draft) => draft.refs),
			keys: [...ways].map((way) => {
				const own = drafts.filter((draft) => draft.way === way || (adopts && way === 'name'));
				return { way, texts: own.flatMap(({ given }) => this.#noun.keysOf(way, given)) };
			}),
			actor: context.actor,
			lock: rehearsal === null,
		};
		const existing = await this.#noun.load(tx, wanted);
		return rehearsal ? rehearsal.over(this.step.feeds, existing, wanted) : existing;
	}

	// Who brings in a record without an owner has it themself.
	#giveOwner(draft: Draft): void {
		const { context, reading } = this.#setting;
		const owned = Object.hasOwn(reading.fields, 'owner');
		if (context.actor && owned) draft.fallback.owner ??= context.actor.id;
	}

	#checkOwner({ draft, was, values }: Outcome): void {
		const { actor } = this.#setting.context;
		const { given } = draft;
		if (!actor || typeof given.owner !== 'number' || given.owner === was?.values.owner) return;
		const column = this.step.fields.owner?.column ?? 'owner';
		const refused = ownerRefused(actor, given.owner, was !== null);
		const named = draft.pointers.find(({ field }) => field === 'owner');
		const args = named ? { text: named.text, noun: named.target } : {};
		if (refused && values.owner !== null) draft.reasons.push({ column, key: refused, args });
	}

	// Whoever gets what is alive still works here, and does not leave before the batch is written.
	async #holdOwners(tx: Tx, outcomes: Outcome[]): Promise<void> {
		const { context, rehearsal } = this.#setting;
		const getting = outcomes.flatMap(({ draft, was, values }) => {
			const { owner } = values;
			const gets = typeof owner === 'number' && owner !== was?.values.owner;
			return gets && (this.#noun.lives?.(values, context) ?? false) ? [{ draft, owner }] : [];
		});
		if (getting.length === 0) return;
		const ids = sql.param([...new Set(getting.map(({ owner }) => owner))]);
		const { rows } = await tx.execute<{ id: number }>(sql`
			select id from people where id = any(${ids}::bigint[]) and active order by id
			${rehearsal ? sql`` : sql`for share`}`);
		const here = new Set(rows.map(({ id }) => Number(id)));
		const column = this.step.fields.owner?.column ?? 'owner';
		for (const { draft, owner } of getting)
			if (!here.has(owner)) draft.reasons.push({ column, key: 'row.ownerLeft', args: {} });
	}

	async #write(tx: Tx, { created, updated }: Verdicts): Promise<Made[]> {
		const { context, rehearsal } = this.#setting;
		const ids = rehearsal
			? created.map(() => rehearsal.nextId())
			: await newIds(tx, this.#noun, created);
		const made = created.map((outcome, at) => ({ ...outcome, id: ids[at] ?? 0 }));
		if (rehearsal) {
			for (const one of made) rehearsal.create(this.step.feeds, this.#noun, one);
			for (const one of updated) rehearsal.change(this.step.feeds, this.#noun, one);
			return made;
		}
		if (made.length > 0) await this.#noun.create(tx, context, made);
		if (updated.length > 0) await this.#noun.update(tx, context, updated);
		return made;
	}

	#resultsOf(verdicts: Verdicts, made: Made[], drafts: Draft[]): Map<number, RowResult> {
		const results = new Map<number, RowResult>();
		const { step, at } = { step: this.step, at: this.#setting.at };
		const put = (draft: Draft, result: Omit<RowResult, 'step' | 'noun'>) => {
			results.set(draft.row.line, { step: at, noun: step.feeds, ...result });
			if (draft.identity !== undefined) this.#recordOf.set(draft.identity, result.id);
		};
		for (const { draft, id, values } of made)
			put(draft, { verdict: 'created', id, name: nameOf(values), ...this.#doubts(draft, values) });
		for (const { draft, id, was, changes, values } of verdicts.updated)
			put(draft, {
				...{ verdict: 'updated', id, name: was.name, changes },
				...this.#doubts(draft, values),
			});
		for (const verdict of ['unchanged', 'skipped'] as const)
			for (const { draft, was } of verdicts[verdict])
				put(draft, { verdict, id: was?.id ?? 0, name: was?.name ?? '', ...noticesOf(draft) });
		this.#lines.clear();
		for (const { row, identity } of drafts) {
			const id = identity === undefined ? results.get(row.line)?.id : this.#recordOf.get(identity);
			if (id !== undefined) this.#lines.set(row.line, id);
		}
		return results;
	}

	#doubts(draft: Draft, values: Stored): Pick<RowResult, 'doubts' | 'notices'> {
		const doubts = this.#noun.doubts?.(draft.given, values) ?? {};
		if (Object.keys(doubts).length === 0) return noticesOf(draft);
		this.tally.doubtful += 1;
		return { doubts, ...noticesOf(draft) };
	}

	#count({ created, updated, unchanged, skipped, rejected }: Verdicts, sifted: number): void {
		this.tally.created += created.length;
		this.tally.updated += updated.length;
		this.tally.unchanged += unchanged.length + skipped.length;
		this.tally.rejected += rejected.length + sifted;
		for (const [field, { mayBeEmpty, column }] of Object.entries(this.step.fields)) {
			if (!mayBeEmpty || column === undefined) continue;
			const accepted = [...created, ...updated, ...unchanged];
			const lacking = accepted.filter(({ values }) => (values[field] ?? null) === null).length;
			if (lacking > 0) this.lacking.set(column, (this.lacking.get(column) ?? 0) + lacking);
		}
	}
}

const noticesOf = ({ notices }: Draft): Pick<RowResult, 'notices'> =>
	notices.length === 0 ? {} : { notices };

const nameOf = (values: Outcome['values']): string =>
	String(values.name ?? values.title ?? values.summary ?? '');

function madeOf(earlier: readonly StepRun[], target: Target, line: number): number | undefined {
	return earlier.findLast(({ step }) => step.feeds === target)?.recordOfLine(line);
}

function ownerRefused(actor: Actor, ownerId: number, isThere: boolean) {
	if (isThere && !can(actor, 'deals.reassign')) return 'row.mayNotReassign';
	return inScope(actor, ownerId) ? null : 'row.ownerForeign';
}

async function newIds(tx: Tx, { table, idOf }: Noun, created: Outcome[]): Promise<number[]> {
	if (table === null) return created.map(({ values }) => idOf?.(values) ?? 0);
	const count = created.length;
	if (count === 0) return [];
	const { rows } = await tx.execute<{ id: number }>(sql`
		select nextval(pg_get_serial_sequence(${table}, 'id')) as id from generate_series(1, ${count}::int)`);
	return rows.map(({ id }) => Number(id));
}

export type StepsSetting = {
	by: By;
	timeZone: string;
	actor?: Actor | null;
	rehearsal?: Rehearsal | null;
};

/** The steps of a file, ready to be fed. Throws MappingFault for a pipeline or state that is not there. */
export async function stepsOf(
	db: Sql,
	mapping: Mapping,
	{ entry, columns }: Pick<PlannedFile, 'entry' | 'columns'>,
	{ actor = null, rehearsal = null, ...settings }: StepsSetting,
): Promise<StepRun[]> {
	const runs: StepRun[] = [];
	for (const [at, step] of entry.steps.entries()) {
		const course = step.feeds === 'deals' ? await courseOf(db, step.pipeline, step.startsIn) : null;
		const fields = { ...FIELDS[step.feeds], ...(await extraFieldsOf(db, step.feeds)) };
		const reading = { mapping, step, columns, fields };
		const context = { ...settings, course, actor };
		runs.push(new StepRun({ at, reading, context, rehearsal }, [...runs]));
	}
	return runs;
}
