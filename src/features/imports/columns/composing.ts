import { type Choice, type Feeds, INSTEAD_FIELDS, type Way } from '#src/features/imports/tables.ts';
import { FEED_COLUMNS } from './columns.ts';
import type { FileEntry, Mapping, Source, Step } from './mapping.ts';

/** The prefix of the refs of plain tables: the console's plain-ru mapping and the browser know the same records. */
const SOURCE = 'plain-ru';

const LEGAL_KIND = words({
	company: 'Юр. лицо;Юрлицо;Юридическое лицо;ООО;АО;Компания',
	sole_proprietor: 'ИП;Индивидуальный предприниматель',
	person: 'Физ. лицо;Физлицо;Физическое лицо;Частное лицо',
	government: 'Гос. орган;Госорган;Государственный орган;Бюджетное учреждение',
});
const CLIENT_STATUS = words({
	prospect: 'Потенциальный;Новый;Лид;Prospect',
	active: 'Действующий;Активный;Постоянный;Active',
	former: 'Бывший;Неактивный;Ушёл;Former',
});
const STEP_STATUS = words({
	planned: 'Запланировано;План;Планируется;Открыто;Новое;Planned',
	done: 'Сделано;Выполнено;Завершено;Состоялось;Done;Completed',
	cancelled: 'Отменено;Отмена;Не состоялось;Cancelled',
});
const ROLE = words({ manager: 'Менеджер;Продавец;Manager', head: 'Руководитель;Начальник;Head' });
const STAGE: Record<string, string> = {
	Новый: 'Первичный интерес',
	'В работе': 'Выявление потребностей',
	Успешно: 'Завершено успешно',
	Выиграна: 'Завершено успешно',
	Выигран: 'Завершено успешно',
	Неудачно: 'Завершено неудачно',
	Проиграна: 'Завершено неудачно',
	Проигран: 'Завершено неудачно',
};

function words(said: Record<string, string>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(said).flatMap(([value, all]) => all.split(';').map((word) => [word, value])),
	);
}

/** What a file is to be read as: headings, the noun, and what the person has chosen for its columns. */
export type Chosen = { feeds: Feeds; headers: readonly string[]; choice: Choice };

/** The mapping that a person's choice comes to: the same that `npm run import` reads out of a file. */
export function mappingOf(chosen: Chosen): Mapping {
	const { columns, joined } = columnsOf(chosen);
	const steps = STEPS[chosen.feeds](columns, chosen.choice).map((step) => insteadIn(step, chosen));
	const entry: FileEntry = { file: '*', needs: [], steps };
	return { name: chosen.feeds, source: SOURCE, headers: {}, aliases: {}, joined, files: [entry] };
}

// What nobody here is called by is read as the person has said.
function insteadIn(step: Step, { feeds, choice: { instead = {} } }: Chosen): Step {
	if (step.feeds !== feeds) return step;
	const fields = Object.entries(step.fields).map(([name, source]) => {
		const said = INSTEAD_FIELDS.find((field) => field === name);
		return [
			name,
			{
				...source,
				values: { ...(said && instead[said]), ...source.values, ...(said && instead[said]) },
			},
		] as const;
	});
	return { ...step, fields: Object.fromEntries(fields) };
}

/** The headings of each field, the first of several in front. */
type Columns = Map<string, string[]>;

// A name in parts is a column of its own, put together of them.
function columnsOf({ feeds, headers, choice }: Chosen) {
	const columns: Columns = new Map();
	for (const [at, field] of choice.fields.entries()) {
		const header = headers[at];
		if (field !== '' && header !== undefined)
			columns.set(field, [...(columns.get(field) ?? []), header]);
	}
	const joined: Record<string, string[]> = {};
	const parts = FEED_COLUMNS[feeds].fields.filter(({ partOf }) => partOf !== undefined);
	for (const whole of new Set(parts.map(({ partOf = '' }) => partOf))) {
		const own = parts.filter(({ partOf }) => partOf === whole);
		const used = own.flatMap(({ field }) => columns.get(field) ?? []);
		for (const { field } of own) columns.delete(field);
		if (used.length === 0 || columns.has(whole)) continue;
		joined[used.join(' + ')] = used;
		columns.set(whole, [used.join(' + ')]);
	}
	return { columns, joined };
}

