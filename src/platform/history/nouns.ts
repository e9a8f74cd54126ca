import type { AppEvent } from '#src/events.ts';

/** What an event of this type is about. */
export type NounOf<Type extends string> = Type extends `${infer Noun}.${string}` ? Noun : never;

/** Whatever events are about. */
export type Noun = NounOf<AppEvent['type']>;

/** What an event is about, as the first word of its type says. Its row has it in a column of its own. */
export function nounOf<Type extends string>(type: Type): NounOf<Type> {
	return type.slice(0, type.indexOf('.')) as NounOf<Type>;
}
