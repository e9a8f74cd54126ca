import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll } from 'vitest';

/** A letter as a mail server takes it: the envelope, and everything that was sent, as it stands. */
export type Received = { from: string; to: string[]; raw: string };

export type PostOffice = {
	port: number;
	received: Received[];
	/** What the next letters are answered with: an SMTP code and words, null takes it. */
	answers: ({ code: number; words: string } | null)[];
	close: () => Promise<void>;
};

/** A real SMTP server on this machine, without TLS and sign-in unless `options` say otherwise. */
export async function openPostOffice(options: SMTPServerOptions = {}): Promise<PostOffice> {
	const received: Received[] = [];
	const answers: PostOffice['answers'] = [];
	const server = new SMTPServer({
		disabledCommands: ['STARTTLS', 'AUTH'],
		authOptional: true,
		logger: false,
		disableReverseLookup: true,
		onData(stream, session, done) {
			const chunks: Buffer[] = [];
			stream.on('data', (chunk: Buffer) => chunks.push(chunk));
			stream.on('end', () => {
				const answer = answers.shift() ?? null;
				if (answer)
					return done(Object.assign(new Error(answer.words), { responseCode: answer.code }));
				const { mailFrom, rcptTo } = session.envelope;
				received.push({
					from: mailFrom ? mailFrom.address : '',
					to: rcptTo.map(({ address }) => address),
					raw: Buffer.concat(chunks).toString('utf8'),
				});
				done();
			});
		},
		...options,
	});
	// A client that gives up on a certificate cuts the line; that is its right.
	server.on('error', () => {});
	await new Promise<void>((resolve) => {
		server.listen(0, '127.0.0.1', resolve);
	});
	const close = () => new Promise<void>((resolve) => void server.close(() => resolve()));
	afterAll(close);
	return { port: (server.server.address() as AddressInfo).port, received, answers, close };
}

/** The headers of a letter, unfolded, by their names in small letters; doubled ones as several. */
export function headersOf({ raw }: Received): Map<string, string[]> {
	const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
	const found = new Map<string, string[]>();
	for (const line of head.split('\r\n')) {
		const [name = '', ...rest] = line.split(':');
		const key = name.toLowerCase();
		found.set(key, [...(found.get(key) ?? []), rest.join(':').trim()]);
	}
	return found;
}

/** A header's words (RFC 2047) as people read them. */
export function readable(header: string): string {
	const bytes = header
		.replace(/\?=\s+=\?/g, '?==?')
		.replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, how: string, text: string) =>
			how.toLowerCase() === 'b'
				? Buffer.from(text, 'base64').toString('latin1')
				: text
						.replaceAll('_', ' ')
						.replace(/=([0-9A-F]{2})/gi, (__, hex: string) =>
							String.fromCharCode(Number.parseInt(hex, 16)),
						),
		);
	return /[\u0080-\u00ff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

/** The parts of a letter by their type, decoded. */
export function partsOf({ raw }: Received): Record<string, string> {
	const boundary = /boundary="([^"]+)"/.exec(raw)?.[1];
	const parts = boundary ? raw.split(`--${boundary}`).slice(1, -1) : [];
	return Object.fromEntries(
		parts.map((part) => {
			const at = part.indexOf('\r\n\r\n');
			const head = part.slice(0, at);
			const body = part.slice(at + 4);
			const type = /content-type:\s*([^;\s]+)/i.exec(head)?.[1] ?? '';
			const how = /content-transfer-encoding:\s*(\S+)/i.exec(head)?.[1]?.toLowerCase();
			if (how === 'base64') return [type, Buffer.from(body, 'base64').toString('utf8')];
			if (how !== 'quoted-printable') return [type, body];
			const bytes = body
				.replace(/=\r\n/g, '')
				.replace(/=([0-9A-F]{2})/g, (_, hex: string) =>
					String.fromCharCode(Number.parseInt(hex, 16)),
				);
			return [type, Buffer.from(bytes, 'latin1').toString('utf8')];
		}),
	);
}
