import { waysOf } from '#src/features/access/sign-in/ways.ts';
import { MARK } from '#src/platform/http/mark.ts';
import { checkSmtp, smtpPlace } from '#src/platform/mail/smtp.ts';
import { fenced } from '#src/platform/outgoing/fence.ts';
import { strangeNames } from '#src/strange-settings.ts';
import { type Finding, finding, type Patient, reasonOf } from './finding.ts';

/** Names that look like settings of the program and are none. */
export async function checkSettings({ env }: Patient): Promise<Finding> {
	const strange = strangeNames(env);
	const names = strange.map(({ told, near }) => `${told} (${near}?)`).join(', ');
	return finding('settings', strange.length === 0 ? 'good' : 'bad', { names, n: strange.length });
}

/** By which ways people come in. */
export async function checkSignIn({ config }: Patient): Promise<Finding> {
	const ways = [...waysOf(config)];
	return finding('signIn', ways.includes('demo') ? 'bad' : 'good', { ways: ways.join(', ') });
}

type Description = { issuer?: string; token_endpoint?: string };

async function describe({
	config,
}: Patient): Promise<{ status: number; url: string; said: Description | null }> {
	const url = `${config.OIDC_ISSUER.replace(/\/$/, '')}/.well-known/openid-configuration`;
	const answer = await directory(config)(url);
	const said = (await answer.json().catch(() => null)) as Description | null;
	return { status: answer.status, url, said };
}

const directory = ({ OIDC_ISSUER, OIDC_ORIGINS }: Patient['config']) =>
	fenced({ allowed: [OIDC_ISSUER, ...OIDC_ORIGINS], inner: true });

/** Whether the issuer describes itself where it is looked for. */
export async function checkDirectory(patient: Patient): Promise<Finding> {
	const { OIDC_ISSUER, LOGIN_HEADER } = patient.config;
	if (OIDC_ISSUER === '') return finding('directory', 'off', { header: LOGIN_HEADER });
	const { status, url, said } = await describe(patient);
	const own = said?.issuer?.replace(/\/$/, '') === OIDC_ISSUER.replace(/\/$/, '');
	return finding('directory', status === 200 && own ? 'good' : 'bad', {
		...{ status, url, issuer: said?.issuer ?? '—' },
	});
}

/** Whether the issuer takes the client's secret: it is asked to change a code that nobody has. */
export async function checkClientSecret(patient: Patient): Promise<Finding> {
	const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, PUBLIC_URL } = patient.config;
	if (OIDC_ISSUER === '') return finding('clientSecret', 'off');
	const { said } = await describe(patient);
	if (!said?.token_endpoint) return finding('clientSecret', 'off');
	const proof = Buffer.from(
		[OIDC_CLIENT_ID, OIDC_CLIENT_SECRET].map(encodeURIComponent).join(':'),
	).toString('base64');
	const body = new URLSearchParams({
		...{ grant_type: 'authorization_code', code: 'doctor', code_verifier: 'd'.repeat(43) },
		...{ redirect_uri: `${PUBLIC_URL}/sign-in/callback`, client_id: OIDC_CLIENT_ID },
	});
	const answer = await directory(patient.config)(said.token_endpoint, {
		method: 'POST',
		...{ headers: OIDC_CLIENT_SECRET ? { authorization: `Basic ${proof}` } : {}, body },
	});
	const { error = '' } = ((await answer.json().catch(() => null)) ?? {}) as { error?: string };
	// Any other complaint is about the code: who asks was believed.
	const good =
		answer.status < 500 && error !== '' && !/^(invalid|unauthorized)_client$/.test(error);
	return finding('clientSecret', good ? 'good' : 'bad', { status: answer.status, error });
}

/** Whether the mail server lets the program in. */
export async function checkMail({ config }: Patient): Promise<Finding> {
	const place = smtpPlace(config);
	if (place === null) return finding('mail', 'off');
	const refused = await checkSmtp(config);
	return finding('mail', refused === null ? 'good' : 'bad', { place, why: refused ?? '' });
}

/** Whether a calendar server answers at its address; nobody's password is asked for. */
export async function checkCalendar({ config: { CALDAV_URL } }: Patient): Promise<Finding> {
	if (CALDAV_URL === '') return finding('calendar', 'off');
	const answer = await fenced({ allowed: [CALDAV_URL], inner: true })(CALDAV_URL, {
		...{ method: 'PROPFIND', headers: { depth: '0', 'content-type': 'application/xml' } },
		body: '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>',
	});
	const good = [207, 401].includes(answer.status);
	return finding('calendar', good ? 'good' : 'bad', { url: CALDAV_URL, status: answer.status });
}

/** Whether the address in the browser leads here: what answers must be this program. */
export async function checkAddress({ config: { PUBLIC_URL } }: Patient): Promise<Finding> {
	if (PUBLIC_URL === '') return finding('address', 'off');
	const url = `${PUBLIC_URL}/healthz`;
	const answer = await fenced({ allowed: [PUBLIC_URL], inner: true })(url).catch(reasonOf);
	if (typeof answer === 'string') return finding('address', 'bad', { url, status: 0, why: answer });
	const good = answer.status === 200 && answer.headers.has(MARK);
	return finding('address', good ? 'good' : 'bad', { url, status: answer.status, why: '' });
}
