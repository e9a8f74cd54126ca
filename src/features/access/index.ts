import { sql } from 'drizzle-orm';
import type { Feature } from '#src/feature.ts';
import { mappingRoutes } from './groups/routes.ts';
import { peopleRoutes } from './people/routes.ts';
import { roleRoutes } from './roles/routes.ts';
import { everybodyRoutes } from './sessions/everybody-routes.ts';
import { sessionRoutes } from './sessions/routes.ts';
import { oidcRoutes } from './sign-in/oidc/routes.ts';
import { passwordRoutes } from './sign-in/password/routes.ts';
import { authRoutes } from './sign-in/routes.ts';
import { teamRoutes } from './teams/routes.ts';

/** What others show, do or open of this feature. */
export const access: Feature = {
	nouns: {
		person: {
			title: 'people.title',
			everywhere: true,
			named: { table: sql`people`, name: sql`name` },
			page: (id) => `/admin/people/${id}/edit`,
			happened: {
				'person.approved': 'event.personApproved',
				'person.created': 'event.personCreated',
				'person.edited': 'event.personEdited',
				'person.erased': 'event.personErased',
				'person.left': 'event.personLeft',
				'person.linkDeclined': 'event.personLinkDeclined',
				'person.linked': 'event.personLinked',
				'person.mapped': 'event.personMapped',
				'person.unlinked': 'event.personUnlinked',
			},
		},
		team: {
			title: 'teams.title',
			everywhere: true,
			named: { table: sql`teams`, name: sql`name` },
			happened: {
				'team.added': 'event.teamAdded',
				'team.edited': 'event.teamEdited',
				'team.removed': 'event.teamRemoved',
			},
		},
		role: {
			title: 'roles.title',
			everywhere: true,
			named: { table: sql`roles`, name: sql`coalesce(name, code)` },
			happened: {
				'role.added': 'event.roleAdded',
				'role.edited': 'event.roleEdited',
				'role.removed': 'event.roleRemoved',
			},
		},
		mapping: {
			title: 'mappings.title',
			named: { table: sql`group_mappings`, name: sql`pattern` },
			happened: {
				'mapping.added': 'event.mappingAdded',
				'mapping.edited': 'event.mappingEdited',
				'mapping.removed': 'event.mappingRemoved',
			},
		},
		session: {
			title: 'audit.sessions',
			happened: {
				'session.ended': 'event.sessionEnded',
				'session.refused': 'event.sessionRefused',
				'session.started': 'event.sessionStarted',
			},
		},
		access: {
			title: 'audit.refusals',
			happened: {
				'access.refused': 'event.accessRefused',
			},
		},
		password: {
			title: 'audit.passwords',
			happened: {
				'password.made': 'event.passwordMade',
				'password.removed': 'event.passwordRemoved',
			},
		},
		export: {
			title: 'audit.exports',
			happened: {
				'export.made': 'event.exportMade',
			},
		},
		key: {
			title: 'audit.keys',
			happened: {
				'key.rotated': 'event.keyRotated',
			},
		},
	},
	routes: [
		authRoutes,
		oidcRoutes,
		passwordRoutes,
		sessionRoutes,
		everybodyRoutes,
		peopleRoutes,
		teamRoutes,
		roleRoutes,
		mappingRoutes,
	],
	admin: [
		{
			group: 'people',
			place: 10,
			path: '/admin/people',
			permission: 'people',
			title: 'people.title',
			about: 'admin.aboutPeople',
		},
		{
			group: 'people',
			place: 20,
			path: '/admin/teams',
			permission: 'people',
			title: 'teams.title',
			about: 'admin.aboutTeams',
		},
		{
			group: 'people',
			place: 30,
			path: '/admin/roles',
			permission: 'people',
			title: 'roles.title',
			about: 'admin.aboutRoles',
		},
		{
			group: 'people',
			place: 40,
			path: '/admin/mappings',
			permission: 'people',
			title: 'mappings.title',
			about: 'admin.aboutMappings',
		},
		{
			group: 'people',
			place: 50,
			path: '/admin/sessions',
			permission: 'people',
			title: 'session.all',
			about: 'admin.aboutSessions',
		},
	],
};
