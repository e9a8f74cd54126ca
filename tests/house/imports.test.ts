import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { filesIn } from './building.ts';

/*
 * Which way the arrows go: config, events, platform ← access ← saved-filters, mail ← company ← products, next-step ← clients ← deals ← interactions ← calendar
 * ← live, jobs, audit, admin, settings … ← app ← commands, and inside a folder tables ← queries ← actions ← routes. Types count.
 */
const ORDER = [
	'access',
	'saved-filters',
	'mail',
	'company',
	'products',
	'next-step',
	'clients',
	'deals',
	'interactions',
	'calendar',
	'live',
	'jobs',
	'audit',
	'admin',
];
const LEAVES = ['imports', 'demo', 'settings', 'doctor', 'erasure'];
/** Arrows that still go back up, by folder: each is to go, none may come. */
const BACK: Record<string, string> = {
	'access/groups → mail': 'a change of rights writes its letters',
	'access/people → deals': 'who leaves hands over what they have',
	'access/people → deals/handover': 'who leaves hands over what they have',
	'access/people → mail': 'a change of rights writes its letters',
	'access/roles → mail': 'a change of rights writes its letters',
	'clients/bulk → deals/board': 'redraws of every page stand with the board',
	'clients/client → deals/deal': 'panels of the nouns above',
	'clients/client → interactions': 'panels of the nouns above',
	'clients/client → interactions/interaction': 'panels of the nouns above',
	'clients/history → deals': 'a history is drawn by three features',
	'clients/history → deals/history': 'a history is drawn by three features',
	'clients/history → interactions': 'a history is drawn by three features',
	'deals/board → interactions': 'a deal is made, planned and drawn with its steps',
	'deals/board → interactions/interaction': 'a deal is made, planned and drawn with its steps',
	'deals/bulk → interactions': 'a deal is made, planned and drawn with its steps',
	'deals/bulk → interactions/bulk': 'a deal is made, planned and drawn with its steps',
	'deals/dates → interactions': 'a deal is made, planned and drawn with its steps',
	'deals/dates → interactions/interaction': 'a deal is made, planned and drawn with its steps',
	'deals/deal → interactions': 'a deal is made, planned and drawn with its steps',
	'deals/notes → interactions': 'a deal is made, planned and drawn with its steps',
	'deals/notes → interactions/interaction': 'a deal is made, planned and drawn with its steps',
};
/** Files that answer requests: they draw, and may look at every role of their folder. */
const DOORS = [
	'routes',
	'bulk',
	'screen',
	'tasks',
	'answer',
	'list',
	'print',
	'history',
	'page',
	'index',
];
/** What a role may not import within the features, doors aside. */
const MAY_NOT: Record<string, string[]> = {
	tables: ['rules', 'queries', 'forms', 'actions', 'words', 'guard'],
	rules: ['queries', 'forms', 'actions', 'guard'],
	words: ['queries', 'forms', 'actions', 'guard'],
	forms: ['queries', 'guard'],
	queries: ['actions', 'guard'],
	actions: ['forms', 'guard'],
};
const HTTP = ['fastify', '@fastify/cookie', '#src/platform/http', '#src/platform/pages'];

type Arrow = { from: string; to: string; typeOnly: boolean };
const sources = filesIn('src', '.ts');
const arrows: Arrow[] = sources.flatMap(({ path, text }) =>
	[...text.matchAll(/^(?:import|export)\s(type\s)?[^;]*?from '([^']+)'|^import '([^']+)'/gm)].map(
		([, type, from, bare]) => ({
			from: path,
			to: target(path, from ?? bare ?? ''),
			typeOnly: type !== undefined,
		}),
	),
);

function target(path: string, specifier: string): string {
	if (specifier.startsWith('#src/')) return specifier.replace('#src/', 'src/');
	return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;
}

