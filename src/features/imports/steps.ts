import type { Tx } from '#src/platform/db/client.ts';
import type { By } from '#src/platform/events/record.ts';
import type { PlannedFile } from './choosing.ts';
import { type Draft, draftOf, type Reading } from './drafts.ts';
import type { NounName } from './fields.ts';
import { Finder } from './finding.ts';
import type { Mapping, Step } from './mapping.ts';
import { CLIENTS } from './nouns/clients.ts';
import { courseOf } from './nouns/course.ts';
import { DEALS } from './nouns/deals.ts';
import type { Context, Noun } from './nouns/noun.ts';
import { PEOPLE } from './nouns/people.ts';
import { PRODUCTS } from './nouns/products.ts';
import { TEAMS } from './nouns/teams.ts';
import type { Row } from './readers.ts';
import { Repeats } from './repeats.ts';
import { alike } from './values.ts';
import { noTally, outcomesOf, type Tally, type Verdicts, verdictsOn } from './verdicts.ts';

const WORK: Record<NounName, Noun> = {
	teams: TEAMS,
	people: PEOPLE,
	clients: CLIENTS,
	products: PRODUCTS,
	deals: DEALS,
};

/** One step of a mapping on its way through one file, inside the transaction of that file. */
export class StepRun {
	readonly step: Step;
	readonly tally: Tally = noTally();
	/** How many accepted records lack a field that may be empty, by its column. */
	readonly lacking = new Map<string, number>();
	readonly #tx: Tx;
	readonly #reading: Reading;
	readonly #context: Context;
	readonly #finder: Finder;
	readonly #repeats: Repeats;
	readonly #claimed = new Map<number, number>();

	constructor(tx: Tx, reading: Reading, context: Context) {
		this.step = reading.step;
		this.#tx = tx;
		this.#reading = reading;
		this.#context = context;
		this.#finder = new Finder(tx, reading.mapping, context.course?.pipelineId ?? null);
		this.#repeats = new Repeats(reading.step);
	}

	/** Feeds up to 500 rows into the noun of the step; returns the drafts that are rejected. */
	async feed(rows: Row[]): Promise<Draft[]> {
		const noun = WORK[this.step.feeds];
		const { fresh, rejected } = this.#repeats.sift(rows.map((row) => draftOf(row, this.#reading)));
		await this.#finder.resolve(fresh);
		const outcomes = outcomesOf(fresh, await this.#load(fresh), this.step, this.#claimed);
		await noun.examine?.(this.#tx, this.#context, outcomes);
		const verdicts = verdictsOn(outcomes);
		if (verdicts.created.length > 0) await noun.create(this.#tx, this.#context, verdicts.created);
		if (verdicts.updated.length > 0) await noun.update(this.#tx, this.#context, verdicts.updated);
		this.#count(verdicts, rejected.length);
		this.#repeats.forget(verdicts.rejected);
		return [...rejected, ...verdicts.rejected];
	}

	async #load(drafts: Draft[]) {
		const names = this.step.adopts ? drafts.map(({ given }) => alike(String(given.name))) : [];
		const refs = drafts.flatMap((draft) => draft.refs);
		return WORK[this.step.feeds].load(this.#tx, refs, names);
	}

	#count({ created, updated, unchanged, rejected }: Verdicts, sifted: number): void {
		this.tally.created += created.length;
		this.tally.updated += updated.length;
		this.tally.unchanged += unchanged.length;
		this.tally.rejected += rejected.length + sifted;
		for (const [field, { mayBeEmpty, column }] of Object.entries(this.step.fields)) {
			if (!mayBeEmpty || column === undefined) continue;
			const accepted = [...created, ...updated, ...unchanged];
			const lacking = accepted.filter(({ values }) => (values[field] ?? null) === null).length;
			if (lacking > 0) this.lacking.set(column, (this.lacking.get(column) ?? 0) + lacking);
		}
	}
}

/** The steps of a file, ready to be fed. Throws MappingFault for a pipeline or state that is not there. */
export async function stepsOf(
	tx: Tx,
	mapping: Mapping,
	{ entry, columns }: PlannedFile,
	settings: { by: By; timeZone: string },
): Promise<StepRun[]> {
	const runs: StepRun[] = [];
	for (const step of entry.steps) {
		const course = step.feeds === 'deals' ? await courseOf(tx, step.pipeline, step.startsIn) : null;
		runs.push(new StepRun(tx, { mapping, step, columns }, { ...settings, course }));
	}
	return runs;
}
