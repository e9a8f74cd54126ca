import { createServer } from 'node:net';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { type Letter, retryFailedMails, retryMail, sendMail } from '#src/features/mail/actions.ts';
import { deliverMail } from '#src/features/mail/delivery.ts';
import { findMail } from '#src/features/mail/queries.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { startWorker } from '#src/platform/jobs/worker.ts';
import { tasks } from '#src/tasks.ts';
import { by, type Company, makeCompany, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { headersOf, openPostOffice, type PostOffice, partsOf, readable } from './post-office.ts';

const database = await testDatabase();
const { db, pool } = database;
let company: Company;
let office: PostOffice;

const settings = (port: number, more: Record<string, string> = {}) =>
	readConfig({
		SMTP_URL: `smtp://127.0.0.1:${port}`,
		MAIL_FROM: 'Мои продажи <crm@shop.example>',
		PUBLIC_URL: 'https://crm.shop.example',
		LOG_LEVEL: 'silent',
		...more,
	});

const letter = (more: Partial<Letter> = {}): Letter => ({
	to: company.people.anna.id,
	kind: 'assigned',
	subject: { key: 'mail.assigned', args: { title: 'Звонок: «Ёлка & Ко»' } },
	parts: [
		{ part: 'words', words: { key: 'mail.assignedBy', args: { name: 'Вера Павлова' } } },
		{ part: 'button', href: '/deals/7', words: { key: 'mail.open' } },
	],
	...more,
});

const write = async (more: Partial<Letter> = {}): Promise<number> =>
	(await sendMail(db, by(company.people.vera), letter(more))) as number;
const deliver = async (id: number, config = settings(office.port), now = NOW) => {
	await deliverMail({ db, config, now: () => now }, id);
	return await findMail(db, id);
};
const jobs = async () =>
	(
		await pool.query<{ key: string; run_at: Date }>(
			'select key, run_at from graphile_worker.jobs order by id',
		)
	).rows;

beforeAll(async () => {
	company = await makeCompany(db);
	await pool.query(`update people set email = login || '@shop.example'`);
	office = await openPostOffice();
});

beforeEach(async () => {
	office.received.length = 0;
	office.answers.length = 0;
	await pool.query('delete from mails');
	await pool.query('delete from graphile_worker._private_jobs');
});

test('a letter leaves once its transaction commits, through the queue, to its reader', async () => {
	await expect(
		db.transaction(async (tx) => {
			await sendMail(tx, by(company.people.vera), letter());
			throw new Error('changed my mind');
		}),
	).rejects.toThrow('changed my mind');
	await write();
	const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
	const config = settings(office.port);
	const worker = startWorker({
		url: database.url,
		config,
		tasks,
		schedule: {},
		log,
		pollInterval: 100,
	});
	await expect.poll(() => office.received.length).toBe(1);
	await expect.poll(jobs).toEqual([]);
	await worker.stop();
	expect(office.received[0]).toMatchObject({ from: 'crm@shop.example', to: ['anna@shop.example'] });
	const { rows } = await pool.query('select status, attempts, error from mails');
	expect(rows).toEqual([{ status: 'sent', attempts: 1, error: null }]);
});

test('its headers say who, whom, what and that a program wrote it; its parts say the same twice', async () => {
	const id = await write();
	const { messageId } = (await pool.query('select message_id as "messageId" from mails')).rows[0];
	await deliver(id);
	const [received] = office.received;
	if (received === undefined) throw new Error('nothing came');
	const headers = headersOf(received);
	const one = (name: string) => readable(headers.get(name)?.join(' and ') ?? '');
	expect(one('subject')).toBe('Вам поручено: Звонок: «Ёлка & Ко»');
	expect(one('from')).toBe('Мои продажи <crm@shop.example>');
	expect(one('to')).toBe('Анна Соколова <anna@shop.example>');
	expect(one('message-id')).toBe(`<${messageId}@shop.example>`);
	expect(one('auto-submitted')).toBe('auto-generated');
	expect(new Date(one('date')).toISOString()).toBe(NOW.toISOString());
	expect(headers.has('list-unsubscribe')).toBe(false);
	const parts = partsOf(received);
	expect(parts['text/plain']).toContain('Поручает Вера Павлова.');
	expect(parts['text/plain']).toContain('Открыть: https://crm.shop.example/deals/7');
	expect(parts['text/plain']).toContain('https://crm.shop.example/settings');
	expect(parts['text/html']).toContain('<html lang="ru">');
	expect(parts['text/html']).toContain('href="https://crm.shop.example/deals/7"');
	expect(parts['text/html']).toContain('«Ёлка &amp; Ко»');
});

test('a reader of English gets English', async () => {
	await pool.query(`update people set language = 'en' where login = 'boris'`);
	const mail = await deliver(await write({ to: company.people.boris.id }));
	expect(mail.subject).toBe('Assigned to you: Звонок: «Ёлка & Ко»');
	expect(mail.html).toContain('<html lang="en">');
	expect(mail.text).toContain('From Вера Павлова.');
});

test('nobody is written to who has left or has no address, and of one key only the first is', async () => {
	await pool.query(`update people set active = false where login = 'gleb'`);
	await pool.query(`update people set email = null where login = 'ada'`);
	expect(await write({ to: company.people.gleb.id })).toBeNull();
	expect(await write({ to: company.people.ada.id })).toBeNull();
	const letters = await Promise.all([1, 2, 3].map(() => write({ key: 'digest:1:2026-11-24' })));
	expect(letters.filter((id) => id !== null)).toHaveLength(1);
	expect(await jobs()).toHaveLength(1);
});

test('«later» from the server puts a letter off with growing pauses; then it is taken, under the same id', async () => {
	office.answers.push({ code: 451, words: 'Greylisted, try later' }, { code: 421, words: 'Busy' });
	const id = await write();
	await pool.query('delete from graphile_worker._private_jobs');
	const first = await deliver(id);
	expect(first).toMatchObject({ status: 'queued', attempts: 1, sentAt: null });
	expect(first.error).toContain('451 Greylisted, try later');
	expect(first.nextAttemptAt).toEqual(new Date(NOW.getTime() + 60_000));
	expect(await jobs()).toEqual([{ key: `mail:${id}`, run_at: first.nextAttemptAt }]);
	const second = await deliver(id);
	expect(second.nextAttemptAt).toEqual(new Date(NOW.getTime() + 300_000));
	expect(await jobs()).toEqual([{ key: `mail:${id}`, run_at: second.nextAttemptAt }]);
	const third = await deliver(id);
	expect(third).toMatchObject({ status: 'sent', attempts: 3, error: null, nextAttemptAt: null });
	expect(office.received).toHaveLength(1);
});

test('after about a day of trying a letter is given up', async () => {
	const id = await write();
	let waited = 0;
	for (let attempt = 1; attempt <= 10; attempt += 1) {
		office.answers.push({ code: 450, words: 'Mailbox busy' });
		const mail = await deliver(id);
		expect(mail.status).toBe(attempt === 10 ? 'failed' : 'queued');
		waited += (mail.nextAttemptAt?.getTime() ?? NOW.getTime()) - NOW.getTime();
	}
	expect(waited / 3_600_000).toBeGreaterThan(20);
	expect(waited / 3_600_000).toBeLessThanOrEqual(24);
});

test('«never» from the server gives a letter up at once and keeps what it said; it can be tried again', async () => {
	office.answers.push({ code: 550, words: 'No such user here' });
	const id = await write();
	expect(await deliver(id)).toMatchObject({ status: 'failed', attempts: 1 });
	expect((await findMail(db, id)).error).toContain('550 No such user here');
	expect(await deliver(id)).toMatchObject({ status: 'failed', attempts: 1 });
	await pool.query('delete from graphile_worker._private_jobs');
	expect(await retryFailedMails(db, by(company.people.ada))).toBe(1);
	expect(await jobs()).toMatchObject([{ key: `mail:${id}` }]);
	await expect(retryMail(db, by(company.people.ada), id)).rejects.toThrow(RuleBroken);
	expect(await deliver(id)).toMatchObject({ status: 'sent', attempts: 1, error: null });
	await expect(retryMail(db, by(company.people.ada), id)).rejects.toThrow(RuleBroken);
	expect(office.received).toHaveLength(1);
});

test('without a mail server letters are drawn and kept, and can be sent once there is one', async () => {
	const id = await write();
	const kept = await deliver(id, readConfig({ PORT: '3107' }));
	expect(kept).toMatchObject({ status: 'kept', attempts: 0 });
	expect(kept.text).toContain('http://127.0.0.1:3107/deals/7');
	await retryMail(db, by(company.people.ada), id);
	expect(await deliver(id)).toMatchObject({ status: 'sent' });
});

test('a server that is not there, or hangs up, is tried again later', async () => {
	const nobody = await deliver(await write(), settings(1));
	expect(nobody).toMatchObject({ status: 'queued', attempts: 1 });
	expect(nobody.error).toContain('ECONNREFUSED');
	const rude = createServer((socket) => socket.destroy());
	await new Promise<void>((resolve) => {
		rude.listen(0, '127.0.0.1', resolve);
	});
	const { port } = rude.address() as { port: number };
	expect(await deliver(await write(), settings(port))).toMatchObject({
		status: 'queued',
		attempts: 1,
	});
	rude.close();
});

test('a program that died between the yes of the server and its own note sends the same letter again', async () => {
	const id = await write();
	await deliver(id);
	await pool.query(`update mails set status = 'queued', sent_at = null where id = $1`, [id]);
	await deliver(id);
	expect(office.received).toHaveLength(2);
	const ids = office.received.map((one) => headersOf(one).get('message-id')?.[0]);
	expect(new Set(ids).size).toBe(1);
	expect(office.received[0]?.raw.split('\r\n\r\n')[0]).toContain('Message-ID');
});

test('a certificate that nobody vouches for is told, and taken only where the settings say so', async () => {
	// The server brings a certificate for «localhost» that it made itself.
	const secure = await openPostOffice({ disabledCommands: ['AUTH'] });
	const wary = await deliver(await write(), settings(secure.port));
	expect(wary).toMatchObject({ status: 'queued' });
	expect(wary.error).toMatch(/certificate/i);
	const trusting = settings(secure.port, { SMTP_TLS: 'unchecked' });
	expect(await deliver(await write(), trusting)).toMatchObject({ status: 'sent' });
	expect(secure.received).toHaveLength(1);
});

const SECRET = 'Пароль&s3cret/=';
const withPassword = (port: number) =>
	`smtp://crm%40shop.example:${encodeURIComponent(SECRET)}@127.0.0.1:${port}`;

test('a password is given over TLS only, and stands in no error', async () => {
	const seen: string[] = [];
	const strict = await openPostOffice({
		disabledCommands: [],
		authOptional: false,
		onAuth({ username, password }, _, done) {
			seen.push(`${username} ${password}`);
			if (seen.length > 1) return done(null, { user: username });
			done(Object.assign(new Error(`535 ${password} is wrong`), { responseCode: 535 }));
		},
	});
	const config = settings(strict.port, {
		SMTP_URL: withPassword(strict.port),
		SMTP_TLS: 'unchecked',
	});
	const id = await write();
	const refused = await deliver(id, config);
	// Not the letter's fault: the password may be mended within the day.
	expect(refused).toMatchObject({ status: 'queued', attempts: 1 });
	expect(refused.error).toContain('535');
	expect(refused.error).not.toContain('s3cret');
	expect(await deliver(id, config)).toMatchObject({ status: 'sent' });
	expect(seen).toEqual([`crm@shop.example ${SECRET}`, `crm@shop.example ${SECRET}`]);

	const open = await openPostOffice({ disabledCommands: ['STARTTLS'], authOptional: false });
	const bare = settings(open.port, { SMTP_URL: withPassword(open.port) });
	expect((await deliver(await write(), bare)).status).toBe('queued');
	expect(open.received).toEqual([]);
});
