import { sql } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import { demandRoles, givable, keepGivable } from '#src/features/access/grants.ts';
import { type Acting, can, inScope, mayEditOf } from '#src/features/access/rights.ts';
import { reassignDeal } from '#src/features/deals/handover/reassign.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import { notifyRights } from '#src/features/mail/rights.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Forbidden, InvalidForm, NotGranted, RuleBroken } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { type Belongings, countBelongings, needsHeir } from './belongings.ts';
import { findPersonToEdit, lockBelongings, type PersonRecord } from './queries.ts';

/** A person as an administrator sets them up. */
export type PersonEdit = Pick<PersonRecord, 'name' | 'login' | 'email' | 'role' | 'teamId'>;

/** Holds that the actor may set up people. Throws Forbidden. */
export function peopleOnly({ actor }: Acting): void {
	if (!can(actor, 'people')) throw new Forbidden('error.forbidden');
}

/** Adds a person. Returns their id. Throws Forbidden, NotGranted, InvalidForm for a login that is taken. */
export async function addPerson(
	sqlOrTx: Sql,
	acting: Acting,
	person: PersonEdit,
	settings: { language: string; timeZone: string },
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		await checkPerson(tx, null, person);
		await demandRoles(tx, acting.actor, [person.role]);
		const { rows } = await tx.execute<{ id: number }>(sql`
			insert into people (name, login, email, role, team_id, language, time_zone)
			values (${person.name}, ${person.login}, ${person.email}, ${person.role}, ${person.teamId},
				${settings.language}, ${settings.timeZone}) returning id`);
		const personId = rows[0]?.id as number;
		const { login, name, role } = person;
		await record(tx, acting, {
			type: 'person.created',
			data: { personId, login, name, role, waiting: false },
		});
		await notifyRights(tx, acting, { what: 'personAdded', person: name, role });
		return personId;
	});
}

async function checkPerson(tx: Tx, self: number | null, person: PersonEdit): Promise<void> {
	// One after the other: the unique index would refuse the second one without a word for people.
	await tx.execute(sql`select pg_advisory_xact_lock(hashtext('people'), 0)`);
	const { rows } = await tx.execute<{ taken: boolean; role: boolean; team: boolean }>(sql`
		select exists (select from people where lower(login) = lower(${person.login})
				and id is distinct from ${self}) as taken,
			exists (select from roles where code = ${person.role}) as role,
			${person.teamId}::bigint is null or exists (select from teams where id = ${person.teamId}) as team`);
	const [found] = rows;
	if (found?.taken) throw new InvalidForm({ login: { key: 'field.taken' } }, {});
	if (!found?.role) throw new InvalidForm({ role: { key: 'field.choice' } }, {});
	if (!found.team) throw new InvalidForm({ teamId: { key: 'field.choice' } }, {});
	if (person.role === 'head' && person.teamId === null)
		throw new InvalidForm({ teamId: { key: 'person.headNeedsTeam' } }, {});
}

const FIELDS = ['name', 'login', 'email', 'role', 'teamId'] as const;

/**
 * Changes a person; nothing is written where nothing changed. Returns the version. Throws Forbidden, NotFound,
 * Conflict, InvalidForm, NotGranted, RuleBroken where nobody would be left to give what can be given now.
 */
export async function editPerson(
	sqlOrTx: Sql,
	acting: Acting,
	personId: number,
	version: number,
	edit: PersonEdit,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const found = await findPersonToEdit(tx, personId, version);
		await checkPerson(tx, personId, edit);
		const changes: Record<string, FieldChange> = {};
		for (const field of FIELDS)
			if (found[field] !== edit[field]) changes[field] = [found[field], edit[field]];
		if (Object.keys(changes).length === 0) return version;
		await demandGrant(tx, acting, found, edit);
		const before = await givable(tx);
		await tx.execute(sql`
			update people set name = ${edit.name}, login = ${edit.login}, email = ${edit.email},
				role = ${edit.role}, team_id = ${edit.teamId}, version = version + 1 where id = ${personId}`);
		await keepGivable(tx, before);
		await record(tx, acting, { type: 'person.edited', data: { personId, changes } });
		const { role } = edit;
		if (changes.role)
			await notifyRights(tx, acting, { what: 'personRole', person: edit.name, role });
		else if (changes.login || changes.email)
			await notifyRights(tx, acting, { what: 'personAccount', person: edit.name, role });
		return version + 1;
	});
}

