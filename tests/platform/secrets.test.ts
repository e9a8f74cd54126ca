import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { seal, secretKey, Unsealable, unseal } from '#src/platform/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'moi-prodazhi-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));
const key = randomBytes(32);

test('what is sealed opens with the same key for the same place, and looks like nothing of itself', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, place) => {
			const sealed = seal(key, text, place);
			expect(unseal(key, sealed, place)).toBe(text);
			if (text.length > 8) expect(sealed).not.toContain(text);
			expect(seal(key, text, place)).not.toBe(sealed);
		}),
		{ numRuns: 50 },
	);
});

test('another key, another place, a changed letter: it does not open', () => {
	const sealed = seal(key, 'пароль', 'calendar:1');
	expect(() => unseal(randomBytes(32), sealed, 'calendar:1')).toThrow(Unsealable);
	expect(() => unseal(key, sealed, 'calendar:2')).toThrow(Unsealable);
	const altered = sealed.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
	expect(() => unseal(key, altered, 'calendar:1')).toThrow(Unsealable);
	expect(() => unseal(key, 'v1.x', 'calendar:1')).toThrow(Unsealable);
});

test('without SECRET_KEY the key is made once, in a file that only its owner reads', () => {
	const made = secretKey({ SECRET_KEY: '', DATA_DIR: folder });
	expect(secretKey({ SECRET_KEY: '', DATA_DIR: folder })).toEqual(made);
	expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600);
	expect(secretKey({ SECRET_KEY: 'другой', DATA_DIR: folder })).not.toEqual(made);
});
