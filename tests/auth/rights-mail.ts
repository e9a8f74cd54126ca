import type { Browser } from '../app.ts';
import { JSON_ANSWER, type Rules, type Tools, versionOf } from './rights-rules.ts';

/** The id of a letter that was given up. */
async function failedMail({ database }: Tools): Promise<number> {
	const { rows } = await database.pool.query<{ id: number }>(`
		insert into mails (kind, address, name, language, time_zone, subject, content, status, html)
		values ('test', 'a@b.example', 'Кто-то', 'ru', 'Europe/Moscow', 'Проба', '[]', 'failed', '<p>Проба</p>')
		returning id`);
	return rows[0]?.id ?? 0;
}

/** Reminders, a person's own settings, letters. */
export function mailRules(tools: Tools): Rules {
	const { database } = tools;
	// There before the first call: a refusal must find the database as it was.
	const mail = failedMail(tools);
	const reading = (path: string) => (person: Browser) => person.get(path, JSON_ANSWER);
	return {
		records: {
			'POST /interactions/:id/reminder': {
				call: async (person, { stepId }) =>
					await person.json(`/interactions/${stepId}/reminder`, {
						until: 'hour',
						version: await versionOf(database, 'interactions', stepId),
					}),
				seen: 200,
			},
		},
		signedIn: {
			'GET /reminders': { call: reading('/reminders'), status: 200 },
			'GET /settings': { call: reading('/settings'), status: 200 },
			'POST /settings': {
				call: (person) =>
					person.json('/settings', {
						...{ version: 1, language: 'ru', timeZone: 'Europe/Moscow' },
						...{ workFrom: '09:00', workUntil: '18:00', remindMinutes: 15 },
						...{ mailReminders: '1', mailDigest: '1' },
					}),
				status: 200,
			},
		},
		administrators: {
			'GET /admin/mail': { call: reading('/admin/mail'), status: 200 },
			'GET /admin/mail/:id': {
				call: async (person) => await person.get(`/admin/mail/${await mail}`, JSON_ANSWER),
				status: 200,
			},
			'GET /admin/mail/:id/letter': {
				call: async (person) => await person.get(`/admin/mail/${await mail}/letter`, JSON_ANSWER),
				status: 200,
			},
			'POST /admin/mail': {
				call: (person) => person.json('/admin/mail', { address: 'a@b.example' }),
				status: 204,
			},
			'POST /admin/mail/:id/deliveries': {
				call: async (person) => await person.json(`/admin/mail/${await mail}/deliveries`, {}),
				status: 204,
			},
			'POST /admin/mail/deliveries': {
				call: (person) => person.json('/admin/mail/deliveries', {}),
				status: 204,
			},
		},
	};
}
