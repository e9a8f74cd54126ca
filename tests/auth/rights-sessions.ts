import { randomBytes } from 'node:crypto';
import type { Browser } from '../app.ts';
import { JSON_ANSWER, type Rules, type Tools } from './rights-rules.ts';

/** The audit log; a person's own sessions; somebody else's are tried in tests/auth/sessions.test.ts. */
export function sessionRules({ database }: Tools): Rules {
	// Another session of whoever has this cookie's; none for who is signed out.
	const another = async ({ cookie }: Browser): Promise<string> => {
		const id = randomBytes(32).toString('hex');
		if (cookie)
			await database.pool.query(
				`insert into sessions (id, person_id, way, seen_at, expires_at, ends_at)
				select $1, person_id, way, seen_at, expires_at, ends_at from sessions
				where id = encode(sha256(convert_to($2, 'UTF8')), 'hex')`,
				[id, cookie.split('=')[1]],
			);
		return id;
	};
	const page = (url: string) => ({
		call: (person: Browser) => person.get(url, JSON_ANSWER),
		status: 200,
	});
	return {
		administrators: {
			'GET /admin/audit': page('/admin/audit'),
			'GET /admin/audit/export': page('/admin/audit/export?format=csv'),
		},
		signedIn: {
			'POST /sessions/:id/ending': {
				call: async (person) => await person.json(`/sessions/${await another(person)}/ending`, {}),
				status: 200,
			},
			'POST /sessions/others/ending': {
				call: async (person) => await person.json('/sessions/others/ending', {}),
				status: 200,
			},
		},
	};
}
