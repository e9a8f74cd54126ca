import type { Actor } from '#src/features/access/rights.ts';
import { mayEditOf } from '#src/features/access/rights.ts';
import { findEditableDeal } from '#src/features/deals/queries.ts';
import { DAY_FIELDS, REMINDERS, suggestedDay } from '#src/features/interactions/forms.ts';
import {
	type Choices,
	findClientToPlan,
	findEditableInteraction,
	type InteractionView,
	nextBeside,
	readChoices,
} from '#src/features/interactions/queries.ts';
import { repeatOf, WEEKDAYS, type Weekday } from '#src/features/interactions/series/recurrence.ts';
import { REPEAT_FIELDS } from '#src/features/interactions/step-shape.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { dayOf, formatTime, type Viewer } from '#src/platform/i18n/dates.ts';
import type { Fields } from '#src/platform/pages/three-way-merge.ts';

/** What the fields of a step hold, by name. */
export type StepValues = Record<string, string | number | null>;

/** A form that plans a step, or notes one that has been taken: where it goes, what it offers and suggests. */
export type PlanForm = Choices & {
	/** The id of the form's fragment, without its end. */
	noun: string;
	action: string;
	deal: { id: number; title: string } | null;
	client: { id: number; name: string } | null;
	values: StepValues;
	reminders: typeof REMINDERS;
};

/** Reads the form for a step of a deal. Throws NotFound. */
export async function readDealPlan(
	db: Sql,
	actor: Actor,
	dealId: number,
	viewer: Viewer,
): Promise<PlanForm> {
	const deal = await findEditableDeal(db, actor, dealId);
	const choices = await readChoices(db, deal.clientId);
	return {
		...choices,
		noun: `deal-${dealId}`,
		action: `/deals/${dealId}/interactions`,
		deal,
		client: null,
		values: suggestedValues(choices, deal.ownerId, viewer),
		reminders: REMINDERS,
	};
}

/** Reads the form for a step of a client without a deal. Throws NotFound. */
export async function readClientPlan(
	db: Sql,
	actor: Actor,
	clientId: number,
	viewer: Viewer,
): Promise<PlanForm> {
	const client = await findClientToPlan(db, actor, clientId);
	const choices = await readChoices(db, clientId);
	const theirs = client.ownerId !== null && mayEditOf(actor, client.ownerId);
	return {
		...choices,
		noun: `client-${clientId}`,
		action: `/clients/${clientId}/interactions`,
		deal: null,
		client,
		values: suggestedValues(choices, theirs ? (client.ownerId as number) : actor.id, viewer),
		reminders: REMINDERS,
	};
}

function suggestedValues({ kinds }: Choices, ownerId: number, viewer: Viewer): StepValues {
	const plannedDay = suggestedDay(1, viewer);
	return { kindId: kinds[0]?.id ?? null, plannedDay, ownerId };
}

/** An interaction with what its form offers. */
export type StepForm = Choices & {
	step: InteractionView;
	values: StepValues;
	/** What the fields hold, for telling what the person has touched. */
	was: string;
	fields: Fields;
	reminders: typeof REMINDERS;
};

/** Reads the edit form of an interaction. Throws NotFound. */
export async function readStepForm(
	db: Sql,
	actor: Actor,
	id: number,
	viewer: Viewer,
): Promise<StepForm> {
	const step = await findEditableInteraction(db, actor, id);
	const choices = await readChoices(db, step.clientId, step);
	const values = valuesOf(step, viewer);
	const fields = Object.fromEntries(
		Object.entries(values).map(([name, value]) => [name, String(value ?? '')]),
	);
	return { ...choices, step, values, fields, was: JSON.stringify(fields), reminders: REMINDERS };
}

function valuesOf(step: InteractionView, viewer: Viewer): StepValues {
	const { kindId, summary, description, place, contactId, lengthMinutes, ownerId, outcome } = step;
	const day = step.plannedOn ?? (step.plannedAt && dayOf(step.plannedAt, viewer.timeZone));
	return {
		...{ kindId, summary, description, place, contactId, lengthMinutes, ownerId },
		...(step.status === 'planned' ? {} : { outcome }),
		plannedDay: day,
		plannedTime: step.plannedAt && formatTime(step.plannedAt, viewer),
		remind: step.remindMinutes ?? 'none',
		...(step.status === 'planned' ? repeatValues(step.seriesRule) : {}),
	};
}

function repeatValues(rule: string | null): StepValues {
	if (rule === null) return Object.fromEntries(REPEAT_FIELDS.map((name) => [name, null]));
	const { frequency, every, weekdays, until, count } = repeatOf(rule);
	const days = DAY_FIELDS.map((name, nr) => [
		name,
		weekdays.includes(WEEKDAYS[nr] as Weekday) ? '1' : null,
	]);
	return {
		...{ repeat: frequency, every, repeatUntil: until, repeatCount: count },
		...Object.fromEntries(days),
	};
}

/** Day, time and length of a step as its form holds them; what is absent is empty. */
export function placeOf(step: InteractionView, viewer: Viewer): Record<string, string> {
	const { plannedDay, plannedTime, lengthMinutes } = valuesOf(step, viewer);
	return {
		plannedDay: String(plannedDay ?? ''),
		plannedTime: String(plannedTime ?? ''),
		lengthMinutes: String(lengthMinutes ?? ''),
	};
}

/** What the form of a completion shows: the step, what else is planned on its deal, the next one suggested. */
export type CompletionView = Choices & {
	step: InteractionView;
	/** What is planned on the deal besides; with it no further step needs to be asked for. */
	beside: InteractionView | null;
	/** The last planned step of an open deal: without another it is left without a next step. */
	last: boolean;
	suggested: { kindId: number; day: string };
};

/** Reads the form of a completion. Throws NotFound. */
export async function readCompletion(
	db: Sql,
	actor: Actor,
	id: number,
	viewer: Viewer,
): Promise<CompletionView> {
	const step = await findEditableInteraction(db, actor, id);
	const [choices, beside] = await Promise.all([
		readChoices(db, step.clientId),
		nextBeside(db, step, viewer.timeZone),
	]);
	return {
		...choices,
		...{ step, beside },
		last: step.dealOpen && beside === null,
		suggested: suggestedNext(step, viewer),
	};
}

/** The step after one: of which kind, and on which day. */
export function suggestedNext(
	step: Pick<InteractionView, 'nextKindId' | 'nextInDays'>,
	viewer: Viewer,
): { kindId: number; day: string } {
	return { kindId: step.nextKindId, day: suggestedDay(step.nextInDays, viewer) };
}
