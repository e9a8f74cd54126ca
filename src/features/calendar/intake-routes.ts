import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/auth/guard.ts';
import { listKinds } from '#src/features/interactions/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { InvalidForm, NotFound } from '#src/platform/errors.ts';
import { attempt, type Problem } from '#src/platform/web/dialog.ts';
import { keepToast } from '#src/platform/web/flash.ts';
import { readForm } from '#src/platform/web/forms.ts';
import { readUpload } from '#src/platform/web/upload.ts';
import { IntakeForm, MAX_ICS } from './forms.ts';
import { suggestTargets, takeEvent, takenAlready } from './intake.ts';
import { readCalendar } from './reading.ts';

const SHOWN = 20;
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
		return await reply.page('calendar/intake', { problem, typed: problem?.typed ?? {} });
	}

	app.post('/calendar/intake', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { fields, file } = await readUpload(request, MAX_ICS);
				const ics = file?.bytes.toString('utf8') ?? fields.ics ?? '';
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
		problem: { uid: string; problem: Problem } | null,
	) {
		const actor = actorOf(request);
		const events = readCalendar(ics, actor.timeZone).slice(0, SHOWN);
		const [kinds, targets, taken] = [
			await listKinds(db),
			await suggestTargets(db, actor, events),
			await takenAlready(db, actor.id, events),
		];
		if (problem) reply.code(problem.problem.status);
		return await reply.page('calendar/events', { ics, events, kinds, targets, taken, problem });
	}

	app.post('/calendar/intake/events', makes, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { ics, uid, target, clientName, kindId } = readForm(IntakeForm, request.body);
				const event = readCalendar(ics, actorOf(request).timeZone).find((one) => one.uid === uid);
				if (event === undefined) throw new NotFound('error.notFound');
				await takeEvent(db, acting(request), event, { target, clientName, kindId });
				keepToast(reply, { key: 'toast.eventTaken', args: { title: event.summary } });
				return await reply.redirect('/agenda', 303);
			},
			async (problem) => {
				const { ics = '', uid = '' } = problem.typed;
				return await drawEvents(request, reply, ics, { uid, problem });
			},
		),
	);
}
