import { randomBytes } from 'node:crypto';
import type { Browser } from '../app.ts';
import { JSON_ANSWER, type Rules, type Tools } from './rights-rules.ts';

/** The audit log, jobs, everybody's sessions; a person's own sessions; somebody else's are tried in tests/auth/sessions.test.ts. */
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
	const change = (url: string, status: number) => ({
		call: (person: Browser) => person.json(url, {}),
		status,
	});
	return {
		administrators: {
			'GET /admin/doctor': page('/admin/doctor'),
			'GET /admin/jobs': page('/admin/jobs'),
			'GET /admin/sessions': page('/admin/sessions'),
			'POST /admin/sessions/:id/ending': change(`/admin/sessions/${'0'.repeat(64)}/ending`, 404),
			'POST /admin/people/:id/sessions/ending': change('/admin/people/999999/sessions/ending', 200),
			'POST /admin/jobs/:id/retry': change('/admin/jobs/999999/retry', 404),
			'POST /admin/jobs/:id/removal': change('/admin/jobs/999999/removal', 404),
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
