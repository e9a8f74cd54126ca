import { createTransport } from 'nodemailer';
import type { Config } from '#src/config.ts';

/** One letter to one address, ready to leave. `messageId` is its Message-ID without brackets. */
export type Outgoing = {
	to: { name: string; address: string };
	subject: string;
	html: string;
	text: string;
	messageId: string;
	date: Date;
};

/**
 * The mail server did not take a letter. `permanent`: it will not take this one ever (5xx for the letter
 * itself); otherwise trying later may help (4xx, no connection, a wrong password). The message is what the
 * server said.
 */
export class DeliveryError extends Error {
	readonly permanent: boolean;
	constructor(message: string, permanent: boolean) {
		super(message);
		this.permanent = permanent;
	}
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const MOST_TOLD = 500;

type Smtp = Pick<Config, 'SMTP_URL' | 'SMTP_TLS' | 'MAIL_FROM'>;

/** Sends a letter through the mail server of the settings. Throws DeliveryError. */
export async function sendBySmtp(config: Smtp, letter: Outgoing): Promise<void> {
	const transport = createTransport(optionsOf(config));
	try {
		await transport.sendMail({
			from: config.MAIL_FROM,
			// As parts, never as a line: a name with a comma or a line break must stay a name.
			to: { name: oneLine(letter.to.name), address: letter.to.address },
			subject: oneLine(letter.subject),
			text: letter.text,
			html: letter.html,
			date: letter.date,
			messageId: `<${letter.messageId}>`,
			// Neither answered by out-of-office robots (RFC 3834) nor fetched from anywhere.
			headers: { 'Auto-Submitted': 'auto-generated' },
			disableFileAccess: true,
			disableUrlAccess: true,
		});
	} catch (error) {
		throw deliveryError(error, config);
	} finally {
		transport.close();
	}
}

/** Asks the mail server to let the program in, and sends nothing; null where it does, else what it said. */
export async function checkSmtp(config: Smtp): Promise<string | null> {
	const transport = createTransport(optionsOf(config));
	try {
		await transport.verify();
		return null;
	} catch (error) {
		return deliveryError(error, config).message;
	} finally {
		transport.close();
	}
}

/** The mail server as people may see it: host and port, without name and password; null where there is none. */
export function smtpPlace({ SMTP_URL }: Pick<Config, 'SMTP_URL'>): string | null {
	if (SMTP_URL === '') return null;
	const { hostname, port } = serverOf(SMTP_URL);
	return `${hostname}:${port}`;
}

/** The domain of the sender: the right side of Message-ID. */
export function senderDomain({ MAIL_FROM }: Pick<Config, 'MAIL_FROM'>): string {
	return /@([^\s<>@]+?)>?$/.exec(MAIL_FROM)?.[1] ?? 'localhost';
}

function serverOf(address: string) {
	const url = new URL(address);
	const secure = url.protocol === 'smtps:';
	return {
		hostname: url.hostname.replace(/^\[|\]$/g, ''),
		port: Number(url.port) || (secure ? 465 : 587),
		secure,
		user: decodeURIComponent(url.username),
		pass: decodeURIComponent(url.password),
	};
}

function optionsOf({ SMTP_URL, SMTP_TLS }: Smtp) {
	const { hostname, port, secure, user, pass } = serverOf(SMTP_URL);
	const plain = SMTP_TLS === 'off';
	return {
		host: hostname,
		port,
		secure,
		ignoreTLS: plain,
		// A password never goes over an open line, unless the operator said so.
		requireTLS: !plain && !secure && user !== '',
		tls: { rejectUnauthorized: SMTP_TLS === 'checked' },
		connectionTimeout: CONNECT_MS,
		greetingTimeout: CONNECT_MS,
		socketTimeout: SILENCE_MS,
		...(user && { auth: { user, pass } }),
	};
}

function deliveryError(error: unknown, { SMTP_URL }: Smtp): DeliveryError {
	const { code = '', responseCode = 0, response, message = '' } = error as Told;
	// A refused password or STARTTLS is the operator's fault, not the letter's: it may be mended within the day.
	const permanent = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
	const told = response ?? [code, message].filter(Boolean).join(': ');
	return new DeliveryError(withoutSecret(oneLine(told), SMTP_URL).slice(0, MOST_TOLD), permanent);
}

type Told = { code?: string; responseCode?: number; response?: string; message?: string };

// A server may repeat what it was told.
function withoutSecret(text: string, address: string): string {
	const { user, pass } = serverOf(address);
	const secrets = [
		pass,
		Buffer.from(pass).toString('base64'),
		Buffer.from(`\0${user}\0${pass}`).toString('base64'),
	];
	return pass === ''
		? text
		: secrets.reduce((clean, secret) => clean.replaceAll(secret, '•••'), text);
}

const CONTROL = /[\p{Cc}\u2028\u2029]+/gu;

/** The text in one line, without control characters: safe in a header. */
export function oneLine(text: string): string {
	return text.replace(CONTROL, ' ').trim();
}
