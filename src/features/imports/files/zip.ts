import { crc32, inflateRawSync } from 'node:zlib';
import { FileFault } from '#src/features/imports/console/messages.ts';

/** Bytes of all parts of an archive together, unpacked, at most. */
export const UNPACKED_LIMIT = 50 * 1_048_576;
const PARTS_LIMIT = 2_000;

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_LENGTH = 22;

type Part = { name: string; method: number; packed: number; unpacked: number; at: number };

/**
 * Unpacks the parts of a zip archive whose names `wanted` accepts. What the archive declares is checked
 * before anything is unpacked, and what really comes out while it is: a bomb stops at 50 MB.
 * Throws FileFault.
 */
export function unzip(archive: Buffer, wanted: (name: string) => boolean): Map<string, Buffer> {
	const parts = directory(archive);
	const declared = parts.reduce((sum, part) => sum + part.unpacked, 0);
	if (declared > UNPACKED_LIMIT) throw tooBig();
	const found = new Map<string, Buffer>();
	let left = UNPACKED_LIMIT;
	for (const part of parts.filter(({ name }) => wanted(name))) {
		const bytes = unpack(archive, part, left);
		left -= bytes.length;
		found.set(part.name, bytes);
	}
	return found;
}

const tooBig = () => new FileFault('file.zipTooBig', { limit: 50 });

function directory(archive: Buffer): Part[] {
	const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
	if (end < 0 || end + END_LENGTH > archive.length) throw new FileFault('file.notZip');
	const count = archive.readUInt16LE(end + 10);
	if (count > PARTS_LIMIT) throw new FileFault('file.zipTooMany', { count });
	const parts: Part[] = [];
	let at = archive.readUInt32LE(end + 16);
	for (let n = 0; n < count; n++) {
		if (at + 46 > archive.length || archive.readUInt32LE(at) !== CENTRAL)
			throw new FileFault('file.notZip');
		const nameLength = archive.readUInt16LE(at + 28);
		if (archive.readUInt16LE(at + 8) & 1) throw new FileFault('file.zipEncrypted');
		parts.push({
			name: archive.toString('utf8', at + 46, at + 46 + nameLength),
			method: archive.readUInt16LE(at + 10),
			packed: archive.readUInt32LE(at + 20),
			unpacked: archive.readUInt32LE(at + 24),
			at: archive.readUInt32LE(at + 42),
		});
		at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
	}
	return parts;
}

function unpack(archive: Buffer, part: Part, limit: number): Buffer {
	if (part.at + 30 > archive.length || archive.readUInt32LE(part.at) !== LOCAL)
		throw new FileFault('file.notZip');
	const start =
		part.at + 30 + archive.readUInt16LE(part.at + 26) + archive.readUInt16LE(part.at + 28);
	const packed = archive.subarray(start, start + part.packed);
	if (part.method === 0 && packed.length <= limit) return packed;
	if (part.method !== 0 && part.method !== 8) throw new FileFault('file.notZip');
	try {
		return inflateRawSync(packed, { maxOutputLength: Math.max(1, limit) });
	} catch (error) {
		const tooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
		throw tooLong ? tooBig() : new FileFault('file.notZip');
	}
}

/** An archive of `parts` in their order, stored without compression. */
export function zip(parts: Map<string, Buffer>): Buffer {
	const [bodies, heads]: [Buffer[], Buffer[]] = [[], []];
	let at = 0;
	for (const [name, bytes] of parts) {
		const common = Buffer.alloc(26);
		common.writeUInt16LE(20, 0);
		common.writeUInt32LE(crc32(bytes), 10);
		common.writeUInt32LE(bytes.length, 14);
		common.writeUInt32LE(bytes.length, 18);
		common.writeUInt16LE(Buffer.byteLength(name), 22);
		const body = [signature(LOCAL), common, Buffer.from(name), bytes];
		const tail = Buffer.alloc(14);
		tail.writeUInt32LE(at, 10);
		heads.push(signature(CENTRAL), Buffer.from([20, 0]), common, tail, Buffer.from(name));
		bodies.push(...body);
		at += body.reduce((sum, piece) => sum + piece.length, 0);
	}
	const directory = Buffer.concat(heads);
	const end = Buffer.alloc(END_LENGTH);
	end.writeUInt32LE(END, 0);
	end.writeUInt16LE(parts.size, 8);
	end.writeUInt16LE(parts.size, 10);
	end.writeUInt32LE(directory.length, 12);
	end.writeUInt32LE(at, 16);
	return Buffer.concat([...bodies, directory, end]);
}

function signature(value: number): Buffer {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32LE(value);
	return bytes;
}
