import type { FastifyInstance } from 'fastify';
import { settingButtons, settingRoutes, settingSaved } from '#src/features/admin/setting-routes.ts';
import { acting } from '#src/features/auth/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/web/forms.ts';
import { NewReasonForm, ReasonForm } from './catalog-forms.ts';
import {
	addReason,
	editReason,
	findReason,
	listReasons,
	moveReason,
	type ReasonRecord,
	removeReason,
	useReason,
} from './reasons.ts';

/** The reasons for which deals are lost, as an administrator sets them up. */
export function reasonRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	settingRoutes<ReasonRecord>(app, {
		db,
		...{ path: '/admin/reasons', access: 'catalogs', changes: 'reason', title: 'reasons.title' },
		...{ fragment: 'deals/_reasons', root: 'reasons-page' },
		find: async (reasonId) => await findReason(db, reasonId),
		read: async () => ({ reasons: await listReasons(db) }),
		async form(_request, reason) {
			const data = { reason, was: JSON.stringify({ name: reason?.name ?? '' }) };
			return { fragment: 'deals/_reason-form', title: reason ? 'reason.edit' : 'reason.new', data };
		},
		async add(request, sql) {
			const { name } = readForm(NewReasonForm, request.body);
			return settingSaved(name, { reasonId: await addReason(sql, acting(request), { name }) });
		},
		async edit(request, reasonId) {
			const { version, name } = readForm(ReasonForm, request.body);
			const now = await editReason(db, acting(request), reasonId, version, { name });
			return settingSaved(name, { reasonId, version: now });
		},
		buttons: settingButtons({
			move: async (...asked) => await moveReason(db, ...asked),
			use: async (...asked) => await useReason(db, ...asked),
			remove: async (...asked) => await removeReason(db, ...asked),
		}),
	});
}
