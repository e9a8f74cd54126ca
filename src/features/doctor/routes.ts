import type { FastifyInstance } from 'fastify';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { checked, form, optional, readQuery } from '#src/platform/forms/readers.ts';
import { examine } from './checkup.ts';
import { lastRefusals } from './queries.ts';

const DoctorQuery = form({ servers: optional(checked()) });

/** What the program stands on, a line each, for administrators; and whom the sign-in refused of late. */
export function doctorRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const url = String(connection.pool.options.connectionString ?? '');
	const patient = {
		...{ config, connection, url, env: process.env },
		directUrl: config.DATABASE_DIRECT_URL || url,
	};
	// Other servers are asked when somebody wants to know, and not with each look at the page.
	app.get('/admin/doctor', { config: { access: 'jobs' } }, async (request, reply) => {
		const { servers = false } = readQuery(DoctorQuery, request.query);
		return await reply.page('doctor/show', {
			asked: servers,
			findings: await examine(patient, { near: !servers }),
			refusals: await lastRefusals(connection.db),
		});
	});
}
