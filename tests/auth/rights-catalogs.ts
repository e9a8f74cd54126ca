import { addOrganization } from '#src/features/company/organizations/actions.ts';
import { addSource } from '#src/features/company/sources/actions.ts';
import { addTag } from '#src/features/company/tags/actions.ts';
import { addHolidays } from '#src/features/company/work-calendar/actions.ts';
import { addPipeline } from '#src/features/deals/pipelines/pipelines.ts';
import { addStage } from '#src/features/deals/pipelines/stages.ts';
import { addReason } from '#src/features/deals/reasons/actions.ts';
import { addDays } from '#src/platform/i18n/dates.ts';
import type { Browser } from '../app.ts';
import { by } from '../cast.ts';
import { JSON_ANSWER, type Open, type Rules, type Tools } from './rights-rules.ts';

/** A directory: its address, its table, what a form of it holds, its buttons and questions. */
type Catalog = {
	path: string;
	table: string;
	id: () => number;
	fields: (n: number) => object;
	/** What a new one needs beside those. */
	more?: () => object;
	buttons: Record<string, object>;
	questions?: Record<string, object>;
};

/** What administrators set up: pipelines, states, reasons, tags, sources. What is taken away is one that nobody uses. */
export function catalogRules({ database, cast }: Tools): Rules {
	const { db, pool } = database;
	const made = { organization: 0, holiday: 0, reason: 0, tag: 0, source: 0, pipeline: 0, stage: 0 };
	let n = 0;
	const read = (url: () => string): Open => ({
		call: (person) => person.get(url(), JSON_ANSWER),
		status: 200,
	});
	const dayAfter = (n: number) => addDays('2027-01-01', n);
	const own = () => ({ likeId: cast().open[0].pipelineId, pipelineId: cast().open[0].pipelineId });
	const catalogs: Catalog[] = [
		{
			...{ path: '/admin/organizations', table: 'organizations', id: () => made.organization },
			fields: (one) => ({ name: `Организация ${one}` }),
			buttons: { position: { way: 'up' }, activity: {}, removal: {} },
		},
		{
			...{ path: '/admin/workdays', table: 'holidays', id: () => made.holiday },
			fields: (one) => ({ name: `Праздник ${one}`, day: dayAfter(one) }),
			buttons: { removal: {} },
		},
		{
			...{ path: '/admin/pipelines', table: 'pipelines', id: () => made.pipeline },
			fields: (one) => ({ name: `Сценарий ${one}` }),
			more: () => ({ likeId: own().likeId }),
			buttons: { position: { way: 'up' } },
			questions: { removal: { intoId: 999_999 } },
		},
		{
			...{ path: '/admin/stages', table: 'stages', id: () => made.stage },
			fields: (one) => ({ name: `Состояние ${one}`, probability: 10, requires_amount: '1' }),
			more: () => ({ pipelineId: own().pipelineId }),
			buttons: { position: { way: 'up' } },
			questions: { removal: { intoId: 999_999 } },
		},
		{
			...{ path: '/admin/reasons', table: 'loss_reasons', id: () => made.reason },
			fields: (one) => ({ name: `Причина ${one}` }),
			buttons: { position: { way: 'up' }, activity: {}, removal: {} },
		},
		{
			...{ path: '/admin/tags', table: 'tags', id: () => made.tag },
			fields: (one) => ({ name: `Метка ${one}`, colour: 'blue' }),
			buttons: { removal: {} },
			// Nobody has it: the matrix asks, tests/clients/tag-settings.test.ts does.
			questions: { merger: { intoId: 999_999 } },
		},
		{
			...{ path: '/admin/sources', table: 'sources', id: () => made.source },
			fields: (one) => ({ name: `Источник ${one}` }),
			more: () => ({ kind: 'source' }),
			buttons: { activity: {}, removal: {} },
			questions: { merger: { intoId: 999_999 } },
		},
	];
	const changing = (
		{ path, table, id }: Catalog,
		end: string,
		body: () => object,
		status = 200,
	) => ({
		call: async (person: Browser) => {
			const { rows } = await pool.query(`select version from ${table} where id = $1`, [id()]);
			const version = rows[0]?.version ?? 1;
			return await person.json(`${path}/${id()}/${end}`, { ...body(), version });
		},
		status,
	});
	const rulesOf = (catalog: Catalog): [string, Open][] => {
		const { path, id, fields, buttons, questions = {} } = catalog;
		return [
			[`GET ${path}`, read(() => path)],
			[`GET ${path}/new`, read(() => `${path}/new`)],
			[`GET ${path}/:id/edit`, read(() => `${path}/${id()}/edit`)],
			[
				`POST ${path}`,
				{
					call: (person) => {
						n += 1;
						return person.json(path, { ...fields(n), ...catalog.more?.() });
					},
					status: 200,
				},
			],
			[`POST ${path}/:id/edit`, changing(catalog, 'edit', () => fields(1000 + n))],
			...Object.entries(questions).flatMap(([end, body]): [string, Open][] => [
				[`GET ${path}/:id/${end}/new`, read(() => `${path}/${id()}/${end}/new`)],
				[`POST ${path}/:id/${end}`, changing(catalog, end, () => body, 422)],
			]),
			...Object.entries(buttons).map(([end, body]): [string, Open] => [
				`POST ${path}/:id/${end}`,
				changing(catalog, end, () => body),
			]),
		];
	};
	return {
		prepare: async () => {
			const ada = by(cast().people.ada);
			made.organization = await addOrganization(db, ada, {
				...{ name: 'Запасная', inn: null, kpp: null, ogrn: null, bankName: null },
				...{ bic: null, account: null, correspondentAccount: null },
			});
			const day = '2026-12-31';
			const days = { day, until: day, name: 'Выходной', working: false };
			made.holiday = (await addHolidays(db, ada, days))[0] as number;
			made.pipeline = await addPipeline(db, ada, { name: 'Запасной', likeId: own().likeId });
			made.stage = await addStage(db, ada, own().pipelineId, {
				...{ name: 'Запасное', colour: 'grey', probability: 5, idleDays: null },
				requiredFields: [],
			});
			made.reason = await addReason(db, ada, { name: 'Запасная' });
			made.tag = await addTag(db, ada, { name: 'Запасная', colour: 'grey' });
			made.source = await addSource(db, ada, { kind: 'source', name: 'Запасной' });
		},
		administrators: {
			'GET /admin': read(() => '/admin'),
			...Object.fromEntries(catalogs.flatMap(rulesOf)),
			'GET /admin/workdays/week/edit': read(() => '/admin/workdays/week/edit'),
			'POST /admin/workdays/week/edit': {
				call: async (person) => {
					const { rows } = await pool.query('select version from work_calendar');
					const { version } = rows[0];
					const hours = { companyFrom: '09:00', companyUntil: `18:${10 + (version % 40)}` };
					return await person.json('/admin/workdays/week/edit', {
						...hours,
						weekday1: '1',
						version,
					});
				},
				status: 200,
			},
		},
	};
}
