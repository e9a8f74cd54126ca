import type { FastifyInstance } from 'fastify';
import { type Done, settingRoutes } from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import {
	NewRoleForm,
	permissionField,
	RemovalForm,
	RoleForm,
} from '#src/features/access/people/forms.ts';
import { findRole, listRoles, type RoleRecord } from '#src/features/access/people/queries.ts';
import { isBuiltIn, roleWords } from '#src/features/access/people/words.ts';
import { PERMISSIONS, SCOPES } from '#src/features/access/tables.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';
import type { Fields } from '#src/platform/pages/three-way-merge.ts';
import { addRole, editRole, lockRoles, type RoleEdit, removeRole } from './actions.ts';

/** The roles of the company as sets of permissions. */
export function roleRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	settingRoutes<RoleRecord>(app, {
		db,
		...{ path: '/admin/roles', access: 'people', changes: 'role', title: 'roles.title' },
		fresh: true,
		...{ fragment: 'access/roles/_roles', root: 'roles-page' },
		find: async (roleId, sql) => await findRole(sql, roleId),
		fields: fieldsOf,
		shape: { boxes: PERMISSIONS.map(permissionField) },
		lock: lockRoles,
		async read({ viewer: { language } }) {
			const roles = (await listRoles(db)).map((role) => ({
				...{ ...role, words: roleWords(role, language), own: !isBuiltIn(role.code) },
				may: role.permissions.map((one) => permissionWords(one, language)).join(', '),
			}));
			return { roles };
		},
		async form({ viewer: { language } }, role) {
			const permissions = PERMISSIONS.map((one) => ({
				...{ field: permissionField(one), words: permissionWords(one, language) },
				held: role?.permissions.includes(one) ?? false,
			}));
			const scopes = SCOPES.map((id) => ({
				id,
				name: translate(language, 'role.scope', { scope: id }),
			}));
			const { name, viewScope, editScope } = role ?? NEW_ROLE;
			const values = { name, viewScope, editScope };
			const builtIn =
				role && isBuiltIn(role.code) ? roleWords({ ...role, name: null }, language) : null;
			const data = { role, values, scopes, permissions, builtIn };
			return { fragment: 'access/roles/_role-form', title: role ? 'role.edit' : 'role.new', data };
		},
		async add(request, sql) {
			const role = roleOf(readForm(NewRoleForm, request.body));
			const roleId = await addRole(sql, acting(request), role);
			return saved(role.name ?? '', { roleId });
		},
		async edit(request, roleId, body, sql) {
			const { version, ...read } = readForm(RoleForm, body);
			const now = await editRole(sql, acting(request), roleId, version, roleOf(read));
			const name = roleWords(await findRole(sql, roleId), request.viewer.language);
			return saved(name, { roleId, version: now });
		},
		buttons: {
			async removal(request, roleId, sql) {
				const { version } = readForm(RemovalForm, request.body);
				const name = await removeRole(sql, acting(request), roleId, version);
				return { toast: { key: 'toast.roleRemoved', args: { name } } };
			},
		},
	});
}

function fieldsOf({ name, viewScope, editScope, permissions }: RoleRecord): Fields {
	const boxes = PERMISSIONS.map((one) => [
		...[permissionField(one), permissions.includes(one) ? '1' : ''],
	]);
	return { name: name ?? '', viewScope, editScope, ...Object.fromEntries(boxes) };
}

const NEW_ROLE = { name: null, viewScope: 'own', editScope: 'own' } as const;

const permissionWords = (permission: string, language: Language): string =>
	translate(language, 'role.permission', { permission: permission.replace('.', '_') });

const saved = (name: string, json: Record<string, unknown>): Done => ({
	...{ toast: { key: 'toast.roleSaved', args: { name } }, json },
});

type Read = Omit<RoleEdit, 'name' | 'permissions'> & { name?: string } & Record<string, unknown>;
const roleOf = ({ name, viewScope, editScope, ...boxes }: Read): RoleEdit => ({
	...{ name: name ?? null, viewScope, editScope },
	permissions: PERMISSIONS.filter((one) => boxes[permissionField(one)] === true),
});
