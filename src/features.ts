import type { Feature } from './feature.ts';
import { access } from './features/access/index.ts';
import { admin } from './features/admin/index.ts';
import { audit } from './features/audit/index.ts';
import { calendar } from './features/calendar/index.ts';
import { clients } from './features/clients/index.ts';
import { extraFields } from './features/company/extra-fields/index.ts';
import { organizations } from './features/company/organizations/index.ts';
import { sources } from './features/company/sources/index.ts';
import { tags } from './features/company/tags/index.ts';
import { workCalendar } from './features/company/work-calendar/index.ts';
import { board } from './features/deals/board/index.ts';
import { deals } from './features/deals/index.ts';
import { doctor } from './features/doctor/index.ts';
import { erasure } from './features/erasure/index.ts';
import { imports } from './features/imports/index.ts';
import { interactions } from './features/interactions/index.ts';
import { reminders } from './features/interactions/reminders/index.ts';
import { jobs } from './features/jobs/index.ts';
import { live } from './features/live/index.ts';
import { mail } from './features/mail/index.ts';
import { savedFilters } from './features/saved-filters/index.ts';
import { settings } from './features/settings/index.ts';

/** Every feature that there is, in the order of the house: the one table of contents. */
export const features: readonly Feature[] = [
	access,
	savedFilters,
	mail,
	organizations,
	workCalendar,
	tags,
	sources,
	extraFields,
	clients,
	deals,
	board,
	interactions,
	reminders,
	calendar,
	imports,
	live,
	jobs,
	audit,
	admin,
	settings,
	doctor,
	erasure,
];

/** Nouns that every screen shows. */
export const everywhereNouns = (features: readonly Feature[]): string[] =>
	features.flatMap(({ nouns = {} }) =>
		Object.entries(nouns).flatMap(([noun, { everywhere }]) => (everywhere ? [noun] : [])),
	);
