import type { AdminSection, Feature } from '#src/feature.ts';
import { type Actor, can } from '#src/features/access/rights.ts';
import type { MessageKey } from '#src/platform/i18n/translate.ts';

type Group = { title: MessageKey; sections: AdminSection[] };

const GROUPS: [AdminSection['group'], MessageKey][] = [
	['people', 'admin.people'],
	['sales', 'admin.sales'],
	['running', 'admin.running'],
];

/** The pages of the administration, as the manifests have them, that the actor may enter. */
export function sectionsFor(features: readonly Feature[], actor: Actor): Group[] {
	const all = features
		.flatMap(({ admin = [] }) => admin)
		.filter(({ permission }) => can(actor, permission))
		.toSorted((a, b) => a.place - b.place);
	return GROUPS.map(([group, title]) => ({
		title,
		sections: all.filter((section) => section.group === group),
	})).filter(({ sections }) => sections.length > 0);
}

/** Whether the administration has a page for this person. */
export function administers(features: readonly Feature[], actor: Actor | null): boolean {
	return actor !== null && sectionsFor(features, actor).length > 0;
}