const STEPS: Record<Feeds, (columns: Columns, choice: Choice) => Step[]> = {
	clients(columns, choice) {
		const hasContacts = columns.has('contact.name');
		const keys = keysOf(columns, [choice.way, 'name'], { email: 'emails', phone: 'phones' });
		const clients = step('clients', keys, {
			...{ repeats: hasContacts, known: choice.known },
			fields: fieldsOf(columns, '', {
				owner: { find: 'name' },
				legalKind: { values: LEGAL_KIND },
				status: { values: CLIENT_STATUS },
			}),
		});
		if (!hasContacts) return [clients];
		return [clients, contactsOf(columns, 'contact.', keys, choice)];
	},

	contacts(columns, choice) {
		const client: Source = columns.has('client.inn')
			? source(columns, 'client.inn', { find: 'inn' })
			: source(columns, 'client', { find: 'name' });
		const within = [columns.get('client.inn') ?? columns.get('client') ?? []];
		const own = keysOf(columns, [choice.way, 'name'], { email: 'emails', phone: 'phones' });
		const keys = own.map(({ columns, way }) => ({
			columns: [...(within[0] ?? []), ...columns],
			way,
		}));
		const fields = { ...fieldsOf(columns, ''), client };
		return [step('contacts', keys, { known: choice.known, repeats: false, fields })];
	},

	deals(columns, choice) {
		const client = keysOf(columns, ['inn', 'name'], { inn: 'client.inn', name: 'client' });
		const [known = { columns: [] as string[] }] = client.slice(-1);
		const title = columns.get('title') ?? [];
		const keys = [
			...(choice.way === 'ref' ? keysOf(columns, ['ref'], {}) : []),
			{ columns: [...known.columns, ...title], way: 'name' as const },
		];
		const hasLines = columns.has('line.product');
		const names = { ...source(columns, 'client', {}) };
		return [
			// A deal names its client; it does not rename it.
			step('clients', client, {
				...{ repeats: true, known: 'skip', adopts: true },
				fields: {
					name: names,
					...(columns.has('client.inn') ? { inn: source(columns, 'client.inn', {}) } : {}),
				},
			}),
			step('deals', keys, {
				...{ repeats: hasLines, known: choice.known, pipeline: choice.pipeline ?? null },
				fields: {
					...fieldsOf(columns, '', {
						owner: { find: 'name' },
						lossReason: { find: 'name' },
					}),
					stage: source(columns, 'stage', { values: STAGE, default: 'Первичный интерес' }),
					client: ofRow(columns.get('client')?.[0]),
				},
			}),
			...(hasLines ? [linesOf(columns, keys)] : []),
		];
	},

	interactions(columns, choice) {
		const subject = ['deal.ref', 'deal', 'client.inn', 'client'].flatMap(
			(field) => columns.get(field)?.slice(0, 1) ?? [],
		);
		const about = ['when', 'summary'].flatMap((field) => columns.get(field) ?? []);
		const keys = [
			...(choice.way === 'ref' ? keysOf(columns, ['ref'], {}) : []),
			...subject.map((column) => ({ columns: [column, ...about], way: 'ref' as const })),
		];
		const fields = fieldsOf(columns, '', {
			owner: { find: 'name' },
			status: { values: STEP_STATUS },
		});
		const deal = columns.has('deal.ref')
			? { deal: source(columns, 'deal.ref', { find: 'key' }) }
			: columns.has('deal')
				? { deal: source(columns, 'deal', { find: 'name' }) }
				: {};
		const client = columns.has('client.inn')
			? { client: source(columns, 'client.inn', { find: 'inn' }) }
			: columns.has('client')
				? { client: source(columns, 'client', { find: 'name' }) }
				: {};
		const kind = { kind: source(columns, 'kind', { default: 'other' }) };
		const known = { repeats: false, known: 'skip' as const };
		return [
			step('interactions', keys, { ...known, fields: { ...fields, ...deal, ...client, ...kind } }),
		];
	},

	products(columns, choice) {
		const keys = keysOf(columns, [choice.way, 'name'], {});
		const fields = fieldsOf(columns, '');
		return [step('products', keys, { repeats: false, known: choice.known, fields })];
	},

	people(columns, choice) {
		const keys = keysOf(columns, [choice.way, 'name'], {});
		const fields = fieldsOf(columns, '', { team: { find: 'name' } });
		return [
			step('people', keys, {
				...{ repeats: false, known: choice.known },
				fields: { ...fields, role: source(columns, 'role', { values: ROLE, default: 'manager' }) },
			}),
		];
	},
};

