import { sql } from 'drizzle-orm';
import { holds, rightsOf } from '#src/features/access/grants.ts';
import { type Actor, inScope } from '#src/features/access/rights.ts';
import { people } from '#src/features/access/tables.ts';
import { refreshStepsOf } from '#src/features/deals/next-step.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import { freeLogin } from '#src/features/imports/engine/logins.ts';
import { notifyRights } from '#src/features/mail/rights.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import { columnChanges } from './changes.ts';
import {
	byNameAlone,
	type Context,
	candidates,
	lockRows,
	type Made,
	type Noun,
	named,
	numberIn,
	type Outcome,
	recordset,
	type Stored,
	textIn,
} from './noun.ts';

const CANDIDATES = named('people');

/** People of the company. A login is derived from the name, once: later files change it only by a column. */
export const PEOPLE: Noun = {
	table: 'people',

	keysOf: byNameAlone,

	async load(tx, wanted) {
		await lockRows(tx, 'people', wanted, CANDIDATES);
		const rows = await tx
			.select({
				id: people.id,
				ref: people.externalRef,
				name: people.name,
				role: people.role,
				team: people.teamId,
				login: people.login,
				email: people.email,
				language: people.language,
				timeZone: people.timeZone,
			})
			.from(people)
			.where(sql`${people.id} in (${candidates(wanted, CANDIDATES)})`)
			.orderBy(people.id);
		return rows.map(({ id, ref, ...values }) => ({
			id,
			ref,
			visible: true,
			name: values.name,
			values,
		}));
	},

	async examine(tx, { actor }, outcomes) {
		await examineRights(tx, actor, outcomes);
		const taken = await logins(tx);
		for (const { draft, was, values } of outcomes) {
			if (values.role === 'head' && numberIn(values, 'team') === null)
				draft.reasons.push({ key: 'row.headWithoutTeam', args: {} });
			const login = textIn(values, 'login');
			if (login === null || login === was?.values.login) continue;
			if (taken.has(login)) draft.reasons.push({ key: 'row.loginTaken', args: { text: login } });
			taken.add(login);
		}
	},

	async create(tx, context, made) {
		const { timeZone } = context;
		const taken = await logins(tx);
		for (const { values } of made) taken.add(textIn(values, 'login') ?? '');
		const rows = made.map((one) => newPerson(one, taken, timeZone));
		await tx.insert(people).overridingSystemValue().values(rows);
		await record(
			tx,
			context.by,
			...rows.map(({ id: personId, login, name, role }) => {
				const data = { personId, login, name, role, waiting: false };
				return { type: 'person.created', data } as const;
			}),
		);
		await tellRights(tx, context, made.length);
	},

	async update(tx, context, changes) {
		const rights = ['role', 'login', 'email', 'team'];
		const changed = changes.filter((one) => rights.some((field) => field in one.changes));
		await tellRights(tx, context, changed.length);
		await tx.execute(sql`
			update people p set name = v.name, role = v.role, team_id = v.team, login = v.login,
				email = v.email, language = v.language, time_zone = v."timeZone", version = p.version + 1
			from ${recordset(changes.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, name text, role text, team bigint, login text, email text, language text, "timeZone" text)
			where p.id = v.id`);
		await record(
			tx,
			context.by,
			...changes.map(({ id: personId, changes }) => {
				const data = { personId, changes: columnChanges(changes) };
				return { type: 'person.edited', data } as const;
			}),
		);
		const moved = changes.filter((one) => 'timeZone' in one.changes).map(({ id }) => id);
		if (moved.length === 0) return;
		for (const ownerId of moved) await refreshReminders(tx, { ownerId });
		await refreshStepsOf(tx, moved);
	},
};

// Nobody grants more than they hold by a file either: as by the form of a person, see people/actions.ts. Whose account
// or team a row changes may have no more than who brings it in; and the last who sets up people stays one.
async function examineRights(tx: Tx, actor: Actor | null, outcomes: Outcome[]): Promise<void> {
	const codes = outcomes.flatMap(({ was, values }) => [roleIn(values), was && roleIn(was.values)]);
	const rights = await rightsOf(tx, codes);
	const { rows } = await tx.execute<{ id: number }>(sql`
		select p.id from people p join roles r on r.code = p.role where p.active and 'people' = any(r.permissions)`);
	const givers = new Set(rows.map(({ id }) => id));
	for (const { draft, was, values, skipped } of outcomes) {
		if (skipped) continue;
		const role = roleIn(values);
		const now = was && roleIn(was.values);
		const differs = (field: string) => (values[field] ?? null) !== (was?.values[field] ?? null);
		const touched = was === null || ['role', 'login', 'email', 'team'].some(differs);
		const reached = [role, now].map((code) => (code === null ? undefined : rights.get(code)));
		// In another team one's records are other heads' to see.
		const afar = was !== null && differs('team') && actor !== null && !inScope(actor, was.id);
		const more = touched && reached.some((one) => actor && one !== undefined && !holds(actor, one));
		if (more || afar) draft.reasons.push({ key: 'row.grantsMore', args: {} });
		if (was === null || role === now || rights.get(role)?.permissions.includes('people')) continue;
		if (givers.size === 1 && givers.has(was.id))
			draft.reasons.push({ key: 'row.lastGiver', args: {} });
		else givers.delete(was.id);
	}
}

const roleIn = (values: Stored): string => textIn(values, 'role') ?? 'manager';

// One letter a batch: of a hundred people nobody reads a hundred letters. The console's is the operator's own doing.
async function tellRights(tx: Tx, { by, actor }: Context, people: number): Promise<void> {
	if (actor === null || people === 0) return;
	await notifyRights(tx, { ...by, actor }, { what: 'peopleImported', role: 'manager', people });
}

async function logins(tx: Tx): Promise<Set<string>> {
	const rows = await tx.select({ login: people.login }).from(people);
	return new Set(rows.map(({ login }) => login));
}

function newPerson({ id, ref, values }: Made, taken: Set<string>, timeZone: string) {
	const name = textIn(values, 'name') ?? '';
	return {
		id,
		externalRef: ref,
		name,
		role: textIn(values, 'role') ?? 'manager',
		teamId: numberIn(values, 'team'),
		login: textIn(values, 'login') ?? freeLogin(name, taken),
		email: textIn(values, 'email'),
		timeZone: textIn(values, 'timeZone') ?? timeZone,
		...(values.language ? { language: values.language as 'ru' | 'en' } : {}),
	};
}
