import { JSON_ANSWER, type Rules, type Tools } from './rights-rules.ts';

const EVENT =
	'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@x\r\nDTSTART:20261130T090000Z\r\nSUMMARY:x\r\n' +
	'END:VEVENT\r\nEND:VCALENDAR\r\n';

/**
 * The routes of the calendar. All of them are about the person who asks; whose steps a calendar shows to
 * whom stands in tests/calendar.
 */
export function calendarRules({ cast }: Tools): Rules {
	return {
		signedIn: {
			'GET /calendar/print': {
				call: (person) => person.get('/calendar/print', JSON_ANSWER),
				status: 200,
			},
			'GET /calendar': { call: (person) => person.get('/calendar', JSON_ANSWER), status: 200 },
			'GET /calendar/new': {
				call: (person) => person.get('/calendar/new', JSON_ANSWER),
				status: 200,
			},
			'GET /calendar/new/deals': {
				call: (person) => person.get('/calendar/new/deals?clientName=x', JSON_ANSWER),
				status: 200,
			},
			// Nobody knows this client.
			'POST /calendar/steps': {
				call: (person) =>
					person.json('/calendar/steps', {
						...{ clientName: 'Никто', kindId: cast().kinds[0]?.id, summary: 'x' },
						plannedDay: '2026-12-01',
					}),
				status: 422,
			},
			'GET /calendar/feed': {
				call: (person) => person.get('/calendar/feed', JSON_ANSWER),
				status: 200,
			},
			'POST /calendar/feed': { call: (person) => person.json('/calendar/feed', {}), status: 200 },
			'POST /calendar/feed/revocation': {
				call: (person) => person.json('/calendar/feed/revocation', {}),
				status: 303,
			},
			'GET /calendar/account': {
				call: (person) => person.get('/calendar/account', JSON_ANSWER),
				status: 200,
			},
			// No calendar server is set up here.
			'POST /calendar/account': {
				call: (person) => person.json('/calendar/account', { login: 'x', password: 'x' }),
				status: 422,
			},
			'POST /calendar/account/rounds': {
				call: (person) => person.json('/calendar/account/rounds', {}),
				status: 303,
			},
			// Nothing is asked, and no round was made.
			'POST /calendar/account/answer': {
				call: (person) => person.json('/calendar/account/answer', { answer: 'keep' }),
				status: 422,
			},
			'POST /calendar/account/rounds/:id/undoing': {
				call: (person) => person.json('/calendar/account/rounds/1/undoing', {}),
				status: 404,
			},
			'POST /calendar/account/removal': {
				call: (person) => person.json('/calendar/account/removal', {}),
				status: 303,
			},
			'GET /calendar/intake': {
				call: (person) => person.get('/calendar/intake', JSON_ANSWER),
				status: 200,
			},
			'POST /calendar/intake': {
				call: (person) => person.json('/calendar/intake', { ics: EVENT }),
				status: 200,
			},
			'POST /calendar/intake/events': {
				call: (person) =>
					person.json('/calendar/intake/events', {
						...{ ics: EVENT, uid: '1@x', clientName: 'Никто', kindId: cast().kinds[0]?.id },
					}),
				status: 422,
			},
		},
	};
}
