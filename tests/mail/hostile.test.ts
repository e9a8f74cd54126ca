import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { sendMail } from '#src/features/mail/actions.ts';
import { deliverMail } from '#src/features/mail/delivery.ts';
import { notifyAssigned, notifyReassigned } from '#src/features/mail/notices.ts';
import { findMail } from '#src/features/mail/queries.ts';
import { by, type Company, makeCompany, NOW } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';
import { headersOf, openPostOffice, type PostOffice, partsOf } from './post-office.ts';

const database = await testDatabase();
const { db, pool } = database;
let company: Company;
let office: PostOffice;

const HOSTILE = [
	'<img src=x onerror=alert(1)>',
	'"><script>alert(1)</script>',
	'Тема\r\nBcc: thief@evil.example\r\n\r\n<b>тело</b>',
	'a\nTo: thief@evil.example',
	'=?utf-8?B?0YjQuNC/?= =?x?',
	'\u202eОбратно\u202c \u2028 строка',
	'{{constructor}} #{7*7} <%= 7*7 %>',
	'.\r\n.\r\nQUIT\r\n',
	'ж'.repeat(300),
	"'; drop table mails; --",
];

const config = () =>
	readConfig({
		SMTP_URL: `smtp://127.0.0.1:${office.port}`,
		MAIL_FROM: 'crm@shop.example',
		PUBLIC_URL: 'https://crm.shop.example',
	});

beforeAll(async () => {
	company = await makeCompany(db);
	await pool.query(`update people set email = login || '@shop.example'`);
	office = await openPostOffice();
});

/** Sends and gives back what the server took; a refusal is told as it is. */
async function sent(id: number) {
	office.received.length = 0;
	await deliverMail({ db, config: config(), now: () => NOW }, id);
	const mail = await findMail(db, id);
	expect(mail.error).toBeNull();
	const [received] = office.received;
	if (received === undefined) throw new Error('nothing came');
	return { received, mail };
}

const HEADERS = [
	'auto-submitted',
	'content-type',
	'date',
	'from',
	'message-id',
	'mime-version',
	'subject',
	'to',
];

test('whatever is typed stays text: no header more, no reader more, no element more', async () => {
	const said = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme', minLength: 1 }));
	const plain = await write('Тихий текст', 'Имя', 'Слово');
	const shape = elementsOf((await sent(plain)).mail.html ?? '');
	await fc.assert(
		fc.asyncProperty(said, said, said, async (title, name, note) => {
			const id = await write(...([title, name, note].map(kept) as [string, string, string]));
			const { received, mail } = await sent(id);
			expect([...headersOf(received).keys()].sort()).toEqual(HEADERS);
			expect([...headersOf(received).values()].every((values) => values.length === 1)).toBe(true);
			expect(received.to).toEqual(['anna@shop.example']);
			expect(elementsOf(mail.html ?? '')).toEqual(shape);
			expect(lines(partsOf(received)['text/html']) === lines(mail.html)).toBe(true);
			expect(mail.text?.split('> ').slice(1).join('').replace(/\s/g, '')).toContain(
				kept(note).replaceAll('> ', '').replace(/\s/g, ''),
			);
		}),
		{ numRuns: 40 },
	);
});

// What a form lets through: no NUL, not empty.
const kept = (text: string) => text.replaceAll('\0', '').trim() || 'пусто';
const lines = (text: string | null | undefined) => (text ?? '').replace(/\r\n?/g, '\n').trim();

async function write(title: string, name: string, note: string): Promise<number> {
	await pool.query('update people set name = $1 where id = $2', [name, company.people.anna.id]);
	return (await notifyReassigned(db, by(company.people.vera), {
		ownerId: company.people.anna.id,
		deals: [{ id: 7, title, clientName: name }],
		note,
	})) as number;
}

/** Every element with its attributes, text aside; the title of the letter and its links stay what they are. */
function elementsOf(html: string): string[] {
	return read(html).elements.map(
		({ tagName, attrs }) =>
			`${tagName} ${attrs.map((one) => `${one.name}=${one.value}`).join(' ')}`,
	);
}

test('addresses that are no single address never reach the server', async () => {
	for (const address of [
		'anna@shop.example, thief@evil.example',
		'anna@shop.example\r\nRCPT TO:<thief@evil.example>',
		'<anna@shop.example>',
		'Анна anna@shop.example',
		'anna',
		'@shop.example',
		'"quo ted"@shop.example',
	]) {
		office.received.length = 0;
		const id = (await sendMail(db, by(company.people.ada), {
			to: { address, name: 'Кто-то', language: 'ru', timeZone: 'Europe/Moscow' },
			kind: 'test',
			subject: 'Проба',
			parts: [],
		})) as number;
		await deliverMail({ db, config: config(), now: () => NOW }, id);
		expect(await findMail(db, id), address).toMatchObject({
			status: 'failed',
			error: 'Такого почтового адреса не бывает',
		});
		expect(office.received).toEqual([]);
	}
});

test('a notice of many deals names some and counts the rest; one gives no notice to oneself', async () => {
	const deals = Array.from({ length: 33 }, (_, n) => ({ id: n + 1, title: `Интерес ${n + 1}` }));
	const acting = by(company.people.vera);
	const id = (await notifyReassigned(db, acting, {
		ownerId: company.people.boris.id,
		deals,
	})) as number;
	const { mail } = await sent(id);
	expect(mail.subject).toBe('Вам переданы 33 интереса');
	const links = read(mail.html ?? '')
		.byTag('a')
		.map((link) => attribute(link, 'href'));
	expect(links.filter((href) => href?.includes('/deals/'))).toHaveLength(30);
	expect(mail.text).toContain('И ещё 3 интереса.');
	expect(await notifyReassigned(db, acting, { ownerId: company.people.vera.id, deals })).toBeNull();
	expect(
		await notifyReassigned(db, acting, { ownerId: company.people.anna.id, deals: [] }),
	).toBeNull();
});

test('a step that was given to somebody is told with its time in their zone and its note', async () => {
	await pool.query(`update people set time_zone = 'Asia/Vladivostok' where login = 'boris'`);
	const step = {
		...{ id: 5, kindName: 'Встреча', summary: 'Показать образцы', plannedOn: null },
		plannedAt: new Date('2026-11-24T23:30:00Z'),
		...{ dealId: null, clientId: 3, clientName: 'ООО «Ромашка»' },
	};
	const id = await notifyAssigned(db, by(company.people.vera), {
		ownerId: company.people.boris.id,
		step,
		note: 'Возьмите каталог.\nИ образцы.',
	});
	const { mail } = await sent(id as number);
	expect(mail.subject).toBe('Вам поручено: Встреча: Показать образцы');
	expect(mail.text).toContain('> Возьмите каталог.\n> И образцы.');
	expect(mail.text).toContain('завтра, 09:30 – Встреча: Показать образцы');
	expect(mail.text).toContain('https://crm.shop.example/clients/3');
	expect(textOf(read(mail.html ?? '').elements[0] as never)).toContain('ООО «Ромашка»');
});
