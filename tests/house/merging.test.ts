import { beforeAll, expect, test } from 'vitest';
import { type Browser, signIn, testApp } from '../app.ts';
import { type Cast, makeCast } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { type Element, fieldsOf, read, textOf } from '../html.ts';
import { makeRecords, type Records } from './records.ts';

/*
 * No lost edit, for whatever has a form that tells what its fields `was`: two who change different fields are
 * both kept, the same field asks, «Взять это» takes theirs, and a mistake does not make a stale form fresh.
 */
const served = await testApp(await testDatabase());

let cast: Cast;
let ada: Browser;
let records: Records;
type Form = Record<string, string>;

beforeAll(async () => {
	cast = await makeCast(served.database.db);
	records = await makeRecords(served, cast);
	ada = await signIn(served, 'ada');
});

/** Of each noun: where its form is, where it goes, two fields with two values each, and what is wrong in the second. */
type Noun = {
	form: () => string;
	action: (form: string) => string;
	first: [string, string, string];
	second: [string, string, string];
	wrong: string;
	/** What I say where a colleague has said something else. */
	mine?: string;
};
const EDIT = (form: string) => form;
const NOUNS: Record<string, Noun> = {
	deal: {
		...{ form: () => `/deals/${cast.deals.late}/edit`, action: EDIT, wrong: 'сто' },
		...{ first: ['title', 'Печь', 'Печи'], second: ['amount', '50', '60'] },
	},
	client: {
		...{ form: () => `/clients/${records.client}/edit`, action: EDIT, wrong: 'ы'.repeat(301) },
		...{ first: ['region', 'Тула', 'Орёл'], second: ['name', 'Васильковое поле', 'Лютик'] },
	},
	contact: {
		...{ form: () => `/contacts/${records.contact}/edit`, action: EDIT, wrong: 'ы'.repeat(101) },
		...{ first: ['role', 'Решает', 'Платит'], second: ['phone_1', '+7 4872 11-22-33', '112'] },
	},
	interaction: {
		...{ form: () => `/interactions/${cast.steps.late}/edit`, wrong: '99:99' },
		action: (form) => form.replace('/edit', ''),
		...{ first: ['summary', 'Позвонить', 'Написать'], second: ['plannedTime', '11:00', '12:00'] },
	},
	kind: {
		...{ form: () => `/admin/kinds/${records.kind}/edit`, wrong: 'три' },
		action: (form) => form.replace('/edit', ''),
		...{ first: ['name', 'Ярмарка', 'Салон'], second: ['nextInDays', '3', '4'] },
	},
	extra: {
		...{ form: () => `/admin/extra-fields/${records.extra}/edit`, action: EDIT, wrong: '' },
		...{ first: ['name', 'Клич', 'Зов'], second: ['name', 'Клич', 'Зов'] },
	},
	filter: {
		...{ form: () => `/filters/${records.filter}/edit`, wrong: 'все' },
		action: (form) => form.replace('/edit', ''),
		...{ first: ['name', 'Спешные', 'Горящие'], second: ['visibleTo', 'me', 'team'] },
	},
	mapping: {
		...{ form: () => `/admin/mappings/${records.mapping}/edit`, action: EDIT, wrong: 'король' },
		...{ first: ['pattern', '/опт/*', '/розница'], second: ['role', 'head', 'manager'] },
	},
	holiday: {
		...{ form: () => `/admin/workdays/${records.holiday}/edit`, action: EDIT, wrong: '31.02' },
		...{
			first: ['name', 'Выходной', 'Санитарный день'],
			second: ['day', '2026-12-30', '2026-12-29'],
		},
	},
	work: {
		...{ form: () => '/admin/workdays/week/edit', action: EDIT, wrong: '25:00' },
		mine: '07:00',
		...{ first: ['companyFrom', '08:00', '10:00'], second: ['companyUntil', '17:00', '19:00'] },
	},
	organization: {
		...{ form: () => `/admin/organizations/${records.organization}/edit`, action: EDIT },
		wrong: '1234567890',
		...{ first: ['name', 'ООО «Дом»', 'ООО «Склад»'], second: ['inn', '7707083893', ''] },
	},
	pipeline: {
		...{ form: () => `/admin/pipelines/${records.pipeline}/edit`, action: EDIT, wrong: '' },
		...{ first: ['name', 'Прокат', 'Опт'], second: ['name', 'Прокат', 'Опт'] },
	},
	stage: {
		...{ form: () => `/admin/stages/${records.stage}/edit`, action: EDIT, wrong: 'двести' },
		...{ first: ['name', 'Заявка', 'Запрос'], second: ['probability', '15', '16'] },
	},
	reason: {
		...{ form: () => `/admin/reasons/${records.reason}/edit`, action: EDIT, wrong: '' },
		...{ first: ['name', 'Дорого', 'Долго'], second: ['name', 'Дорого', 'Долго'] },
	},
	role: {
		...{ form: () => `/admin/roles/${records.role}/edit`, action: EDIT, wrong: 'всюду' },
		...{ first: ['name', 'Помощник', 'Ученик'], second: ['viewScope', 'all', 'team'] },
	},
	source: {
		...{ form: () => `/admin/sources/${records.source}/edit`, action: EDIT, wrong: '' },
		...{ first: ['name', 'Сайт 2', 'Сайт 3'], second: ['name', 'Сайт 2', 'Сайт 3'] },
	},
	tag: {
		...{ form: () => `/admin/tags/${records.tag}/edit`, action: EDIT, wrong: 'пурпур' },
		...{ first: ['name', 'важные', 'главные'], second: ['colour', 'red', 'green'] },
	},
	team: {
		...{ form: () => `/admin/teams/${records.team}/edit`, action: EDIT, wrong: '-1' },
		...{ first: ['name', 'Опт 2', 'Опт 3'], second: ['parentId', '1', '2'] },
	},
	person: {
		mine: '',
		...{ form: () => '/settings', action: EDIT, wrong: '25:00' },
		...{ first: ['remindMinutes', '15', '30'], second: ['workUntil', '19:00', '20:00'] },
	},
};

