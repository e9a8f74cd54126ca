import { listColleagues } from '#src/features/access/queries.ts';
import { type Actor, asEditor, can } from '#src/features/access/rights.ts';
import { HISTORY_PARTS, type HistoryPart } from '#src/features/clients/forms.ts';
import {
	type ClientLine,
	clientHistory,
	type HistoryPage,
	readClientHistory,
	readHistoryNames,
} from '#src/features/clients/history/history.ts';
import {
	type Asked,
	askedQuery,
	type Voices,
} from '#src/features/clients/history/history-filter.ts';
import {
	type ClientRecord,
	type Contact,
	findClient,
	findClientCard,
	findEditableClient,
} from '#src/features/clients/record.ts';
import {
	type ExtraField,
	extraFacts,
	listExtraFields,
} from '#src/features/company/extra-fields/extra-fields.ts';
import { listSources } from '#src/features/company/sources/queries.ts';
import { listTags } from '#src/features/company/tags/tags.ts';
import { type ClientDeals, readDealsOfClient } from '#src/features/deals/deal/of-client.ts';
import { readStepsOfClient } from '#src/features/interactions/interaction/of-client.ts';
import type { InteractionView } from '#src/features/interactions/queries.ts';
import {
	clientStepGroup,
	type NextStep,
	type StepGroup,
	stepGroup,
} from '#src/features/next-step/rules.ts';
import { latenessWords, plannedWords } from '#src/features/next-step/words.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { addDays, type Viewer } from '#src/platform/i18n/dates.ts';
import type { Fact, FactsView } from '#src/platform/pages/fields.ts';
import { bornWords, clientFacts, NO_LISTS, pointLine } from './facts.ts';

const NOTHING: NextStep = { plannedOn: null, plannedAt: null };
const DEALS = 30;
const LINES = 30;
const YEAR_DAYS = 365;

export type ClientFactsByName = Record<string, Fact>;
export type ClientStep = InteractionView & { group: StepGroup };
/** A contact with its phones and mails as links. */
export type ContactCard = Omit<Contact, 'points'> & {
	born: string | null;
	points: ({ kind: 'phone' | 'email' } & ReturnType<typeof pointLine>)[];
};

/** All that a client's card draws. */
export type ClientCard = ClientDeals & {
	client: ClientRecord;
	contacts: ContactCard[];
	facts: ClientFactsByName;
	extra: Fact[];
	planned: ClientStep[];
	/** How the next step is marked: amber where an open deal waits for one. */
	stepGroup: StepGroup;
	lastContact: Date | null;
	lines: ClientLine[];
	part: HistoryPart | null;
	parts: readonly HistoryPart[];
	asked: Asked;
	voices: Voices;
	/** What is asked for, for addresses. */
	query: Record<string, string>;
	/** Where the history goes on, and whether this page of it begins at its top. */
	next: string | null;
	fromTop: boolean;
	lateness: (step: NextStep) => string;
	whenWords: (step: NextStep) => string;
};

/** `shown`: how many lines of the history the person has unfolded. */
type Place = Partial<Pick<HistoryPage, 'part' | 'after'>> & Asked & { shown?: number };

/** Reads a client's card. Throws NotFound; a merged client comes with its `mergedInto` and nothing else of note. */
export async function readClientCard(
	db: Sql,
	actor: Actor,
	clientId: number,
	{ part = null, after = null, shown = 0, ...asked }: Place,
	viewer: Viewer,
): Promise<ClientCard> {
	const { contacts, ...client } = await findClientCard(db, actor, clientId);
	const wonSince = addDays(viewer.today, -YEAR_DAYS);
	const [deals, steps, history, names] = await Promise.all([
		readDealsOfClient(db, actor, clientId, { wonSince, limit: DEALS }),
		readStepsOfClient(db, actor, clientId, viewer.timeZone),
		readClientHistory(
			db,
			actor,
			clientId,
			{ part, asked, after, limit: Math.max(LINES, shown) },
			viewer,
		),
		readHistoryNames(db, actor, clientId),
	]);
	const open = deals.open.reduce((count, one) => count + one.deals, 0);
	const own = names.extraFields.filter(isInUse);
	const facts = factsOf(actor, client, own, viewer);
	return {
		...deals,
		client,
		contacts: contacts.map((contact) => contactCard(contact, viewer)),
		facts,
		extra: extraFacts(own, client.extra, viewer).map((fact) => readOnly(client, fact)),
		planned: steps.planned.map((step) => ({ ...step, group: stepGroup(step, viewer) })),
		stepGroup: clientStepGroup(steps.planned[0] ?? NOTHING, open, viewer),
		lastContact: later(deals.lastDoneAt, steps.lastDoneAt),
		lines: clientHistory(history.entries, names, viewer),
		...{
			part,
			parts: HISTORY_PARTS,
			asked,
			voices: names.voices,
			query: askedQuery(asked),
			next: history.next,
			fromTop: after === null,
		},
		lateness: (step) => latenessWords(step, viewer),
		whenWords: (step) => plannedWords(step, viewer),
	};
}

