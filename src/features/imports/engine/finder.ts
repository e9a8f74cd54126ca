import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '#src/features/access/rights.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import type { Target } from '#src/features/imports/columns/fields.ts';
import type { Mapping } from '#src/features/imports/columns/mapping.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { type Draft, type Pointer, refOf } from './drafts.ts';
import type { Rehearsal } from './rehearsal.ts';
import { alike } from './values.ts';

/** What a cell pointed to: the id, or that there are several, or that it is in the archive. */
type Found = number | 'several' | 'archived';

// The collation is named, for a database with the locale C knows no Cyrillic capitals.
const folded = (column: SQL) => sql`translate(lower(${column} collate "russian"), 'ё', 'е')`;

/** What a finder goes by: whose rights, in which pipeline, and what is not there yet. */
export type Search = {
	mapping: Mapping;
	pipelineId: number | null;
	actor: Actor | null;
	rehearsal: Rehearsal | null;
};
type Texts = { texts: SQL; search: Search };

const seen = (actor: Actor | null, visible: (actor: Actor) => SQL) =>
	actor === null ? sql`true` : visible(actor);

/** Finds by name; several ways of naming the same one give several rows. */
const BY_NAME: Record<Target, (wanted: Texts) => SQL> = {
	teams: ({ texts }) => byName('teams', texts),
	products: ({ texts }) => byName('products', texts),
	lossReasons: ({ texts }) => byName('loss_reasons', texts),
	clients: ({ texts, search: { actor } }) => sql`
		select c.id, c.name_search as text from clients c
		where c.name_search = any(${texts}) and c.merged_into is null and ${seen(actor, clientVisibleTo)}`,
	deals: ({ texts, search: { actor } }) => sql`
		select d.id, d.title_search as text from deals d
		where d.title_search = any(${texts}) and d.archived_at is null and ${seen(actor, dealVisibleTo)}`,
	people: ({ texts }) => sql`
		select distinct p.id, t.text from people p
		cross join lateral (values (${folded(sql`p.name`)}), (p.login), (lower(p.email))) t(text)
		where t.text = any(${texts})`,
	stages: ({ texts, search: { pipelineId } }) => stagesNamed(texts, pipelineId),
	kinds: ({ texts }) => sql`
		select distinct k.id, t.text from interaction_kinds k
		cross join lateral (values (${folded(sql`k.name`)}), (k.code)) t(text)
		where k.active and t.text = any(${texts})`,
};

/*
 * The names that the first state and the two ends have when a company begins stand for them whatever they are
 * called now: mappings and plain words («Успешно») come to these.
 */
const USUAL = sql`(values ('Первичный интерес', 'open'), ('Завершено успешно', 'won'),
	('Завершено неудачно', 'lost')) u(name, kind)`;

function stagesNamed(texts: SQL, pipelineId: number | null): SQL {
	return sql`
		with own as (
			select id, kind, position, ${folded(sql`name`)} as text from stages
			where pipeline_id = ${pipelineId} and removed_at is null
		)
		select id, text from own where text = any(${texts})
		union all
		select s.id, ${folded(sql`u.name`)} from ${USUAL}
		join lateral (select id from own where kind = u.kind order by position, id limit 1) s on true
		where ${folded(sql`u.name`)} = any(${texts})
			and not exists (select from own where text = ${folded(sql`u.name`)})`;
}

function byName(table: string, texts: SQL): SQL {
	return sql`
		select id, ${folded(sql`name`)} as text from ${sql.identifier(table)}
		where ${folded(sql`name`)} = any(${texts})`;
}

function byInn({ texts, search: { actor } }: Texts): SQL {
	return sql`select c.id, c.inn as text from clients c
		where c.inn = any(${texts}) and c.merged_into is null and ${seen(actor, clientVisibleTo)}`;
}

function byRef(target: Target, { texts, search: { actor } }: Texts): SQL {
	if (target === 'clients')
		return sql`select client_heir(c.id) as id, c.external_ref as text from clients c
			where c.external_ref = any(${texts}) and ${seen(actor, clientVisibleTo)}`;
	if (target === 'deals')
		return sql`select d.id, k.external_ref as text, d.archived_at is not null as shut from deals k
			join deals d on d.id = case when k.merged_into is null then k.id else deal_heir(k.id) end
			where k.external_ref = any(${texts}) and ${seen(actor, (one) => dealVisibleTo(one))}`;
	return sql`
		select id, external_ref as text from ${sql.identifier(target)} where external_ref = any(${texts})`;
}

/** Which record an earlier step made of a row, by noun and line. */
export type MadeOfRow = (target: Target, line: number) => number | undefined;

