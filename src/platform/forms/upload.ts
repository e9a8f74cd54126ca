import type { FastifyRequest } from 'fastify';
import { BadRequest, InvalidForm } from '#src/platform/errors.ts';
import { takeKey } from '#src/platform/idempotency/keys.ts';

/** What came with a form that carries one small file: its text fields, and the file's bytes and name. */
export type Upload = {
	fields: Record<string, string>;
	file: { name: string; bytes: Buffer } | null;
};

const MOST_FIELDS = 20;
const FIELD_BYTES = 256 * 1024;

/**
 * Reads a form with at most one file of `maxBytes`, whole, into memory; a plain form without one is read
 * too. An empty file is none. Throws InvalidForm on the field `file` for a larger one, BadRequest for more
 * files or fields than any page of ours sends.
 */
export async function readUpload(request: FastifyRequest, maxBytes: number): Promise<Upload> {
	if (!request.isMultipart()) return { fields: textFields(request.body), file: null };
	const fields: Record<string, string> = {};
	let file: Upload['file'] = null;
	const limits = { files: 1, fields: MOST_FIELDS, fieldSize: FIELD_BYTES, fileSize: maxBytes };
	try {
		for await (const part of request.parts({ limits })) {
			if (part.type === 'field') fields[part.fieldname] = String(part.value);
			else {
				const bytes = await part.toBuffer();
				if (bytes.length > 0) file = { name: part.filename, bytes };
			}
		}
	} catch (error) {
		const code = (error as { code?: string }).code ?? '';
		if (code === 'FST_REQ_FILE_TOO_LARGE')
			throw new InvalidForm(
				{ file: { key: 'field.fileTooLarge', args: { mb: megabytes(maxBytes) } } },
				fields,
			);
		throw new BadRequest('error.badRequest', { what: code || 'multipart' });
	}
	takeKey(request, fields);
	return { fields, file };
}

const megabytes = (bytes: number) => Math.max(1, Math.round(bytes / (1024 * 1024)));

function textFields(body: unknown): Record<string, string> {
	if (typeof body !== 'object' || body === null) return {};
	const fields = Object.entries(body).filter(([, value]) => typeof value === 'string');
	return Object.fromEntries(fields) as Record<string, string>;
}
