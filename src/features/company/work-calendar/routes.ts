import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection, Sql } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { wantsFragments } from '#src/platform/http/errors.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';
import { clockOf } from '#src/platform/i18n/workdays.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { pageSeen } from '#src/platform/pages/current-page.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { mergedBody, mergeEdit, onlyTouched } from '#src/platform/pages/three-way-merge.ts';
import { addHolidays, editHoliday, removeHoliday, setWorkWeek } from './actions.ts';
import {
	boxOf,
	HOLIDAY_SHAPE,
	HolidayForm,
	holidayFields,
	readNewHolidays,
	readWorkWeek,
	WEEK_SHAPE,
	WEEKDAYS,
	weekFields,
} from './forms.ts';
import {
	findHoliday,
	findWorkWeek,
	type Holiday,
	listHolidays,
	lockHoliday,
	lockWorkWeek,
} from './queries.ts';

const PATH = '/admin/workdays';
const READS = { config: { access: 'catalogs' as const } };
const CHANGES = { config: { access: 'catalogs' as const, changes: 'work' as const } };
const SAVED: Toast = { key: 'toast.workSaved' };
const PAGE = {
	title: 'work.title',
	fragment: 'company/work-calendar/_workdays',
	root: 'workdays-page',
} as const;

/** When the company works: week and hours, and the days on which the week does not hold. */
export function workdayRoutes(
	app: FastifyInstance,
	{ connection: { db } }: { connection: Connection },
): void {
	const read = async ({ viewer: { language } }: FastifyRequest) => {
		const [week, holidays] = await Promise.all([findWorkWeek(db), listHolidays(db)]);
		const names = dayNames(language).filter(({ id }) => week.weekdays.includes(id));
		return {
			week: names.map(({ name }) => name).join(', '),
			hours: [week.workFrom, week.workUntil].map(clockOf).join('–'),
			years: [...Map.groupBy(holidays, ({ day }) => day.slice(0, 4))].reverse(),
		};
	};

	settingRoutes<Holiday>(app, {
		db,
		...{ path: PATH, access: 'catalogs', changes: 'holiday', ...PAGE },
		find: async (holidayId, sql) => await findHoliday(sql, holidayId),
		fields: holidayFields,
		shape: HOLIDAY_SHAPE,
		lock: lockHoliday,
		read,
		async form(_request, holiday) {
			const title = holiday ? 'holiday.edit' : 'holiday.new';
			return { fragment: 'company/work-calendar/_holiday-form', title, data: { holiday } };
		},
		async add(request, sql) {
			const asked = readNewHolidays(request.body);
			return settingSaved(asked.name, { ids: await addHolidays(sql, acting(request), asked) });
		},
		async edit(request, holidayId, body, sql) {
			const { version, day, name, working = false } = readForm(HolidayForm, body);
			const edit = { day, name, working };
			const now = await editHoliday(sql, acting(request), holidayId, version, edit);
			return settingSaved(name, { holidayId, version: now });
		},
		buttons: settingButtons({ remove: removeHoliday }),
	});

	app.get(
		'/admin/workdays/week/edit',
		READS,
		async (request, reply) => await drawWeek(request, reply, null),
	);

	async function drawWeek(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const week = await findWorkWeek(db);
		const fields = weekFields(week);
		const days = dayNames(request.viewer.language).map(({ id, name }) => ({
			...{ box: boxOf(id), name, held: week.weekdays.includes(id) },
		}));
		const data = { ...{ days, fields, version: week.version }, was: JSON.stringify(fields) };
		const view = {
			fragment: 'company/work-calendar/_week-form',
			title: 'work.edit',
			data,
		} as const;
		return await drawForm(request, reply, view, problem && onlyTouched(problem, WEEK_SHAPE));
	}

	app.post('/admin/workdays/week/edit', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const edit = async (sql: Sql) => {
					const present = await findWorkWeek(sql);
					const stands = { version: present.version, fields: weekFields(present) };
					const { version, edit } = readWorkWeek(mergedBody(request.body, stands, WEEK_SHAPE));
					return await setWorkWeek(sql, acting(request), version, edit);
				};
				const version = await once(db, request, (sql) =>
					mergeEdit(sql, request.body, lockWorkWeek, edit),
				);
				if (wantsFragments(request) && pageSeen(request).pathname === PATH) {
					const data = { ...(await read(request)), problem: null, ...PAGE, toast: SAVED };
					return await reply.fragments('shared/directory/setting-changed', data);
				}
				return leaveFor(request, reply, PATH, SAVED, { version });
			},
			async (problem) => await drawWeek(request, reply, problem),
		),
	);
}

// The words of the calendar begin with Sunday.
function dayNames(language: Language): { id: number; name: string }[] {
	const names = translate(language, 'date.weekdays').split(' ');
	return WEEKDAYS.map((id) => ({ id, name: names[id % 7] ?? '' }));
}
