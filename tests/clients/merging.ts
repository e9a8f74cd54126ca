import fc from 'fast-check';
import type { TestDatabase } from '../database.ts';

/** What a client of the property tests has; small pools, so that much is there twice. */
export type Sketch = {
	note: string | null;
	region: string | null;
	extra: Record<string, string>;
	contacts: {
		name: string;
		position: string | null;
		role: string | null;
		archived: boolean;
		points: string[];
	}[];
	points: string[];
	addresses: string[];
	tags: number[];
	deals: number;
	steps: number;
};

/** Text as a merge compares it: without case and signs. */
export const bare = (value: unknown) =>
	String(value)
		.toLowerCase()
		.replace(/[\s.,;]+/g, ' ')
		.trim();

const maybe = <T>(...values: T[]) => fc.constantFrom(null, ...values);
const few = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.uniqueArray(one, { maxLength });
const phones = few(
	fc.constantFrom('84951234567', '+7 916 000-00-01', '123', 'нет', '8 495 1234567 доб 5'),
	3,
);

export const sketch: fc.Arbitrary<Sketch> = fc.record({
	note: maybe('первая', 'вторая'),
	region: maybe('Тула', 'Омск'),
	extra: fc.dictionary(fc.constantFrom('1', '2'), fc.constantFrom('да', 'нет'), { maxKeys: 2 }),
	contacts: fc.array(
		fc.record({
			name: fc.constantFrom('Ольга Ёлкина', 'ольга елкина', 'Пётр'),
			position: maybe('директор', 'закупщик'),
			role: maybe('решает'),
			archived: fc.boolean(),
			points: phones,
		}),
		{ maxLength: 3 },
	),
	points: phones,
	addresses: fc.uniqueArray(fc.constantFrom('Тула, ул. Мира 1', 'тула ул Мира, 1', 'Омск'), {
		maxLength: 2,
		selector: bare,
	}),
	tags: few(fc.constantFrom(1, 2, 3), 3),
	deals: fc.nat(2),
	steps: fc.nat(3),
});

/** Writes a client as sketched; half of its steps name one of its contacts. Returns its id. */
export async function draw(
	{ pool }: TestDatabase,
	ownerId: number,
	{ note, region, extra, contacts, points, addresses, tags, deals, steps }: Sketch,
): Promise<number> {
	const insert = async (sql: string, values: unknown[]): Promise<number> =>
		(await pool.query(sql, values)).rows[0]?.id;
	const id = await insert(
		'insert into clients (name, owner_id, note, region, extra) values ($1, $2, $3, $4, $5) returning id',
		['ООО «Двойник»', ownerId, note, region, extra],
	);
	const point = (contactId: number | null, value: string) =>
		pool.query(
			`insert into contact_points (client_id, contact_id, kind, value, search_key)
			 values ($1, $2, 'phone', $3, right(regexp_replace($3, '\\D', '', 'g'), 10))`,
			[id, contactId, value],
		);
	const contactIds: number[] = [];
	for (const contact of contacts) {
		const contactId = await insert(
			`insert into contacts (client_id, name, position, role, archived_at)
			 values ($1, $2, $3, $4, case when $5 then now() end) returning id`,
			[id, contact.name, contact.position, contact.role, contact.archived],
		);
		contactIds.push(contactId);
		for (const value of contact.points) await point(contactId, value);
	}
	for (const value of points) await point(null, value);
	for (const value of addresses)
		await pool.query(`insert into addresses (client_id, kind, value) values ($1, 'legal', $2)`, [
			id,
			value,
		]);
	await pool.query('insert into client_tags select $1, unnest($2::bigint[])', [id, tags]);
	for (let n = 0; n < deals; n++)
		await pool.query(
			`insert into deals (pipeline_id, stage_id, client_id, title, owner_id, stage_entered_at)
			 select pipeline_id, id, $1, 'Поставка', $2, now() from stages order by id limit 1`,
			[id, ownerId],
		);
	for (let n = 0; n < steps; n++)
		await pool.query(
			`insert into interactions (client_id, kind_id, summary, owner_id, planned_on, contact_id)
			 select $1, id, 'Позвонить', $2, '2026-12-01', $3 from interaction_kinds order by id limit 1`,
			[id, ownerId, n % 2 ? (contactIds[0] ?? null) : null],
		);
	return id;
}

const TABLES = [
	'clients',
	'contacts',
	'contact_points',
	'addresses',
	'client_tags',
	'deals',
	'interactions',
];

export type World = Record<string, Record<string, unknown>[]>;

/** Everything that a merge may touch, versions aside. */
export async function worldOf({ pool }: TestDatabase): Promise<World> {
	const world: World = {};
	for (const table of TABLES) {
		const { rows } = await pool.query(
			`select to_jsonb(t) - 'version' as row from ${table} t order by (to_jsonb(t) - 'version')::text collate "C"`,
		);
		world[table] = rows.map(({ row }) => row);
	}
	return world;
}
