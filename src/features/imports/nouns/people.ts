import { sql } from 'drizzle-orm';
import { people } from '#src/features/auth/tables.ts';
import { refreshStepsOf } from '#src/features/deals/next-step.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { freeLogin } from '../logins.ts';
import {
	byNameAlone,
	candidates,
	lockRows,
	type Made,
	type Noun,
	named,
	numberIn,
	recordset,
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

	async examine(tx, _context, outcomes) {
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

	async create(tx, { timeZone }, made) {
		const taken = await logins(tx);
		for (const { values } of made) taken.add(textIn(values, 'login') ?? '');
		await tx
			.insert(people)
			.overridingSystemValue()
			.values(made.map((one) => newPerson(one, taken, timeZone)));
	},

	async update(tx, _context, changes) {
		await tx.execute(sql`
			update people p set name = v.name, role = v.role, team_id = v.team, login = v.login,
				email = v.email, language = v.language, time_zone = v."timeZone"
			from ${recordset(changes.map(({ id, values }) => ({ ...values, id })))}
				as v(id bigint, name text, role text, team bigint, login text, email text, language text, "timeZone" text)
			where p.id = v.id`);
		const moved = changes.filter((one) => 'timeZone' in one.changes).map(({ id }) => id);
		if (moved.length === 0) return;
		for (const ownerId of moved) await refreshReminders(tx, { ownerId });
		await refreshStepsOf(tx, moved);
	},
};

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
