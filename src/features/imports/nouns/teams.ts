import { sql } from 'drizzle-orm';
import { teams } from '#src/features/auth/tables.ts';
import { matching, type Noun, numberIn, recordset, textIn } from './noun.ts';

/** Teams of a company; the tree is made by their field `parent`. */
export const TEAMS: Noun = {
	async load(tx, refs, names) {
		const rows = await tx
			.select({ id: teams.id, ref: teams.externalRef, name: teams.name, parent: teams.parentId })
			.from(teams)
			.where(
				matching(
					sql`${teams.externalRef}`,
					refs,
					sql`translate(lower(${teams.name}), 'ё', 'е')`,
					names,
				),
			)
			.orderBy(teams.id)
			.for('update');
		return rows.map(({ id, ref, name, parent }) => ({ id, ref, name, values: { name, parent } }));
	},

	examine(_tx, _context, outcomes) {
		for (const { draft, was, values } of outcomes)
			if (was && values.parent === was.id) draft.reasons.push({ key: 'row.ownParent', args: {} });
	},

	async create(tx, _context, outcomes) {
		await tx.insert(teams).values(
			outcomes.map(({ ref, values }) => ({
				externalRef: ref,
				name: textIn(values, 'name') ?? '',
				parentId: numberIn(values, 'parent'),
			})),
		);
	},

	async update(tx, _context, changes) {
		await tx.execute(sql`
			update teams t set name = v.name, parent_id = v.parent
			from ${recordset(changes.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, name text, parent bigint)
			where t.id = v.id`);
	},
};
