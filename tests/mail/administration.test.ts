import { beforeAll, expect, test } from 'vitest';
import { sendMail } from '#src/features/mail/actions.ts';
import { deliverMail } from '#src/features/mail/delivery.ts';
import { type Browser, signIn, testApp } from '../app.ts';
import { by, type Company, makeCompany } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const { db, pool } = database;
const SECRET = 'tO0pSecret';
const env = {
	SMTP_URL: `smtp://crm:${SECRET}@mail.shop.example:2525`,
	MAIL_FROM: 'crm@shop.example',
};
const served = await testApp(database, { env });
const bare = await testApp(database);
const HOSTILE = '<img src=x onerror=alert(1)>"\'\u202e';
let company: Company;
let ada: Browser;

beforeAll(async () => {
	company = await makeCompany(db);
	await pool.query(`update people set email = login || '@shop.example'`);
	ada = await signIn(served, 'ada');
	for (let n = 1; n <= 60; n += 1)
		await sendMail(db, by(company.people.vera), {
			to: company.people[n % 2 ? 'anna' : 'boris'].id,
			kind: 'assigned',
			subject: `${HOSTILE} ${String(n).padStart(2, '0')}`,
			parts: [{ part: 'quote', text: HOSTILE }],
		});
	await pool.query(`
		update mails set status = 'failed', error = '550 ${HOSTILE.replaceAll("'", "''")}' where id % 10 = 0`);
	await pool.query(
		`update mails set status = 'sent', sent_at = created_at + id * interval '1 minute' where id % 10 = 1`,
	);
});

const subjects = (html: string): string[] =>
	read(html)
		.byTag('a')
		.filter((link) => /^\/admin\/mail\/\d+$/.test(attribute(link, 'href') ?? ''))
		.map((link) => textOf(link).slice(-2));

test('letters are listed, the newest first, page after page, each once', async () => {
	const first = await ada.get('/admin/mail');
	expect(subjects(first.body)).toHaveLength(50);
	const onward = read(first.body)
		.byTag('a')
		.map((link) => attribute(link, 'href'))
		.find((href) => href?.includes('after='));
	const second = await ada.get(onward ?? '');
	const all = [...subjects(first.body), ...subjects(second.body)];
	expect(all.toSorted()).toEqual(
		Array.from({ length: 60 }, (_, n) => String(n + 1).padStart(2, '0')),
	);
	expect(second.body).not.toContain('after=');
});

test('they are sorted on the server by every column, and filtered by state, with exact numbers', async () => {
	for (const sort of [
		'created',
		'-created',
		'name',
		'-name',
		'subject',
		'-subject',
		'sent',
		'-sent',
	]) {
		const answer = await ada.get(`/admin/mail?sort=${sort}`);
		expect(answer.statusCode, sort).toBe(200);
		expect(subjects(answer.body)).toHaveLength(50);
	}
	expect(subjects((await ada.get('/admin/mail?sort=subject')).body)[0]).toBe('01');
	expect(subjects((await ada.get('/admin/mail?sort=-subject')).body)[0]).toBe('60');
	const failed = await ada.get('/admin/mail?status=failed');
	expect(subjects(failed.body)).toHaveLength(6);
	const tabs = read(failed.body).byClass('tabs').map(textOf).join().replace(/\s+/g, ' ');
	expect(tabs).toContain('Ждёт отправки 48');
	expect(tabs).toContain('Не отправлено 6');
	expect((await ada.get('/admin/mail?sort=error')).statusCode).toBe(400);
	expect((await ada.get('/admin/mail?status=lost')).statusCode).toBe(400);
	expect((await ada.get('/admin/mail?after=x')).statusCode).toBe(400);
	const part = await ada.htmx('/admin/mail', '/admin/mail?sort=name');
	expect(part.body).toContain('hx-target="#mails"');
	expect(part.body).not.toContain('<html');
});

test('no page shows the password of the mail server, nor takes a letter for markup', async () => {
	const { rows } = await pool.query<{ id: number }>(
		`select id from mails where status = 'failed' order by id limit 1`,
	);
	const id = rows[0]?.id;
	for (const url of ['/admin/mail', `/admin/mail/${id}`]) {
		const { body } = await ada.get(url);
		expect(body).not.toContain(SECRET);
		expect(read(body).byTag('img')).toEqual([]);
		expect(body).toContain('onerror');
	}
	expect((await ada.get('/admin/mail')).body).toContain('mail.shop.example:2525');
	const without = await signIn(bare, 'ada');
	expect((await without.get('/admin/mail')).body).toContain('Почтовый сервер не задан');
});

test('a letter is looked at in a frame that may do nothing', async () => {
	const { rows } = await pool.query<{ id: number }>(
		`select id from mails where status = 'queued' order by id limit 1`,
	);
	const id = rows[0]?.id as number;
	expect((await ada.get(`/admin/mail/${id}`)).body).not.toContain('<iframe');
	const config = {
		...(await import('#src/config.ts')).readConfig({}),
		LOG_LEVEL: 'silent' as const,
	};
	await deliverMail({ db, config, now: () => new Date() }, id);
	const page = await ada.get(`/admin/mail/${id}`);
	const [frame] = read(page.body).byTag('iframe');
	expect(frame && attribute(frame, 'sandbox')).toBe('');
	expect(frame && attribute(frame, 'src')).toBe(`/admin/mail/${id}/letter`);
	const { headers, body } = await ada.get(`/admin/mail/${id}/letter`);
	expect(headers['content-security-policy']).toBe(
		"default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'",
	);
	expect(headers['x-frame-options']).toBe('SAMEORIGIN');
	expect(headers['x-content-type-options']).toBe('nosniff');
	expect(read(body).byTag('img')).toEqual([]);
	expect(read(body).byTag('script')).toEqual([]);
});

test('one letter, or all that failed, is tried again; who did it is noted', async () => {
	const { rows } = await pool.query<{ id: number }>(
		`select id from mails where status = 'failed' order by id limit 1`,
	);
	const id = rows[0]?.id as number;
	const again = await ada.post(`/admin/mail/${id}/deliveries`, {});
	expect([again.statusCode, again.headers.location]).toEqual([303, `/admin/mail/${id}`]);
	const twice = await ada.json(`/admin/mail/${id}/deliveries`, {});
	expect(twice.statusCode).toBe(422);
	expect((await ada.json('/admin/mail/999999/deliveries', {})).statusCode).toBe(404);
	expect((await ada.json('/admin/mail/deliveries', {})).statusCode).toBe(204);
	const states = await pool.query(`select count(*)::int as n from mails where status = 'failed'`);
	expect(states.rows).toEqual([{ n: 0 }]);
	const noted = await pool.query(
		`select data->>'mails' as mails from events where type = 'mail.retried' order by id`,
	);
	expect(noted.rows).toEqual([{ mails: '1' }, { mails: '5' }]);
});

test('a test letter goes to an address; what is none comes back with what was typed', async () => {
	const wrong = await ada.post('/admin/mail', { address: 'anna, boris' });
	expect(wrong.statusCode).toBe(422);
	expect(wrong.body).toContain('value="anna, boris"');
	expect(wrong.body).toContain('Такого почтового адреса не бывает');
	const right = await ada.post('/admin/mail', { address: 'someone@else.example' });
	expect(right.statusCode).toBe(303);
	const page = await ada.get(String(right.headers.location));
	expect(page.body).toContain('Проверочное письмо');
});
