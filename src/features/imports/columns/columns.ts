import { type Actor, can } from '#src/features/access/rights.ts';
import type { Feeds, Known, Way } from '#src/features/imports/tables.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';

/** Columns that we put behind those of the file: its line, and why it was rejected. */
export const BEHIND = { ru: ['Строка', 'Причина'], en: ['Line', 'Reason for rejection'] } as const;
/** In a mended file they are ours again, in whatever language. */
export const OURS: readonly string[] = [...BEHIND.ru, ...BEHIND.en];

/** A field that a column can be chosen for, and the headings under which it usually comes. */
export type ColumnField = {
	field: string;
	label: MessageKey;
	words: string;
	/** Several columns may feed it. */
	many?: true;
	required?: true;
	/** A part of the name in this field: it stands for it where no column does. */
	partOf?: string;
};

/** What can be chosen for one noun. */
export type FeedColumns = {
	fields: readonly ColumnField[];
	/** By what its records can be known; the first is the usual. */
	ways: readonly Way[];
	known: readonly Known[];
};

const CODE = 'код;код 1с;id;ид;идентификатор;код клиента;внешний код;guid;external id;code';
const CLIENT =
	'клиент;контрагент;заказчик;компания;организация;название компании;client;company;account;customer';
const PHONE =
	'телефон;телефоны;тел;тел.;мобильный;моб. телефон;мобильный телефон;рабочий телефон;phone;mobile;phone number';
const MAIL = 'почта;e-mail;email;эл. почта;электронная почта;адрес электронной почты;mail;мейл';
const OWNER = 'ответственный;менеджер;ответственный менеджер;owner;manager;responsible;sales agent';
const NOTE = 'примечание;заметка;описание;note;notes;comment';
const POSITION = 'должность;position;job title;title';
const LAST = 'фамилия;last name;last_name;surname;family name;family_name';
const FIRST = 'имя;first name;first_name;given name;given_name;forename';
const MIDDLE = 'отчество;middle name;middle_name;patronymic';
const INN = 'инн;инн контрагента;инн клиента;inn;tax id';
const TAGS = 'метки;теги;метка;тег;tags;labels';
const NUMBER = 'номер;№;номер сделки;код сделки;код;id;number;deal id;opportunity_id';

/** The parts of a person's name, in the order in which they are joined. */
function partsOf(name: string, prefix = ''): ColumnField[] {
	const parts = [
		['last', 'column.lastName', LAST],
		['first', 'column.firstName', FIRST],
		['middle', 'column.middleName', MIDDLE],
	] as const;
	return parts.map(([part, label, words]) => ({
		field: `${prefix}${part}`,
		...{ label, words, partOf: name },
	}));
}

const CLIENTS: ColumnField[] = [
	{
		field: 'name',
		label: 'column.name',
		words: `${CLIENT};название;наименование;имя;name`,
		required: true,
	},
	{ field: 'ref', label: 'column.code', words: CODE },
	{ field: 'inn', label: 'column.inn', words: INN },
	{ field: 'kpp', label: 'column.kpp', words: 'кпп;kpp' },
	{ field: 'ogrn', label: 'column.ogrn', words: 'огрн;огрнип;ogrn' },
	{
		field: 'legalKind',
		label: 'column.legalKind',
		words: 'вид;юридический вид;тип;вид контрагента;юр. / физ. лицо;legal kind',
	},
	{ field: 'phones', label: 'column.phones', words: PHONE, many: true },
	{ field: 'emails', label: 'column.emails', words: MAIL, many: true },
	{ field: 'website', label: 'column.website', words: 'сайт;веб-сайт;www;website;site' },
	{ field: 'owner', label: 'column.owner', words: OWNER },
	{ field: 'status', label: 'column.status', words: 'состояние;статус;статус клиента;status' },
	{ field: 'source', label: 'column.source', words: 'источник;source' },
	{
		field: 'segment',
		label: 'column.segment',
		words: 'сегмент;отрасль;сфера деятельности;segment;sector;industry',
	},
	{
		field: 'region',
		label: 'column.region',
		words: 'регион;город;область;region;city;office_location',
	},
	{
		field: 'legalAddress',
		label: 'column.legalAddress',
		words: 'юридический адрес;юр. адрес;адрес;legal address;address',
	},
	{
		field: 'actualAddress',
		label: 'column.actualAddress',
		words: 'фактический адрес;факт. адрес;actual address',
	},
	{ field: 'bankName', label: 'column.bankName', words: 'банк;bank' },
	{ field: 'bic', label: 'column.bic', words: 'бик;bic' },
	{ field: 'account', label: 'column.account', words: 'расчётный счёт;р/с;расчетный счет;account' },
	{
		field: 'correspondentAccount',
		label: 'column.correspondentAccount',
		words: 'корр. счёт;к/с;корреспондентский счёт',
	},
	{ field: 'tags', label: 'column.tags', words: TAGS, many: true },
	{ field: 'note', label: 'column.note', words: `${NOTE};комментарий` },
	{
		field: 'contact.name',
		label: 'column.contactName',
		words: 'контактное лицо;контакт;фио;ф.и.о.;контактное лицо фио;contact;contact name',
	},
	{
		field: 'contact.position',
		label: 'column.contactPosition',
		words: `${POSITION};должность контакта`,
	},
	{
		field: 'contact.phones',
		label: 'column.contactPhones',
		words: 'телефон контакта;телефон контактного лица;contact phone',
		many: true,
	},
	{
		field: 'contact.emails',
		label: 'column.contactEmails',
		words: 'почта контакта;e-mail контакта;e-mail контактного лица;contact email',
		many: true,
	},
	...partsOf('contact.name', 'contact.'),
];

