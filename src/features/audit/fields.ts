import { nounOf } from '#src/platform/history/nouns.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';
import type { Named } from './queries.ts';

/** How a value of an event is told, where it is not text as it stands. */
export type Told =
	| Named
	| 'clock'
	| 'colour'
	| 'density'
	| 'extraKind'
	| 'extraNoun'
	| 'fields'
	| 'language'
	| 'legalKind'
	| 'message'
	| 'money'
	| 'planned'
	| 'permissions'
	| 'reach'
	| 'reopened'
	| 'screen'
	| 'series'
	| 'sourceKind'
	| 'span'
	| 'status'
	| 'task'
	| 'theme'
	| 'view'
	| 'way'
	| 'weekdays'
	| 'why'
	| 'yesNo';

type Field = [label: MessageKey, told?: Told];

/** What the values of events are called and how they are told, whatever the event is about. */
const FIELDS: Record<string, Field> = {
	account: ['label.account'],
	accounts: ['audit.accounts'],
	active: ['label.active', 'yesNo'],
	actualAddress: ['label.actualAddress'],
	address: ['audit.ip'],
	amount: ['label.amount', 'money'],
	amountBefore: ['audit.amountBefore', 'money'],
	amountFromProducts: ['label.amountFromProducts', 'yesNo'],
	at: ['label.doneDay', 'planned'],
	author: ['label.author'],
	bankName: ['label.bankName'],
	bic: ['label.bic'],
	boardFilterId: ['label.boardFilterId', 'filter'],
	boardView: ['label.boardView', 'view'],
	bornOn: ['label.bornOn', 'planned'],
	campaign: ['label.campaign'],
	cancelled: ['audit.stepsCancelled'],
	choices: ['label.choices'],
	clientId: ['label.clientId', 'client'],
	clients: ['nav.clients'],
	closeComment: ['label.comment'],
	closedOn: ['label.closedOn', 'planned'],
	colour: ['label.colour', 'colour'],
	comment: ['label.comment'],
	contacts: ['audit.contacts'],
	copyOf: ['audit.copyOf', 'deal'],
	correspondentAccount: ['label.correspondentAccount'],
	created: ['audit.created'],
	createdOn: ['deal.created', 'planned'],
	currency: ['label.currency'],
	day: ['label.day', 'planned'],
	dealId: ['label.dealId', 'deal'],
	deals: ['nav.deals'],
	dealsFilterId: ['label.dealsFilterId', 'filter'],
	deliveryAddress: ['label.deliveryAddress'],
	density: ['label.density', 'density'],
	description: ['label.description'],
	detail: ['audit.detail'],
	editScope: ['label.editScope', 'reach'],
	email: ['label.email'],
	emails: ['label.emails'],
	erased: ['audit.erased', 'yesNo'],
	expectedCloseOn: ['label.expectedCloseOn', 'planned'],
	file: ['label.file'],
	format: ['label.format'],
	heirId: ['label.heirId', 'person'],
	icon: ['label.icon'],
	idleDays: ['label.idleDays'],
	inn: ['label.inn'],
	interactions: ['audit.steps'],
	into: ['label.intoId'],
	issuer: ['audit.issuer'],
	kept: ['audit.kept'],
	keysOff: ['settings.keysOff', 'yesNo'],
	kindId: ['label.kindId', 'kind'],
	kpp: ['label.kpp'],
	language: ['label.language', 'language'],
	legalAddress: ['label.legalAddress'],
	legalKind: ['label.legalKind', 'legalKind'],
	lengthMinutes: ['label.lengthMinutes'],
	login: ['person.login'],
	lossReasonId: ['label.lossReasonId', 'reason'],
	made: ['audit.created'],
	mailDigest: ['settings.mailDigest', 'yesNo'],
	mailReminders: ['settings.mailReminders', 'yesNo'],
	mails: ['mail.title'],
	mergedId: ['audit.merged', 'deal'],
	name: ['label.name'],
	names: ['audit.merged'],
	nextInDays: ['label.nextInDays'],
	nextKindId: ['label.nextKindId', 'kind'],
	note: ['label.note'],
	noun: ['label.noun', 'extraNoun'],
	ogrn: ['label.ogrn'],
	outcome: ['label.outcome'],
	ownerId: ['label.ownerId', 'person'],
	parentId: ['label.parentId', 'team'],
	path: ['audit.path'],
	pattern: ['label.pattern'],
	permissions: ['role.may', 'permissions'],
	personId: ['label.personId', 'person'],
	phones: ['label.phones'],
	pipelineId: ['label.pipelineId', 'pipeline'],
	place: ['label.place'],
	plannedAt: ['audit.planned', 'planned'],
	plannedOn: ['audit.planned', 'planned'],
	position: ['audit.position'],
	postalAddress: ['label.postalAddress'],
	probability: ['label.probability'],
	productId: ['label.productId'],
	query: ['label.query'],
	reason: ['label.reason'],
	region: ['label.region'],
	rejected: ['audit.rejected'],
	remindMinutes: ['label.remindMinutes'],
	removed: ['audit.removed'],
	repeat: ['label.repeat'],
	requiredFields: ['stages.required', 'fields'],
	restored: ['audit.restored'],
	returned: ['audit.stepsReturned'],
	role: ['label.role', 'roleCode'],
	rows: ['label.rows'],
	rule: ['label.repeat'],
	scope: ['label.scope', 'series'],
	screen: ['label.screen', 'screen'],
	secondsInPrevious: ['audit.inPrevious', 'span'],
	segment: ['label.segment'],
	sessions: ['session.title'],
	shared: ['audit.shared', 'yesNo'],
	source: ['label.source'],
	stageId: ['label.stageId', 'stage'],
	status: ['label.status', 'status'],
	stayed: ['audit.stayed'],
	steps: ['audit.steps'],
	subject: ['audit.subject'],
	summary: ['label.summary'],
	tags: ['label.tags'],
	task: ['audit.task', 'task'],
	teamId: ['label.teamId', 'team'],
	text: ['history.noted'],
	theme: ['label.theme', 'theme'],
	timeZone: ['label.timeZone'],
	title: ['label.title'],
	updated: ['audit.updated'],
	viewScope: ['label.viewScope', 'reach'],
	waiting: ['audit.waiting', 'yesNo'],
	way: ['audit.way', 'way'],
	website: ['label.website'],
	why: ['audit.why', 'message'],
	weekdays: ['work.days', 'weekdays'],
	workFrom: ['label.workFrom', 'clock'],
	workUntil: ['label.workUntil', 'clock'],
	working: ['label.working', 'yesNo'],
};

