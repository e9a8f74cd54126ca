import { addMapping } from '#src/features/access/groups/actions.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { addRole } from '#src/features/access/roles/actions.ts';
import { addTeam } from '#src/features/access/teams/actions.ts';
import { createClient } from '#src/features/clients/actions.ts';
import { addContact } from '#src/features/clients/contacts/contacts.ts';
import { mergeClients } from '#src/features/clients/merge/merge.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import { addOrganization } from '#src/features/company/organizations/actions.ts';
import { addSource } from '#src/features/company/sources/actions.ts';
import { addTag } from '#src/features/company/tags/actions.ts';
import { addHolidays } from '#src/features/company/work-calendar/actions.ts';
import { addPipeline } from '#src/features/deals/pipelines/pipelines.ts';
import { addReason } from '#src/features/deals/reasons/actions.ts';
import { addKind } from '#src/features/interactions/kinds/actions.ts';
import { sendTestMail } from '#src/features/mail/actions.ts';
import { saveFilter } from '#src/features/saved-filters/actions.ts';
import type { Database } from '#src/platform/db/client.ts';
import { signIn, type TestApp } from '../app.ts';
import { by, type Cast } from '../cast.ts';
import { checked } from '../imports/desk.ts';

/** What an address can name, one of each; the filter, the import and the feed are Ada's. */
export type Records = Record<
	| 'client'
	| 'contact'
	| 'deal'
	| 'extra'
	| 'filter'
	| 'holiday'
	| 'import'
	| 'interaction'
	| 'kind'
	| 'mail'
	| 'mapping'
	| 'merge'
	| 'organization'
	| 'person'
	| 'pipeline'
	| 'reason'
	| 'role'
	| 'source'
	| 'stage'
	| 'tag'
	| 'team'
	| 'twin'
	| 'twinDeal',
	number
> & { secret: string };

const CSV = 'Название;ИНН;Регион\nООО «Из файла»;7707083893;Тула\n;;Тула\n';

const addHoliday = async (db: Database, acting: Acting) => {
	const day = '2026-12-31';
	const days = { day, until: day, name: 'Сокращённый', working: false };
	return (await addHolidays(db, acting, days))[0] as number;
};

/** Makes one record of every noun that has addresses, by the application's own verbs. */
export async function makeRecords(served: TestApp, cast: Cast): Promise<Records> {
	const { db, pool } = served.database;
	const acting = by(cast.people.ada);
	const anna = by(cast.people.anna);
	const ada = await signIn(served, 'ada');
	const { rows } = await pool.query('select client_id as id from deals where id = $1', [
		cast.deals.late,
	]);
	const client: number = rows[0].id;
	const about = { segment: 'Опт', region: 'Тула', note: 'Ждёт' };
	const twins = [
		await createClient(db, anna, { name: 'Ромашка Плюс', inn: '7707083893', ...about }),
		await createClient(db, anna, { name: 'Ромашка Торг', inn: '7707083893', ...about }),
		await createClient(db, anna, { name: 'Ромашка', inn: '7707083893', ...about }),
	] as [number, number, number];
	const merged = await mergeClients(db, acting, {
		survivorId: twins[0],
		clients: twins.slice(0, 2).map((id) => ({ id, version: 1 })),
		choices: {},
	});
	const field = { kind: 'text' as const, choices: [], name: 'Девиз' };
	const extra = await addExtraField(db, acting, { ...field, noun: 'client' });
	await addExtraField(db, acting, { ...field, noun: 'deal' });
	const { body } = await ada.post('/calendar/feed', {});
	return {
		...{ client, deal: cast.deals.late, extra, interaction: cast.steps.late, twin: twins[2] },
		twinDeal: cast.deals.none,
		...{ merge: merged.mergeId, person: cast.people.ada.id, stage: cast.open[0].id },
		contact: await addContact(db, anna, client, { name: 'Олег Минин', role: 'Решает' }),
		filter: await saveFilter(db, acting, {
			...{ screen: 'board', name: 'Срочные', query: 'q=печь', shared: true },
		}),
		import: await checked(
			served,
			ada,
			{ content: CSV },
			{ columns: ['name', 'inn', 'region'], way: 'inn' },
		),
		kind: await addKind(db, acting, {
			...{ name: 'Выставка', icon: 'flag', nextKindId: null, nextInDays: 2 },
			lengthMinutes: null,
		}),
		mapping: await addMapping(db, acting, { pattern: '/sales/*', role: 'manager', teamId: null }),
		role: await addRole(db, acting, {
			...{ name: 'Стажёр', viewScope: 'team', editScope: 'own', permissions: ['export'] },
		}),
		team: await addTeam(db, acting, { name: 'Опт', parentId: null }),
		organization: await addOrganization(db, acting, {
			...{ name: 'ООО «Торговый дом»', inn: null, kpp: null, ogrn: null, bankName: null },
			...{ bic: null, account: null, correspondentAccount: null },
		}),
		holiday: await addHoliday(db, acting),
		pipeline: await addPipeline(db, acting, {
			...{ name: 'Аренда', likeId: cast.open[0].pipelineId },
		}),
		reason: await addReason(db, acting, { name: 'Переехали' }),
		source: await addSource(db, acting, { kind: 'source', name: 'Выставка' }),
		tag: await addTag(db, acting, { name: 'опт', colour: 'blue' }),
		mail: await sendTestMail(db, acting, acting.actor, 'ada@shop.example'),
		secret: /feeds\/([\w-]+)\.ics/.exec(body)?.[1] ?? '',
	};
}
