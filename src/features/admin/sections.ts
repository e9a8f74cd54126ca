import { type Actor, can } from '#src/features/access/rights.ts';
import type { Permission } from '#src/features/access/tables.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';

/** A page of the administration: where it is, what it is for, who may come in. */
type Section = { path: string; title: MessageKey; about: MessageKey; permission: Permission };

const section = (
	path: string,
	permission: Permission,
	title: MessageKey,
	about: MessageKey,
): Section => ({ path, permission, title, about });

const GROUPS: { title: MessageKey; sections: Section[] }[] = [
	{
		title: 'admin.people',
		sections: [
			section('/admin/people', 'people', 'people.title', 'admin.aboutPeople'),
			section('/admin/teams', 'people', 'teams.title', 'admin.aboutTeams'),
			section('/admin/roles', 'people', 'roles.title', 'admin.aboutRoles'),
			section('/admin/mappings', 'people', 'mappings.title', 'admin.aboutMappings'),
			section('/admin/sessions', 'people', 'session.all', 'admin.aboutSessions'),
			section('/admin/erasure', 'people', 'erasure.title', 'admin.aboutErasure'),
		],
	},
	{
		title: 'admin.sales',
		sections: [
			section('/admin/pipelines', 'catalogs', 'pipelines.title', 'admin.aboutPipelines'),
			section('/admin/stages', 'catalogs', 'stages.title', 'admin.aboutStages'),
			section('/admin/reasons', 'catalogs', 'reasons.title', 'admin.aboutReasons'),
			section('/admin/kinds', 'catalogs', 'kind.title', 'admin.aboutKinds'),
			section('/admin/sources', 'catalogs', 'sources.title', 'admin.aboutSources'),
			section('/admin/tags', 'catalogs', 'tags.title', 'admin.aboutTags'),
			section(
				'/admin/organizations',
				'catalogs',
				'organizations.title',
				'admin.aboutOrganizations',
			),
			section('/admin/workdays', 'catalogs', 'work.title', 'admin.aboutWork'),
			section('/admin/extra-fields', 'catalogs', 'extra.title', 'admin.aboutFields'),
		],
	},
	{
		title: 'admin.running',
		sections: [
			section('/admin/audit', 'audit', 'audit.title', 'admin.aboutAudit'),
			section('/admin/jobs', 'jobs', 'job.title', 'admin.aboutJobs'),
			section('/admin/doctor', 'jobs', 'doctor.title', 'admin.aboutDoctor'),
			section('/admin/mail', 'mail', 'mail.title', 'admin.aboutMail'),
			section('/import', 'imports.all', 'import.title', 'admin.aboutImports'),
		],
	},
];

/** The pages of the administration that the actor may enter. */
export function sectionsFor(actor: Actor): { title: MessageKey; sections: Section[] }[] {
	return GROUPS.map(({ title, sections }) => ({
		title,
		sections: sections.filter(({ permission }) => can(actor, permission)),
	})).filter(({ sections }) => sections.length > 0);
}

/** Whether the administration has a page for this person. */
export function administers(actor: Actor | null): boolean {
	return actor !== null && sectionsFor(actor).length > 0;
}
