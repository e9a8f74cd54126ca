import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { findAsked } from '#src/features/interactions/clash/clash.ts';
import { askedIn } from '#src/features/interactions/clash/forms.ts';
import {
	CancellationForm,
	editOf,
	ReopeningForm,
	RestorationForm,
	repeatFrom,
	StepForm,
	StepOwnerForm,
} from '#src/features/interactions/forms.ts';
import {
	findInteraction,
	findInteractionToEdit,
	type InteractionView,
	keptOf,
} from '#src/features/interactions/queries.ts';
import { editSteps } from '#src/features/interactions/series/editing.ts';
import { repeatOf } from '#src/features/interactions/series/recurrence.ts';
import { STEP_SHAPE } from '#src/features/interactions/step-shape.ts';
import { repeatWords } from '#src/features/interactions/words.ts';
import { stepArgs } from '#src/features/next-step/words.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { form, id, readForm, readPart, readQuery } from '#src/platform/forms/readers.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import type { Toast } from '#src/platform/pages/flash.ts';
import { mergedBody, mergeEdit, onlyTouched } from '#src/platform/pages/three-way-merge.ts';
import { wayBack } from '#src/platform/pages/undo.ts';
import { answerStep, type StepChange } from './answer.ts';
import { deleteInteraction, reassignInteraction, reopenInteraction } from './editing.ts';
import { restoreInteraction } from './restore.ts';
import { placeOf, readStepForm } from './screen.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES = { config: { access: 'signed-in' as const, changes: 'interaction' as const } };
const Params = form({ id: id() });
const idOf = (request: FastifyRequest) => readQuery(Params, request.params).id;

/** The fields of an edit that only moves a step in the calendar: it can be taken back in one go. */
const PLACE = new Set(['plannedDay', 'plannedTime', 'lengthMinutes']);

/** What is said of a step that was moved, or only made longer or shorter. */
function placeToast(before: InteractionView, step: InteractionView, viewer: Viewer): Toast {
	const { lengthMinutes: n, summary } = step;
	const stays = before.plannedAt?.getTime() === step.plannedAt?.getTime();
	if (!stays || step.plannedAt === null || n === null || n === before.lengthMinutes)
		return { key: 'toast.stepMoved', args: stepArgs(step, viewer) };
	return { key: 'toast.stepLength', args: { summary, n } };
}