const SUBJECT: ColumnField[] = [
	{ field: 'client', label: 'column.client', words: CLIENT, required: true },
	{ field: 'client.inn', label: 'column.inn', words: INN },
];

const CONTACTS: ColumnField[] = [
	...SUBJECT,
	{
		field: 'name',
		label: 'column.contactName',
		words: 'контактное лицо;контакт;фио;ф.и.о.;имя;name;contact;contact name',
		required: true,
	},
	...partsOf('name'),
	{ field: 'position', label: 'column.contactPosition', words: POSITION },
	{ field: 'role', label: 'column.contactRole', words: 'роль;роль в сделке;role' },
	{ field: 'phones', label: 'column.phones', words: PHONE, many: true },
	{ field: 'emails', label: 'column.emails', words: MAIL, many: true },
	{ field: 'bornOn', label: 'column.bornOn', words: 'дата рождения;день рождения;born;birthday' },
	{ field: 'note', label: 'column.note', words: `${NOTE};комментарий` },
];

const DEALS: ColumnField[] = [
	...SUBJECT,
	{
		field: 'title',
		label: 'column.title',
		words: 'интерес;сделка;тема;название интереса;название;наименование;title;deal;opportunity',
		required: true,
	},
	{ field: 'ref', label: 'column.number', words: NUMBER },
	{ field: 'stage', label: 'column.stage', words: 'состояние;этап;стадия;статус;stage;deal_stage' },
	{
		field: 'amount',
		label: 'column.amount',
		words: 'сумма;бюджет;стоимость;amount;sum;close_value',
	},
	{ field: 'currency', label: 'column.currency', words: 'валюта;currency' },
	{ field: 'owner', label: 'column.owner', words: OWNER },
	{
		field: 'createdOn',
		label: 'column.createdOn',
		words: 'создан;создано;дата создания;дата;created;engage_date',
	},
	{
		field: 'expectedCloseOn',
		label: 'column.expectedCloseOn',
		words: 'закрыть до;ожидаемое закрытие;срок;плановая дата закрытия;expected close',
	},
	{
		field: 'closedOn',
		label: 'column.closedOn',
		words: 'закрыт;закрыто;дата закрытия;closed;close_date',
	},
	{
		field: 'lossReason',
		label: 'column.lossReason',
		words: 'причина неудачи;причина отказа;loss reason',
	},
	{
		field: 'closeComment',
		label: 'column.closeComment',
		words: 'комментарий к закрытию;close comment',
	},
	{
		field: 'probability',
		label: 'column.probability',
		words: 'вероятность;вероятность, %;probability',
	},
	{ field: 'source', label: 'column.source', words: 'источник;source' },
	{ field: 'campaign', label: 'column.campaign', words: 'кампания;рекламная кампания;campaign' },
	{ field: 'tags', label: 'column.tags', words: TAGS, many: true },
	{ field: 'note', label: 'column.note', words: `${NOTE};комментарий` },
	{
		field: 'line.product',
		label: 'column.product',
		words: 'товар;номенклатура;продукт;услуга;product',
	},
	{ field: 'line.quantity', label: 'column.quantity', words: 'количество;кол-во;quantity;qty' },
	{ field: 'line.price', label: 'column.price', words: 'цена;price' },
];

