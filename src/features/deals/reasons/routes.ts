import type { FastifyInstance } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import { NewReasonForm, ReasonForm } from '#src/features/deals/pipelines/forms.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import {
	addReason,
	editReason,
	findReason,
	listReasons,
	lockReasons,
	moveReason,
	type ReasonRecord,
	removeReason,
	useReason,
} from './actions.ts';

/** The reasons for which deals are lost, as an administrator sets them up. */
export function reasonRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	settingRoutes<ReasonRecord>(app, {
		db,
		...{ path: '/admin/reasons', access: 'catalogs', changes: 'reason', title: 'reasons.title' },
		...{ fragment: 'deals/reasons/_reasons', root: 'reasons-page' },
		find: async (reasonId, sql) => await findReason(sql, reasonId),
		fields: ({ name }) => ({ name }),
		lock: lockReasons,
		read: async () => ({ reasons: await listReasons(db) }),
		async form(_request, reason) {
			const data = { reason };
			return {
				fragment: 'deals/reasons/_reason-form',
				title: reason ? 'reason.edit' : 'reason.new',
				data,
			};
		},
		async add(request, sql) {
			const { name } = readForm(NewReasonForm, request.body);
			return settingSaved(name, { reasonId: await addReason(sql, acting(request), { name }) });
		},
		async edit(request, reasonId, body, sql) {
			const { version, name } = readForm(ReasonForm, body);
			const now = await editReason(sql, acting(request), reasonId, version, { name });
			return settingSaved(name, { reasonId, version: now });
		},
		buttons: settingButtons({
			move: moveReason,
			use: useReason,
			remove: removeReason,
		}),
	});
}
