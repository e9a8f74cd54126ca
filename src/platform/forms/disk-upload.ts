import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FastifyRequest } from 'fastify';
import { BadRequest, InvalidForm } from '#src/platform/errors.ts';
import { takeKey } from '#src/platform/idempotency/keys.ts';

const MEGABYTE = 1_048_576;
const LIMITS = { files: 1, fields: 20, fieldSize: 10_000, parts: 21 };

/** A file that came with a form: where it lies until the request is answered, and the fields beside it. */
export type DiskUpload = {
	path: string;
	name: string;
	bytes: number;
	fields: Record<string, string>;
};

/**
 * Takes the file of a form, which may be large, to the disk, as slowly as it comes, gives it to `work` and removes it. `field` is
 * the name of its field. Throws InvalidForm where there is none or it is larger than `megabytes`, BadRequest
 * for what no form of ours sends.
 */
export async function withUpload<T>(
	request: FastifyRequest,
	{ field, megabytes }: { field: string; megabytes: number },
	work: (upload: DiskUpload) => Promise<T>,
): Promise<T> {
	if (!request.isMultipart()) throw new BadRequest('error.badRequest', { what: 'multipart' });
	const folder = await mkdtemp(join(tmpdir(), 'moi-prodazhi-upload-'));
	try {
		return await work(await receive(request, folder, field, megabytes));
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function receive(
	request: FastifyRequest,
	folder: string,
	field: string,
	megabytes: number,
): Promise<DiskUpload> {
	let path = join(folder, randomUUID());
	const fields: Record<string, string> = {};
	let file: { name: string; bytes: number } | null = null;
	const refuse = (key: 'field.noFile' | 'field.fileTooLarge' | 'field.fileEmpty') =>
		new InvalidForm({ [field]: { key, args: { mb: megabytes } } }, fields);
	const limits = { ...LIMITS, fileSize: megabytes * MEGABYTE };
	try {
		for await (const part of request.parts({ limits })) {
			if (part.type === 'field') {
				fields[part.fieldname] = String(part.value);
				continue;
			}
			if (part.fieldname !== field || file !== null)
				throw new BadRequest('error.unknownField', { name: part.fieldname.slice(0, 60) });
			// Readers go by the ending where the bytes do not tell.
			path += /\.[a-z]{1,5}$/i.exec(part.filename ?? '')?.[0] ?? '';
			const target = createWriteStream(path);
			await pipeline(part.file, target);
			if (part.file.truncated) throw refuse('field.fileTooLarge');
			file = { name: nameOf(part.filename), bytes: target.bytesWritten };
		}
	} catch (error) {
		const code = (error as { code?: string }).code ?? '';
		if (code === 'FST_REQ_FILE_TOO_LARGE') throw refuse('field.fileTooLarge');
		const broken = /multipart|part header|boundary/i.test((error as Error).message);
		if (code.startsWith('FST_') || (broken && !code))
			throw new BadRequest('error.badRequest', { what: code || 'multipart' });
		throw error;
	}
	if (file === null || (file.name === '' && file.bytes === 0)) throw refuse('field.noFile');
	if (file.bytes === 0) throw refuse('field.fileEmpty');
	takeKey(request, fields);
	return { path, ...file, fields };
}

// Some browsers send whole paths; what cannot be seen has no place in a name.
function nameOf(sent: string | undefined): string {
	const name = basename((sent ?? '').replaceAll('\\', '/')).toWellFormed();
	return name
		.replace(/[\p{Cc}\p{Cf}]/gu, '')
		.trim()
		.slice(0, 200);
}
