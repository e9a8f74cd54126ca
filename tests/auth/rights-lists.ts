import { JSON_ANSWER, type Rules } from './rights-rules.ts';

/** The lists of clients and of what is to be done: open to everybody who is signed in; what stands in it is another test's. */
export function clientListRules(): Rules {
	const open = (url: string) => ({
		call: (person: Parameters<NonNullable<Rules['signedIn']>[string]['call']>[0]) =>
			person.get(url, JSON_ANSWER),
		status: 200,
	});
	return {
		signedIn: {
			'GET /clients': open('/clients'),
			'GET /clients/print': open('/clients/print'),
			'GET /clients/export': open('/clients/export?format=csv'),
			'GET /agenda/export': open('/agenda/export?format=csv'),
		},
	};
}
