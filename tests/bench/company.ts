import type pg from 'pg';
import { dayOf } from '#src/platform/i18n/dates.ts';
import { FIVE_DAYS } from '#src/platform/i18n/work-week.ts';
import { addWorkingDays } from '#src/platform/i18n/workdays.ts';
import { withBareTables } from './bare-tables.ts';

/** A manager has as many deals at every size; what grows with a company is the number of managers. */
export const DEALS_A_MANAGER = 2_000;
/** How many of them stand in the five open states, from the first state to the last. */
export const OPEN_DEALS = [150, 125, 100, 75, 50];
const CLIENTS_A_MANAGER = 2_000;
const MANAGERS_A_TEAM = 5;
const ZONE = 'Europe/Moscow';

/** A company by its number of deals. */
export type Company = { deals: number; managers: number; teams: number };

/** The company that has this many deals: 5 managers at 10,000, 500 in 100 teams at 1,000,000. */
export function companyOf(deals: number): Company {
	const managers = Math.max(1, Math.round(deals / DEALS_A_MANAGER));
	return { deals, managers, teams: Math.ceil(managers / MANAGERS_A_TEAM) };
}

/** Logins: `seller1` … `seller5` are managers of the first team, `head1` leads it, `director` sees all. */
export const DIRECTOR = 'director';

// Throws dice that fall the same way on every run: the n-th deal, the k-th question about it.
const DICE = `create or replace function pg_temp.dice(n bigint, k int) returns float8 language sql immutable
	as $$ select (hashint8extended(n, k) & 1048575) / 1048576.0 $$`;

const PEOPLE = `
	with hall as (select generate_series(1, $2::int) as t),
		made as (insert into teams (id, name) overriding system value select t, 'Группа ' || t from hall)
	insert into people (id, login, name, role, team_id) overriding system value
	select m, 'seller' || m,
		(array['Анна','Борис','Вера','Глеб','Дарья','Егор','Жанна','Захар','Инна','Кирилл'])[1 + m % 10] || ' ' ||
		(array['Соколов','Лунин','Павлов','Астахов','Миронов','Зимин','Рощин','Белов','Котов'])[1 + m % 9] || 'а',
		'manager', 1 + (m - 1) / ${MANAGERS_A_TEAM}
	from generate_series(1, $1::int) m
	union all select $1 + t, 'head' || t, 'Вера Головина', 'head', t from hall
	union all select $1 + $2 + 1, '${DIRECTOR}', 'Ада Миронова', 'administrator', null`;

// Names of five syllables, all different, so that a search for one finds one client.
const CLIENTS = `
	with named as (
		select c, (select string_agg(syllable[(1 + mod(c * 7919 / power, 20))::int], '' order by power)
			from unnest(array[1, 20, 400, 8000, 160000]) power) as word
		from generate_series(1, $1::bigint * ${CLIENTS_A_MANAGER}) c, (select array['ба','ви','го','да','же','зо',
			'ки','ла','мо','не','по','ра','си','ту','фо','ха','че','ша','эл','юр'] as syllable) s
	)
	insert into clients (id, name, legal_kind, inn, owner_id, segment, region, status, created_at)
	overriding system value
	select c, 'ООО «' || initcap(word) || '»', 'company', (7700000000 + c)::text, 1 + (c - 1) % $1,
		(array['Розница','Опт','Производство','HoReCa','Медицина','Стройка','Логистика','Госзаказ'])[1 + floor(pg_temp.dice(c, 20) * 8)::int],
		(array['Москва','Тула','Казань','Пермь','Омск','Тверь','Самара','Томск','Сочи','Уфа'])[1 + floor(pg_temp.dice(c, 21) * 10)::int],
		(array['prospect','active','former'])[1 + floor(pg_temp.dice(c, 22) * 3)::int], $2::timestamptz - interval '1 year'
	from named`;

const CONTACTS = `
	insert into contacts (client_id, name, position) select id, 'Ирина Лапина', 'директор' from clients`;

const CONTACT_POINTS = `
	insert into contact_points (client_id, contact_id, kind, value, search_key)
	select c.client_id, c.id, 'phone', '+7 ' || key, key from contacts c, text(4950000000 + c.client_id) key
	union all
	select c.client_id, c.id, 'email', key, key from contacts c, text('mail' || c.client_id || '@example.org') key`;

