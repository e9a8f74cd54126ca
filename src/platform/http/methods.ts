import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
	interface FastifyInstance {
		/** By which methods a path is known; none where it is not. */
		methodsOf: (path: string) => string[];
	}
}

/** Remembers every door, to tell a path that is known by another method from one that is not there. */
export function rememberMethods(app: FastifyInstance): void {
	const doors = new Map<string, { fits: RegExp; methods: Set<string> }>();
	app.addHook('onRoute', ({ url, method }) => {
		const door = doors.get(url) ?? { fits: patternOf(url), methods: new Set() };
		doors.set(url, door);
		for (const one of [method].flat()) door.methods.add(one);
	});
	app.decorate('methodsOf', (path: string) => {
		const fitting = [...doors.values()].filter(({ fits }) => fits.test(path));
		return [...new Set(fitting.flatMap(({ methods }) => [...methods]))].sort();
	});
}

// `/deals/:id`, `/clients/:id.vcf`, `/assets/:fingerprint/*`
function patternOf(url: string): RegExp {
	const parts = url
		.split(/(:\w+|\*)/)
		.map((part) =>
			part === '*'
				? '.*'
				: part.startsWith(':')
					? '[^/]+'
					: part.replace(/[.\\+?^$()[\]{}|]/g, '\\$&'),
		);
	return new RegExp(`^${parts.join('')}$`);
}