/** One interaction as it stands, and the doors to its changes. */
export function editingRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get(
		'/interactions/:id',
		SIGNED_IN,
		async (request, reply) => await drawStep(request, reply, null),
	);

	async function drawStep(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const step = await findInteraction(db, actorOf(request), idOf(request));
		const rule = step.seriesRule && repeatWords(repeatOf(step.seriesRule), request.viewer);
		const view = { fragment: 'interactions/interaction/_interaction', data: { step, rule } };
		return await drawForm(request, reply, { ...view, title: 'interaction.show' }, problem);
	}

	app.get('/interactions/clashes', SIGNED_IN, async (request, reply) => {
		const asked = askedIn(request.query);
		const clash = await findAsked(db, actorOf(request), asked, request.viewer);
		return await reply.fragments('interactions/clash/clash-told', { clash });
	});

	app.get(
		'/interactions/:id/edit',
		SIGNED_IN,
		async (request, reply) => await drawEdit(request, reply, null),
	);

	async function drawEdit(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const data = await readStepForm(db, actorOf(request), idOf(request), request.viewer);
		return await drawForm(
			request,
			reply,
			{ fragment: 'interactions/interaction/_edit', title: 'interaction.edit', data },
			problem && onlyTouched(problem, STEP_SHAPE),
		);
	}

	async function saveStep(request: FastifyRequest) {
		const by = acting(request);
		const id = idOf(request);
		const lock = async (tx: Tx) => await findInteractionToEdit(tx, by.actor, id);
		const edit = async (sql: Sql): Promise<StepChange> => {
			const { viewer } = request;
			const { step: before, fields: stands } = await readStepForm(sql, by.actor, id, viewer);
			const now = { version: before.version, fields: stands };
			const body = mergedBody(request.body, now, STEP_SHAPE);
			const { returnTo, version, was: _, ...fields } = readPart(StepForm, body);
			const edit = editOf(fields, viewer);
			const step = await editSteps(sql, by, id, version as number, {
				...{ edit, scope: fields.scope ?? 'one' },
				// A form without the field leaves the rule; one that says nothing in it ends it.
				rule: fields.repeat === undefined ? undefined : (repeatFrom(fields) ?? 'never'),
			});
			const back = returnTo ?? undefined;
			if (edit.plan && Object.keys(fields).every((name) => PLACE.has(name))) {
				const fields = { version: String(step.version), ...placeOf(before, viewer) };
				const undo = wayBack('step.edit', step.id, fields);
				const toast = { ...placeToast(before, step, viewer), undo };
				return { step: keptOf(step), toast, returnTo: back };
			}
			const series = step.seriesId !== before.seriesId || (fields.scope ?? 'one') !== 'one';
			return told('toast.stepSaved', step, back, series);
		};
		return await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edit));
	}

	app.post('/interactions/:id', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => await answerStep(connection, request, reply, await saveStep(request)),
			async (problem) => await drawEdit(request, reply, problem),
		),
	);

	app.post('/interactions/:id/owner', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { returnTo, version, ownerId } = readForm(StepOwnerForm, request.body);
				const id = idOf(request);
				const change = await once(db, request, async (sql) => {
					const step = await reassignInteraction(sql, acting(request), id, version, ownerId);
					return told('toast.stepReassigned', step, returnTo);
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawEdit(request, reply, problem),
		),
	);

	app.post('/interactions/:id/reopening', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const form = readForm(ReopeningForm, request.body);
				const { version, nextId, nextVersion, returnTo } = form;
				const next = nextId && nextVersion ? { id: nextId, version: nextVersion } : null;
				const [by, id] = [acting(request), idOf(request)];
				const change = await once(db, request, async (sql) => {
					const step = await reopenInteraction(sql, by, id, version, next);
					return told('toast.stepReopened', step, returnTo);
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawStep(request, reply, problem),
		),
	);

	app.post('/interactions/:id/deletion', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version, returnTo } = readForm(CancellationForm, request.body);
				const change = await once(db, request, async (sql) => {
					const step = await deleteInteraction(sql, acting(request), idOf(request), version);
					const { id, dealId, clientId, summary } = step;
					const belongs =
						dealId === null ? { clientId: String(clientId) } : { dealId: String(dealId) };
					const undo = wayBack('step.restore', id, { version: String(step.version), ...belongs });
					const toast = { key: 'toast.stepDeleted', args: { summary }, undo } as const;
					return { step: keptOf(step), toast, returnTo };
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawStep(request, reply, problem),
		),
	);

	app.post('/interactions/:id/restoration', CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const { version, returnTo, ...belongs } = readForm(RestorationForm, request.body);
				const { dealId = null, clientId = null } = belongs;
				const id = idOf(request);
				const where = { dealId, clientId };
				const change = await once(db, request, async (sql) => {
					const step = await restoreInteraction(sql, acting(request), id, version, where);
					return told('toast.stepRestored', step, returnTo);
				});
				return await answerStep(connection, request, reply, change);
			},
			async (problem) => await drawStep(request, reply, problem),
		),
	);
}

// By what the verb returned: who gives a step away may not see it any more.
function told(
	key: 'toast.stepSaved' | 'toast.stepReassigned' | 'toast.stepReopened' | 'toast.stepRestored',
	step: InteractionView,
	returnTo: string | undefined,
	series = false,
): StepChange {
	const toast = { key, args: { summary: step.summary, name: step.ownerName } };
	return { step: keptOf(step), toast, returnTo, series };
}