const featureOf = (path: string) => /^src\/features\/([^/]+)\//.exec(path)?.[1] ?? null;
/** Files that put routes into the application, whatever they are called. */
const ROUTES = sources
	.filter(({ path, text }) => featureOf(path) !== null && /export function \w+Routes\(/.test(text))
	.map(({ path }) => path);
const roleOf = (path: string) => /([^/]+)\.ts$/.exec(path)?.[1] ?? '';
const isDoor = (path: string) =>
	featureOf(path) !== null &&
	(DOORS.includes(roleOf(path)) || /-(?:routes|screens)$/.test(roleOf(path)));
const told = (found: Arrow[]) => found.map(({ from, to }) => `${from} → ${to}`);

test('the arrows are read out of the sources', () => {
	expect(arrows.length).toBeGreaterThan(300);
	expect(told(arrows)).toContain('src/features/deals/actions.ts → src/features/deals/queries.ts');
	expect(told(arrows)).toContain('src/app.ts → fastify');
});

test('the ground floor knows nothing of sales', () => {
	const ground = /^src\/(platform\/|config|event|setting-|locales)/;
	const upwards = arrows.filter(
		({ from, to }) => ground.test(from) && /^src\/(features|commands|app)/.test(to),
	);
	expect(told(upwards)).toEqual([]);
	const floors = arrows.filter(
		({ from, to }) =>
			/^src\/(config|events|event-shapes|setting-readers|setting-sources|setting-faults|setting-keeping)\.ts/.test(
				from,
			) &&
			to.startsWith('src/') &&
			!/^src\/(config|event-shapes|setting-readers|setting-sources|setting-faults|setting-keeping)\.ts$/.test(
				to,
			),
	);
	expect(told(floors)).toEqual([]);
});

test('every feature has its place in the order', () => {
	const features = new Set(
		sources.map(({ path }) => featureOf(path)).filter((one) => one !== null),
	);
	expect([...features].sort()).toEqual([...ORDER, ...LEAVES].sort());
});

const folderOf = (path: string) => dirname(path).replace('src/features/', '');

test('features import only what stands before them, doors and types too', () => {
	const against = arrows.filter(({ from, to }) => {
		const [mine, other] = [featureOf(from), featureOf(to)];
		if (mine === null || other === null || mine === other) return false;
		return !LEAVES.includes(mine) && ORDER.indexOf(other) > ORDER.indexOf(mine);
	});
	const folders = new Set(against.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`));
	expect([...folders].sort()).toEqual(Object.keys(BACK).sort());
});

test('no folder holds more than sixteen files', () => {
	const held = Map.groupBy(sources, ({ path }) => dirname(path));
	const crowded = [...held].filter(([, files]) => files.length > 16).map(([folder]) => folder);
	expect(crowded).toEqual([]);
});

test('nothing in the features needs an import or the demo company', () => {
	const needed = arrows.filter(({ from, to }) => {
		const other = featureOf(to);
		return (
			featureOf(from) !== null &&
			other !== null &&
			featureOf(from) !== other &&
			LEAVES.includes(other)
		);
	});
	expect(told(needed)).toEqual([]);
});

test('only manifests open the routes, only commands start the app', () => {
	const opened = arrows.filter(({ from, to }) => ROUTES.includes(to) && roleOf(from) !== 'index');
	expect(told(opened)).toEqual([]);
	const started = arrows.filter(
		({ from, to }) => /^src\/(app\.ts|commands\/)/.test(to) && !from.startsWith('src/commands/'),
	);
	expect(told(started)).toEqual([]);
});

test('inside a feature the arrows go from doors to actions to queries to tables', () => {
	const upwards = arrows.filter(({ from, to }) => {
		if (featureOf(from) === null || featureOf(to) === null || isDoor(from)) return false;
		return isDoor(to) || (MAY_NOT[roleOf(from)] ?? []).includes(roleOf(to));
	});
	expect(told(upwards)).toEqual([]);
});

test('actions, queries, rules and tables know no request', () => {
	const roles = ['actions', 'queries', 'rules', 'tables', 'words'];
	const knowing = arrows.filter(
		({ from, to }) =>
			featureOf(from) !== null &&
			roles.includes(roleOf(from)) &&
			HTTP.some((one) => to.replace('src/', '#src/').startsWith(one) || to === one),
	);
	expect(told(knowing)).toEqual([]);
});

test('routes hold no SQL, forms touch no database', () => {
	const holding = arrows.filter(
		({ from, to }) =>
			featureOf(from) !== null &&
			((ROUTES.includes(from) && to.startsWith('drizzle-orm')) ||
				(roleOf(from) === 'forms' && /^drizzle-orm|^src\/platform\/db/.test(to))),
	);
	expect(told(holding)).toEqual([]);
});

test('only platform/pages draws with Eta', () => {
	const drawing = arrows.filter(
		({ from, to }) => /^(eta|@fastify\/view)$/.test(to) && !from.startsWith('src/platform/pages/'),
	);
	expect(told(drawing)).toEqual([]);
});

test('no files import each other in a circle', () => {
	const next = Map.groupBy(
		arrows.filter(({ to, typeOnly }) => to.startsWith('src/') && !typeOnly),
		({ from }) => from,
	);
	const done = new Set<string>();
	const circles: string[] = [];
	const walk = (path: string, way: string[]): void => {
		if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
		if (done.has(path) || way.includes(path)) return;
		for (const { to } of next.get(path) ?? []) walk(to, [...way, path]);
		done.add(path);
	};
	for (const { path } of sources) walk(path, []);
	expect(circles).toEqual([]);
});