/** The same names where they mean something else: by the noun of the event. */
const OF_NOUN: Record<string, Record<string, Field>> = {
	contact: { position: ['label.position'], role: ['label.role'] },
	extra: { kind: ['label.kind', 'extraKind'] },
	interaction: { status: ['audit.reopenedFrom', 'reopened'] },
	person: { name: ['person.name'], personId: ['audit.whose', 'person'] },
	password: { personId: ['audit.whose', 'person'] },
	session: { personId: ['audit.whose', 'person'] },
	source: { kind: ['label.kind', 'sourceKind'] },
};
const ENDED: Field = ['audit.why', 'why'];

/** What a value of an event is called and how it is told; null for a name that nobody has told of. */
export function fieldOf(type: string, name: string): Field | null {
	if (type === 'session.ended' && name === 'why') return ENDED;
	return OF_NOUN[nounOf(type)]?.[name] ?? FIELDS[name] ?? null;
}

/** What an event is read by beside its ids, and a currency or an icon: none of it says anything of a person. */
const CODES = [
	'closedAt',
	'currency',
	'format',
	'from',
	'icon',
	'kept',
	'price',
	'quantity',
	'rule',
	'stageEnteredAt',
	'timeZone',
	'to',
];

/** The names under which an event of this type keeps codes, days and moments; every other text in it may speak of a person. */
export function codesOf(type: string): string[] {
	const names = [...Object.keys(FIELDS), ...Object.keys(OF_NOUN[nounOf(type)] ?? {})];
	// A day of birth is told as a day, and is a person's.
	const told = names.filter((name) => name !== 'bornOn' && fieldOf(type, name)?.[1] !== undefined);
	return [...new Set([...told, ...CODES])];
}