function formIn(html: string): Form {
	const page = read(html);
	const form = page
		.byTag('form')
		.find((one) =>
			page.byTag('input', one).some(({ attrs }) => attrs.some(({ value }) => value === 'was')),
		);
	return fieldsOf(page, form as Element);
}
const open = async (noun: Noun) => formIn((await ada.get(noun.form())).body);
const send = (noun: Noun, form: Form) => ada.post(noun.action(noun.form()), form);

for (const [name, noun] of Object.entries(NOUNS)) {
	const { first, second, mine = 'Моё' } = noun;

	if (first[0] !== second[0])
		test(`${name}: different fields are both kept`, async () => {
			const form = await open(noun);
			expect((await send(noun, { ...form, [first[0]]: first[1] })).statusCode).toBe(303);
			expect((await send(noun, { ...form, [second[0]]: second[1] })).statusCode).toBe(303);
			expect(await open(noun)).toMatchObject({ [first[0]]: first[1], [second[0]]: second[1] });
		});

	test(`${name}: the same field asks, keeps mine in it, and takes theirs where one says so`, async () => {
		const form = await open(noun);
		await send(noun, { ...form, [first[0]]: first[2] });
		const asked = await send(noun, {
			...form,
			[first[0]]: mine,
		});
		expect(asked.statusCode).toBe(409);
		const page = read(asked.body);
		expect(textOf(page.byId(`c-${first[0]}`) as Element)).toContain('Взять это');
		const again = formIn(asked.body);
		expect(again[first[0]]).toBe(mine);
		expect(Number(again.version)).toBe(Number(form.version) + 1);
		const taken = await send(noun, { ...again, [`take_${first[0]}`]: '1' });
		expect(taken.statusCode).toBe(303);
		expect((await open(noun))[first[0]]).toBe(first[2]);
	});

	test(`${name}: a mistake in a stale form leaves it stale`, async () => {
		const form = await open(noun);
		await send(noun, { ...form, [first[0]]: first[1] });
		const wrong = await send(noun, { ...form, [second[0]]: noun.wrong });
		expect(wrong.statusCode).toBe(422);
		expect(formIn(wrong.body)).toMatchObject({ version: form.version, was: form.was });
	});
}

test('every noun whose form tells what it was is tried here', () => {
	const nouns = served.routes.flatMap(({ config: { changes } }) => changes ?? []);
	const without = ['new', 'session', 'job', 'deals', 'clients', 'interactions', 'import', 'merge'];
	expect(new Set(nouns.filter((noun) => !without.includes(noun)))).toEqual(
		new Set(Object.keys(NOUNS)),
	);
});
