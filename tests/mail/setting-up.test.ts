import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '#src/config.ts';
import { senderDomain, smtpPlace } from '#src/platform/mail/smtp.ts';

const faultOf = (env: Record<string, string>): string => {
	try {
		readConfig(env);
		return '';
	} catch (error) {
		if (error instanceof ConfigError) return error.message;
		throw error;
	}
};

test('a mail server needs a sender, and a fault of its address does not tell the password', () => {
	expect(faultOf({ SMTP_URL: 'smtp://mail.example:25' })).toContain('MAIL_FROM нужен');
	for (const url of [
		'https://crm:s3cret@mail.example',
		'smtp://crm:s3cret@',
		'smtp://crm:s3cret@mail.example/inbox',
		'smtp://crm:s3cret@mail.example:99999',
		'mail.example s3cret',
	]) {
		const fault = faultOf({ SMTP_URL: url, MAIL_FROM: 'crm@shop.example' });
		expect(fault, url).toContain('SMTP_URL должен быть адресом');
		expect(fault).not.toContain('s3cret');
	}
	for (const from of ['Мои продажи', 'a@b, c@d', 'a@b\r\nBcc: c@d', '<a@b> <c@d>'])
		expect(faultOf({ SMTP_URL: 'smtp://mail.example', MAIL_FROM: from }), from).toContain(
			'MAIL_FROM',
		);
	expect(faultOf({ SMTP_TLS: 'maybe' })).toContain('SMTP_TLS');
	expect(faultOf({ WORKER: 'yes' })).toContain('WORKER');
});

test('of a mail server people see host and port alone; the sender gives Message-ID its domain', () => {
	expect(smtpPlace({ SMTP_URL: '' })).toBeNull();
	expect(smtpPlace({ SMTP_URL: 'smtp://crm:s3cret@mail.example' })).toBe('mail.example:587');
	expect(smtpPlace({ SMTP_URL: 'smtps://crm:s3cret@mail.example' })).toBe('mail.example:465');
	expect(smtpPlace({ SMTP_URL: 'smtp://[::1]:2525' })).toBe('::1:2525');
	expect(senderDomain({ MAIL_FROM: 'Мои продажи <crm@shop.example>' })).toBe('shop.example');
	expect(senderDomain({ MAIL_FROM: 'crm@shop.example' })).toBe('shop.example');
});
