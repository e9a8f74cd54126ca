import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { readConfig } from '#src/config.ts';
import { setUpGuard } from '#src/features/access/guard.ts';
import { PERMISSIONS } from '#src/features/access/tables.ts';
import { features } from '#src/features.ts';
import { testApp } from '../app.ts';
import { testDatabase } from '../database.ts';

const database = await testDatabase();
const { routes } = await testApp(database);
/** What a door may change: a noun, many records of one, two that become one, something new. */
const CHANGES = [
	...features.flatMap(({ nouns = {} }) => Object.keys(nouns)),
	...['clients', 'deals', 'interactions', 'merge', 'new'],
];
const reading = (method: string) => method === 'GET' || method === 'HEAD';

test('every route says who may come in', () => {
	expect(routes.length).toBeGreaterThan(25);
	const silent = routes.filter(({ config: { access } }) => {
		if (access === 'public' || access === 'signed-in') return false;
		return access === undefined || !PERMISSIONS.includes(access);
	});
	expect(silent).toEqual([]);
});

test('every changing route says what it changes, and no reading one does', () => {
	const wrong = routes.filter(({ method, config: { changes } }) =>
		reading(method) ? changes !== undefined : !CHANGES.includes(changes ?? ''),
	);
	expect(wrong).toEqual([]);
});

test('addresses are nouns of the trade, without trailing slashes', () => {
	const odd = routes.filter(
		({ url }) => !/^\/$|^(\/(:?[a-z]+|[a-z]+-[a-z]+|\*))+(\.[a-z]{3})?$/.test(url),
	);
	expect(odd.map(({ url }) => url)).toEqual([]);
});

test('a route without an access rule, or silent about its changes, stops the start', () => {
	const guarded = () => {
		const app = Fastify();
		setUpGuard(app, { connection: database, config: readConfig({}) });
		return app;
	};
	expect(() => guarded().get('/open', () => 'x')).toThrow('no access rule');
	const access = 'signed-in' as const;
	expect(() => guarded().post('/deals', { config: { access } }, () => 'x')).toThrow(
		'what it changes',
	);
	expect(() =>
		guarded().route({ method: ['GET', 'POST'], url: '/x', config: { access }, handler: () => 'x' }),
	).toThrow('what it changes');
});