const isInUse = (field: ExtraField & { noun?: string; active?: boolean }) =>
	field.noun === 'client' && field.active === true;

const later = (one: Date | null, other: Date | null) =>
	one && other ? (one > other ? one : other) : (one ?? other);

function factsOf(actor: Actor, client: ClientRecord, extra: ExtraField[], viewer: Viewer) {
	const mayGive = can(actor, 'deals.reassign');
	const facts = clientFacts({ client, extra, lists: NO_LISTS, viewer, mayGive });
	return Object.fromEntries(facts.map((fact) => [fact.name, readOnly(client, fact)]));
}

const readOnly = (client: ClientRecord, fact: Fact): Fact =>
	client.editable ? fact : { ...fact, fixed: true };

function contactCard(contact: Contact, viewer: Viewer): ContactCard {
	return {
		...contact,
		born: contact.bornOn && bornWords(contact.bornOn, viewer),
		points: contact.points.map((point) => ({ kind: point.kind, ...pointLine(point, viewer) })),
	};
}

/** A further page of a client's history. Throws NotFound. */
export async function readMoreHistory(
	db: Sql,
	actor: Actor,
	clientId: number,
	{ part = null, after = null, shown: _, ...asked }: Place,
	viewer: Viewer,
): Promise<Pick<ClientCard, 'client' | 'lines' | 'next' | 'part' | 'query'>> {
	const client = await findClient(db, actor, clientId);
	const [history, names] = await Promise.all([
		readClientHistory(db, actor, clientId, { part, asked, after, limit: LINES }, viewer),
		readHistoryNames(db, actor, clientId),
	]);
	const lines = clientHistory(history.entries, names, viewer);
	return { client, lines, next: history.next, part, query: askedQuery(asked) };
}

/** The edit form of a client: all its facts with what can be chosen. Throws NotFound. */
export async function readClientForm(
	db: Sql,
	actor: Actor,
	clientId: number,
	viewer: Viewer,
): Promise<FactsView['data'] & { client: ClientRecord; extraFields: ExtraField[] }> {
	const client = await findEditableClient(db, actor, clientId);
	const mayGive = can(actor, 'deals.reassign');
	const [extraFields, tags, { sources }, colleagues] = await Promise.all([
		listExtraFields(db, 'client'),
		listTags(db),
		listSources(db),
		mayGive ? listColleagues(db, asEditor(actor)) : [],
	]);
	const lists = {
		colleagues,
		tags: tags.map(({ name }) => name),
		sources: sources.map(({ name }) => name),
	};
	const facts = clientFacts({ client, extra: extraFields, lists, viewer, mayGive });
	const { version } = client;
	return { client, extraFields, facts, action: `/clients/${clientId}/edit`, version };
}

const NOBODY: Omit<ClientRecord, 'createdAt'> = {
	...{ id: 0, name: '', legalKind: 'company', status: 'prospect', ownerId: null, ownerName: null },
	...{ inn: null, kpp: null, ogrn: null, bankName: null, bic: null, account: null },
	...{ correspondentAccount: null, website: null, segment: null, region: null, source: null },
	...{ note: null, extra: {}, archivedAt: null, mergedInto: null, version: 1 },
	...{ tags: [], addresses: [], points: [], editable: true },
};

/** The form of a new client: its facts, all of them empty. */
export async function readNewClient(
	db: Sql,
	viewer: Viewer,
): Promise<{ facts: Fact[]; labels: Record<string, string>; extraFields: ExtraField[] }> {
	const [extraFields, tags, { sources }] = await Promise.all([
		listExtraFields(db, 'client'),
		listTags(db),
		listSources(db),
	]);
	const lists = {
		colleagues: [],
		tags: tags.map(({ name }) => name),
		sources: sources.map(({ name }) => name),
	};
	const client = { ...NOBODY, createdAt: viewer.now };
	const facts = clientFacts({ client, extra: extraFields, lists, viewer, mayGive: false });
	const labels = Object.fromEntries(facts.map(({ name, label }) => [name, label]));
	return { facts, labels, extraFields };
}
