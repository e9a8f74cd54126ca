import { beforeEach, describe, expect, test } from 'vitest';
import { type Browser, type Fields, signIn, testApp } from '../app.ts';
import { type Cast, makeCast, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read } from '../html.ts';
import { ledgerOf } from '../ledger.ts';

/* Nobody gives more than they hold, and who gives anything has proven lately who they are. */
const database = await testDatabase();
const { db, pool } = database;
let now = NOW;
const served = await testApp(database, { now: () => now });
const cast: Cast = await makeCast(db);
const { anna, boris, gleb, ada } = cast.people;
let hr: Browser;
let admin: Browser;

const row = async (sql: string) => (await pool.query(sql)).rows[0];
const versionOf = async (id: number) =>
	(await row(`select version from people where id = ${id}`)).version;
const roleId = async (code: string) =>
	Number((await row(`select id from roles where code = '${code}'`)).id);
const MORE = 'Столько прав вы дать не можете';

/** Boris keeps the list of people and nothing else: a role of the company's own that holds «люди» alone. */
beforeEach(async () => {
	now = NOW;
	await pool.query(`
		insert into roles (code, name, view_scope, edit_scope, permissions)
		values ('hr', 'Кадры', 'own', 'own', '{people}'), ('plain', 'Простая', 'own', 'own', '{}') on conflict do nothing`);
	await pool.query(`update people set active = true, waiting = false, role = case login when 'boris' then 'hr' when 'vera' then 'head'
		when 'ada' then 'administrator' else 'manager' end where login in ('anna', 'boris', 'vera', 'gleb', 'ada')`);
	await pool.query(
		`update people set email = login || '@shop.example' where login in ('ada', 'boris')`,
	);
	await pool.query('delete from group_mappings');
	hr = await signIn(served, 'boris');
	admin = await signIn(served, 'ada');
});

/** Holds that it is refused as too much, and that nothing but the refusal was written. */
async function tooMuch(browser: Browser, url: string, body: Record<string, unknown>, says = MORE) {
	const ledger = async () => {
		const { events: _, ...rest } = (await ledgerOf(database)) as Record<string, unknown>;
		return rest;
	};
	const before = await ledger();
	const answer = await browser.json(url, body);
	expect([answer.statusCode, answer.body], url).toEqual([403, expect.stringContaining(says)]);
	expect(await ledger()).toEqual(before);
}