const INTERACTIONS: ColumnField[] = [
	{
		field: 'summary',
		label: 'column.summary',
		words: 'что сделать;тема;содержание;действие;задача;summary;subject',
		required: true,
	},
	{
		field: 'when',
		label: 'column.when',
		words: 'когда;дата;дата и время;срок;запланировано на;when;date;due',
		required: true,
	},
	{ field: 'client', label: 'column.client', words: CLIENT },
	{ field: 'client.inn', label: 'column.inn', words: INN },
	{ field: 'deal', label: 'column.deal', words: 'интерес;сделка;deal' },
	{ field: 'deal.ref', label: 'column.dealNumber', words: 'номер сделки;deal id' },
	{ field: 'kind', label: 'column.kind', words: 'вид;тип;вид взаимодействия;kind;type' },
	{ field: 'status', label: 'column.state', words: 'состояние;статус;status' },
	{ field: 'outcome', label: 'column.outcome', words: 'результат;итог;outcome;result' },
	{ field: 'description', label: 'column.description', words: `${NOTE};комментарий` },
	{ field: 'place', label: 'column.place', words: 'место;адрес;place' },
	{ field: 'owner', label: 'column.owner', words: `${OWNER};исполнитель` },
	{ field: 'ref', label: 'column.code', words: CODE },
];

const PRODUCTS: ColumnField[] = [
	{
		field: 'name',
		label: 'column.name',
		words: 'название;наименование;товар;номенклатура;product;name',
		required: true,
	},
	{ field: 'ref', label: 'column.code', words: `${CODE};артикул;sku` },
	{ field: 'series', label: 'column.series', words: 'серия;группа;series' },
	{ field: 'price', label: 'column.price', words: 'цена;price;sales_price' },
	{ field: 'currency', label: 'column.currency', words: 'валюта;currency' },
];

const PEOPLE: ColumnField[] = [
	{ field: 'name', label: 'column.person', words: 'имя;фио;ф.и.о.;сотрудник;name', required: true },
	...partsOf('name'),
	{ field: 'ref', label: 'column.code', words: `${CODE};табельный номер` },
	{ field: 'role', label: 'column.role', words: 'роль;role' },
	{ field: 'team', label: 'column.team', words: 'команда;отдел;подразделение;team;department' },
	{ field: 'login', label: 'column.login', words: 'логин;имя для входа;login' },
	{ field: 'email', label: 'column.emails', words: MAIL },
];

const ALL: readonly Known[] = ['update', 'skip', 'create'];

/** What each noun can be fed with in the browser. */
export const FEED_COLUMNS: Record<Feeds, FeedColumns> = {
	clients: { fields: CLIENTS, ways: ['name', 'ref', 'inn', 'phone', 'email'], known: ALL },
	contacts: { fields: CONTACTS, ways: ['name', 'phone', 'email'], known: ALL },
	deals: { fields: DEALS, ways: ['name', 'ref'], known: ALL },
	interactions: { fields: INTERACTIONS, ways: ['name', 'ref'], known: ['skip'] },
	products: { fields: PRODUCTS, ways: ['name', 'ref'], known: ['update', 'skip'] },
	people: { fields: PEOPLE, ways: ['ref', 'email', 'name'], known: ['update', 'skip'] },
};

/** Whether a column feeds a field, or a part of it. */
export function isFed(
	field: string,
	fields: readonly ColumnField[],
	chosen: readonly string[],
): boolean {
	const parts = fields.filter(({ partOf }) => partOf === field);
	return [field, ...parts.map((part) => part.field)].some((one) => chosen.includes(one));
}

/** What a person may bring in: directories and people are whose work they are. */
export function feedsFor(actor: Actor): Feeds[] {
	const everybody: Feeds[] = ['clients', 'contacts', 'deals', 'interactions'];
	const catalogs: Feeds[] = can(actor, 'catalogs') ? ['products'] : [];
	const people: Feeds[] = can(actor, 'people') ? ['people'] : [];
	return [...everybody, ...catalogs, ...people];
}
