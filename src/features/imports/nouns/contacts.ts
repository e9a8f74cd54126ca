import { sql } from 'drizzle-orm';
import { phoneOf } from '#src/features/clients/contacts/phones.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { itemsOf } from '#src/features/imports/columns/lists.ts';
import { alike } from '#src/features/imports/engine/values.ts';
import { record } from '#src/platform/history/record.ts';
import { columnChanges } from './changes.ts';
import { candidates, type Noun, numberIn, recordset, type Stored, textIn } from './noun.ts';
import { writePoints } from './points.ts';

type Row = Stored & { id: number; visible: boolean };

/** Contacts of clients; each is known within its client. */
export const CONTACTS: Noun = {
	table: 'contacts',

	keysOf(way, values) {
		const within = (items: string[]) => items.map((item) => `${values.client} ${item}`);
		if (way === 'phone') return within(itemsOf(values.phones).map((one) => phoneOf(one).searchKey));
		if (way === 'email') return within(itemsOf(values.emails).map((one) => one.toLowerCase()));
		return way === 'name' && values.name ? within([alike(String(values.name))]) : [];
	},

	async load(tx, wanted) {
		const { actor, lock } = wanted;
		const found = candidates(wanted, {
			table: sql`contacts`,
			ref: null,
			ways: {
				name: (texts) => sql`select id from contacts
					where client_id::text || ' ' || name_search = any(${texts}) and client_id in ${clientsIn(texts)}`,
				phone: (texts) => byPoint('phone', texts),
				email: (texts) => byPoint('email', texts),
			},
		});
		const { rows } = await tx.execute<Row>(sql`
			select k.id, k.client_id as client, k.name, k.position, k.role, k.born_on as "bornOn", k.note,
				${actor ? clientVisibleTo(actor) : sql`true`} as visible,
				${points('phone')} as phones, ${points('email')} as emails
			from (${found}) f join contacts k on k.id = f.id join clients c on c.id = k.client_id
			order by k.id ${lock ? sql`for update of k` : sql``}`);
		return rows.map(({ id, visible, ...values }) => ({
			...{ id, visible, ref: null, name: String(values.name), values },
		}));
	},

	async create(tx, { by }, made) {
		await tx.execute(sql`
			insert into contacts (id, client_id, name, position, role, born_on, note, created_at)
			overriding system value
			select id, client, name, position, role, "bornOn", note, ${by.now}
			from ${recordset(made.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, client bigint, name text, position text, role text, "bornOn" date, note text)
			order by id`);
		await writePoints(
			tx,
			made.map(({ id, values }) => ({ ...about(id, values), was: {}, values })),
		);
		await record(
			tx,
			by,
			...made.map(({ id, values }) => {
				const data = { contactId: id, name: textIn(values, 'name') ?? '' };
				return { type: 'contact.added', clientId: numberIn(values, 'client') ?? 0, data } as const;
			}),
		);
	},

	async update(tx, { by }, changes) {
		await tx.execute(sql`
			update contacts k set name = v.name, position = v.position, role = v.role,
				born_on = v."bornOn", note = v.note, version = k.version + 1
			from ${recordset(changes.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, name text, position text, role text, "bornOn" date, note text)
			where k.id = v.id`);
		await writePoints(
			tx,
			changes.map(({ id, was, values }) => ({ ...about(id, values), was: was.values, values })),
		);
		await record(
			tx,
			by,
			...changes.map(({ id, values, changes }) => {
				const data = { contactId: id, name: textIn(values, 'name') ?? '' };
				return {
					type: 'contact.edited',
					clientId: numberIn(values, 'client') ?? 0,
					data: { ...data, changes: columnChanges(changes) },
				} as const;
			}),
		);
	},

	async remove(tx, ids) {
		const { rows } = await tx.execute<{ id: number }>(sql`
			select k.id from contacts k where k.id = any(${sql.param(ids)}::bigint[])
				and not exists (select from interactions i where i.contact_id = k.id)
			for update of k`);
		const free = rows.map(({ id }) => Number(id));
		const these = sql`any(${sql.param(free)}::bigint[])`;
		await tx.execute(sql`delete from contact_points where contact_id = ${these}`);
		await tx.execute(sql`delete from contacts where id = ${these}`);
		return free;
	},
};

const points = (
	kind: 'phone' | 'email',
) => sql`(select string_agg(p.value, E'\n' order by p.position, p.id)
	from contact_points p where p.contact_id = k.id and p.kind = ${kind})`;

// The keys begin with the client's id: only so does an index find them.
const clientsIn = (texts: ReturnType<typeof sql>) =>
	sql`(select split_part(one, ' ', 1)::bigint from unnest(${texts}) one)`;
const byPoint = (kind: 'phone' | 'email', texts: ReturnType<typeof sql>) => sql`
	select contact_id as id from contact_points where kind = ${kind} and contact_id is not null
		and client_id in ${clientsIn(texts)} and client_id::text || ' ' || search_key = any(${texts})`;

function about(id: number, values: Stored) {
	return { clientId: numberIn(values, 'client') ?? 0, contactId: id };
}