type Key = { columns: string[]; way: Way };
type StepParts = Pick<Step, 'repeats' | 'known' | 'fields'> &
	Partial<Pick<Step, 'pipeline' | 'adopts'>>;

function step(feeds: Step['feeds'], keys: Key[], parts: StepParts): Step {
	return {
		feeds,
		key: keys.map(({ columns }) => columns),
		ways: keys.map(({ way }) => way),
		adopts: false,
		pipeline: null,
		startsIn: null,
		...parts,
	};
}

/** The columns of the ways that a row may be known by, the best first; ways without a column are left out. */
function keysOf(columns: Columns, ways: Way[], fields: Partial<Record<Way, string>>): Key[] {
	return [...new Set(ways)].flatMap((way) => {
		const column = columns.get(fields[way] ?? way)?.[0];
		return column === undefined ? [] : [{ columns: [column], way }];
	});
}

/** The fields of a noun: those whose names begin with `prefix`, under what follows it. */
function fieldsOf(
	columns: Columns,
	prefix: string,
	more: Record<string, Partial<Source>> = {},
): Record<string, Source> {
	const own = [...columns.keys()].filter(
		(field) =>
			field !== 'ref' && field.startsWith(prefix) && !field.slice(prefix.length).includes('.'),
	);
	return Object.fromEntries(
		own.map((field) => {
			const name = field.slice(prefix.length);
			return [name, source(columns, field, more[name] ?? {})];
		}),
	);
}

function source(columns: Columns, field: string, more: Partial<Source>): Source {
	const [column, ...others] = columns.get(field) ?? [];
	return {
		...(column === undefined ? {} : { column }),
		...{ more: others, values: {}, prefix: '', find: 'key', mayBeEmpty: false },
		...more,
	};
}

function ofRow(column: string | undefined): Source {
	const values = { more: [], values: {}, prefix: '', find: 'row' as const, mayBeEmpty: false };
	return { ...(column === undefined ? {} : { column }), ...values };
}

function contactsOf(columns: Columns, prefix: string, clientKeys: Key[], choice: Choice): Step {
	const name = columns.get(`${prefix}name`) ?? [];
	const keys = clientKeys.map((key) => ({
		columns: [...key.columns, ...name],
		way: 'name' as const,
	}));
	const known = choice.known === 'skip' ? 'skip' : 'update';
	const fields = { ...fieldsOf(columns, prefix), client: ofRow(columns.get('name')?.[0]) };
	return step('contacts', keys, { repeats: true, known, fields });
}

function linesOf(columns: Columns, dealKeys: Key[]): Step {
	const product = columns.get('line.product') ?? [];
	const keys = dealKeys.map((key) => ({
		columns: [...key.columns, ...product],
		way: 'name' as const,
	}));
	const fields = {
		...fieldsOf(columns, 'line.', { product: { find: 'name' } }),
		deal: ofRow(columns.get('title')?.[0]),
	};
	return step('dealLines', keys, { repeats: true, known: 'update', fields });
}