// A manager's deals are shuffled (7919 and 2000 have no common factor), or ids would tell the state.
// Of the open ones 8 % are overdue, 6 % planned for today, 9 % not planned, the rest lies in the next
// 40 working days from 9 to 18; a third is planned for a day, the others for a moment.
const DEALS = `
	insert into deals (id, pipeline_id, stage_id, client_id, title, amount, currency, owner_id, source,
		expected_close_on, closed_on, closed_at, loss_reason_id, stage_entered_at, next_interaction_id,
		next_planned_on, next_planned_at, last_done_at, created_at, created_by)
	overriding system value
	select n, (select id from pipelines order by position, id limit 1),
		case when kind is not null then (select id from stages s where s.kind = c.kind)
			else (array(select id from stages where kind = 'open' order by position))[1 + stage] end,
		seller + $2::int * (pg_temp.dice(n, 1) * ${CLIENTS_A_MANAGER - 1})::int,
		(array['Поставка','Обслуживание','Ремонт','Замена','Аудит','Аренда','Монтаж'])[1 + (pg_temp.dice(n, 2) * 6.99)::int % 7] ||
			' ' || (array['насосов','станков','складов','кранов','весов','окон','дверей','сетей','серверов','печей','ламп',
			'кабеля','труб','фильтров','котлов','лифтов','ворот','баков','щитов','рам','пил','прессов','машин','турбин',
			'шкафов'])[1 + floor(pg_temp.dice(n, 3) * 25)::int] || ' для участка ' || n % 300,
		case when pg_temp.dice(n, 4) > 0.06 then 500 * (10 + floor(pg_temp.dice(n, 5) * 4000)) end,
		case when pg_temp.dice(n, 6) < 0.02 then 'USD' else 'RUB' end,
		seller, 'Сайт', $3::date + (pg_temp.dice(n, 7) * 60)::int,
		closed_on, closed_on::timestamp at time zone '${ZONE}' + interval '12 hours',
		case when kind = 'lost' then 1 + n % 8 end,
		done_at, case when planned_on is not null or planned_at is not null then n * 20 end,
		planned_on, planned_at, done_at, done_at - interval '80 days', seller
	from (
		select *, case when closed_on is not null then closed_on::timestamp at time zone '${ZONE}'
				else $3::date::timestamp at time zone '${ZONE}' - pg_temp.dice(n, 8) * interval '10 days' end as done_at,
			case when whole_day then day end as planned_on,
			case when not whole_day then (day + time '09:00' + floor(pg_temp.dice(n, 9) * 37) * interval '15 minutes')
				at time zone '${ZONE}' end as planned_at
		from (
			select *, case when stage = ${OPEN_DEALS.length} then case when pg_temp.dice(n, 10) < 0.4 then 'won' else 'lost' end end as kind,
				case when stage = ${OPEN_DEALS.length} then $3::date - (pg_temp.dice(n, 11) * 1000)::int end as closed_on,
				case when stage < ${OPEN_DEALS.length} then ($4::date[])[11 + case
					when plan < 0.08 then -1 - floor(pg_temp.dice(n, 12) * 8)::int
					when plan < 0.14 then 0
					when plan >= 0.23 then 1 + floor(pg_temp.dice(n, 12) * 40)::int end] end as day,
				pg_temp.dice(n, 13) < 1 / 3.0 as whole_day
			from (
				select n, 1 + (n - 1) % $2 as seller, pg_temp.dice(n, 14) as plan,
					width_bucket((n - 1) / $2 * 7919 % ${DEALS_A_MANAGER}, array[${cumulated(OPEN_DEALS)}]) as stage
				from generate_series(1, $1::bigint) n
			) a
		) b
	) c
	order by n`;

// The planned one is what the deal says; the finished ones lie weekly before the last.
const INTERACTIONS = `
	insert into interactions (id, deal_id, client_id, kind_id, summary, planned_on, planned_at, owner_id,
		author_id, status, outcome, completed_by, completed_at, created_at)
	overriding system value
	select d.id * 20 + k, d.id, d.client_id, 1 + (d.id + k) % 5, 'Обсудить условия и сроки',
		case when k = 0 then d.next_planned_on end, case when k = 0 then d.next_planned_at else done end,
		d.owner_id, d.owner_id, case when k = 0 then 'planned' else 'done' end,
		case when k > 0 then 'Договорились о следующем шаге' end,
		case when k > 0 then d.owner_id end, case when k > 0 then done end, d.created_at
	from deals d
	cross join lateral generate_series(case when d.next_interaction_id is null then 1 else 0 end,
		5 + (d.id % 11)::int) k
	cross join lateral (select d.last_done_at - (k - 1) * interval '7 days' as done) w
	order by d.id, k`;

const STAGE_CHANGES = `
	insert into stage_changes (deal_id, to_stage_id, person_id, at, door)
	select id, stage_id, owner_id, created_at, 'import' from deals order by id`;

const EVENTS = `
	insert into events (type, at, actor_id, door, deal_id, client_id)
	select 'deal.created', created_at, owner_id, 'import', id, client_id from deals order by id`;

function cumulated(parts: number[]): number[] {
	return parts.map((_, index) => parts.slice(0, index + 1).reduce((sum, part) => sum + part, 0));
}

/**
 * Fills a migrated empty database with a company of this many deals around `now`, the same on every
 * run, and leaves it vacuumed and analysed. The tallies are filled by the deals' own trigger and
 * still to be folded.
 */
export async function loadCompany(
	client: pg.PoolClient,
	company: Company,
	now: Date,
): Promise<void> {
	const { deals, managers, teams } = company;
	const today = dayOf(now, ZONE);
	const days = Array.from({ length: 51 }, (_, at) =>
		at === 10 ? today : addWorkingDays(today, at - 10, FIVE_DAYS),
	);
	await client.query(DICE);
	// A company's history is not loaded again after a power cut of the benchmark.
	await client.query(
		`set synchronous_commit = off; set maintenance_work_mem = '512MB'; set work_mem = '256MB'`,
	);
	await withBareTables(client, async () => {
		await client.query(PEOPLE, [managers, teams]);
		await client.query(CLIENTS, [managers, now]);
		await client.query(CONTACTS);
		await client.query(CONTACT_POINTS);
		await client.query(DEALS, [deals, managers, today, days]);
		await client.query(INTERACTIONS);
		await client.query(STAGE_CHANGES);
		await client.query(EVENTS);
	});
	for (const table of ['teams', 'people', 'clients', 'deals', 'interactions'])
		await client.query(
			`select setval(pg_get_serial_sequence('${table}', 'id'), (select max(id) + 1 from ${table}))`,
		);
	await client.query('reset all');
	await client.query('vacuum (analyze)');
}
