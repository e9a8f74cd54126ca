/**
 * Everything that can happen, as types only. One event row per action of a person, written in the
 * action's own transaction by platform/history/record.ts; history, imports and reports read from there.
 */

/** The way by which a person came to an action. */
export const DOORS = [
	'board',
	'card',
	'form',
	'api',
	'import',
	'seed',
	'calendar',
	'agenda',
	'job',
] as const;
export type Door = (typeof DOORS)[number];

export type { EndingWas, FieldChange, ProductChange, SettledStep } from './event-shapes.ts';

/** What happens, by noun. A feature adds its own nouns in its events.ts: `declare module '#src/events.ts'`. */
export interface Events {
	key: { type: 'key.rotated'; data: Record<string, never> };
}

/** Whatever events are about. */
export type Noun = keyof Events;

/** Any event. */
export type AppEvent = Events[Noun];
