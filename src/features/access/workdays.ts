import { type SQL, sql } from 'drizzle-orm';

// Whatever counts working days stays within two years of today: a state's idle days are 365 at most.
const [DAYS_BACK, DAYS_AHEAD] = [800, 800];

/**
 * When the company works, as the rules need it (platform/i18n/workdays.ts). A column of the session's
 * query, so that no page asks for it; the feature workdays sets it up.
 */
export function workdaysSql(now: Date): SQL {
	return sql`(select jsonb_build_object('weekdays', w.weekdays, 'from', w.work_from, 'until', w.work_until,
		'days', coalesce((
			select jsonb_object_agg(h.day, jsonb_build_object('name', h.name, 'working', h.working))
			from holidays h where h.day between ${now}::date - ${DAYS_BACK}::int and ${now}::date + ${DAYS_AHEAD}::int
		), '{}')) from work_calendar w limit 1)`;
}
