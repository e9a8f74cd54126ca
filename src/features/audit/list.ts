import type { Database } from '#src/platform/db/client.ts';
import { BadRequest } from '#src/platform/errors.ts';
import { readQuery } from '#src/platform/forms/readers.ts';
import { addDays, startOfDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { SheetColumn } from '#src/platform/tables/sheets.ts';
import { AuditQuery, recordAsked } from './forms.ts';
import {
	type AuditEvent,
	type AuditFilter,
	listActors,
	listAudit,
	type Names,
	readNames,
} from './queries.ts';
import { namesWanted, partsOf } from './telling.ts';
import { labelOf, valueWords } from './values.ts';
import type { AuditWords } from './words.ts';

const PAGE = 50;

/** A line of the log, in the reader's words. */
export type AuditLine = {
	id: number;
	at: Date;
	who: string;
	what: string;
	/** What it was done to, with its page where it has one, and how the log is asked for it alone. */
	about: { name: string; href: string | null; record: string | null }[];
	changes: { label: string; from: string | null; to: string | null; pair: boolean }[];
	door: string;
	ip: string | null;
};

type Asked = { filter: AuditFilter; after: string | null; typed: Record<string, string> };

/** What an address asks of the log. Throws BadRequest. */
export function readAuditQuery(query: unknown, viewer: Viewer, words: AuditWords): Asked {
	const { person, kind, record, from, until, after = null } = readQuery(AuditQuery, query);
	const asked = record === undefined ? null : recordAsked(record, words);
	if (kind !== undefined && !words.nouns.has(kind))
		throw new BadRequest('error.badRequest', { what: 'kind' });
	const named = asked === null && record !== undefined ? record : null;
	const start = (day: string) => startOfDay(day, viewer.timeZone);
	const typed = { person, kind, record, from, until };
	return {
		filter: {
			...{ personId: person ?? null, noun: kind ?? null, record: asked, named },
			from: from === undefined ? null : start(from),
			before: until === undefined ? null : start(addDays(until, 1)),
		},
		after,
		typed: Object.fromEntries(
			Object.entries(typed).flatMap(([name, value]) =>
				value === undefined ? [] : [[name, String(value)]],
			),
		),
	};
}

/** A page of the log and all that stands around it, in four statements. Throws BadRequest. */
export async function readAuditPage(
	db: Database,
	query: unknown,
	viewer: Viewer,
	words: AuditWords,
) {
	const { filter, after, typed } = readAuditQuery(query, viewer, words);
	const [people, { rows, next }] = [
		await listActors(db),
		await readAuditLines(db, filter, { viewer, words }, { after, limit: PAGE }),
	];
	const url = (change: Record<string, string | null>, path = '/admin/audit') => {
		const wanted = Object.entries({ ...typed, ...change }).filter(([, value]) => value !== null);
		const search = new URLSearchParams(wanted as [string, string][]);
		return search.size > 0 ? `${path}?${search}` : path;
	};
	return {
		...{ lines: rows, next, typed, people, url, onward: after !== null },
		exportUrl: (format: string) => url({ format }, '/admin/audit/export'),
		nouns: [...words.nouns]
			.map(([id, { title }]) => ({ id, name: translate(viewer.language, title) }))
			.sort((a, b) => a.name.localeCompare(b.name, viewer.language)),
		told: toldWords(typed, people, viewer, words),
	};
}

function toldWords(
	typed: Record<string, string>,
	people: { id: number; name: string }[],
	{ language }: Viewer,
	{ nouns }: AuditWords,
): string[] {
	const person = people.find(({ id }) => String(id) === typed.person)?.name;
	const noun = nouns.get(typed.kind ?? '');
	const period = [typed.from, typed.until].map((day) => day ?? '…').join(' – ');
	return [
		person,
		noun && translate(language, noun.title),
		typed.record,
		typed.from || typed.until ? period : undefined,
	].filter((words) => words !== undefined);
}

/** Lines of the log, newest first, in two statements, and where the next ones begin. Throws BadRequest. */
export async function readAuditLines(
	db: Database,
	filter: AuditFilter,
	reader: { viewer: Viewer; words: AuditWords },
	page: { after: string | null; limit: number },
): Promise<{ rows: AuditLine[]; next: string | null }> {
	const { rows, next } = await listAudit(db, filter, page);
	const names = await readNames(db, namesWanted(rows), reader.words);
	return { rows: rows.map((event) => lineOf(event, names, reader)), next };
}

function lineOf(
	event: AuditEvent,
	names: Names,
	{ viewer, words }: { viewer: Viewer; words: AuditWords },
): AuditLine {
	const { id, type, at, actorName, data, door, ip } = event;
	const say = (key: MessageKey, args?: Record<string, string>) =>
		translate(viewer.language, key, args);
	const telling = { names, viewer, tasks: words.tasks };
	const said = (name: string, value: unknown) => valueWords(type, name, value, telling);
	const happened = words.happened[type];
	const login = typeof data.login === 'string' && data.login !== '' ? data.login : null;
	return {
		...{ id, at },
		who: actorName ?? (type === 'session.refused' ? login : null) ?? say('audit.nobody'),
		what: happened ? say(happened) : type,
		about: aboutOf(event, names, words),
		changes: partsOf(event).flatMap((part) => {
			const pair = 'from' in part;
			const [from, to] = pair ? [part.from, part.to] : [null, part.value];
			const told = { from: said(part.name, from), to: said(part.name, to) };
			// What stayed as it was is no change, though the event may say so.
			if (pair ? told.from === told.to : told.to === null) return [];
			return [{ label: labelOf(type, part.name, telling), ...told, pair }];
		}),
		door: say('history.door', { door }),
		ip: ip ?? (typeof data.address === 'string' ? data.address : null),
	};
}

function aboutOf(event: AuditEvent, names: Names, { nouns }: AuditWords): AuditLine['about'] {
	const { noun, recordId: id, dealId, clientId, data } = event;
	const own = [data.name, data.summary, data.file].find(
		(name) => typeof name === 'string' && name !== '',
	);
	const name = (of: string, id: number) => names.get(of)?.get(String(id)) ?? `№ ${id}`;
	const about = (of: string, id: number) => ({
		...{ name: name(of, id), href: nouns.get(of)?.page?.(id) ?? null, record: `${of}:${id}` },
	});
	// A step, a contact stands beside what it belongs to.
	const above = [
		...(dealId !== null ? [about('deal', dealId)] : []),
		...(clientId !== null && dealId === null ? [about('client', clientId)] : []),
	];
	if (noun === 'deal' || noun === 'client') return above;
	const self =
		typeof own === 'string'
			? { name: own, href: null, record: null }
			: id === null || above.length > 0
				? null
				: about(noun, id);
	const record = id !== null && above.length === 0 ? `${noun}:${id}` : null;
	return self === null ? above : [{ ...self, record }, ...above];
}

/** The columns of the log as a file. */
export function auditColumns(): SheetColumn<AuditLine>[] {
	return [
		{ label: 'audit.when', kind: 'moment', value: ({ at }) => at },
		{ label: 'audit.who', kind: 'text', value: ({ who }) => who },
		{ label: 'audit.what', kind: 'text', value: ({ what }) => what },
		{
			...{ label: 'audit.about', kind: 'text' },
			value: ({ about }) => about.map(({ name }) => name).join(' · '),
		},
		{
			...{ label: 'audit.changes', kind: 'text' },
			value: ({ changes }) =>
				changes
					.map(
						({ label, from, to, pair }) =>
							`${label}: ${pair ? `${from ?? '—'} → ` : ''}${to ?? '—'}`,
					)
					.join('; '),
		},
		{ label: 'audit.way', kind: 'text', value: ({ door }) => door },
		{ label: 'audit.ip', kind: 'text', value: ({ ip }) => ip },
	];
}
