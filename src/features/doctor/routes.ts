import type { FastifyInstance } from 'fastify';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { examine } from './checkup.ts';
import { lastRefusals } from './queries.ts';

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
	app.get('/admin/doctor', { config: { access: 'jobs' } }, async (_request, reply) =>
		reply.page('doctor/show', {
			findings: await examine(patient),
			refusals: await lastRefusals(connection.db),
		}),
	);
}
