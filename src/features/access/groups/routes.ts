import type { FastifyInstance } from 'fastify';
import { type Done, settingRoutes } from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import {
	MappingForm,
	NewMappingForm,
	PositionForm,
	RemovalForm,
} from '#src/features/access/people/forms.ts';
import { listRoles, listTeams } from '#src/features/access/people/queries.ts';
import { roleWords } from '#src/features/access/people/words.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import {
	addMapping,
	editMapping,
	findMapping,
	listMappings,
	lockMappings,
	type MappingRecord,
	moveMapping,
	removeMapping,
} from './actions.ts';

/** Which group of the directory gives which role and team. */
export function mappingRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	settingRoutes<MappingRecord>(app, {
		db,
		...{ path: '/admin/mappings', access: 'people', changes: 'mapping', title: 'mappings.title' },
		fresh: true,
		...{ fragment: 'access/groups/_mappings', root: 'mappings-page' },
		find: async (mappingId, sql) => await findMapping(sql, mappingId),
		fields: ({ pattern, role, teamId }) => ({
			...{ pattern, role: role ?? '', teamId: String(teamId ?? '') },
		}),
		lock: lockMappings,
		read: async () => ({ mappings: await listMappings(db) }),
		async form({ viewer: { language } }, mapping) {
			const roles = (await listRoles(db)).map((one) => ({
				...{ id: one.code, name: roleWords(one, language) },
			}));
			const teams = (await listTeams(db)).map(({ id, name, depth }) => ({
				...{ id, name: `${'— '.repeat(depth)}${name}` },
			}));
			const data = { mapping, roles, teams };
			const title = mapping ? 'mapping.edit' : 'mapping.new';
			return { fragment: 'access/groups/_mapping-form', title, data };
		},
		async add(request, sql) {
			const { pattern, role = null, teamId = null } = readForm(NewMappingForm, request.body);
			const mappingId = await addMapping(sql, acting(request), { pattern, role, teamId });
			return saved(pattern, { mappingId });
		},
		async edit(request, mappingId, body, sql) {
			const read = readForm(MappingForm, body);
			const { version, pattern, role = null, teamId = null } = read;
			const edit = { pattern, role, teamId };
			const now = await editMapping(sql, acting(request), mappingId, version, edit);
			return saved(pattern, { mappingId, version: now });
		},
		buttons: {
			async position(request, mappingId, sql) {
				const { version, way } = readForm(PositionForm, request.body);
				await moveMapping(sql, acting(request), mappingId, version, way);
				return { toast: null };
			},
			async removal(request, mappingId, sql) {
				const { version } = readForm(RemovalForm, request.body);
				const name = await removeMapping(sql, acting(request), mappingId, version);
				return { toast: { key: 'toast.mappingRemoved', args: { name } } };
			},
		},
	});
}

const saved = (name: string, json: Record<string, unknown>): Done => ({
	...{ toast: { key: 'toast.mappingSaved', args: { name } }, json },
});