describe('who holds «люди» and no more', () => {
	const himself = { name: 'Борис Лунин', login: 'boris' };

	test('does not make an administrator of himself, of another, or of somebody new', async () => {
		for (const role of ['administrator', 'head', 'manager']) {
			await tooMuch(hr, `/admin/people/${boris.id}/edit`, {
				...{
					...himself,
					role,
					version: await versionOf(boris.id),
					teamId:
						boris.id && (await row(`select team_id from people where id = ${boris.id}`)).team_id,
				},
			});
			if (role !== 'head')
				await tooMuch(hr, '/admin/people', { name: 'Новый', login: 'newcomer', role });
		}
	});

	test('takes over nobody who may do more: by their login, their address, by dismissing or letting them in', async () => {
		const version = await versionOf(ada.id);
		const as = {
			name: 'Ада Миронова',
			login: 'ada',
			role: 'administrator',
			email: 'ada@shop.example',
		};
		await tooMuch(hr, `/admin/people/${ada.id}/edit`, { ...as, login: 'boris2', version });
		await tooMuch(hr, `/admin/people/${ada.id}/edit`, {
			...as,
			email: 'boris@evil.example',
			version,
		});
		await tooMuch(hr, `/admin/people/${ada.id}/leaving`, { version, heirId: boris.id });
		await pool.query(`update people set active = false where id = ${gleb.id}`);
		await tooMuch(hr, `/admin/people/${gleb.id}/admission`, { version: await versionOf(gleb.id) });
	});

	test('adds nothing to his own role, makes no role above his own, and no line of groups', async () => {
		const role = { name: 'Кадры', viewScope: 'own', editScope: 'own', may_people: '1', version: 1 };
		const own = `/admin/roles/${await roleId('hr')}/edit`;
		await tooMuch(hr, own, { ...role, may_export: '1' });
		await tooMuch(hr, own, { ...role, viewScope: 'all' });
		await tooMuch(hr, own, { ...role, viewScope: 'team' });
		const { version: _, ...fresh } = role;
		await tooMuch(hr, '/admin/roles', { ...fresh, name: 'Больше', may_audit: '1' });
		await tooMuch(hr, '/admin/mappings', { pattern: '*', role: 'administrator' });
		await pool.query(
			`insert into group_mappings (pattern, role, position) values ('*', 'plain', 1), ('/admins', 'administrator', 2)`,
		);
		const { id } = await row(`select id from group_mappings where pattern = '/admins'`);
		for (const [end, body] of [
			['edit', { pattern: '*', role: 'administrator' }],
			['position', { way: 'up' }],
			['removal', {}],
		] as const)
			await tooMuch(hr, `/admin/mappings/${id}/${end}`, { version: 1, ...body });
	});

	test('moves nobody whom he does not see into another team, and no team', async () => {
		const { rows } = await pool.query('select id, version, parent_id from teams order by id');
		const [first, second] = rows;
		const edit = {
			name: 'Глеб Астахов',
			login: 'gleb',
			role: 'manager',
			version: await versionOf(gleb.id),
		};
		await tooMuch(
			hr,
			`/admin/people/${gleb.id}/edit`,
			{ ...edit, teamId: first.id },
			'Команды меняет тот',
		);
		await tooMuch(
			hr,
			`/admin/teams/${second.id}/edit`,
			{ name: 'Отдел по работе с регионами', parentId: first.id, version: second.version },
			'Команды меняет тот',
		);
	});

	test('gives what he has, and takes away what others gave', async () => {
		expect(
			(await hr.json('/admin/people', { name: 'Стажёр', login: 'trainee', role: 'plain' }))
				.statusCode,
		).toBe(200);
		const less = { name: 'Простая', viewScope: 'own', editScope: 'own', version: 1 };
		const plain = `/admin/roles/${await roleId('plain')}/edit`;
		expect((await hr.json(plain, { ...less, may_people: '1' })).statusCode).toBe(200);
		expect((await hr.json(plain, { ...less, version: 2 })).statusCode).toBe(200);
	});

	test('a refusal brings the form back with what was typed, and stands in the audit log', async () => {
		const answer = await hr.post('/admin/people', {
			name: 'Введённое имя',
			login: 'typed',
			role: 'administrator',
		});
		expect(answer.statusCode).toBe(403);
		expect(answer.body).toContain('value="Введённое имя"');
		expect(answer.body).toContain(MORE);
		const { n } = await row(
			`select count(*)::int as n from events where type = 'access.refused' and data->>'path' = '/admin/people'`,
		);
		expect(n).toBeGreaterThan(0);
	});
});

test('what can be given now, somebody always can give: the last who has a right keeps it', async () => {
	const { rows } = await pool.query(
		`select version, permissions from roles where code = 'administrator'`,
	);
	const boxes = (list: string[]) =>
		Object.fromEntries(list.map((one) => [`may_${one.replace('.', '_')}`, '1']));
	const role = { viewScope: 'all', editScope: 'all', version: rows[0].version };
	const url = `/admin/roles/${await roleId('administrator')}/edit`;
	const without = (rows[0].permissions as string[]).filter((one) => one !== 'audit');
	const refused = await admin.json(url, { ...role, ...boxes(without) });
	expect([refused.statusCode, refused.body]).toEqual([
		422,
		expect.stringContaining('никто не смог бы больше дать'),
	]);
	await pool.query(`update roles set permissions = '{people,audit}' where code = 'hr'`);
	expect((await admin.json(url, { ...role, ...boxes(without) })).statusCode).toBe(200);
	// And now she may not give it back to herself.
	await tooMuch(admin, url, {
		...role,
		version: role.version + 1,
		...boxes([...without, 'audit']),
	});
	await pool.query(`update roles set permissions = '{people}' where code = 'hr'`);
	await pool.query(
		`update roles set permissions = permissions || '{audit}'::text[] where code = 'administrator'`,
	);
});

