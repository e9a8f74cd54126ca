import { type SQL, sql } from 'drizzle-orm';
import type { Tx } from '#src/platform/db/client.ts';
import { type Draft, type Pointer, refOf } from './drafts.ts';
import type { Target } from './fields.ts';
import type { Mapping } from './mapping.ts';
import { alike } from './values.ts';

/** What a cell pointed to: the id, or that there are several. */
type Found = number | 'several';

/** Names of what can be pointed to, for the person: «не найдено (клиент)». */
const NOUN: Record<Target, string> = {
	teams: 'команда',
	people: 'сотрудник',
	clients: 'клиент',
	products: 'товар',
	stages: 'состояние',
	lossReasons: 'причина неудачи',
};

// The collation is named, for a database with the locale C knows no Cyrillic capitals.
const folded = (column: SQL) => sql`translate(lower(${column} collate "russian"), 'ё', 'е')`;

type Texts = { texts: string[]; pipelineId: number | null };

/** Finds by name; several ways of naming the same one give several rows. */
const BY_NAME: Record<Target, (wanted: Texts) => SQL> = {
	teams: ({ texts }) => byName('teams', texts),
	products: ({ texts }) => byName('products', texts),
	lossReasons: ({ texts }) => byName('loss_reasons', texts),
	clients: ({ texts }) =>
		sql`select id, name_search as text from clients where name_search = any(${sql.param(texts)}::text[])`,
	people: ({ texts }) => sql`
		select distinct p.id, t.text from people p
		cross join lateral (values (${folded(sql`p.name`)}), (p.login), (lower(p.email))) t(text)
		where t.text = any(${sql.param(texts)}::text[])`,
	stages: ({ texts, pipelineId }) => sql`
		select id, ${folded(sql`name`)} as text from stages
		where pipeline_id = ${pipelineId} and ${folded(sql`name`)} = any(${sql.param(texts)}::text[])`,
};

function byName(table: string, texts: string[]): SQL {
	return sql`
		select id, ${folded(sql`name`)} as text from ${sql.identifier(table)}
		where ${folded(sql`name`)} = any(${sql.param(texts)}::text[])`;
}

function byRef(target: Target, refs: string[]): SQL {
	return sql`
		select id, external_ref as text from ${sql.identifier(target)}
		where external_ref = any(${sql.param(refs)}::text[])`;
}

/** Finds what cells point to; what was found once in a file is remembered, what was not is asked for again. */
export class Finder {
	readonly #tx: Tx;
	readonly #mapping: Mapping;
	readonly #pipelineId: number | null;
	readonly #known = new Map<string, Found>();

	constructor(tx: Tx, mapping: Mapping, pipelineId: number | null) {
		this.#tx = tx;
		this.#mapping = mapping;
		this.#pipelineId = pipelineId;
	}

	/** Puts the ids into the drafts, and the reason into those whose cells point to nothing. */
	async resolve(drafts: Draft[]): Promise<void> {
		const pointers = drafts.flatMap((draft) => draft.pointers);
		for (const kind of new Set(pointers.map(kindOf)))
			await this.#look(pointers.filter((pointer) => kindOf(pointer) === kind));
		for (const draft of drafts) for (const pointer of draft.pointers) this.#settle(draft, pointer);
	}

	async #look(pointers: Pointer[]): Promise<void> {
		const [{ target, by } = { target: 'clients', by: 'key' } as const] = pointers;
		const texts = [...new Set(pointers.map((pointer) => this.#text(pointer)))].filter(
			(text) => !this.#known.has(`${target} ${by} ${text}`),
		);
		if (texts.length === 0) return;
		const query =
			by === 'key'
				? byRef(target, texts)
				: BY_NAME[target]({ texts, pipelineId: this.#pipelineId });
		const { rows } = await this.#tx.execute<{ id: number; text: string }>(query);
		for (const { id, text } of rows) {
			const key = `${target} ${by} ${text}`;
			const before = this.#known.get(key);
			this.#known.set(key, before === undefined || before === id ? id : 'several');
		}
	}

	#settle(draft: Draft, pointer: Pointer): void {
		const found = this.#known.get(`${kindOf(pointer)} ${this.#text(pointer)}`);
		const { column, field, text, target, fallback } = pointer;
		if (typeof found === 'number') draft[fallback ? 'fallback' : 'given'][field] = found;
		else {
			const key = found === 'several' ? 'row.foundMany' : 'row.notFound';
			draft.reasons.push({ column, key, args: { text, noun: NOUN[target] } });
		}
	}

	#text({ by, target, text }: Pointer): string {
		return by === 'key' ? refOf(this.#mapping, target, text.replace(/\s+/g, ' ')) : alike(text);
	}
}

function kindOf({ target, by }: Pointer): string {
	return `${target} ${by}`;
}
