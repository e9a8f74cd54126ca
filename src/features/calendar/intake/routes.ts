import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { IntakeForm, MAX_ICS } from '#src/features/calendar/forms.ts';
import { calendarAsText, type Reader, readCalendar } from '#src/features/calendar/ical/reading.ts';
import { listKinds } from '#src/features/interactions/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm, NotFound } from '#src/platform/errors.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { readUpload } from '#src/platform/forms/upload.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, type Problem } from '#src/platform/pages/dialog.ts';
import { keepToast } from '#src/platform/pages/flash.ts';
import { suggestTargets, takeEvent, takenAlready } from './intake.ts';

const SHOWN = 20;

const readerFor = (request: FastifyRequest): Reader => ({
	...{ zone: actorOf(request).timeZone, now: request.viewer.now },
});

// Which event of a file a form is of.
const keyOf = ({ uid, occurrence }: { uid: string; occurrence?: string | null | undefined }) =>
	`${uid} ${occurrence ?? ''}`;

/** An invitation out of a mail becomes an interaction: the file is given, its events are shown, each is taken in. */
export function intakeRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	const signedIn = { config: { access: 'signed-in' as const } };
	const makes = { config: { access: 'signed-in' as const, changes: 'new' as const } };

	app.get('/calendar/intake', signedIn, async (_request, reply) => await drawEmpty(reply, null));

	async function drawEmpty(reply: FastifyReply, problem: Problem | null) {
		if (problem) reply.code(problem.status);
		return await reply.page('calendar/intake/intake', { problem, typed: problem?.typed ?? {} });
	}

	app.post('/calendar/intake', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { fields, file } = await readUpload(request, MAX_ICS);
				const ics = file ? calendarAsText(file.bytes) : (fields.ics ?? '');
				if (ics.trim() === '') throw new InvalidForm({ file: { key: 'field.required' } }, fields);
				return await drawEvents(request, reply, ics, null);
			},
			(problem) => drawEmpty(reply, problem),
		),
	);

	async function drawEvents(
		request: FastifyRequest,
		reply: FastifyReply,
		ics: string,
		problem: { key: string; problem: Problem } | null,
	) {
		const actor = actorOf(request);
		const found = readCalendar(ics, readerFor(request));
		const events = found.events.slice(0, SHOWN);
		const [kinds, targets, taken] = [
			await listKinds(db),
			await suggestTargets(db, actor, events),
			await takenAlready(db, actor.id, events),
		];
		if (problem) reply.code(problem.problem.status);
		return await reply.page('calendar/intake/events', {
			...found,
			ics,
			events,
			kinds,
			targets,
			taken,
			problem,
		});
	}

	app.post('/calendar/intake/events', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { ics, uid, occurrence, ...choice } = readForm(IntakeForm, request.body);
				const { events } = readCalendar(ics, readerFor(request));
				const key = keyOf({ uid, occurrence });
				const event = events.find((one) => keyOf(one) === key);
				if (event === undefined) throw new NotFound('error.notFound');
				await once(db, request, (sql) => takeEvent(sql, acting(request), event, choice));
				keepToast(reply, { key: 'toast.eventTaken', args: { title: event.summary } });
				return await reply.redirect('/agenda', 303);
			},
			async (problem) => {
				const { ics = '', uid = '', occurrence } = problem.typed;
				return await drawEvents(request, reply, ics, { key: keyOf({ uid, occurrence }), problem });
			},
		),
	);
}