/** Finds what cells point to; what was found once in a file is remembered, what was not is asked for again. */
export class Finder {
	readonly #search: Search;
	readonly #madeOfRow: MadeOfRow;
	/** Fields without which there is no record, unless something stands for them. */
	readonly #required: ReadonlySet<string>;
	readonly #known = new Map<string, Found>();

	constructor(search: Search, madeOfRow: MadeOfRow, required: ReadonlySet<string>) {
		this.#search = search;
		this.#madeOfRow = madeOfRow;
		this.#required = required;
	}

	/** Puts the ids into the drafts, and the reason into those whose cells point to nothing. */
	async resolve(tx: Tx, drafts: Draft[]): Promise<void> {
		const pointers = drafts.flatMap((draft) => draft.pointers).filter(({ by }) => by !== 'row');
		for (const kind of new Set(pointers.map(kindOf)))
			await this.#look(
				tx,
				pointers.filter((pointer) => kindOf(pointer) === kind),
			);
		for (const draft of drafts) for (const pointer of draft.pointers) this.#settle(draft, pointer);
		if (this.#search.rehearsal === null) await this.#holdClients(tx, drafts);
	}

	// Remembered of rows before, or found just now: somebody may take a client away meanwhile. Held until the end
	// of the batch, it is in use by then; one that is gone is a reason, not a failure of the whole import.
	async #holdClients(tx: Tx, drafts: Draft[]): Promise<void> {
		const pointing = drafts.flatMap((draft) =>
			draft.pointers
				.filter(({ target }) => target === 'clients')
				.flatMap(({ field, column, fallback }) => {
					const id = draft[fallback ? 'fallback' : 'given'][field];
					return typeof id === 'number' ? [{ draft, column, id }] : [];
				}),
		);
		if (pointing.length === 0) return;
		const ids = [...new Set(pointing.map(({ id }) => id))];
		const { rows } = await tx.execute<{ id: number }>(sql`
			select id from clients where id = any(${sql.param(ids)}::bigint[]) order by id for key share`);
		const there = new Set(rows.map(({ id }) => Number(id)));
		for (const { draft, column, id } of pointing)
			if (!there.has(id)) draft.reasons.push({ column, key: 'row.clientGone', args: {} });
	}

	async #look(tx: Tx, pointers: Pointer[]): Promise<void> {
		const [{ target, by } = { target: 'clients', by: 'key' } as const] = pointers;
		const wanted = [...new Set(pointers.map((pointer) => this.#text(pointer)))].filter(
			(text) => !this.#known.has(`${target} ${by} ${text}`),
		);
		if (wanted.length === 0 || by === 'row') return;
		const texts = { texts: sql`${sql.param(wanted)}::text[]`, search: this.#search };
		const query =
			by === 'key' ? byRef(target, texts) : by === 'inn' ? byInn(texts) : BY_NAME[target](texts);
		const { rows } = await tx.execute<{ id: number; text: string; shut?: boolean }>(query);
		for (const { id, text, shut } of rows)
			this.#remember(`${target} ${by} ${text}`, shut ? 'archived' : id);
		for (const text of wanted)
			for (const id of this.#search.rehearsal?.find(target, by, text) ?? [])
				this.#remember(`${target} ${by} ${text}`, id);
	}

	#remember(key: string, id: number | 'archived'): void {
		const before = this.#known.get(key);
		this.#known.set(key, before === undefined || before === id ? id : 'several');
	}

	#settle(draft: Draft, pointer: Pointer): void {
		const { column, field, text, target, fallback, by, spare } = pointer;
		if (by === 'row') {
			const made = this.#madeOfRow(target, draft.row.line);
			if (made !== undefined) draft.given[field] = made;
			return;
		}
		const found = this.#known.get(`${kindOf(pointer)} ${this.#text(pointer)}`);
		if (typeof found === 'number') draft[fallback ? 'fallback' : 'given'][field] = found;
		else if (found === 'archived')
			draft.reasons.push({ column, key: 'row.dealArchived', args: {} });
		else {
			const key = found === 'several' ? 'row.foundMany' : 'row.notFound';
			const taken = spare && (!this.#required.has(field) || draft.fallback[field] !== undefined);
			draft[taken ? 'notices' : 'reasons'].push({ column, key, args: { text, noun: target } });
		}
	}

	#text({ by, target, text }: Pointer): string {
		if (by === 'inn') return text.replace(/\s/g, '');
		return by === 'key'
			? refOf(this.#search.mapping, target, text.replace(/\s+/g, ' '))
			: alike(text);
	}
}

function kindOf({ target, by }: Pointer): string {
	return `${target} ${by}`;
}
