import { sql } from 'drizzle-orm';
import { phoneOf } from '#src/features/clients/contacts/phones.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import type { ExtraValues } from '#src/features/company/extra-fields/tables.ts';
import { itemsOf } from '#src/features/imports/columns/lists.ts';
import { requisiteDoubts } from '#src/features/imports/engine/requisites.ts';
import { alike } from '#src/features/imports/engine/values.ts';
import { extraKept, extraStored } from '#src/features/imports/extra-fields.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import { columnChanges } from './changes.ts';
import { candidates, type Noun, recordset, type Stored, textIn } from './noun.ts';
import { writePoints } from './points.ts';
import { writeTags } from './tags.ts';

type Row = Stored & { id: number; ref: string | null; visible: boolean; extra: ExtraValues };

const COLUMNS = sql`v(id bigint, ref text, name text, "legalKind" text, inn text, kpp text, ogrn text,
	owner bigint, status text, source text, segment text, region text, website text, "bankName" text,
	bic text, account text, "correspondentAccount" text, note text, extra jsonb)`;

/** Clients; those that people entered by hand are known in the way that the step says. */
export const CLIENTS: Noun = {
	table: 'clients',

	keysOf(way, values) {
		if (way === 'inn') return itemsOf(values.inn);
		if (way === 'phone') return itemsOf(values.phones).map((item) => phoneOf(item).searchKey);
		if (way === 'email') return itemsOf(values.emails).map((item) => item.toLowerCase());
		return way === 'name' && values.name ? [alike(String(values.name))] : [];
	},

	async load(tx, wanted) {
		const { actor, lock } = wanted;
		const found = candidates(wanted, {
			table: sql`clients`,
			ref: sql`external_ref`,
			ways: {
				inn: (texts) => sql`select id from clients where inn = any(${texts})`,
				name: (texts) => sql`select id from clients where name_search = any(${texts})`,
				phone: (texts) => byPoint('phone', texts),
				email: (texts) => byPoint('email', texts),
			},
		});
		// A client that was merged lives on in another: what is known by the old one is the new one.
		const { rows } = await tx.execute<Row>(sql`
			select c.id, k.external_ref as ref, c.name, c.legal_kind as "legalKind", c.inn, c.kpp, c.ogrn,
				c.owner_id as owner, c.status, c.source, c.segment, c.region, c.website,
				c.bank_name as "bankName", c.bic, c.account, c.correspondent_account as "correspondentAccount",
				c.note, c.extra, ${actor ? clientVisibleTo(actor) : sql`true`} as visible,
				${points('phone')} as phones, ${points('email')} as emails,
				${address('legal')} as "legalAddress", ${address('actual')} as "actualAddress",
				(select string_agg(t.name, E'\n' order by t.name) from client_tags l
					join tags t on t.id = l.tag_id where l.client_id = c.id) as tags
			from (${found}) f join clients k on k.id = f.id
			join clients c on c.id = case when k.merged_into is null then k.id else client_heir(k.id) end
			order by c.id ${lock ? sql`for update of c` : sql``}`);
		return rows.map(({ id, ref, visible, extra, ...values }) => ({
			...{ id, ref, visible, name: String(values.name) },
			values: { ...values, ...extraStored(extra) },
		}));
	},

	doubts: requisiteDoubts,

	lives: () => true,

	async create(tx, { by }, made) {
		await tx.execute(sql`
			insert into clients (id, external_ref, name, legal_kind, inn, kpp, ogrn, owner_id, status, source,
				segment, region, website, bank_name, bic, account, correspondent_account, note, extra, created_at)
			overriding system value
			select id, ref, name, coalesce("legalKind", 'company'), inn, kpp, ogrn, owner,
				coalesce(status, 'prospect'), source, segment, region, website, "bankName", bic, account,
				"correspondentAccount", note, extra, ${by.now}
			from ${recordset(made.map(({ id, ref, values }) => rowOf(id, ref, values)))} as ${COLUMNS}
			order by id`);
		await writeLists(
			tx,
			made.map(({ id, values }) => ({ id, was: {}, values })),
		);
		await record(
			tx,
			by,
			...made.map(({ id }) => ({ type: 'client.created', clientId: id, data: {} }) as const),
		);
	},

	async update(tx, { by }, changes) {
		await tx.execute(sql`
			update clients c set name = v.name, legal_kind = v."legalKind", inn = v.inn, kpp = v.kpp,
				ogrn = v.ogrn, owner_id = v.owner, status = v.status, source = v.source, segment = v.segment,
				region = v.region, website = v.website, bank_name = v."bankName", bic = v.bic,
				account = v.account, correspondent_account = v."correspondentAccount", note = v.note,
				extra = v.extra, version = c.version + 1
			from ${recordset(changes.map(({ id, values }) => rowOf(id, null, values)))} as ${COLUMNS}
			where c.id = v.id`);
		await writeLists(
			tx,
			changes.map(({ id, was, values }) => ({ id, was: was.values, values })),
		);
		await record(
			tx,
			by,
			...changes.map(({ id, changes }) => {
				const data = { changes: columnChanges(changes) };
				return { type: 'client.edited', clientId: id, data } as const;
			}),
		);
	},

	async remove(tx, ids) {
		const removable = sql`any(${sql.param(ids)}::bigint[])`;
		const { rows } = await tx.execute<{ id: number }>(sql`
			select c.id from clients c where c.id = ${removable} and c.merged_into is null
				and not exists (select from deals d where d.client_id = c.id)
				and not exists (select from interactions i where i.client_id = c.id)
				and not exists (select from contacts k where k.client_id = c.id)
				and not exists (select from clients m where m.merged_into = c.id)
			for update of c`);
		const free = rows.map(({ id }) => Number(id));
		const these = sql`any(${sql.param(free)}::bigint[])`;
		for (const table of ['contact_points', 'addresses', 'client_tags'])
			await tx.execute(sql`delete from ${sql.identifier(table)} where client_id = ${these}`);
		await tx.execute(sql`delete from clients where id = ${these}`);
		return free;
	},
};

