import { sql } from 'drizzle-orm';
import { teams } from '#src/features/access/tables.ts';
import {
	byNameAlone,
	candidates,
	lockRows,
	type Noun,
	named,
	numberIn,
	recordset,
	textIn,
} from './noun.ts';

const CANDIDATES = named('teams');

/** Teams of a company; the tree is made by their field `parent`. */
export const TEAMS: Noun = {
	table: 'teams',

	keysOf: byNameAlone,

	async load(tx, wanted) {
		await lockRows(tx, 'teams', wanted, CANDIDATES);
		const rows = await tx
			.select({ id: teams.id, ref: teams.externalRef, name: teams.name, parent: teams.parentId })
			.from(teams)
			.where(sql`${teams.id} in (${candidates(wanted, CANDIDATES)})`)
			.orderBy(teams.id);
		return rows.map(({ id, ref, name, parent }) => ({
			...{ id, ref, name, visible: true },
			values: { name, parent },
		}));
	},

	examine(_tx, _context, outcomes) {
		for (const { draft, was, values } of outcomes)
			if (was && values.parent === was.id) draft.reasons.push({ key: 'row.ownParent', args: {} });
	},

	async create(tx, _context, made) {
		await tx
			.insert(teams)
			.overridingSystemValue()
			.values(
				made.map(({ id, ref, values }) => ({
					...{ id, externalRef: ref },
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
