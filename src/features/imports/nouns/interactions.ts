import { sql } from 'drizzle-orm';
import type { AppEvent } from '#src/events.ts';
import { refreshNextStep } from '#src/features/deals/next-step.ts';
import type { Tx } from '#src/platform/db/client.ts';
import { record } from '#src/platform/history/record.ts';
import { dayOf, momentOf } from '#src/platform/i18n/dates.ts';
import {
	type Context,
	candidates,
	type Made,
	type Noun,
	numberIn,
	recordset,
	type Stored,
	textIn,
} from './noun.ts';

type Status = 'planned' | 'done' | 'cancelled';
type Subject = { dealId: number | null; clientId: number | null };

/** Interactions, planned and done; one that is there already stays as it is. */
export const INTERACTIONS: Noun = {
	table: 'interactions',

	keysOf() {
		return [];
	},

	async load(tx, wanted) {
		const found = candidates(wanted, {
			table: sql`interactions`,
			ref: sql`external_ref`,
			ways: {},
		});
		const { rows } = await tx.execute<{ id: number; ref: string | null; name: string }>(sql`
			select i.id, i.external_ref as ref, i.summary as name
			from (${found}) f join interactions i on i.id = f.id order by i.id`);
		return rows.map((row) => ({ ...row, id: Number(row.id), values: {}, visible: true }));
	},

	examine(_tx, context, outcomes) {
		for (const { draft, was, values } of outcomes) {
			if (was) continue;
			if (values.deal === undefined && values.client === undefined) {
				if (draft.reasons.length === 0) draft.reasons.push({ key: 'row.noSubject', args: {} });
				continue;
			}
			const status = statusOf(values, context);
			if (status === 'done' && momentIn(values, context) > context.by.now)
				draft.reasons.push({
					key: 'row.doneInFuture',
					args: { text: textIn(values, 'when') ?? '' },
				});
		}
	},

	lives: (values, context) => statusOf(values, context) === 'planned',

	async create(tx, context, made) {
		const subjects = await subjectsOf(tx, made);
		const rows = made.map((one) => rowOf(one, subjects.get(one.id), context));
		const { actorId, now } = context.by;
		await tx.execute(sql`
			insert into interactions (id, external_ref, deal_id, client_id, kind_id, summary, description, place,
				planned_on, planned_at, status, outcome, completed_at, completed_by, owner_id, author_id, created_at)
			overriding system value
			select id, ref, "dealId", "clientId", kind, summary, description, place, "plannedOn", "plannedAt",
				status, outcome, "doneAt", case when "doneAt" is not null then owner end, owner,
				${actorId}::bigint, ${now}::timestamptz
			from ${recordset(rows)} as v(id bigint, ref text, "dealId" bigint, "clientId" bigint, kind bigint,
				summary text, description text, place text, "plannedOn" date, "plannedAt" timestamptz, status text,
				outcome text, "doneAt" timestamptz, owner bigint)
			order by id`);
		await record(tx, context.by, ...rows.map(eventOf));
		await refresh(tx, [...subjects.values()]);
	},

	async update() {
		await Promise.reject(new Error('interactions that are there are left as they are'));
	},

	async remove(tx, ids) {
		const { rows } = await tx.execute<Subject & { id: number }>(sql`
			delete from interactions where id = any(${sql.param(ids)}::bigint[]) and version = 1
			returning id, deal_id as "dealId", client_id as "clientId"`);
		await refresh(tx, rows);
		return rows.map(({ id }) => Number(id));
	},
};

// Where nothing is said, what lies behind has been done.
function statusOf(values: Stored, context: Context): Status {
	const said = textIn(values, 'status');
	if (said !== null) return said as Status;
	return momentIn(values, context) > context.by.now ? 'planned' : 'done';
}

/** The moment of a row; of a day alone its noon, or its end where it is still to come. */
function momentIn(values: Stored, { timeZone, by }: Context): Date {
	const [day = '', time] = (textIn(values, 'when') ?? '1970-01-01').split('T');
	if (time !== undefined) return momentOf(day, time, timeZone);
	const isAhead = day >= dayOf(by.now, timeZone) && values.status !== 'done';
	const noon = momentOf(day, isAhead ? '23:59' : '12:00', timeZone);
	// Done today, before noon has come.
	return day === dayOf(by.now, timeZone) && !isAhead && noon > by.now ? by.now : noon;
}

async function subjectsOf(tx: Tx, made: Made[]): Promise<Map<number, Subject>> {
	const deals = made.flatMap(({ values }) => numberIn(values, 'deal') ?? []);
	const { rows } = await tx.execute<{ id: number; clientId: number | null }>(sql`
		select id, client_id as "clientId" from deals where id = any(${sql.param(deals)}::bigint[])`);
	const clients = new Map(rows.map(({ id, clientId }) => [Number(id), clientId]));
	return new Map(
		made.map(({ id, values }) => {
			const dealId = numberIn(values, 'deal');
			const clientId = dealId === null ? numberIn(values, 'client') : (clients.get(dealId) ?? null);
			return [id, { dealId, clientId }];
		}),
	);
}

function rowOf({ id, ref, values }: Made, subject: Subject | undefined, context: Context): Stored {
	const status = statusOf(values, context);
	const [day = '', time] = (textIn(values, 'when') ?? '').split('T');
	const moment = momentIn(values, context).toISOString();
	return {
		...values,
		...{ id, ref, status, dealId: subject?.dealId ?? null, clientId: subject?.clientId ?? null },
		plannedOn: time === undefined ? day : null,
		plannedAt: time === undefined ? null : moment,
		doneAt: status === 'done' ? moment : null,
	};
}

function eventOf(row: Stored): AppEvent {
	const about = {
		interactionId: numberIn(row, 'id') ?? 0,
		dealId: numberIn(row, 'dealId'),
		clientId: numberIn(row, 'clientId'),
	};
	const kind = { kindId: numberIn(row, 'kind') ?? 0, summary: textIn(row, 'summary') ?? '' };
	const status = textIn(row, 'status');
	if (status === 'done') {
		const done = { outcome: textIn(row, 'outcome'), at: textIn(row, 'doneAt') ?? '' };
		return { type: 'interaction.completed', ...about, data: { ...kind, ...done } };
	}
	if (status === 'cancelled')
		return {
			type: 'interaction.cancelled',
			...about,
			data: { ...kind, reason: textIn(row, 'outcome') },
		};
	const plan = { plannedOn: textIn(row, 'plannedOn'), plannedAt: textIn(row, 'plannedAt') };
	return { type: 'interaction.planned', ...about, data: { ...kind, ...plan } };
}

async function refresh(tx: Tx, subjects: Subject[]): Promise<void> {
	const deals = new Set(subjects.flatMap(({ dealId }) => (dealId === null ? [] : [dealId])));
	for (const dealId of [...deals].sort((a, b) => a - b)) await refreshNextStep(tx, dealId);
}
