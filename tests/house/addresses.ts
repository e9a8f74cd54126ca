import type { Records } from './records.ts';

/** Addresses of a route that reads, by the route. */
export type Addresses = Record<string, string[]>;

/** Pages as a browser opens them: every route that draws one, with all that it can draw. */
export function pagesOf(records: Records): Addresses {
	const { client, contact, deal, extra, interaction, kind, merge, twin } = records;
	return {
		'/sign-in': ['/sign-in'],
		...oneOf('/admin', '/admin/reasons', '/admin/reasons/new', '/admin/tags', '/admin/tags/new'),
		...oneOf('/admin/sources'),
		'/admin/sources/new': ['source', 'campaign'].map((kind) => `/admin/sources/new?kind=${kind}`),
		...oneOf('/admin/reasons/:id/edit', records.reason),
		...oneOf('/admin/sources/:id/edit', records.source),
		...oneOf('/admin/sources/:id/merger/new', records.source),
		...oneOf('/admin/tags/:id/edit', records.tag),
		...oneOf('/admin/tags/:id/merger/new', records.tag),
		'/admin/audit': ['/admin/audit', `/admin/audit?record=deal:${deal}&kind=deal`],
		...oneOf('/admin/jobs', '/admin/sessions'),
		...oneOf('/admin/extra-fields', '/admin/kinds', '/admin/kinds/new', '/admin/mail'),
		...oneOf('/admin/organizations', '/admin/organizations/new'),
		...oneOf('/admin/organizations/:id/edit', records.organization),
		...oneOf('/admin/workdays', '/admin/workdays/new', '/admin/workdays/week/edit'),
		...oneOf('/admin/workdays/:id/edit', records.holiday),
		...oneOf('/admin/pipelines', '/admin/pipelines/new', '/admin/stages', '/admin/stages/new'),
		...oneOf('/admin/pipelines/:id/edit', records.pipeline),
		...oneOf('/admin/pipelines/:id/removal/new', records.pipeline),
		...oneOf('/admin/stages/:id/edit', records.stage),
		...oneOf('/admin/stages/:id/removal/new', records.stage),
		...oneOf('/agenda/print', '/board/print', '/calendar/account', '/clients/print'),
		...oneOf('/deals/print'),
		'/calendar/print': ['view=day&owner=team', 'view=week', 'view=month', 'view=list'].map(
			(query) => `/calendar/print?${query}`,
		),
		...oneOf('/calendar/feed', '/calendar/intake', '/clients/new', '/clients/vcard', '/deals/new'),
		...oneOf('/agenda/selection', '/clients/selection'),
		...oneOf('/deals/selection', '/import', '/reminders', '/settings'),
		...oneOf('/admin/extra-fields/:id/edit', extra),
		'/admin/extra-fields/new': ['client', 'deal'].map((of) => `/admin/extra-fields/new?noun=${of}`),
		...oneOf('/admin/kinds/:id/edit', kind),
		...oneOf('/admin/mail/:id', records.mail),
		...oneOf('/admin/mappings', '/admin/mappings/new', '/admin/people', '/admin/people/new'),
		...oneOf('/admin/roles', '/admin/roles/new', '/admin/teams', '/admin/teams/new'),
		...oneOf('/admin/mappings/:id/edit', records.mapping),
		...oneOf('/admin/erasure'),
		...oneOf('/admin/people/:id/edit', records.person),
		...oneOf('/admin/people/:id/leaving/new', records.person),
		...oneOf('/admin/roles/:id/edit', records.role),
		...oneOf('/admin/teams/:id/edit', records.team),
		'/agenda': ['/agenda', '/agenda?owner=team', '/agenda?period=done'],
		'/board': ['/board', '/board?view=dates', '/board?period=none', '/board?q=нет такого'].concat(
			['', '&view=dates'].map((more) => `/board?pipeline=${records.pipeline}${more}`),
		),
		'/calendar': [
			'',
			'view=day',
			'view=week',
			'view=month',
			'view=list',
			'view=week&owner=team',
		].map((query) => `/calendar?${query}`),
		'/calendar/new': ['/calendar/new', '/calendar/new?day=2026-11-25&time=10:00'],
		'/clients': ['/clients', '/clients?q=ромашка', '/clients?sort=-amount'],
		'/clients/:id': [`/clients/${client}`, `/clients/${twin}`],
		...oneOf('/clients/:id/contacts/new', client),
		...oneOf('/clients/:id/contacts/vcard', client),
		...oneOf('/clients/:id/edit', client),
		...oneOf('/clients/:id/interactions/new', client),
		...oneOf('/clients/:id/menu', client),
		...oneOf('/clients/:id/removal', client),
		'/clients/candidates': [client, `${client},${twin}`].map(
			(ids) => `/clients/candidates?ids=${ids}&q=ромашка`,
		),
		'/clients/duplicates': ['/clients/duplicates?by=inn', '/clients/duplicates?by=name'],
		'/clients/merge': [`/clients/merge?ids=${client},${twin}`],
		...oneOf('/contacts/:id/edit', contact),
		...oneOf('/contacts/:id/removal', contact),
		...oneOf('/deals/:id/removal', records.deal),
		'/deals/:id/candidates': ['', '?q=печь'].map((query) => `/deals/${deal}/candidates${query}`),
		'/deals/merge': [`/deals/merge?ids=${deal},${records.twinDeal}`],
		'/deals': [
			'/deals',
			`/deals?pipeline=${records.pipeline}&kind=all`,
			'/deals?kind=all&sort=-amount',
			'/deals?q=печь',
		],
		...oneOf('/deals/:id', deal),
		'/deals/:id/closure/new': [6, 7].map((stage) => `/deals/${deal}/closure/new?stageId=${stage}`),
		...oneOf('/deals/:id/collaborators/new', deal),
		...oneOf('/deals/:id/edit', deal),
		...oneOf('/deals/:id/interactions/new', deal),
		...oneOf('/deals/:id/menu', deal),
		...oneOf('/deals/:id/moves/new', deal),
		...oneOf('/deals/:id/products', deal),
		'/deals/bulk/new': ['stage', 'owner', 'date', 'tag', 'won', 'lost', 'archive'].map(
			(verb) => `/deals/bulk/new?verb=${verb}&n=2`,
		),
		'/clients/bulk/new': ['owner', 'tag', 'status'].map(
			(verb) => `/clients/bulk/new?verb=${verb}&n=2`,
		),
		'/interactions/bulk/new': ['postpone', 'done', 'cancel'].map(
			(verb) => `/interactions/bulk/new?verb=${verb}&n=2`,
		),
		...oneOf('/filters/:id/edit', records.filter),
		'/filters/new': ['/filters/new?screen=deals'],
		'/import/:id': [`/import/${records.import}`, `/import/${records.import}?show=columns`],
		...oneOf('/interactions/:id/cancellation/new', interaction),
		...oneOf('/interactions/:id/completion/new', interaction),
		...oneOf('/interactions/:id/edit', interaction),
		...oneOf('/interactions/:id/postponement/new', interaction),
		...oneOf('/merges/:id', merge),
	};
}

