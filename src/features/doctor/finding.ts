import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';
import type { MessageArgs, MessageKey } from '#src/platform/i18n/translate.ts';
import { CHECK_WORDS } from './words.ts';

/** What is looked at, in the order in which it is told. */
export type Check =
	| 'settings'
	| 'database'
	| 'schema'
	| 'rights'
	| 'pooler'
	| 'listening'
	| 'connections'
	| 'clock'
	| 'key'
	| 'disk'
	| 'queue'
	| 'keeping'
	| 'signIn'
	| 'directory'
	| 'clientSecret'
	| 'mail'
	| 'calendar'
	| 'address';

/** `good`; `bad` with what to do; `off` where nothing of the kind is set up. */
export type State = 'good' | 'bad' | 'off';
export type Finding = {
	check: Check;
	name: MessageKey;
	state: State;
	said: { key: MessageKey; args: MessageArgs };
};

/** What is examined. `directUrl` leads past a pooler; `env` is what the settings were read from. */
export type Patient = {
	config: Config;
	connection: Connection;
	url: string;
	directUrl: string;
	env: Record<string, string | undefined>;
};

/** What an examination found, with its words. */
export function finding(check: Check, state: State, args: MessageArgs = {}): Finding {
	const words = CHECK_WORDS[check];
	return { check, name: words.name, state, said: { key: words[state] ?? words.good, args } };
}

/** A check that failed itself: what it looks at counts as bad, and why. */
export function broken(check: Check, error: unknown): Finding {
	const said = { key: 'doctor.broken', args: { why: reasonOf(error) } } as const;
	return { check, name: CHECK_WORDS[check].name, state: 'bad', said };
}

/** What failed, in one line and without an address's password. */
export function reasonOf(error: unknown): string {
	const told: string[] = [];
	for (let at = error; at instanceof Error && told.length < 3; at = at.cause) {
		const { code, message } = at as Error & { code?: string };
		told.push([code, message].filter(Boolean).join(': '));
	}
	const line = told.join(' · ') || String(error);
	return line
		.replace(/\/\/[^/@\s]{1,200}@/g, '//•••@')
		.replace(/\s+/g, ' ')
		.slice(0, 300);
}
