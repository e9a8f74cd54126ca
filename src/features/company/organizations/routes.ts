import type { FastifyInstance } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import {
	addOrganization,
	editOrganization,
	moveOrganization,
	removeOrganization,
	useOrganization,
} from './actions.ts';
import {
	factsOf,
	NewOrganizationForm,
	OrganizationForm,
	organizationFields,
	REQUISITES,
} from './forms.ts';
import {
	findOrganization,
	listOrganizations,
	lockOrganizations,
	type Organization,
	usualOf,
} from './queries.ts';

/** The company's own organizations, which issue documents. */
export function organizationRoutes(
	app: FastifyInstance,
	{ connection: { db } }: { connection: Connection },
): void {
	settingRoutes<Organization>(app, {
		db,
		...{ path: '/admin/organizations', access: 'catalogs', changes: 'organization' },
		...{ title: 'organizations.title', root: 'organizations-page' },
		fragment: 'company/organizations/_organizations',
		find: async (organizationId, sql) => await findOrganization(sql, organizationId),
		fields: organizationFields,
		lock: lockOrganizations,
		async read() {
			const organizations = await listOrganizations(db);
			return { organizations, usual: usualOf(organizations)?.id ?? null };
		},
		async form(_request, organization) {
			const title = organization ? 'organization.edit' : 'organization.new';
			const data = { organization, requisites: REQUISITES };
			return { fragment: 'company/organizations/_organization-form', title, data };
		},
		async add(request, sql) {
			const facts = factsOf(readForm(NewOrganizationForm, request.body));
			const organizationId = await addOrganization(sql, acting(request), facts);
			return settingSaved(facts.name, { organizationId });
		},
		async edit(request, organizationId, body, sql) {
			const { version, ...read } = readForm(OrganizationForm, body);
			const facts = factsOf(read);
			const now = await editOrganization(sql, acting(request), organizationId, version, facts);
			return settingSaved(facts.name, { organizationId, version: now });
		},
		buttons: settingButtons({
			move: moveOrganization,
			use: useOrganization,
			remove: removeOrganization,
		}),
	});
}
