import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartFault } from './start-fault.ts';

type Keeping = { SECRET_KEY: string; DATA_DIR: string };

/** Beside the embedded server's data, where no SECRET_KEY is set. */
export const KEY_FILE = 'secret.key';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const FORM = /^v1\.([\w-]+)\.([\w-]+)\.([\w-]*)$/;

/** What was sealed cannot be opened: another key, another place, or damaged. */
export class Unsealable extends Error {}

/**
 * The key that passwords for other servers are kept under: of SECRET_KEY, or else of a file beside the
 * embedded server's data that is made on first use. Never in the database, whose copies travel.
 * Throws StartFault where that file can be neither read nor made.
 */
export function secretKey({ SECRET_KEY, DATA_DIR }: Keeping): Buffer {
	return keyOf(SECRET_KEY || keptInFile(join(DATA_DIR, KEY_FILE)));
}

/** The key that a secret text makes. */
export function keyOf(source: string): Buffer {
	return Buffer.from(hkdfSync('sha256', source, 'moi-prodazhi', 'secrets', KEY_BYTES));
}

/** A secret that nobody has yet. */
export const newSecret = (): string => randomBytes(KEY_BYTES).toString('base64url');

function keptInFile(path: string): string {
	try {
		makeFolder(dirname(path));
		try {
			writeFileSync(path, newSecret(), { flag: 'wx', mode: 0o600 });
		} catch (error) {
			// The file is there already, or another instance was quicker.
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		}
		return readFileSync(path, 'utf8').trim();
	} catch (error) {
		const { code = String(error) } = error as NodeJS.ErrnoException;
		throw new StartFault(
			`Ключа нет, и файл ${path} для него не заводится (${code}): задайте SECRET_KEY, или DATA_DIR там, куда программа может писать.`,
		);
	}
}

// Not `recursive`, which never ends where a folder cannot be made at all, as in /proc.
function makeFolder(path: string): void {
	if (existsSync(path)) return;
	makeFolder(dirname(path));
	try {
		mkdirSync(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
}

/** Encrypts a text (AES-256-GCM); `place` says what it belongs to, and it opens nowhere else. */
export function seal(key: Buffer, text: string, place: string): string {
	const iv = randomBytes(IV_BYTES);
	const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(place));
	const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
	return ['v1', ...[iv, cipher.getAuthTag(), body].map((part) => part.toString('base64url'))].join(
		'.',
	);
}

/** Opens what `seal` closed. Throws Unsealable. */
export function unseal(key: Buffer, sealed: string, place: string): string {
	const parts = FORM.exec(sealed)
		?.slice(1)
		.map((part) => Buffer.from(part, 'base64url'));
	const [iv, tag, body] = parts ?? [];
	if (!iv || !tag || !body) throw new Unsealable('not of the form that seal writes');
	try {
		const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
		cipher.setAAD(Buffer.from(place)).setAuthTag(tag);
		return Buffer.concat([cipher.update(body), cipher.final()]).toString('utf8');
	} catch {
		throw new Unsealable('another key, another place, or damaged');
	}
}
