import type { FastifyInstance } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import { type InteractionKind, listKinds } from '#src/features/interactions/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import type { Fields } from '#src/platform/pages/three-way-merge.ts';
import {
	addKind,
	editKind,
	findKind,
	type KindSetting,
	lockKinds,
	moveKind,
	removeKind,
	useKind,
} from './actions.ts';
import { KIND_ICONS, KindForm, NewKindForm } from './forms.ts';

/** The kinds of interactions, as an administrator sets them up. */
export function kindRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	settingRoutes<InteractionKind>(app, {
		db,
		...{ path: '/admin/kinds', saved: '', access: 'catalogs', changes: 'kind' },
		...{ title: 'kind.title', fragment: 'interactions/kinds/_kinds', root: 'kinds-page' },
		find: async (kindId, sql) => await findKind(sql, kindId),
		fields: fieldsOf,
		lock: lockKinds,
		read: async () => ({ kinds: await listKinds(db, 'all') }),
		async form(_request, kind) {
			const values = fieldsOf(kind ?? NEW_KIND);
			const was = JSON.stringify(values);
			const all = await listKinds(db, 'all');
			const kinds = all.filter((one) => one.active || one.id === kind?.nextKindId);
			const data = { kind, values, was, kinds, icons: KIND_ICONS };
			return {
				fragment: 'interactions/kinds/_kind-form',
				title: kind ? 'kind.edit' : 'kind.new',
				data,
			};
		},
		async add(request, sql) {
			const kind = settingOf(readForm(NewKindForm, request.body));
			return settingSaved(kind.name, { kindId: await addKind(sql, acting(request), kind) });
		},
		async edit(request, kindId, body, sql) {
			const { version, ...read } = readForm(KindForm, body);
			const now = await editKind(sql, acting(request), kindId, version, settingOf(read));
			return settingSaved(read.name, { kindId, version: now });
		},
		buttons: settingButtons({
			move: moveKind,
			use: useKind,
			remove: removeKind,
		}),
	});
}

type Read = Omit<KindSetting, 'nextKindId' | 'lengthMinutes'> & {
	nextKindId?: number;
	lengthMinutes?: number;
};
const settingOf = ({ name, icon, nextInDays, nextKindId, lengthMinutes }: Read): KindSetting => ({
	...{ name, icon, nextInDays },
	nextKindId: nextKindId ?? null,
	lengthMinutes: lengthMinutes ?? null,
});

/** What the fields of a kind's form hold. */
function fieldsOf({ name, icon, nextKindId, nextInDays, lengthMinutes }: KindSetting): Fields {
	const values = { name, icon, nextKindId, nextInDays, lengthMinutes };
	const told = Object.entries(values).map(([field, value]) => [field, String(value ?? '')]);
	return Object.fromEntries(told);
}

const NEW_KIND: KindSetting = {
	...{ name: '', icon: 'circle', nextKindId: null, nextInDays: 1, lengthMinutes: null },
};
