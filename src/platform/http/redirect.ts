import type { FastifyReply, FastifyRequest } from 'fastify';
import { keepToast, type Toast } from '#src/platform/pages/flash.ts';
import { wantsFragments, wantsJson } from './errors.ts';

/**
 * Answers an action after which the person is better off on another page: JSON for programs, otherwise they
 * are led to `path`, where the toast tells what happened.
 */
export function leaveFor(
	request: FastifyRequest,
	reply: FastifyReply,
	path: string,
	toast: Toast,
	json: Record<string, unknown> = {},
): FastifyReply {
	if (wantsJson(request)) return reply.send(json);
	keepToast(reply, toast);
	if (wantsFragments(request)) return reply.header('hx-redirect', path).send('');
	return reply.redirect(path, 303);
}
