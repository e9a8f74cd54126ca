import { isIP } from 'node:net';

/** How the text of a setting is read; each throws an Error that ends the sentence «NAME …». */

const MOST_DAYS = 36_500;

/** Any text. */
export const text = (value: string) => value;
/** A whole number from min to max. */
export const whole = (min: number, max: number) => (value: string) => {
	const number = Number(value);
	if (!/^\d+$/.test(value) || number < min || number > max)
		throw new Error(`должно быть целым числом от ${min} до ${max}, а не «${value}»`);
	return number;
};
/** For how many days something is kept, at least so many; 0: for ever. */
export const daysKept = (least: number) => (value: string) => {
	const number = Number(value);
	if (!/^\d+$/.test(value) || (number !== 0 && number < least) || number > MOST_DAYS)
		throw new Error(
			`должно быть числом дней от ${least} до ${MOST_DAYS} или 0 (бессрочно), а не «${value}»`,
		);
	return number;
};
/** One of these words. */
export const oneOf =
	<const T extends readonly string[]>(...values: T) =>
	(value: string): T[number] => {
		if (!values.includes(value)) throw new Error(`должно быть одним из: ${values.join(', ')}`);
		return value;
	};
/** A time zone by its IANA name. */
export const timeZone = (value: string) => {
	try {
		new Intl.DateTimeFormat('ru', { timeZone: value });
		return value;
	} catch {
		throw new Error(`не знает часового пояса «${value}»: нужен такой, как Europe/Moscow`);
	}
};
/** The address of a site, without a path. */
export const httpUrl = (value: string) => {
	if (value && !(/^https?:\/\/[^/@\s]+\/?$/.test(value) && URL.canParse(value)))
		throw new Error(
			'должен быть адресом вида https://crm.example.ru: без пути, имени и пароля (своего места у программы на сайте нет, нужен свой домен)',
		);
	return value.replace(/\/$/, '');
};
/** An address with a path, without a password. */
export const wholeUrl = (value: string) => {
	if (value && !/^https?:\/\/[^\s@]+$/.test(value))
		throw new Error('должен быть адресом вида https://cal.example.ru/dav/, без имени и пароля');
	return value;
};
/** A secret worth the name, or none. */
export const secret = (value: string) => {
	if (value && value.length < 16) throw new Error('должен быть не короче 16 знаков');
	return value;
};
/** The address of a PostgreSQL. */
export const postgresUrl = (value: string) => {
	if (value && !/^postgres(ql)?:\/\//.test(value))
		throw new Error('должен начинаться с postgres://');
	return value;
};
/** The address of a mail server. */
export const smtpUrl = (value: string) => {
	const known = value === '' || (/^smtps?:\/\/[^/?#]+$/.test(value) && URL.canParse(value));
	// Never the value itself: it holds the password.
	if (!known || (value && !new URL(value).hostname))
		throw new Error('должен быть адресом вида smtp://имя:пароль@сервер:587');
	return value;
};
/** The sender of letters. */
export const sender = (value: string) => {
	if (value && !/^(?:[^<>"\r\n]*<)?[^\s<>@",;]+@[^\s<>@",;]+>?$/.test(value))
		throw new Error('должен быть адресом вида «Мои продажи <crm@example.ru>»');
	return value;
};

/** Whether an address leads to this machine itself. */
export const isHere = (address: string) =>
	/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(address).hostname);

/** An address that nobody on the way can read or change; plain http is for this machine alone. */
export const tlsUrl = (value: string) => {
	const known = URL.canParse(value) && !/[\s@?#]/.test(value);
	const { protocol = '' } = known ? new URL(value) : {};
	if (value && protocol !== 'https:' && !(protocol === 'http:' && isHere(value)))
		throw new Error('должен быть адресом вида https://sso.example.ru/realms/company');
	return value;
};

/** Origins, each as safe as `tlsUrl`, with commas between them. */
export const origins = (value: string): readonly string[] => {
	for (const origin of words(value))
		if (!URL.canParse(tlsUrl(origin)) || new URL(origin).origin !== origin)
			throw new Error(`должно быть списком вида https://oauth2.example.com, а не «${origin}»`);
	return words(value);
};

/** Words with commas or spaces between them. */
export const words = (value: string): readonly string[] => value.split(/[,\s]+/).filter(Boolean);

/** Addresses and networks; never everybody. */
export const networks = (value: string): readonly string[] => {
	for (const network of words(value)) {
		const [address = '', bits, more] = network.split('/');
		const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
		const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
		if (more !== undefined || prefix < 1 || prefix > most)
			throw new Error(
				`должно быть списком адресов и сетей, как 10.0.0.5, 10.1.0.0/24, а не «${network}»`,
			);
	}
	return words(value);
};

/** The name of a header. Its twin with underscores is no other name for what stands behind a proxy. */
export const headerName = (value: string) => {
	if (value && !/^[A-Za-z][A-Za-z0-9-]{1,60}$/.test(value))
		throw new Error(`должно быть именем заголовка вида X-Remote-User, а не «${value}»`);
	return value.toLowerCase();
};
