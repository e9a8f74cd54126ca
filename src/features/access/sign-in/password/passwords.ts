import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { noteRefusal, recordRefusal } from '#src/features/access/sign-in/refusals.ts';
import type { Database, Sql, Tx } from '#src/platform/db/client.ts';
import { InvalidForm, RuleBroken, Told } from '#src/platform/errors.ts';
import type { By } from '#src/platform/history/record.ts';
import { record } from '#src/platform/history/record.ts';

/**
 * 32 MB a try, less than is advised for passwords that people choose. These are ours, with 120 random bits each
 * (PASSWORD_BYTES): no guessing gets through that, however fast, and nobody can choose another.
 */
const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const KEY_BYTES = 32;
const PASSWORD_BYTES = 15;
const WINDOW_MINUTES = 15;
const MOST_BY_LOGIN = 5;
const MOST_BY_ADDRESS = 50;

/** 429: guessed too often from there; others may go on. */
export class TooManyTries extends Told {
	readonly status = 429;
	constructor() {
		super('signIn.tooMany', { minutes: WINDOW_MINUTES });
	}
}

/**
 * Gives an administrator a new local password and returns it, for nobody else keeps it: five groups of
 * letters and digits. Makes the administrator where nobody has the login. Throws RuleBroken for
 * somebody who is none.
 */
export async function makePassword(
	tx: Tx,
	login: string,
	by: Omit<By, 'actorId'>,
): Promise<string> {
	const { rows } = await tx.execute<{ id: number; fits: boolean }>(sql`
		select p.id, p.active and 'people' = any(r.permissions) as fits
		from people p join roles r on r.code = p.role where lower(p.login) = ${login} for update of p`);
	const known = rows[0];
	if (known && !known.fits) throw new RuleBroken('signIn.notAdministrator');
	const personId = known ? Number(known.id) : await makeAdministrator(tx, login, by);
	const password = readable(randomBytes(PASSWORD_BYTES));
	const hash = await hashed(password, randomBytes(16));
	await tx.execute(sql`
		insert into local_passwords (person_id, hash, made_at) values (${personId}, ${hash}, ${by.now})
		on conflict (person_id) do update set hash = excluded.hash, made_at = excluded.made_at`);
	await tx.execute(sql`delete from sessions where person_id = ${personId} and way = 'password'`);
	await record(tx, { ...by, actorId: null }, { type: 'password.made', data: { personId } });
	return password;
}

async function makeAdministrator(tx: Tx, login: string, by: Omit<By, 'actorId'>): Promise<number> {
	const role = 'administrator';
	const { rows } = await tx.execute<{ id: number }>(
		sql`insert into people (login, name, role) values (${login}, ${login}, ${role}) returning id`,
	);
	const personId = Number(rows[0]?.id);
	await record(
		tx,
		{ ...by, actorId: null },
		{ type: 'person.created', data: { personId, login, name: login, role, waiting: false } },
	);
	return personId;
}

/** Takes a local password away, with the sessions that it opened. False where there is none. */
export async function removePassword(
	tx: Tx,
	login: string,
	by: Omit<By, 'actorId'>,
): Promise<boolean> {
	const { rows } = await tx.execute<{ person_id: number }>(sql`
		delete from local_passwords where person_id =
			(select id from people where lower(login) = ${login}) returning person_id`);
	if (rows[0] === undefined) return false;
	const personId = Number(rows[0].person_id);
	await tx.execute(sql`delete from sessions where person_id = ${personId} and way = 'password'`);
	await record(tx, { ...by, actorId: null }, { type: 'password.removed', data: { personId } });
	return true;
}

/**
 * Whose login and password these are. Tries are counted in the database, by login and address together,
 * so that nobody can lock an administrator out from elsewhere; a right one forgets them. Throws
 * InvalidForm, one sentence for every reason, and TooManyTries.
 */
export async function checkPassword(
	db: Database,
	tried: { login: string; password: string; address: string },
	now: Date,
): Promise<number> {
	const login = tried.login.trim().toLowerCase();
	const address = networkOf(tried.address);
	// The try is noted before it is judged: a hundred at once do not slip through between.
	const noted = await noteTry(db, login, address, now);
	if (!noted.allowed) {
		await forgetTries(db, sql`id = ${noted.id}`);
		await noteRefusal(db, { way: 'password', why: 'signIn.tooMany', login, address }, now);
		throw new TooManyTries();
	}
	const { rows } = await db.execute<{ id: number; hash: string }>(sql`
		select p.id, l.hash from people p join local_passwords l on l.person_id = p.id
		where lower(p.login) = ${login} and p.active`);
	// Somebody unknown takes as long as a wrong password.
	const kept = rows[0]?.hash ?? `${Buffer.alloc(16).toString('base64url')}.${'A'.repeat(43)}`;
	if ((await isPassword(tried.password, kept)) && rows[0]) {
		await forgetTries(db, sql`why = 'signIn.wrong' and login = ${login} and address = ${address}`);
		return Number(rows[0].id);
	}
	await recordRefusal(db, { way: 'password', why: 'signIn.wrong', login, address }, now);
	throw new InvalidForm({}, { login }, 'signIn.wrong');
}

async function noteTry(
	db: Sql,
	login: string,
	address: string,
	now: Date,
): Promise<{ id: number; allowed: boolean }> {
	const { rows } = await db.execute<{ id: number }>(sql`
		insert into sign_in_refusals (at, why, login, address)
		values (${now}, 'signIn.wrong', ${login}, ${address}) returning id`);
	const since = new Date(now.getTime() - WINDOW_MINUTES * 60_000);
	const counted = await db.execute<{ login: number; address: number }>(sql`
		select count(*) filter (where login = ${login})::int as login, count(*)::int as address
		from sign_in_refusals where address = ${address} and why = 'signIn.wrong' and at > ${since}`);
	const tries = counted.rows[0] ?? { login: 0, address: 0 };
	const allowed = tries.login <= MOST_BY_LOGIN && tries.address <= MOST_BY_ADDRESS;
	return { id: Number(rows[0]?.id), allowed };
}

async function forgetTries(db: Sql, which: ReturnType<typeof sql>): Promise<void> {
	await db.execute(sql`delete from sign_in_refusals where ${which}`);
}

/** One household of IPv6 addresses counts as one. */
function networkOf(address: string): string {
	return address.includes(':') && !address.includes('.')
		? `${address.split(':').slice(0, 4).join(':')}::`
		: address;
}

// Letters and digits that nobody takes for one another, of which each holds five bits.
function readable(bytes: Buffer): string {
	const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
	let bits = BigInt(`0x${bytes.toString('hex')}`);
	let text = '';
	for (let at = 0; at < (bytes.length * 8) / 5; at += 1) {
		text += letters[Number(bits & 31n)];
		bits >>= 5n;
	}
	return text.match(/.{1,5}/g)?.join('-') ?? text;
}

async function hashed(password: string, salt: Buffer): Promise<string> {
	const key = await new Promise<Buffer>((resolve, reject) => {
		scrypt(password.normalize('NFKC'), salt, KEY_BYTES, COST, (error, made) =>
			error ? reject(error) : resolve(made),
		);
	});
	return `${salt.toString('base64url')}.${key.toString('base64url')}`;
}

async function isPassword(password: string, kept: string): Promise<boolean> {
	const salt = Buffer.from(kept.split('.')[0] ?? '', 'base64url');
	const [told, wanted] = [Buffer.from(await hashed(password, salt)), Buffer.from(kept)];
	return told.length === wanted.length && timingSafeEqual(told, wanted);
}