/** All else that is read: parts of pages, files, answers to programs. */
export function partsOf(records: Records): Addresses {
	const { client, contact, interaction, mail, secret } = records;
	const file = `/import/${records.import}`;
	return {
		...oneOf('/', '/healthz', '/metrics', '/readyz'),
		...oneOf('/admin/mail/:id/letter', mail),
		'/admin/audit/export': ['/admin/audit/export?format=csv', '/admin/audit/export?format=xlsx'],
		'/agenda/export': ['csv', 'xlsx', 'csv&owner=team'].map((of) => `/agenda/export?format=${of}`),
		'/calendar/feeds/:secret.ics': [`/calendar/feeds/${secret}.ics`],
		'/calendar/new/deals': ['/calendar/new/deals?clientName=ромашка'],
		...oneOf('/clients/:id.vcf', client),
		...oneOf('/clients/:id/history', client),
		'/clients/export': ['/clients/export?format=csv', '/clients/export?format=xlsx'],
		'/clients/suggestions': ['/clients/suggestions?clientName=ромашка'],
		...oneOf('/contacts/:id.vcf', contact),
		'/deals/export': ['/deals/export?format=csv', '/deals/export?format=xlsx'],
		'/import/:id/:file': [`${file}/rejected.csv`, `${file}/rejected.xlsx`],
		...oneOf('/import/:id/progress', records.import),
		...oneOf('/interactions/:id', interaction),
		'/interactions/clashes': [
			'/interactions/clashes?plannedDay=2026-12-01&plannedTime=10:00&lengthMinutes=30',
		],
		'/products/suggestions': ['/products/suggestions?product=печь'],
		// These go on where a page ended, or draw it anew; what they draw is the page's own.
		...{ '/agenda/more': [], '/board/more': [], '/assets/:fingerprint/*': [] },
		...{ '/live': [], '/live/page': [] },
		// It counts what is kept of somebody, a question for each place.
		...oneOf('/admin/erasure/client/:id', records.client),
		...oneOf('/admin/erasure/contact/:id', contact),
		...oneOf('/admin/erasure/person/:id', records.person),
		// It asks the database about itself, a question for each line.
		...oneOf('/admin/doctor'),
		// Only where the demo's sign-in is off: tests/auth.
		...{ '/sign-in/oidc': [], '/sign-in/callback': [], '/sign-in/local': [], '/sign-in/again': [] },
	};
}

// Routes that stand alone, or one with the id that it asks for.
function oneOf(...routes: (string | number)[]): Addresses {
	const [first, id] = routes;
	if (typeof id === 'number') return { [String(first)]: [String(first).replace(':id', `${id}`)] };
	return Object.fromEntries(routes.map((route) => [route, [String(route)]]));
}