const points = (
	kind: 'phone' | 'email',
) => sql`(select string_agg(p.value, E'\n' order by p.position, p.id)
	from contact_points p where p.client_id = c.id and p.contact_id is null and p.kind = ${kind})`;
const address = (kind: 'legal' | 'actual') => sql`(select a.value from addresses a
	where a.client_id = c.id and a.kind = ${kind} order by a.position, a.id limit 1)`;
const byPoint = (kind: 'phone' | 'email', texts: ReturnType<typeof sql>) => sql`
	select client_id as id from contact_points where kind = ${kind} and search_key = any(${texts})`;

function rowOf(id: number, ref: string | null, values: Stored) {
	return { ...values, id, ref, extra: extraKept(values) } as unknown as Stored;
}

type ListsChange = { id: number; was: Stored; values: Stored };

async function writeLists(tx: Tx, changes: ListsChange[]): Promise<void> {
	await writePoints(
		tx,
		changes.map(({ id, was, values }) => ({ clientId: id, contactId: null, was, values })),
	);
	await writeTags(tx, 'client', changes);
	await writeAddresses(tx, changes);
}

async function writeAddresses(tx: Tx, changes: ListsChange[]): Promise<void> {
	const moved = changes.flatMap(({ id, was, values }) =>
		(['legal', 'actual'] as const).flatMap((kind) => {
			const [from, to] = [textIn(was, `${kind}Address`), textIn(values, `${kind}Address`)];
			return from === to ? [] : [{ id, kind, from, to }];
		}),
	);
	if (moved.length === 0) return;
	await tx.execute(sql`
		delete from addresses a using ${recordset(moved)} as v(id bigint, kind text, "from" text)
		where a.client_id = v.id and a.kind = v.kind and a.value = v."from"`);
	await tx.execute(sql`
		insert into addresses (client_id, kind, value)
		select id, kind, "to" from ${recordset(moved)} as v(id bigint, kind text, "to" text)
		where "to" is not null`);
}
