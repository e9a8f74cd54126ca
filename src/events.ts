/**
 * Everything that can happen, as types only. One event row per action of a person, written in the
 * action's own transaction by platform/history/record.ts; history, imports and reports read from there.
 */

import type {
	About,
	AccountLink,
	CalendarHappened,
	Emptied,
	Erasing,
	ExportedList,
	FieldChange,
	ImportHappened,
	MergedDeals,
	OfSeries,
	Passage,
	ProductChange,
	SessionEnd,
	Settled,
	SignInWay,
	Uses,
} from './event-shapes.ts';

/** The way by which a person came to an action. */
export const DOORS = [
	'board',
	'card',
	'form',
	'api',
	'import',
	'seed',
	'calendar',
	'agenda',
	'job',
] as const;
export type Door = (typeof DOORS)[number];

export type { EndingWas, FieldChange, ProductChange, SettledStep } from './event-shapes.ts';

export type AppEvent =
	/** `copyOf`: of one that was made like another. */
	| ({ type: 'deal.created'; data: { stageId: number; copyOf?: number } } & About['deal'])
	| ({
			type: 'deal.removed';
			/** The whole of it, table by table, for who brings it back. */
			data: { title: string; ownerId: number; whole: Record<string, Record<string, unknown>[]> };
	  } & About['deal'])
	| ({ type: 'deal.archived' | 'deal.restored'; data: Settled } & About['deal'])
	| ({ type: 'deal.merged'; data: MergedDeals } & About['deal'])
	| ({
			type: 'deal.unmerged';
			/** Fields that had changed since and so stayed as they are, and how many rows did not come back. */
			data: { mergedId: number; title: string; kept: string[]; stayed: number };
	  } & About['deal'])
	| ({ type: 'deal.recovered'; data: { title: string } } & About['deal'])
	| ({ type: 'deal.moved'; data: Passage } & About['deal'])
	| ({
			type: 'deal.won';
			data: Passage & {
				amount: string;
				/** What stood there before; absent in imports and in old rows. */
				amountBefore?: string | null;
				closedOn: string;
			};
	  } & About['deal'])
	| ({
			type: 'deal.lost';
			data: Passage & {
				lossReasonId: number | null;
				comment: string | null;
				closedOn: string;
			};
	  } & About['deal'])
	| ({
			type: 'deal.reopened';
			data: Passage;
	  } & About['deal'])
	| ({
			type: 'deal.edited';
			data: { changes: Record<string, FieldChange>; products?: ProductChange[] };
	  } & About['deal'])
	| ({
			type: 'deal.reassigned';
			/** `steps` went along, and the new owner had `helped`: what giving back needs; absent in old rows. */
			data: { from: number; to: number; note?: string; steps?: number[]; helped?: boolean };
	  } & About['deal'])
	| ({ type: 'deal.joined'; data: { personId: number } } & About['deal'])
	| ({ type: 'deal.left'; data: { personId: number } } & About['deal'])
	| ({ type: 'deal.noted'; data: { text: string } } & About['deal'])
	| ({ type: 'client.created'; data: Record<string, never> } & About['client'])
	| ({ type: 'client.edited'; data: { changes: Record<string, FieldChange> } } & About['client'])
	| ({
			type: 'client.merged';
			/** All that undoing needs stands in client_merges. */
			data: { mergeId: number; names: string[]; moved: Record<string, number> };
	  } & About['client'])
	| ({
			type: 'client.unmerged';
			/** Fields that had changed since and so stayed as they are, and how many rows did not come back. */
			data: { mergeId: number; names: string[]; kept: string[]; stayed: number };
	  } & About['client'])
	| ({ type: 'client.archived'; data: Record<string, never> } & About['client'])
	| ({ type: 'client.restored'; data: Record<string, never> } & About['client'])
	| ({ type: 'client.removed'; data: { name: string; inn: string | null } } & About['client'])
	| ({
			type: 'contact.added' | 'contact.archived' | 'contact.restored' | 'contact.removed';
			data: { contactId: number; name: string };
	  } & About['client'])
	| ({
			type: 'contact.edited';
			data: { contactId: number; name: string; changes: Record<string, FieldChange> };
	  } & About['client'])
	| ({
			type: 'interaction.planned';
			data: {
				kindId: number;
				summary: string;
				plannedOn: string | null;
				plannedAt: string | null;
				/** Where it was given to somebody else than whose the deal or the client is. */
				ownerId?: number;
				/** Of the first step of a series: its rule, as RFC 5545 writes it. */
				rule?: string;
			};
	  } & About['interaction'])
	| ({
			type: 'interaction.completed';
			/** `at`: when it was done, where that was noted later. */
			data: { kindId: number; summary: string; outcome: string | null; at?: string };
	  } & About['interaction'])
	| ({
			type: 'interaction.postponed';
			data: { kindId: number; summary: string; from: string; to: string };
	  } & About['interaction'])
	| ({
			type: 'interaction.cancelled';
			data: { kindId: number; summary: string; reason: string | null } & OfSeries;
	  } & About['interaction'])
	| ({
			type: 'interaction.edited';
			data: { kindId: number; summary: string; changes: Record<string, FieldChange> } & OfSeries;
	  } & About['interaction'])
	| ({ type: 'series.extended'; data: { seriesId: number; made: number } } & About['interaction'])
	| ({
			type: 'interaction.reassigned';
			data: { kindId: number; summary: string; from: number; to: number };
	  } & About['interaction'])
	| ({
			type: 'interaction.deleted';
			/** `ownerId`: whose it was; absent in old rows. */
			data: {
				kindId: number;
				summary: string;
				plannedOn: string | null;
				plannedAt: string | null;
				ownerId?: number;
				/** The whole row, for who takes it back at once; absent in old rows. */
				row?: Record<string, unknown>;
			};
	  } & About['interaction'])
	| ({
			type: 'interaction.restored';
			data: { kindId: number; summary: string };
	  } & About['interaction'])
	| ({
			type: 'interaction.reopened';
			data: { kindId: number; summary: string; from: 'done' | 'cancelled' };
	  } & About['interaction'])
	| CalendarHappened
	| Erasing
	| { type: 'job.retried' | 'job.removed'; data: { jobId: number; task: string } }
	| { type: 'mail.retried'; data: { mails: number } }
	| { type: 'settings.saved'; data: { changes: Record<string, FieldChange> } }
	| {
			type: 'holiday.added' | 'holiday.removed';
			data: { holidayId: number; day: string; name: string };
	  }
	| { type: 'holiday.edited'; data: { holidayId: number; changes: Record<string, FieldChange> } }
	| { type: 'work.edited'; data: { workId: number; changes: Record<string, FieldChange> } }
	| {
			type: 'organization.added' | 'organization.removed';
			data: { organizationId: number; name: string };
	  }
	| {
			type: 'organization.edited';
			data: { organizationId: number; changes: Record<string, FieldChange> };
	  }
	| { type: 'pipeline.added'; data: { pipelineId: number; name: string } }
	| { type: 'pipeline.edited'; data: { pipelineId: number; changes: Record<string, FieldChange> } }
	| {
			type: 'pipeline.removed';
			data: { pipelineId: number; name: string } & Emptied;
	  }
	| { type: 'stage.added'; data: { stageId: number; pipelineId: number; name: string } }
	| { type: 'stage.edited'; data: { stageId: number; changes: Record<string, FieldChange> } }
	| { type: 'stage.removed'; data: { stageId: number; name: string } & Emptied }
	| {
			type: 'filter.saved' | 'filter.changed' | 'filter.removed';
			data: { filterId: number; screen: string; name: string; shared: boolean };
	  }
	| {
			type: 'extra.added' | 'extra.removed';
			data: { fieldId: number; noun: string; name: string };
	  }
	| {
			type: 'extra.changed';
			data: { fieldId: number; noun: string; name: string; changes: Record<string, FieldChange> };
	  }
	| {
			type: 'person.edited';
			data: { personId: number; changes: Record<string, FieldChange> };
	  }
	| {
			type: 'person.left';
			data: {
				personId: number;
				name: string;
				/** Who took over, and how much. */
				heirId: number | null;
				deals: number;
				interactions: number;
				clients: number;
			};
	  }
	| { type: 'team.added' | 'team.removed'; data: { teamId: number; name: string } }
	| { type: 'team.edited'; data: { teamId: number; changes: Record<string, FieldChange> } }
	| { type: 'role.added' | 'role.removed'; data: { roleId: number; name: string } }
	| { type: 'role.edited'; data: { roleId: number; changes: Record<string, FieldChange> } }
	| { type: 'mapping.added' | 'mapping.removed'; data: { mappingId: number; name: string } }
	| { type: 'mapping.edited'; data: { mappingId: number; changes: Record<string, FieldChange> } }
	| { type: 'reason.added' | 'reason.removed'; data: { reasonId: number; name: string } }
	| { type: 'reason.edited'; data: { reasonId: number; changes: Record<string, FieldChange> } }
	| { type: 'tag.added' | 'tag.removed'; data: { tagId: number; name: string } }
	| { type: 'tag.edited'; data: { tagId: number; changes: Record<string, FieldChange> } }
	| {
			type: 'tag.merged';
			/** Which has gone into which, and how many records had it. */
			data: { tagId: number; name: string; intoId: number; into: string } & Uses;
	  }
	| {
			type: 'source.added' | 'source.removed';
			data: { sourceId: number; kind: string; name: string };
	  }
	| {
			type: 'source.edited';
			/** With how many records say it by another name now, where it was renamed. */
			data: {
				sourceId: number;
				kind: string;
				name: string;
				changes: Record<string, FieldChange>;
			} & Partial<Uses>;
	  }
	| {
			type: 'source.merged';
			data: { sourceId: number; kind: string; name: string; intoId: number; into: string } & Uses;
	  }
	| { type: 'kind.created' | 'kind.removed'; data: { kindId: number; name: string } }
	| { type: 'kind.edited'; data: { kindId: number; changes: Record<string, FieldChange> } }
	| { type: 'session.started'; data: { way: SignInWay } }
	| {
			type: 'session.ended';
			data: { why: SessionEnd; personId: number; sessions: number };
	  }
	| {
			type: 'session.refused';
			/** `why` is a key of the locale files; `detail` is for those who look after the sign-in. */
			data: { way: SignInWay; why: string; login: string; address: string; detail?: string };
	  }
	/** Signed in, but not allowed to change what they asked for. */
	| { type: 'access.refused'; data: { path: string } }
	/** A list taken away as a file: which, by what отбор, how many rows of it. */
	| {
			type: 'export.made';
			data: { screen: ExportedList; format: string; query: string; rows: number };
	  }
	| {
			type: 'person.created';
			data: { personId: number; login: string; name: string; role: string; waiting: boolean };
	  }
	| { type: 'person.linked' | 'person.linkDeclined'; data: AccountLink }
	| { type: 'person.unlinked'; data: { personId: number; accounts: number } }
	| {
			type: 'person.mapped' | 'person.approved';
			data: { personId: number; changes: Record<string, FieldChange> };
	  }
	| { type: 'password.made' | 'password.removed'; data: { personId: number } }
	| { type: 'key.rotated'; data: Record<string, never> }
	| ImportHappened;
