import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Keeping = { SECRET_KEY: string; DATA_DIR: string };

const FILE = 'secret.key';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const FORM = /^v1\.([\w-]+)\.([\w-]+)\.([\w-]*)$/;

/** What was sealed cannot be opened: another key, another place, or damaged. */
export class Unsealable extends Error {}

/**
 * The key that passwords for other servers are kept under: of SECRET_KEY, or else of a file beside the
 * embedded server's data that is made on first use. Never in the database, whose copies travel.
 * Throws what the file system throws.
 */
export function secretKey({ SECRET_KEY, DATA_DIR }: Keeping): Buffer {
	const source = SECRET_KEY || keptInFile(join(DATA_DIR, FILE));
	return Buffer.from(hkdfSync('sha256', source, 'moi-prodazhi', 'secrets', KEY_BYTES));
}

function keptInFile(path: string): string {
	mkdirSync(dirname(path), { recursive: true });
	try {
		writeFileSync(path, randomBytes(KEY_BYTES).toString('base64url'), { flag: 'wx', mode: 0o600 });
	} catch (error) {
		// The file is there already, or another instance was quicker.
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
	return readFileSync(path, 'utf8').trim();
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