// By another role one may do more; by another login or address somebody else may be who one is; in another team
// one's records are other heads' to see.
async function demandGrant(
	tx: Tx,
	{ actor }: Acting,
	found: PersonRecord,
	edit: PersonEdit,
): Promise<void> {
	const sameRole = found.role === edit.role;
	const sameAccount = found.login === edit.login && found.email === edit.email;
	const sameTeam = found.teamId === edit.teamId;
	if (!sameTeam && !inScope(actor, found.id)) throw new NotGranted('grant.teams');
	if (sameRole && sameTeam && (sameAccount || found.id === actor.id)) return;
	await demandRoles(tx, actor, sameAccount ? [edit.role] : [found.role, edit.role]);
}

/**
 * A person leaves: their open deals with the plans, other plans, what repeats and clients go to the heir, they help
 * with no open deal any more, their sessions end, their calendar link closes. Returns what was handed over. Throws Forbidden, NotFound, Conflict,
 * InvalidForm where somebody has to take over and nobody is named, NotGranted for who may do more than the actor or
 * where the actor would take over what they may not change, RuleBroken for the last administrator and for oneself.
 */
export async function dismissPerson(
	sqlOrTx: Sql,
	acting: Acting,
	personId: number,
	version: number,
	heirId: number | null,
): Promise<Belongings> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		// What is theirs before themself, as whoever changes it and points at them does; what came meanwhile is handed
		// over too, and from here on nothing more comes. Whoever holds one of those that came and waits for this person
		// meets us the wrong way round: the server ends one of the two, and `transact` does it anew. Taking the person
		// first would meet everybody so.
		await lockBelongings(tx, personId);
		const found = await findPersonToEdit(tx, personId, version);
		if (personId === acting.actor.id) throw new RuleBroken('person.notOneself');
		await demandRoles(tx, acting.actor, [found.role]);
		if (heirId === acting.actor.id && !mayEditOf(acting.actor, personId))
			throw new NotGranted('grant.heir');
		const before = await givable(tx);
		await lockBelongings(tx, personId);
		const left = await countBelongings(tx, personId);
		const { deals, interactions, clients, helping } = left;
		if (!found.active && !needsHeir(left) && helping === 0)
			throw new RuleBroken('person.leftAlready', { name: found.name });
		if (needsHeir(left)) await handOver(tx, acting, personId, heirId);
		if (helping > 0) await stopHelping(tx, acting, personId);
		await tx.execute(sql`
			update people set active = false, version = version + 1 where id = ${personId}`);
		await keepGivable(tx, before);
		await tx.execute(sql`delete from sessions where person_id = ${personId}`);
		await tx.execute(sql`delete from calendar_feeds where person_id = ${personId}`);
		await record(tx, acting, {
			type: 'person.left',
			data: { personId, name: found.name, heirId, deals, interactions, clients },
		});
		return left;
	});
}

