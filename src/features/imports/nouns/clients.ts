import { sql } from 'drizzle-orm';
import { clients, type LEGAL_KINDS } from '#src/features/clients/tables.ts';
import { record } from '#src/platform/events/record.ts';
import { columnChanges } from './changes.ts';
import { idsByRef, matching, type Noun, numberIn, recordset, textIn } from './noun.ts';

type LegalKind = (typeof LEGAL_KINDS)[number];

/** Clients; those that people entered by hand are known by name where the mapping adopts them. */
export const CLIENTS: Noun = {
	async load(tx, refs, names) {
		const rows = await tx
			.select({
				id: clients.id,
				ref: clients.externalRef,
				name: clients.name,
				legalKind: clients.legalKind,
				inn: clients.inn,
				kpp: clients.kpp,
				ogrn: clients.ogrn,
				owner: clients.ownerId,
				source: clients.source,
				segment: clients.segment,
				region: clients.region,
			})
			.from(clients)
			.where(matching(sql`${clients.externalRef}`, refs, sql`${clients.nameSearch}`, names))
			.orderBy(clients.id)
			.for('update');
		return rows.map(({ id, ref, ...values }) => ({ id, ref, name: values.name, values }));
	},

	async create(tx, { by }, outcomes) {
		const rows = await tx
			.insert(clients)
			.values(
				outcomes.map(({ ref, values }) => ({
					externalRef: ref,
					name: textIn(values, 'name') ?? '',
					legalKind: (textIn(values, 'legalKind') ?? 'company') as LegalKind,
					inn: textIn(values, 'inn'),
					kpp: textIn(values, 'kpp'),
					ogrn: textIn(values, 'ogrn'),
					ownerId: numberIn(values, 'owner'),
					source: textIn(values, 'source'),
					segment: textIn(values, 'segment'),
					region: textIn(values, 'region'),
				})),
			)
			.returning({ id: clients.id, ref: clients.externalRef });
		const created = [...idsByRef(rows).values()];
		await record(
			tx,
			by,
			...created.map((clientId) => ({ type: 'client.created', clientId, data: {} }) as const),
		);
	},

	async update(tx, { by }, changes) {
		await tx.execute(sql`
			update clients c set name = v.name, legal_kind = v."legalKind", inn = v.inn, kpp = v.kpp,
				ogrn = v.ogrn, owner_id = v.owner, source = v.source, segment = v.segment,
				region = v.region, version = c.version + 1
			from ${recordset(changes.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, name text, "legalKind" text, inn text, kpp text, ogrn text,
					owner bigint, source text, segment text, region text)
			where c.id = v.id`);
		await record(
			tx,
			by,
			...changes.map(({ id, changes }) => {
				const data = { changes: columnChanges(changes) };
				return { type: 'client.edited', clientId: id, data } as const;
			}),
		);
	},
};
