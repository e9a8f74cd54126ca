import type { FastifyInstance } from 'fastify';
import type { Parts } from '#src/feature.ts';
import { actorOf } from '#src/features/access/guard.ts';
import { Forbidden } from '#src/platform/errors.ts';
import { sectionsFor } from './sections.ts';

/** The way to all pages of the administration. */
export function adminRoutes(app: FastifyInstance, { features }: Pick<Parts, 'features'>): void {
	app.get('/admin', { config: { access: 'signed-in' } }, async (request, reply) => {
		const groups = sectionsFor(features, actorOf(request));
		if (groups.length === 0) throw new Forbidden('error.forbidden');
		return await reply.page('admin/show', { groups });
	});
}