async function handOver(
	tx: Tx,
	acting: Acting,
	personId: number,
	heirId: number | null,
): Promise<void> {
	const { rows: heirs } = await tx.execute(sql`
		select from people where id = ${heirId} and active and id <> ${personId} for share`);
	if (heirs.length === 0)
		throw new InvalidForm(
			{ heirId: { key: heirId === null ? 'field.required' : 'field.choice' } },
			{},
		);
	const heir = heirId as number;
	const { rows: deals } = await tx.execute<{ id: number; version: number }>(sql`
		select id, version from deals where owner_id = ${personId} and closed_on is null and archived_at is null order by id for update`);
	const whole = everybodys(acting);
	for (const { id, version } of deals) await reassignDeal(tx, whole, id, version, heir);
	await handOverPlans(tx, acting, personId, heir);
	const { rows: clients } = await tx.execute<{ id: number }>(sql`
		update clients set owner_id = ${heir}, version = version + 1
		where owner_id = ${personId} and archived_at is null returning id`);
	const changes: Record<string, FieldChange> = { ownerId: [personId, heir] };
	for (const { id: clientId } of clients)
		await record(tx, acting, { type: 'client.edited', clientId, data: { changes } });
	// Reminders of days follow the working hours of whose they are.
	await refreshReminders(tx, { ownerId: heir });
}

// An open deal says who works on it: whoever is not here does not.
async function stopHelping(tx: Tx, acting: Acting, personId: number): Promise<void> {
	const { rows } = await tx.execute<{ dealId: number; clientId: number | null }>(sql`
		with gone as (
			delete from deal_collaborators h using deals d
			where h.person_id = ${personId} and d.id = h.deal_id and d.closed_on is null and d.archived_at is null
			returning h.deal_id
		)
		update deals d set version = version + 1 from gone where d.id = gone.deal_id
		returning d.id as "dealId", d.client_id as "clientId"`);
	await record(
		tx,
		acting,
		...rows.map((deal) => ({ type: 'deal.left' as const, ...deal, data: { personId } })),
	);
}

// What was planned beside the person's own open deals: on those of others, and of clients without a deal.
async function handOverPlans(tx: Tx, acting: Acting, from: number, to: number): Promise<void> {
	const { rows } = await tx.execute<{
		interactionId: number;
		dealId: number | null;
		clientId: number | null;
		kindId: number;
		summary: string;
	}>(sql`
		update interactions i set owner_id = ${to}, version = version + 1
		where owner_id = ${from} and status = 'planned'
		returning id as "interactionId", deal_id as "dealId", kind_id as "kindId", summary,
			coalesce(client_id, (select client_id from deals d where d.id = i.deal_id)) as "clientId"`);
	await tx.execute(sql`
		update interaction_series set owner_id = ${to} where owner_id = ${from} and ended_on is null`);
	for (const { kindId, summary, ...about } of rows)
		await record(tx, acting, {
			...{ type: 'interaction.reassigned', ...about },
			data: { kindId, summary, from, to },
		});
}

// Who sets up people may have no sales of their own: what leaves with a person is handed over all the same.
function everybodys(acting: Acting): Acting {
	const { actor } = acting;
	const permissions = [...actor.permissions, 'deals.reassign' as const];
	const all = { sees: 'all', edits: 'all', scope: 'all', editScope: 'all' } as const;
	return { ...acting, actor: { ...actor, ...all, permissions } };
}

/**
 * A person comes back, or one who waited is let in. Returns the version. Throws Forbidden, NotFound, Conflict,
 * NotGranted, RuleBroken for one who is in already.
 */
export async function admitPerson(
	sqlOrTx: Sql,
	acting: Acting,
	personId: number,
	version: number,
): Promise<number> {
	peopleOnly(acting);
	return await transact(sqlOrTx, async (tx) => {
		const { active, waiting, name, role } = await findPersonToEdit(tx, personId, version);
		if (active) throw new RuleBroken('person.inAlready', { name });
		await demandRoles(tx, acting.actor, [role]);
		await tx.execute(sql`
			update people set active = true, waiting = false, version = version + 1 where id = ${personId}`);
		const changes: Record<string, FieldChange> = { active: [false, true] };
		if (waiting) changes.waiting = [true, false];
		await record(tx, acting, { type: 'person.approved', data: { personId, changes } });
		await notifyRights(tx, acting, { what: 'personAdmitted', person: name, role });
		return version + 1;
	});
}