test('a change of rights is told by mail to all who set up people, the one who did it too', async () => {
	await pool.query('delete from mails');
	const edit = {
		name: 'Анна Соколова',
		login: 'anna',
		role: 'head',
		version: await versionOf(anna.id),
	};
	const { team_id } = await row(`select team_id from people where id = ${anna.id}`);
	expect(
		(await admin.json(`/admin/people/${anna.id}/edit`, { ...edit, teamId: team_id })).statusCode,
	).toBe(200);
	const { rows } = await pool.query(
		`select address, content::text as content from mails where kind = 'rights' order by address`,
	);
	expect(rows.map(({ address }) => address)).toEqual(['ada@shop.example', 'boris@shop.example']);
	for (const { content } of rows)
		for (const said of ['Анна Соколова', 'Руководитель', 'Ада Миронова'])
			expect(content).toContain(said);
	// A name alone is no right.
	const version = await versionOf(anna.id);
	await admin.json(`/admin/people/${anna.id}/edit`, {
		...edit,
		name: 'Анна Белова',
		teamId: team_id,
		version,
	});
	expect((await row(`select count(*)::int as n from mails where kind = 'rights'`)).n).toBe(2);
	await admin.json(`/admin/people/${anna.id}/edit`, {
		...edit,
		teamId: team_id,
		version: version + 1,
	});
});

describe('a sign-in that is older than a quarter of an hour', () => {
	const later = (minutes: number) => {
		now = new Date(NOW.getTime() + minutes * 60_000);
	};

	test('gives no rights to a program, and changes nothing', async () => {
		later(16);
		const ledger = async () => ({ ...(await ledgerOf(database)), sessions: '' });
		const before = await ledger();
		for (const [url, body] of [
			['/admin/people', { name: 'x', login: 'x', role: 'manager' }],
			[`/admin/people/${gleb.id}/edit`, { name: 'x', login: 'gleb', role: 'manager', version: 1 }],
			[
				`/admin/roles/${await roleId('plain')}/edit`,
				{ name: 'x', viewScope: 'own', editScope: 'own', version: 1 },
			],
			['/admin/roles', { name: 'x', viewScope: 'own', editScope: 'own' }],
			['/admin/mappings', { pattern: 'x', role: 'manager' }],
		] as const) {
			const answer = await admin.json(url, body);
			expect([answer.statusCode, answer.json().error.key], url).toEqual([401, 'error.freshSignIn']);
		}
		expect(await ledger()).toEqual(before);
		expect((await admin.get('/admin/people')).statusCode).toBe(200);
		expect((await admin.json('/admin/teams', { name: 'Команда' })).statusCode).toBe(200);
	});

	test('is asked for again on a page, and what was typed comes back into the form, to its person alone', async () => {
		later(16);
		const typed: Fields = {
			name: 'Введённое имя',
			login: 'held',
			role: 'head',
			email: 'held@shop.example',
		};
		const asked = await admin.post('/admin/people', typed);
		expect(asked.statusCode).toBe(303);
		const to = asked.headers.location as string;
		expect(to).toMatch(/^\/sign-in\/again\?held=[\da-f-]{36}$/);
		const page = await admin.get(to);
		expect(page.body).toContain('Подтвердите, что это вы');
		const returnTo = /name="returnTo" value="([^"]+)"/.exec(page.body)?.[1] as string;
		expect(returnTo).toMatch(/^\/admin\/people\/new\?held=/);
		const stranger = await signIn(served, 'boris');
		expect((await stranger.get(returnTo)).body).not.toContain('Введённое имя');
		const entered = await admin.post('/sign-in', { login: 'ada', returnTo });
		expect([entered.statusCode, entered.headers.location]).toEqual([303, returnTo]);
		const again = await signIn(served, 'ada');
		const form = read((await again.get(returnTo)).body);
		const values = form.byTag('input').map((input) => attribute(input, 'value'));
		for (const value of ['Введённое имя', 'held', 'held@shop.example'])
			expect(values).toContain(value);
		expect((await again.post('/admin/people', typed)).statusCode).toBe(422);
		// Once: a reload begins anew.
		expect((await again.get(returnTo)).body).not.toContain('Введённое имя');
	});

	test('leads a page of htmx there as well; a button comes back to its list', async () => {
		later(16);
		await pool.query(`update people set active = false where id = ${gleb.id}`);
		const version = await versionOf(gleb.id);
		const answer = await admin.htmx('/admin/people', `/admin/people/${gleb.id}/admission`, {
			version,
		});
		expect(answer.headers['hx-redirect']).toMatch(/^\/sign-in\/again\?held=/);
		const page = await admin.get(answer.headers['hx-redirect'] as string);
		expect(page.body).toMatch(/value="\/admin\/people\?held=/);
		expect((await admin.get('/sign-in/again?held=nonsense')).statusCode).toBe(200);
	});
});
