import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '#src/config.ts';
import { acting } from '#src/features/access/guard.ts';
import { takeHeld } from '#src/features/access/sessions/fresh-sign-in.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { NotFound } from '#src/platform/errors.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { expiredBefore } from '#src/platform/history/erased.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { erase, erasersOnly, tallyErasure } from './actions.ts';
import { ErasureForm, SubjectParams, SubjectQuery } from './forms.ts';
import { findSubject, personOf, SUBJECTS, type SubjectNoun } from './subjects.ts';

const PATH = '/admin/erasure';
const READS = { config: { access: 'people' as const } };
const fresh = (address: string) => address;

/** What is known of somebody is erased: asked for by number, shown with its counts, confirmed by the number. */
export function erasureRoutes(
	app: FastifyInstance,
	{ connection, config: settings }: { connection: Connection; config: Config },
): void {
	const { db } = connection;
	const idOf = (request: FastifyRequest) => readQuery(SubjectParams, request.params).id;

	app.get(PATH, READS, async (request, reply) => {
		erasersOnly(acting(request));
		const { noun, subject } = readQuery(SubjectQuery, request.query);
		const asked = { noun: noun ?? 'client', subject: subject ?? '', missing: false };
		if (subject === undefined) return await drawAsking(reply, asked);
		const found = await numberOf(asked.noun, subject);
		if (found !== null) return await reply.redirect(`${PATH}/${asked.noun}/${found}`, 303);
		return await drawAsking(reply.code(404), { ...asked, missing: true });
	});

	async function drawAsking(
		reply: FastifyReply,
		asked: { noun: SubjectNoun; subject: string; missing: boolean },
	) {
		const {
			KEEP_EVENTS_DAYS: events,
			KEEP_MAILS_DAYS: mails,
			KEEP_IMPORTS_DAYS: imports,
		} = settings;
		const periods = { events, mails, imports, expired: await expiredBefore(db) };
		return await reply.page('erasure/show', { asked, periods });
	}

	// A number that nobody has is told on the page that asks for it.
	async function numberOf(noun: SubjectNoun, typed: string): Promise<number | null> {
		try {
			const isNumber = /^[1-9]\d{0,14}$/.test(typed);
			if (!isNumber) return noun === 'person' ? await personOf(db, typed) : null;
			return (await findSubject(db, noun, Number(typed))).id;
		} catch (error) {
			if (error instanceof NotFound) return null;
			throw error;
		}
	}

	for (const noun of SUBJECTS) {
		const config = { access: 'people' as const, changes: noun, fresh };

		app.get(`${PATH}/${noun}/:id`, READS, async (request, reply) =>
			drawErasure(request, reply, noun, await takeHeld(db, request)),
		);

		app.post(`${PATH}/${noun}/:id`, { config }, async (request, reply) =>
			attempt(
				request,
				async () => {
					const { version, typed = 0 } = readForm(ErasureForm, request.body);
					const asked = { noun, id: idOf(request), typed, version };
					const rows = await once(db, request, (sql) => erase(sql, acting(request), asked));
					return leaveFor(request, reply, PATH, { key: 'toast.erased', args: { rows } }, { rows });
				},
				async (problem) => await drawErasure(request, reply, noun, problem),
			),
		);
	}

	async function drawErasure(
		request: FastifyRequest,
		reply: FastifyReply,
		noun: SubjectNoun,
		problem: Problem | null,
	) {
		erasersOnly(acting(request));
		const subject = await findSubject(db, noun, idOf(request));
		const data = { subject, tallies: await tallyErasure(db, subject), path: PATH };
		const view = { fragment: 'erasure/_erasure', title: 'erasure.title', data } as const;
		return await drawForm(request, reply, view, problem);
	}
}
