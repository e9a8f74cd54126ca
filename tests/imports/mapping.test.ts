import { describe, expect, it } from 'vitest';
import { checkMapping, readMapping } from '#src/features/imports/columns/mapping.ts';
import { planImport, shippedMappings } from '#src/features/imports/console/choice.ts';
import { FIXTURES, fileOf } from './importing.ts';

const step = { feeds: 'deals', key: '№', fields: { title: 'Интерес' } };
const mapping = { name: 'm', source: 'm', files: [{ file: '*', steps: [step] }] };

describe('a mapping', () => {
	it('is read with its short forms written out', () => {
		const [file] = checkMapping(mapping, 'm.json').files;
		expect(file?.steps[0]).toMatchObject({ key: [['№']], repeats: false, pipeline: null });
		expect(file?.steps[0]?.fields.title).toMatchObject({ column: 'Интерес', find: 'key' });
	});

	it('reaches no field that is not on the list', () => {
		for (const field of ['version', 'id', 'externalRef', 'nextPlannedOn', 'constructor'])
			expect(() =>
				checkMapping(
					{
						...mapping,
						files: [{ file: '*', steps: [{ ...step, fields: { [field]: 'x' } }] }],
					},
					'm.json',
				),
			).toThrow(`files[0].steps[0].fields.${field}: у deals есть только title, client`);
	});

	it('tells all that is wrong at once, each with its place', () => {
		const wrong = {
			source: 'Русский',
			colour: 1,
			files: [
				{
					file: '',
					steps: [{ feeds: 'cats', key: [], fields: { a: { columns: 'x' } }, repeats: 1 }],
				},
			],
		};
		expect(() => checkMapping(wrong, 'm.json')).toThrow(
			new RegExp(
				[
					'm.json составлено неверно',
					'colour: такого здесь не бывает',
					'name: ожидается',
					'files\\[0\\].file: ожидается',
					'feeds: одно из teams, people',
					'key: не назван ни один столбец',
					'repeats: true или false',
					'a.columns: такого',
					'a: нужен "column" или "default"',
					'source: латинские',
				].join('[\\s\\S]*'),
			),
		);
	});

	it.each([[null], [[]], ['x'], [{}], [{ ...mapping, files: {} }], [{ ...mapping, aliases: 1 }]])(
		'%j is refused with a sentence',
		(json) => {
			expect(() => checkMapping(json, 'm.json')).toThrow(/составлено неверно/);
		},
	);

	it('that is no JSON or not there is refused with a sentence', async () => {
		await expect(readMapping(await fileOf('m.json', '{'))).rejects.toThrow(/m\.json – не JSON/);
		await expect(readMapping('/nowhere/m.json')).rejects.toThrow(/не читается \(ENOENT\)/);
	});
});

describe('choosing', () => {
	it('takes the shipped mapping that fits, and files in the order in which they lean on each other', async () => {
		const plan = await planImport([FIXTURES]);
		expect(new Set(plan.files.map(({ mapping }) => mapping.source))).toEqual(
			new Set(['crm-sales']),
		);
		expect(plan.files.map(({ name }) => name)).toEqual([
			...['sales_teams.csv', 'accounts.csv', 'products.csv', 'sales_pipeline.csv'],
		]);
	});

	it('knows a Russian table by its headings, whatever its name, their case and other wording', async () => {
		const deals = await fileOf('выгрузка.csv', 'КОНТРАГЕНТ;сделка;Менеджер\nА;Б;В\n');
		const clients = await fileOf('b.csv', 'Заказчик;ИНН\nА;\n');
		const plan = await planImport([deals, clients]);
		expect(plan.files.map(({ name, entry }) => [name, entry.steps.length])).toEqual([
			['b.csv', 1],
			['выгрузка.csv', 2],
		]);
	});

	it('says what a named file lacks', async () => {
		const path = await fileOf('a.csv', 'x;y\n1;2\n');
		await expect(planImport([path])).rejects.toThrow(/не подошёл ни к одному/);
		await expect(planImport([FIXTURES, path])).rejects.toThrow(
			/Файл a\.csv не подходит к сопоставлению «CRM Sales Opportunities»/,
		);
	});

	it('ships mappings that are all sound', async () => {
		expect((await shippedMappings()).map(({ source }) => source)).toEqual(['crm-sales']);
	});
});
